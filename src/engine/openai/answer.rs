//! Server. An answer as it comes in, piece by piece: text, tool calls, what it used, and why it ended.

use crate::domain::{ExecutionPatch, NewToolCall, PartStatus, Timestamp};
use crate::engine::job::Failure;
use crate::engine::outside::{message, redacted};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::str::FromStr;

/// The most that is kept of a response: the API's limit, less the room to say that it was more.
const KEPT: usize = (1 << 20) - 256;
const CALLS: usize = 500;
/// Kept of the arguments of one call, and of all calls together.
const ARGUMENT_BYTES: usize = 256 << 10;
const ALL_ARGUMENT_BYTES: usize = 4 << 20;
/// Characters of a name or an id.
const SHORT: usize = 200;
/// Tools that an error names.
const NAMED: usize = 5;

/// A piece of a stream, or the whole of an answer that is none: `delta` and `message` are the same thing. What is good to
/// know but not needed may be of any shape; then it is unknown.
#[derive(Debug, Deserialize)]
struct Piece {
    choices: Option<Vec<Choice>>,
    #[serde(default, deserialize_with = "lenient")]
    model: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    usage: Option<Usage>,
    error: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    delta: Option<Delta>,
    message: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Delta {
    content: Option<String>,
    refusal: Option<String>,
    tool_calls: Option<Vec<CallPiece>>,
}

#[derive(Debug, Deserialize)]
struct CallPiece {
    #[serde(default, deserialize_with = "lenient")]
    index: Option<usize>,
    #[serde(default, deserialize_with = "lenient")]
    id: Option<String>,
    function: Option<FunctionPiece>,
}

#[derive(Debug, Deserialize)]
struct FunctionPiece {
    name: Option<String>,
    arguments: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Usage {
    #[serde(default, deserialize_with = "number")]
    prompt_tokens: Option<i64>,
    #[serde(default, deserialize_with = "number")]
    completion_tokens: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    prompt_tokens_details: Option<Details>,
    #[serde(default, deserialize_with = "lenient")]
    completion_tokens_details: Option<Details>,
    /// USD, where a gateway knows it.
    #[serde(default, deserialize_with = "number")]
    cost: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Details {
    #[serde(default, deserialize_with = "number")]
    cached_tokens: Option<i64>,
    #[serde(default, deserialize_with = "number")]
    reasoning_tokens: Option<i64>,
}

fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(from)?).ok())
}

/// Also one that is written as a text.
fn number<'de, D: Deserializer<'de>, T: DeserializeOwned + FromStr>(from: D) -> Result<Option<T>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => text.trim().parse().ok(),
        other => serde_json::from_value(other).ok(),
    })
}

#[derive(Debug, Default)]
struct Call {
    id: Option<String>,
    name: String,
    arguments: String,
    /// Its arguments were longer.
    cut: bool,
}

/// Can't be printed as it is: it knows a secret.
#[derive(Default)]
pub struct Answer {
    /// As it came; `patch` is what may be shown.
    pub text: String,
    /// The key the endpoint was sent. It may repeat it.
    secret: Option<String>,
    /// Bytes that were too much.
    left_out: usize,
    calls: Vec<Call>,
    /// Of the arguments of all calls.
    argument_bytes: usize,
    usage: Option<Usage>,
    model: Option<String>,
    finish_reason: Option<String>,
    /// The endpoint said that this is all.
    done: bool,
}

impl Answer {
    /// What is shown of the answer will be without this.
    pub fn keep_out(&mut self, secret: Option<String>) {
        self.secret = secret;
    }

    fn shown(&self, text: &str) -> String {
        redacted(text, self.secret.as_deref())
    }

