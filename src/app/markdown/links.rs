//! Server. Which addresses may be links, and where they stand in plain text.

use std::ops::Range;

/// Leads to the web or to mail, spelled without anything a browser would skip or repair.
pub fn allowed(address: &str) -> bool {
    let lower = |n: usize| address.get(..n).map(str::to_ascii_lowercase);
    let scheme = lower(8).as_deref() == Some("https://")
        || lower(7).as_deref() == Some("http://")
        || (lower(7).as_deref() == Some("mailto:") && address.contains('@'));
    scheme && address.len() <= LONGEST && !address.chars().any(|c| c.is_whitespace() || c.is_control() || hidden(c))
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
        let whole = rest.find(stop).unwrap_or(rest.len());
        // Whatever becomes of it, its letters are looked at once.
        from = at + whole;
        if whole > LONGEST {
            continue;
        }
        let end = trimmed(&rest[..whole]);
        let host = rest[..end].split_once("://").map_or("", |(_, host)| host);
        if host.starts_with(char::is_alphanumeric) && allowed(&rest[..end]) {
            found.push(at..at + end);
            from = at + end;
        }
    }
    found
}

/// Longer ones are text.
const LONGEST: usize = 2_048;

/// The length of an address without the punctuation after it. A closing bracket belongs to it when it opens one.
fn trimmed(address: &str) -> usize {
    let mut rest = address;
    let open = address.matches('(').count();
    let mut closed = address.matches(')').count();
    loop {
        let shorter = rest.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_', '~', ']', '}']);
        let shorter = match shorter.strip_suffix(')') {
            Some(inner) if closed > open => {
                closed -= 1;
                inner
            }
            _ => shorter,
        };
        if shorter.len() == rest.len() {
            return rest.len();
        }
        rest = shorter;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_address_ends_before_what_ends_the_sentence() {
        let text = "See https://a.example/x_(y), (http://b.example). httpx://no";
        let found: Vec<&str> = bare_links(text).into_iter().map(|r| &text[r]).collect();
        assert_eq!(found, ["https://a.example/x_(y)", "http://b.example"]);
    }

    #[test]
    fn a_hostile_text_is_read_once() {
        // Each of these would take minutes if brackets or beginnings were looked at over and over.
        for text in [format!("http://x{}", ")".repeat(65_000)), "http.".repeat(6_000) + &")".repeat(30_000)] {
            assert!(bare_links(&text).is_empty());
        }
        let many = format!("http://x{} ", ")".repeat(2_000)).repeat(32);
        assert_eq!(bare_links(&many).len(), 32);
    }
}
