//! Both sides. A filter written as one would type it; reading it back gives the same filter.

use super::amount::{COUNTS, SPANS, usd, written};
use super::{Kind, parse, text_of};
use crate::domain::filter::{Choice, Filter, Range, Window, format_seconds};
use std::fmt::Display;

/// Everything in which `filter` differs from `base`.
pub fn typed(filter: &Filter, base: &Filter) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut add = |key: &str, value: Option<String>| out.extend(value.map(|v| format!("{key}:{v}")));
    add("status", list(&filter.status));
    add("agent", list(&filter.agent));
    add("trigger", list(&filter.trigger));
    add("tool", list(&filter.tool));
    add("model", list(&filter.model));
    add("label", list(&filter.label));
    if filter.window != base.window {
        match filter.window {
            Window::All => add("last", Some("all".to_owned())),
            Window::Last(s) => add("last", Some(format_seconds(s))),
            Window::Range { from, to } => {
                add("from", from.map(|t| t.to_string()));
                add("to", to.map(|t| t.to_string()));
            }
        }
    }
    add("duration", span(filter.duration_ms, |n| written(n, SPANS)));
    add("cost", span(nanos(filter.cost), usd));
    add("tokens", span(filter.tokens, |n| n.to_string()));
    add("interactions", filter.has_interaction.map(|b| b.to_string()));
    add("errors", filter.has_error.map(|b| b.to_string()));
    add("thread", list(&filter.thread));
    add("flow", list(&filter.flow));
    add("parent", list(&filter.parent));
    add("retry_of", list(&filter.retry_of));
    add("root", filter.root_only.then(|| "true".to_owned()));
    out.extend(filter.search.as_deref().map(text_form));
    out.join(" ")
}

/// A search text so that it is read as text: in quotes only where that is needed.
pub fn text_form(text: &str) -> String {
    let tokens = parse(text);
    let plain = tokens.iter().all(|t| matches!(t.kind, Kind::Text(_))) && text_of(text, &tokens) == text;
    if plain { text.to_owned() } else { quoted(text) }
}

/// A text and words that are no filters as one line: it is read back as the same text and the same words.
pub fn line(text: Option<&str>, wrong: &[String]) -> String {
    // A quotation mark that nothing closes yet could be closed by one of the words.
    let text = text.map(|t| if wrong.is_empty() || !t.contains('"') { text_form(t) } else { quoted(t) });
    // The text first: an open quotation mark in the last word would swallow it.
    text.into_iter().chain(wrong.iter().cloned()).collect::<Vec<_>>().join(" ")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn list<T: Display>(choice: &Choice<T>) -> Option<String> {
    let item = |negated: &'static str| {
        move |value: &T| {
            let text = value.to_string();
            let plain = !text.contains(|c: char| c.is_whitespace() || c == ',' || c == '"') && !text.starts_with('!');
            format!("{negated}{}", if plain { text } else { quoted(&text) })
        }
    };
    let items: Vec<_> = choice.include.iter().map(item("")).chain(choice.exclude.iter().map(item("!"))).collect();
    (!items.is_empty()).then(|| items.join(","))
}

#[expect(clippy::cast_possible_truncation, reason = "amounts in filters are below 10⁹ USD")]
fn nanos(range: Range<f64>) -> Range<i64> {
    let n = |v: Option<f64>| v.map(|v| (v * 1e9).round() as i64);
    Range { min: n(range.min), max: n(range.max) }
}

fn span(range: Range<i64>, write: impl Fn(i64) -> String) -> Option<String> {
    Some(match (range.min, range.max) {
        (None, None) => return None,
        (Some(min), None) => format!(">={}", write(min)),
        (None, Some(max)) => format!("<={}", write(max)),
        (Some(min), Some(max)) => format!("{}..{}", write(min), write(max)),
    })
}

/// `90s`, `5m`: milliseconds in the largest unit that is exact.
pub fn span_text(ms: i64) -> String {
    written(ms, SPANS)
}

/// The three ranges in words for chips: `> 5m`, `≤ 0.5 USD`, `1000–5000`; each `None` when it bounds nothing.
pub fn bound_words(filter: &Filter) -> [Option<String>; 3] {
    [
        words(filter.duration_ms, "", |n| written(n, SPANS)),
        words(nanos(filter.cost), " USD", usd),
        words(filter.tokens, "", |n| written(n, COUNTS)),
    ]
}

/// `>` and `<` where that is how it was most likely said: the number beside is the rounder one.
fn words(range: Range<i64>, unit: &str, write: impl Fn(i64) -> String) -> Option<String> {
    let low = |n: i64| {
        let (at, below) = (write(n), n.checked_sub(1).filter(|b| *b >= 0).map(&write));
        match below {
            Some(below) if below.len() < at.len() => format!("> {below}{unit}"),
            _ => format!("≥ {at}{unit}"),
        }
    };
    let high = |n: i64| {
        let (at, above) = (write(n), n.checked_add(1).map(&write));
        match above {
            Some(above) if above.len() < at.len() => format!("< {above}{unit}"),
            _ => format!("≤ {at}{unit}"),
        }
    };
    match (range.min, range.max) {
        (None, None) => None,
        (Some(min), None) => Some(low(min)),
        (None, Some(max)) => Some(high(max)),
        (Some(min), Some(max)) => Some(format!("{} and {}", low(min), high(max))),
    }
}