    /// Whether the endpoint said that this is all.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Takes the data of an event, or a whole answer.
    pub fn take(&mut self, data: &str) -> Result<(), Failure> {
        if self.done {
            return Ok(());
        }
        if data.trim() == "[DONE]" {
            self.done = true;
            return Ok(());
        }
        let piece: Piece = serde_json::from_str(data).map_err(|_| {
            let shown: String = self.shown(data).chars().take(200).collect();
            Failure::lasting(format!("the endpoint sent something that is no chat completion: {shown}"))
        })?;
        if let Some(error) = piece.error.filter(|e| !e.is_null()) {
            return Err(Failure::of(format!("the endpoint broke off: {}", message(&error)), super::UNAVAILABLE));
        }
        self.model = piece.model.map(|m| short(&m)).or(self.model.take());
        self.usage = piece.usage.or(self.usage.take());
        // Runboard asks for one answer.
        let Some(choice) = piece.choices.into_iter().flatten().next() else { return Ok(()) };
        self.finish_reason = choice.finish_reason.map(|r| short(&r)).or(self.finish_reason.take());
        let Some(delta) = choice.delta.or(choice.message) else { return Ok(()) };
        for text in [delta.content, delta.refusal].into_iter().flatten() {
            self.add_text(&text);
        }
        for piece in delta.tool_calls.into_iter().flatten() {
            self.add_call(piece);
        }
        Ok(())
    }

    fn add_text(&mut self, text: &str) {
        let room = text.floor_char_boundary(KEPT.saturating_sub(self.text.len()));
        // Once something is left out, nothing after it fits to what stands there.
        let kept = if self.left_out > 0 { "" } else { &text[..room] };
        self.text.push_str(kept);
        self.left_out += text.len() - kept.len();
    }

    fn add_call(&mut self, piece: CallPiece) {
        // A piece without a number belongs to the last call, unless it has a name of its own.
        let begins = piece.id.is_some() || piece.function.as_ref().is_some_and(|f| f.name.is_some());
        let index = piece.index.unwrap_or(if begins { self.calls.len() } else { self.calls.len().saturating_sub(1) });
        if index >= CALLS {
            return;
        }
        if self.calls.len() <= index {
            self.calls.resize_with(index + 1, Call::default);
        }
        let call = &mut self.calls[index];
        call.id = piece.id.map(|id| short(&id)).or(call.id.take());
        let Some(function) = piece.function else { return };
        let room = SHORT.saturating_sub(call.name.chars().count());
        call.name.extend(function.name.unwrap_or_default().chars().take(room));
        self.argument_bytes += call.add_arguments(
            &function.arguments.unwrap_or_default(),
            ALL_ARGUMENT_BYTES.saturating_sub(self.argument_bytes),
        );
    }

    /// Whether it came to an end, and a good one.
    pub fn verdict(&self) -> Option<Failure> {
        match self.finish_reason.as_deref() {
            None if !self.done => Some(Failure::of("the endpoint's answer broke off half-way", super::UNAVAILABLE)),
            Some("content_filter") => Some(Failure::lasting("the endpoint's content filter stopped the answer")),
            _ if self.text.trim().is_empty() && !self.calls.is_empty() => Some(Failure::lasting(format!(
                "the model asked for tools, and this agent has none: {}",
                self.tool_names()
            ))),
            _ => None,
        }
    }

    /// The first few, and how many more there are.
    fn tool_names(&self) -> String {
        let names = self.calls.iter().filter(|c| !c.name.is_empty()).map(|c| self.shown(&c.name));
        let names: Vec<String> = names.collect();
        let more = names.len().saturating_sub(NAMED);
        let first = names[..names.len() - more].join(", ");
        if more == 0 { first } else { format!("{first} and {more} more") }
    }

    /// What should be known of an answer that is good.
    pub fn remark(&self) -> Option<String> {
        (self.finish_reason.as_deref() == Some("length"))
            .then(|| "the endpoint cut the answer off at its limit".to_owned())
    }

    /// The record's fields, as far as they are known.
    pub fn patch(&self) -> ExecutionPatch {
        let usage = self.usage.as_ref();
        let known = |n: Option<i64>| n.filter(|n| (0..=1_000_000_000_000).contains(n));
        let details = |d: Option<&Details>, of: fn(&Details) -> Option<i64>| known(d.and_then(of));
        ExecutionPatch {
            response: self.response(),
            model: self.model.as_ref().filter(|m| !m.is_empty()).map(|m| self.shown(m)),
            input_tokens: known(usage.and_then(|u| u.prompt_tokens)),
            output_tokens: known(usage.and_then(|u| u.completion_tokens)),
            cached_tokens: details(usage.and_then(|u| u.prompt_tokens_details.as_ref()), |d| d.cached_tokens),
            reasoning_tokens: details(usage.and_then(|u| u.completion_tokens_details.as_ref()), |d| d.reasoning_tokens),
            cost: usage.and_then(|u| u.cost).filter(|c| c.is_finite() && (0.0..=1_000_000.0).contains(c)),
            ..ExecutionPatch::default()
        }
    }

