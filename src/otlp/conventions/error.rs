//! Server. What went wrong, in the emitter's words.

use crate::otlp::model::Span;
use serde_json::Value as Json;

/// Phrases that only say that something did; the reason stands on a span below.
const EMPTY_PHRASES: [&str; 3] = ["run status: error", "error", "failed"];

const TRACEBACK: &str = "Traceback (most recent call last)";

/// Status text, else the exception's, else the error's type. None where the span says nothing of use.
pub fn error_text(span: &Span) -> Option<String> {
    let says = |text: &&str| {
        let text = text.trim();
        !text.is_empty() && !EMPTY_PHRASES.iter().any(|phrase| text.eq_ignore_ascii_case(phrase))
    };
    let status = Some(span.message.as_str()).filter(says).map(str::to_owned);
    let exception = || {
        let events = span.events.iter().filter(|event| event.name == "exception");
        events.filter_map(|event| event.attributes.text("exception.message")).next_back().filter(says)
    };
    let kind = || {
        const KEYS: [&str; 3] = ["langfuse.observation.status_message", "error.message", "error.type"];
        span.attributes.first_text(&KEYS).filter(says)
    };
    // Some put a whole traceback there: the exception says it in a line.
    let status = status.filter(|text| !text.contains(TRACEBACK) || exception().is_none());
    let status = status.map(|text| before_traceback(&text).map(str::to_owned).unwrap_or(text));
    let text = status
        .or_else(|| exception().map(str::to_owned))
        .or_else(|| logfire(span))
        .or_else(|| kind().map(str::to_owned))?;
    Some(without_dictionary(&text).unwrap_or(text))
}

/// What stands before Python's traceback, if anything does.
fn before_traceback(text: &str) -> Option<&str> {
    let before = text.split_once(TRACEBACK)?.0.trim();
    (!before.is_empty()).then_some(before)
}

/// The Agents SDK of OpenAI wraps the reason into a dictionary, as Python prints it:
/// `Error in agent run: {'error': 'reason'}`, `{'message': 'Error in agent run', 'data': {'error': 'reason'}}`.
fn without_dictionary(text: &str) -> Option<String> {
    let (before, dictionary) = text.trim().split_once('{')?;
    let dictionary = dictionary.strip_suffix("}}").or_else(|| dictionary.strip_suffix('}'))?;
    let (lead, reason) = match before.trim().strip_suffix(':') {
        Some(lead) => (lead, dictionary.strip_prefix("'error': ")?),
        None if before.is_empty() => {
            let (lead, reason) = dictionary.strip_prefix("'message': ")?.split_once(", 'data': {'error': ")?;
            (quoted(lead)?, reason)
        }
        None => return None,
    };
    Some(format!("{lead}: {}", quoted(reason)?))
}

/// What stands between one pair of quotation marks, and is nothing more than that.
fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| ['\'', '"'].contains(c))?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    // Another value after it, or an escape, needs a reader of Python.
    (!inner.contains(quote) && !inner.contains('\\')).then_some(inner)
}

/// Logfire leaves the status empty and writes an attribute, as JSON.
fn logfire(span: &Span) -> Option<String> {
    let error: Json = serde_json::from_str(span.attributes.text("error")?).ok()?;
    let detail = error.get("data").and_then(|data| data.get("error")).or_else(|| error.get("message"));
    detail?.as_str().map(str::to_owned)
}

/// Whether an attribute says that it failed where the status may not.
pub fn says_failed(span: &Span) -> bool {
    const KEYS: [&str; 3] = ["gen_ai.task.status", "gen_ai.tool.status", "langfuse.observation.level"];
    let word = span.attributes.first_text(&KEYS);
    word.is_some_and(|word| ["failure", "failed", "error"].iter().any(|bad| word.eq_ignore_ascii_case(bad)))
}

#[cfg(test)]
mod tests {
    use super::{before_traceback, without_dictionary};

    #[test]
    fn a_dictionary_gives_its_reason_and_nothing_else_is_touched() {
        let plain = |text: &str| without_dictionary(text).unwrap_or_else(|| text.to_owned());
        assert_eq!(plain("Error in agent run: {'error': 'Rate limit'}"), "Error in agent run: Rate limit");
        assert_eq!(plain("{'message': 'Error in run', 'data': {'error': \"can't\"}}"), "Error in run: can't");
        for text in
            ["{'message': 'm', 'data': {'tool': 'x', 'error': 'y'}}", "E: {'error': 'a', 'b': 'c'}", "a {b}", "{}"]
        {
            assert_eq!(plain(text), text);
        }
    }

    #[test]
    fn a_traceback_is_no_reason() {
        let text = "RuntimeError(\"no\")Traceback (most recent call last):\n  File \"a.py\", line 1";
        assert_eq!(before_traceback(text), Some("RuntimeError(\"no\")"));
        assert_eq!(before_traceback("Traceback (most recent call last):\n  File"), None);
        assert_eq!(before_traceback("plain"), None);
    }
}
