//! Both sides. Where words begin and end, and which of them are `key:value`.

use super::term::is_key;
use std::ops::Range;

#[derive(Debug, PartialEq, Eq)]
pub struct Word<'a> {
    pub at: Range<usize>,
    pub shape: Shape<'a>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Shape<'a> {
    Text(String),
    /// The value as typed, quotes and all.
    Pair {
        key: &'a str,
        value: &'a str,
    },
}

pub fn split(text: &str) -> Vec<Word<'_>> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(skip) = text[at..].find(|c: char| !c.is_whitespace()) {
        let start = at + skip;
        let (len, shape) = word(&text[start..]);
        at = start + len;
        out.push(Word { at: start..at, shape });
    }
    out
}

/// The word at the beginning of `rest`, which begins with no space.
fn word(rest: &str) -> (usize, Shape<'_>) {
    if let Some((key, value)) = pair(rest) {
        return (key.len() + 1 + value.len(), Shape::Pair { key, value });
    }
    if let Some((len, text)) = quoted(rest) {
        return (len, Shape::Text(text));
    }
    let len = rest.find(char::is_whitespace).unwrap_or(rest.len());
    (len, Shape::Text(rest[..len].to_owned()))
}

/// Only a known key, or an unknown word directly before a value that is no address (`http://…`), path or
/// `::`: the colon of ordinary text stays text.
fn pair(rest: &str) -> Option<(&str, &str)> {
    let colon = rest.find(|c: char| !(c.is_ascii_alphabetic() || c == '_' || c == '-'))?;
    let key = &rest[..colon];
    let after = rest[colon..].strip_prefix(':')?;
    let value = &after[..value_len(after)];
    let word_like = key.len() > 1 && key.starts_with(|c: char| c.is_ascii_alphabetic());
    let plain = value.is_empty() || value.starts_with([':', '/', '\\']) || value.contains("//");
    (is_key(key) || (word_like && !plain)).then_some((key, value))
}

/// Up to the first space outside quotes.
fn value_len(text: &str) -> usize {
    let (mut inside, mut escaped) = (false, false);
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            c if c.is_whitespace() && !inside => return i,
            _ => {}
        }
    }
    text.len()
}

/// `"…"` as a whole word, and what is in it.
fn quoted(rest: &str) -> Option<(usize, String)> {
    let inner = rest.strip_prefix('"')?;
    let mut text = String::new();
    let mut chars = inner.char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        match c {
            '\\' if chars.peek().is_some_and(|(_, next)| matches!(next, '"' | '\\')) => {
                text.extend(chars.next().map(|(_, next)| next));
            }
            '"' => {
                let ends = chars.peek().is_none_or(|(_, next)| next.is_whitespace());
                return ends.then_some((i + 2, text));
            }
            c => text.push(c),
        }
    }
    None
}

/// One of the values of a key.
#[derive(Debug, PartialEq, Eq)]
pub struct Item {
    pub negated: bool,
    pub text: String,
}

/// Comma-separated; `!` in front negates; quotes keep spaces, commas and `!`.
pub fn items(value: &str) -> Result<Vec<Item>, String> {
    let mut out = Vec::new();
    let mut item = Item { negated: false, text: String::new() };
    let (mut inside, mut begun) = (false, false);
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if inside && chars.peek().is_some_and(|next| matches!(next, '"' | '\\')) => {
                item.text.extend(chars.next());
            }
            '"' => {
                inside = !inside;
                begun = true;
            }
            ',' if !inside => {
                out.push(std::mem::replace(&mut item, Item { negated: false, text: String::new() }));
                begun = false;
            }
            '!' if !inside && !begun && !item.negated => item.negated = true,
            c => {
                item.text.push(c);
                begun = true;
            }
        }
    }
    if inside {
        return Err("a quotation mark is not closed".to_owned());
    }
    out.push(item);
    out.retain(|item| !item.text.is_empty());
    if out.is_empty() { Err("needs a value directly after the colon".to_owned()) } else { Ok(out) }
}
