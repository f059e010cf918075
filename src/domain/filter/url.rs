//! Both sides. Query strings: parsed forgivingly, written so that they stay readable.

use std::fmt::Write as _;

/// Name and value of each parameter, unescaped; `+` stands for a space, as forms send it.
pub fn parse_query(query: &str) -> Vec<(String, String)> {
    query
        .trim_start_matches('?')
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (unescape(name), unescape(value))
        })
        .collect()
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        match b {
            b'+' => bytes.push(b' '),
            b'%' => {
                let mut look = rest.clone();
                let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
                if let (Some(high), Some(low)) = (digit(look.next()), digit(look.next())) {
                    bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                    rest = look;
                } else {
                    bytes.push(b'%');
                }
            }
            _ => bytes.push(b),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A query string that stays readable: only what must be escaped is.
pub fn query_string<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        // Names come from addresses too, when they are kept to be shown as errors.
        escape_into(&mut out, name);
        out.push('=');
        escape_into(&mut out, &value);
    }
    out
}

/// Escapes a value for a query string or path segment.
pub fn escape(value: &str) -> String {
    let mut out = String::new();
    escape_into(&mut out, value);
    out
}

fn escape_into(out: &mut String, value: &str) {
    for b in value.bytes() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b',' | b':' | b'!' | b'*' | b'@' => {
                out.push(b as char);
            }
            // Writing to a String can't fail.
            _ => drop(write!(out, "%{b:02X}")),
        }
    }
}
