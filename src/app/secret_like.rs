//! Server. What in a text looks like a secret, wherever in it.

use std::ops::Range;

/// How well-known providers begin their keys.
const PREFIXES: [&str; 8] = ["sk-", "sk_", "ghp_", "gho_", "github_pat_", "xoxb-", "xoxp-", "AKIA"];
/// A key with its prefix, and a token after `Bearer`, have at least so many characters.
const KEY: usize = 16;
const TOKEN: usize = 12;

pub fn holds_secret(text: &str) -> bool {
    secrets(text).next().is_some()
}

/// The text with `instead` in the place of each secret; None where it holds none.
pub fn without_secrets(text: &str, instead: &str) -> Option<String> {
    let mut secrets = secrets(text).peekable();
    secrets.peek()?;
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for secret in secrets {
        kept.push_str(&text[from..secret.start]);
        kept.push_str(instead);
        from = secret.end;
    }
    kept.push_str(&text[from..]);
    Some(kept)
}

/// Where secrets stand, one after the other. Each byte is looked at a few times at most, whatever the text is.
fn secrets(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    // Up to here keys were looked for, from a beginning that has all of these characters behind it.
    let mut judged = 0;
    std::iter::from_fn(move || {
        while let Some(byte) = text.as_bytes().get(at) {
            let here = at;
            at += 1;
            let found = match byte {
                b's' | b'g' | b'x' | b'A' if here >= judged => key(text, here, &mut judged),
                b'b' | b'B' => bearer(text, here),
                _ => None,
            };
            if let Some(found) = found {
                at = found.end;
                return Some(found);
            }
        }
        None
    })
}

fn key(text: &str, at: usize, judged: &mut usize) -> Option<Range<usize>> {
    let rest = &text[at..];
    let prefix = PREFIXES.iter().find(|prefix| rest.starts_with(**prefix)).filter(|_| begins_word(text, at))?;
    let key = leading(rest, "-_");
    // Another prefix within these characters has fewer of the same behind it.
    *judged = at + key.len();
    let tail = &key[prefix.len()..];
    let is_key = key.len() >= KEY && (random(tail, "-_", 8) || longest(tail, "-_") >= 16);
    is_key.then_some(at..at + key.len())
}

/// What comes after `Bearer`: a header as it would be sent.
fn bearer(text: &str, at: usize) -> Option<Range<usize>> {
    const MARKS: &str = "-_.~+/=";
    const WORD: &str = "bearer";
    let is_word =
        text.as_bytes().get(at..at + WORD.len()).is_some_and(|word| word.eq_ignore_ascii_case(WORD.as_bytes()));
    if !is_word || !begins_word(text, at) {
        return None;
    }
    let rest = &text[at + WORD.len()..];
    let after = rest.trim_start();
    let token = leading(after, MARKS);
    let apart = after.len() < rest.len();
    let is_token = apart && token.len() >= TOKEN && (random(token, MARKS, 8) || longest(token, MARKS) >= 24);
    let start = text.len() - after.len();
    is_token.then_some(start..start + token.len())
}

/// `risk-` is no `sk-`.
fn begins_word(text: &str, at: usize) -> bool {
    !text[..at].chars().next_back().is_some_and(char::is_alphanumeric)
}

fn leading<'a>(text: &'a str, marks: &str) -> &'a str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !marks.contains(c));
    &text[..end.unwrap_or(text.len())]
}

/// Words have dashes at short intervals and no digits among their letters.
fn random(text: &str, marks: &str, least: usize) -> bool {
    pieces(text, marks).any(|piece| piece.len() >= least && piece.bytes().any(|b| b.is_ascii_digit()))
}

fn longest(text: &str, marks: &str) -> usize {
    pieces(text, marks).map(str::len).max().unwrap_or(0)
}

fn pieces<'a>(text: &'a str, marks: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(|c| marks.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_wherever_it_stands() {
        for text in [
            "sk-0123456789abcdef0123",
            "sk-abcdefghijklmnopqrst",
            "--key=sk-proj-0123456789abcdef",
            "Authorization: Bearer sk-ant-api03-abcd1234efgh5678",
            "Authorization: bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
            "authorization:BEARER  0123456789abcdef",
            "You are helpful. Use the key ghp_0123456789abcdefghijABCDEFGHIJ012345 for it.",
            "curl -H 'X-Key: github_pat_11ABCDEFG0123456789_abc'",
            "(AKIAIOSFODNN7EXAMPLE)",
            "token \"xoxb-123456789012-abcdefghijkl\"",
            "https://llm.example/v1?key=sk_live_4eC39HqLyjWDarjtT1",
            "größer: sk-0123456789abcdef",
        ] {
            assert!(holds_secret(text), "{text}");
        }
    }

    #[test]
    fn a_secret_is_left_out_of_a_text_and_nothing_else() {
        let without = |text: &str| without_secrets(text, "[…]");
        for (text, expected) in [
            ("sk-0123456789abcdef0123", "[…]"),
            ("größer: sk-0123456789abcdef.", "größer: […]."),
            ("-H 'authorization: Bearer sk-ant-api03-abcd1234efgh5678' -k", "-H 'authorization: Bearer […]' -k"),
            ("(AKIAIOSFODNN7EXAMPLE) ghp_0123456789abcdefghij", "([…]) […]"),
            ("{\"a\": \"Bearer 0123456789abcdef\", \"sk-0123456789abcdef\": 1}", "{\"a\": \"Bearer […]\", \"[…]\": 1}"),
            ("sk-sk-sk-sk-sk-sk-a-0123456789", "[…]"),
            ("sk-a-sk-b-bearer 0123456789abcdef", "sk-a-sk-b-bearer […]"),
        ] {
            assert_eq!(without(text).as_deref(), Some(expected), "{text}");
            assert_eq!(without(expected), None, "once is enough");
        }
        assert_eq!(without("Assess the risk-taking-behaviour, 42 tokens, sk-learn"), None);
        assert_eq!(without(&"sk-".repeat(1 << 20)), None, "in time");
    }

    #[test]
    fn prose_is_none() {
        for text in [
            "",
            "sk-",
            "Assess the risk-taking-behaviour-of-everybody-in-the-2024-report",
            "Use sk-learn for this, sk-learn-compatible-estimators too, in sk-SK",
            "a struct sk_buff, sk_buff_head and skb_copy_and_csum_datagram_msg",
            "Send the key as Bearer authentication/authorization header",
            "The bearer of this letter is internationalization's friend",
            "Authorization: Bearer $LLM_API_KEY",
            "Authorization: Bearer {api_key}",
            "a forbearer 0123456789abcdef",
            "task-0123456789abcdef0123",
            "AKIA is a prefix",
            "a desk-0123456789abcdef",
            "gpt-4o-mini-2024-07-18",
        ] {
            assert!(!holds_secret(text), "{text}");
        }
    }
}
