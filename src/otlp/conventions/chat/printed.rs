//! Server. Objects as Python prints them. Instrumentations write that where they have no JSON of something.

use serde_json::Value as Json;

/// Longer names than any of a class or a field are none.
const LONGEST: usize = 80;

/// `StopEvent(result=…`, `<Document(id_=…`, `<Tool object>`, `id='1' source='user'`.
pub fn is(text: &str) -> bool {
    let text = text.trim();
    let inner = text.strip_prefix('<').filter(|rest| rest.ends_with('>'));
    is_call(inner.unwrap_or(text)) || is_fields(text) || inner.is_some_and(is_object)
}

/// Whether any text in it is printed.
pub fn any(json: &Json) -> bool {
    match json {
        Json::String(text) => is(text),
        Json::Array(list) => list.iter().any(any),
        Json::Object(map) => map.values().any(any),
        _ => false,
    }
}

/// A class, and the first of its fields.
fn is_call(text: &str) -> bool {
    let Some((class, rest)) = name(text) else { return false };
    let field = rest.strip_prefix('(').and_then(name);
    class.starts_with(|c: char| c.is_ascii_uppercase()) && field.is_some_and(|(_, rest)| rest.starts_with('='))
}

/// At least two fields side by side, the first of them a text.
fn is_fields(text: &str) -> bool {
    let quote = |rest: &str| rest.strip_prefix('=').and_then(|rest| rest.chars().next()).filter(|c| "'\"".contains(*c));
    let Some((_, rest)) = name(text) else { return false };
    let Some(quote) = quote(rest) else { return false };
    let after = rest.get(2..).and_then(|rest| rest.split_once(quote)).map(|(_, rest)| rest);
    let next = after.and_then(|rest| rest.strip_prefix(' ')).and_then(name);
    next.is_some_and(|(_, rest)| rest.starts_with('='))
}

fn is_object(inner: &str) -> bool {
    let inner = inner.split_once(" at 0x").map_or(inner, |(before, _)| before);
    inner.strip_suffix(" object").is_some_and(|class| !class.contains(char::is_whitespace))
}

/// A name of Python's at the beginning, and what comes after it.
fn name(text: &str) -> Option<(&str, &str)> {
    let end = text.bytes().take(LONGEST).position(|b| !(b.is_ascii_alphanumeric() || b"_.".contains(&b)))?;
    text.split_at_checked(end).filter(|(name, _)| !name.is_empty())
}