    fn response(&self) -> Option<String> {
        let text = self.shown(&self.text);
        if self.left_out == 0 {
            return (!text.is_empty()).then_some(text);
        }
        Some(format!("{text}\n[{} more bytes are not kept.]", self.left_out))
    }

    /// The tools the model asked for. Nobody runs them here: they are recorded as asked for, not as done.
    pub fn tool_calls(&self, now: Timestamp) -> Vec<NewToolCall> {
        let calls = self.calls.iter().enumerate().filter(|(_, call)| !call.name.is_empty());
        calls
            .map(|(n, call)| NewToolCall {
                call_id: match call.id.as_deref() {
                    Some("") | None => format!("call-{n}"),
                    Some(id) => self.shown(id),
                },
                name: Some(self.shown(&call.name)),
                arguments: self.arguments(call),
                error: Some("the model asked for it; this agent runs no tools".to_owned()),
                status: Some(PartStatus::Failed),
                started_at: Some(now),
                completed_at: Some(now),
                ..NewToolCall::default()
            })
            .collect()
    }

    /// As JSON where they are whole and are some.
    fn arguments(&self, call: &Call) -> Option<Value> {
        let text = &call.arguments;
        if call.cut {
            return Some(format!("{}\n[The rest is not kept.]", self.shown(text)).into());
        }
        // Written anew: a secret could be spelt with escapes.
        let text = serde_json::from_str::<Value>(text).map_or_else(|_| text.clone(), |value| value.to_string());
        let text = self.shown(&text);
        (!text.is_empty()).then(|| serde_json::from_str(&text).unwrap_or_else(|_| text.into()))
    }
}

impl Call {
    /// Takes as much of them as there is room for, here and among all calls; how much that was.
    fn add_arguments(&mut self, piece: &str, room_among_all: usize) -> usize {
        let room = (ARGUMENT_BYTES - self.arguments.len()).min(room_among_all);
        // Once something is left out, nothing after it fits to what stands there.
        let kept = if self.cut { "" } else { &piece[..piece.floor_char_boundary(room)] };
        self.cut |= kept.len() < piece.len();
        self.arguments.push_str(kept);
        kept.len()
    }
}

