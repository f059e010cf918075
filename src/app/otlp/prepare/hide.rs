//! Server. What is not kept of spans and logs: secrets that instrumentations pick up by the way. What was said stays,
//! but for keys and tokens in it. Most spans have nothing to hide, and are only looked at.

#[cfg(test)]
mod tests;

use crate::app::secret_like::without_secrets;
use crate::otlp::attributes::Attributes;
use crate::otlp::model::Origin;
use crate::otlp::{LogRecord, Span, Value};

const HIDDEN: &str = "[not kept]";

/// How keys end that name a secret.
const SECRETS: [&str; 14] = [
    "authorization",
    "cookie",
    "cookies",
    "api_key",
    "apikey",
    "password",
    "passwd",
    "secret",
    "token",
    "credentials",
    "private_key",
    "privatekey",
    "access_key",
    "secret_key",
];
/// Parameters of addresses that name one, beside these.
const PARAMETERS: [&str; 7] = ["key", "sig", "signature", "auth", "jwt", "pwd", "x-amz-credential"];
const ADDRESSES: [&str; 5] = ["url.full", "http.url", "url.query", "http.target", "server.address"];
const COMMANDS: [&str; 3] = ["process.command", "process.command_args", "process.command_line"];

pub fn span(span: &mut Span) {
    change(&mut span.name, |name| without_secrets(name, HIDDEN));
    change(&mut span.message, |message| without_secrets(message, HIDDEN));
    change(&mut span.attributes, attributes);
    for event in &mut span.events {
        change(&mut event.name, |name| without_secrets(name, HIDDEN));
        change(&mut event.attributes, attributes);
    }
}

pub fn log(log: &mut LogRecord) {
    change(&mut log.name, |name| without_secrets(name, HIDDEN));
    change(&mut log.body, texts);
    change(&mut log.attributes, attributes);
}

/// None where there is nothing to hide.
pub fn origin(origin: &Origin) -> Option<Origin> {
    let resource = attributes(&origin.resource)?;
    Some(Origin { resource: resource.into(), ..origin.clone() })
}

fn change<T>(value: &mut T, hide: impl FnOnce(&T) -> Option<T>) {
    if let Some(hidden) = hide(value) {
        *value = hidden;
    }
}

fn attributes(attributes: &Attributes) -> Option<Attributes> {
    pairs(attributes, attribute)
}

/// Those that `hide` changes, and the others as they are; None if it changes none.
fn pairs(attributes: &Attributes, hide: impl Fn(&str, &Value) -> Option<Value>) -> Option<Attributes> {
    let changed: Vec<(usize, Value)> = attributes
        .iter()
        .enumerate()
        .filter_map(|(at, (key, value))| hide(key, value).map(|hidden| (at, hidden)))
        .collect();
    if changed.is_empty() {
        return None;
    }
    let mut changed = changed.into_iter().peekable();
    let mut hidden = |at: usize| changed.next_if(|(of, _)| *of == at).map(|(_, value)| value);
    let all = attributes.iter().enumerate();
    let all = all.map(|(at, (key, value))| (key.to_owned(), hidden(at).unwrap_or_else(|| value.clone())));
    Some(all.collect::<Vec<_>>().into())
}

fn attribute(key: &str, value: &Value) -> Option<Value> {
    if is_secret(key, value) {
        return (value.text() != Some(HIDDEN)).then(|| Value::Text(HIDDEN.to_owned()));
    }
    match value {
        Value::Text(text) if ADDRESSES.contains(&key) => {
            let cut = address(text);
            let without = without_secrets(cut.as_deref().unwrap_or(text), HIDDEN);
            without.or(cut).map(Value::Text)
        }
        value => texts(value),
    }
}

fn texts(value: &Value) -> Option<Value> {
    match value {
        Value::Text(text) => without_secrets(text, HIDDEN).map(Value::Text),
        Value::List(list) => {
            let hidden: Vec<(usize, Value)> =
                list.iter().enumerate().filter_map(|(at, value)| Some((at, texts(value)?))).collect();
            if hidden.is_empty() {
                return None;
            }
            let mut list = list.clone();
            for (at, value) in hidden {
                list[at] = value;
            }
            Some(Value::List(list))
        }
        Value::Map(map) => pairs(map, |_, value| texts(value)).map(Value::Map),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Double(_) => None,
    }
}

fn is_secret(key: &str, value: &Value) -> bool {
    // Also where all headers are one value.
    let is_header = ["http.request.header", "http.response.header"].iter().any(|header| key.starts_with(header))
        || (key.starts_with("rpc.") && key.contains(".metadata."));
    is_header || COMMANDS.contains(&key) || (names_secret(last_part(key)) && can_be_secret(key, value))
}

fn last_part(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// Whether there is a secret says nothing of it; and tokens are counted, too.
fn can_be_secret(key: &str, value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        value => !ends_with(last_part(key), "token") || value.double().is_none(),
    }
}

/// `openai_api_key`, `x-api-key` and `apiKey` name one; `max_tokens` and `passwordless` do not.
fn names_secret(part: &str) -> bool {
    // All end with one of these letters, which most keys do not.
    let may = part.bytes().next_back().is_some_and(|b| b"dentys".contains(&b.to_ascii_lowercase()));
    may && SECRETS.iter().any(|name| ends_with(part, name))
}

/// Whether a name ends with these words, however it writes them.
fn ends_with(part: &str, words: &str) -> bool {
    let Some((before, end)) = part.len().checked_sub(words.len()).and_then(|at| part.split_at_checked(at)) else {
        return false;
    };
    let same = |(a, b): (u8, u8)| a.eq_ignore_ascii_case(&b) || (a == b'-' && b == b'_');
    let apart = !before.ends_with(char::is_alphanumeric) || end.starts_with(char::is_uppercase);
    apart && end.bytes().zip(words.bytes()).all(same)
}

/// Without who signs in, and without values of parameters that name a secret; None where there is neither.
fn address(text: &str) -> Option<String> {
    let scheme = text.find("://").map_or(0, |at| at + 3);
    let end = text[scheme..].find(['/', '?', '#', '&', '=']).map_or(text.len(), |at| scheme + at);
    let user = text[scheme..end].rfind('@').map_or(0, |at| at + 1);
    let (start, rest) = (&text[..scheme], &text[scheme + user..]);
    let mut kept = start.to_owned();
    for piece in rest.split_inclusive(['?', '#', '&', ';']) {
        let mark = piece.len() - usize::from(piece.ends_with(['?', '#', '&', ';']));
        let (pair, mark) = piece.split_at(mark);
        let secret = pair.split_once('=').map(|(name, _)| name).filter(|name| is_parameter(name));
        kept.push_str(secret.unwrap_or(pair));
        if secret.is_some() {
            kept.push('=');
            kept.push_str(HIDDEN);
        }
        kept.push_str(mark);
    }
    (kept != text).then_some(kept)
}

fn is_parameter(name: &str) -> bool {
    names_secret(name) || PARAMETERS.iter().any(|word| ends_with(name, word))
}
