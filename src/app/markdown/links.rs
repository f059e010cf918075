//! Server. Which addresses may be links, and where they stand in plain text.

use std::ops::Range;

/// Leads to the web or to mail, spelled without anything a browser would skip or repair.
pub fn allowed(address: &str) -> bool {
    let lower = |n: usize| address.get(..n).map(str::to_ascii_lowercase);
    let scheme = lower(8).as_deref() == Some("https://")
        || lower(7).as_deref() == Some("http://")
        || (lower(7).as_deref() == Some("mailto:") && address.contains('@'));
    scheme && address.len() <= 2_048 && !address.chars().any(|c| c.is_whitespace() || c.is_control() || hidden(c))
}

/// Nothing to see, or turns the direction of text.
const fn hidden(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\\')
}

/// Addresses that stand in a text as they are, without what only ends the sentence.
pub fn bare_links(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("http").map(|at| from + at) {
        from = at + 4;
        let before = text[..at].chars().next_back();
        if before.is_some_and(char::is_alphanumeric) {
            continue;
        }
        let rest = &text[at..];
        let stop =
            |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`' | '|') || c.is_control() || hidden(c);
        let end = trimmed(&rest[..rest.find(stop).unwrap_or(rest.len())]);
        let host = rest[..end].split_once("://").map_or("", |(_, host)| host);
        if host.starts_with(char::is_alphanumeric) && allowed(&rest[..end]) {
            found.push(at..at + end);
            from = at + end;
        }
    }
    found
}

/// The length of an address without the punctuation after it. A closing bracket belongs to it when it opens one.
fn trimmed(address: &str) -> usize {
    let mut rest = address;
    loop {
        let shorter = rest.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_', '~', ']', '}']);
        let open = shorter.matches('(').count();
        let shorter = match shorter.strip_suffix(')') {
            Some(inner) if shorter.matches(')').count() > open => inner,
            _ => shorter,
        };
        if shorter.len() == rest.len() {
            return rest.len();
        }
        rest = shorter;
    }
}