fn short(text: &str) -> String {
    text.chars().take(SHORT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(pieces: &[Value]) -> Answer {
        let mut answer = Answer::default();
        for piece in pieces {
            answer.take(&piece.to_string()).expect("a piece");
        }
        answer
    }

    #[test]
    fn a_call_is_put_together_from_its_pieces() {
        let piece = |call: Value| json!({"choices": [{"delta": {"tool_calls": [call]}}]});
        let answer = answer(&[
            piece(json!({"index": 0, "id": "a", "function": {"name": "search", "arguments": "{\"q\":"}})),
            piece(json!({"index": 1, "id": "b", "function": {"name": "open", "arguments": "not json"}})),
            piece(json!({"index": 0, "function": {"arguments": "\"x\"}"}})),
            json!({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}),
        ]);
        let calls = answer.tool_calls(Timestamp::from_millis(0));
        assert_eq!((calls[0].call_id.as_str(), &calls[0].arguments), ("a", &Some(json!({"q": "x"}))));
        assert_eq!((calls[1].name.as_deref(), &calls[1].arguments), (Some("open"), &Some(json!("not json"))));
        let verdict = answer.verdict().expect("a failure");
        assert_eq!(verdict.error, "the model asked for tools, and this agent has none: search, open");
    }

    #[test]
    fn a_response_without_end_is_bounded_and_said_so() {
        let mut answer = Answer::default();
        let piece = json!({"choices": [{"delta": {"content": "é".repeat(10_000)}}]}).to_string();
        for _ in 0..100 {
            answer.take(&piece).expect("a piece");
        }
        let response = answer.patch().response.expect("a response");
        assert!(response.len() <= 1 << 20 && response.ends_with(" more bytes are not kept.]"), "{}", response.len());
    }

    #[test]
    fn names_and_arguments_without_end_are_bounded_and_said_so() {
        let long = "é".repeat(1 << 20);
        let call = |n: usize| json!({"index": n, "id": long, "function": {"name": long, "arguments": long}});
        let calls: Vec<Value> = (0..30).map(call).collect();
        let answer = answer(&[
            json!({"model": long, "choices": [{"delta": {"tool_calls": calls}}]}),
            json!({"choices": [{"delta": {"tool_calls": [call(0)]}, "finish_reason": "tool_calls"}]}),
        ]);
        let named = "é".repeat(SHORT);
        assert_eq!(answer.patch().model.as_ref(), Some(&named));
        let calls = answer.tool_calls(Timestamp::from_millis(0));
        assert!(calls.iter().all(|c| c.call_id == named && c.name.as_ref() == Some(&named)));
        let arguments: Vec<&str> = calls.iter().filter_map(|c| c.arguments.as_ref()?.as_str()).collect();
        assert!(arguments.len() == 30 && arguments.iter().all(|a| a.ends_with("\n[The rest is not kept.]")));
        let kept: usize = answer.calls.iter().map(|c| c.arguments.len()).sum();
        assert_eq!((kept, answer.calls[0].arguments.len()), (ALL_ARGUMENT_BYTES, ARGUMENT_BYTES));
        let error = answer.verdict().expect("a failure").error;
        assert!(error.ends_with(" and 25 more") && error.len() < 3_000, "{} bytes", error.len());
    }

    #[test]
    fn a_key_that_the_endpoint_repeats_is_shown_nowhere() {
        let key = "sk-0123456789abcdef";
        let mut answer = Answer::default();
        answer.keep_out(Some(key.to_owned()));
        let call = json!({"id": key, "function": {"name": key, "arguments": json!({"key": key}).to_string()}});
        let text = format!("{}{key}", "x".repeat(KEPT - 12));
        let piece = json!({"model": key, "choices": [{"delta": {"content": text, "tool_calls": [call]}}]});
        answer.take(&piece.to_string()).expect("a piece");
        let patch = answer.patch();
        assert!(patch.response.expect("a response").ends_with("x…\n[7 more bytes are not kept.]"));
        assert_eq!(patch.model.as_deref(), Some("…"));
        let calls = answer.tool_calls(Timestamp::from_millis(0));
        assert_eq!((calls[0].call_id.as_str(), calls[0].name.as_deref()), ("…", Some("…")));
        assert_eq!((&calls[0].arguments, answer.tool_names()), (&Some(json!({"key": "…"})), "…".to_owned()));
        let refused = answer.take(&format!("{}{key}", "x".repeat(195))).expect_err("no completion").error;
        assert!(refused.ends_with("x…"), "{refused}");
    }

    #[test]
    fn what_is_not_needed_may_be_of_any_shape() {
        let mut answer = answer(&[
            json!({"model": 7, "choices": null, "usage": null}),
            json!({"choices": [{"delta": {"content": "yes", "tool_calls": null}, "message": null, "finish_reason": "stop"}]}),
            json!({"choices": [], "usage": {"prompt_tokens": "12", "completion_tokens": 3, "cost": "0.01",
                "prompt_tokens_details": "none", "completion_tokens_details": {"reasoning_tokens": []}}}),
            json!({"choices": [], "usage": "unknown"}),
        ]);
        answer.take(" [DONE]").expect("the end");
        answer.take("what comes after it is not read").expect("nothing");
        let patch = answer.patch();
        assert_eq!((patch.response.as_deref(), patch.model, answer.verdict()), (Some("yes"), None, None));
        assert_eq!((patch.input_tokens, patch.output_tokens, patch.cost), (Some(12), Some(3), Some(0.01)));
        assert_eq!((patch.cached_tokens, patch.reasoning_tokens), (None, None));
    }
}
