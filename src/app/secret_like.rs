//! Server. Whether a text holds what looks like a secret, wherever in it.

/// How well-known providers begin their keys.
const PREFIXES: [&str; 8] = ["sk-", "sk_", "ghp_", "gho_", "github_pat_", "xoxb-", "xoxp-", "AKIA"];
/// A key with its prefix, and a token after `Bearer`, have at least so many characters.
const KEY: usize = 16;
const TOKEN: usize = 12;

pub fn holds_secret(text: &str) -> bool {
    PREFIXES.iter().any(|prefix| {
        let mut found = text.match_indices(prefix).filter(|(at, _)| begins_word(text, *at));
        found.any(|(at, _)| {
            let key = leading(&text[at..], "-_");
            key.len() >= KEY && (random(&key[prefix.len()..], "-_", 8) || longest(&key[prefix.len()..], "-_") >= 16)
        })
    }) || bearer(text)
}

/// `Bearer` and a token: a header as it would be sent.
fn bearer(text: &str) -> bool {
    const MARKS: &str = "-_.~+/=";
    // ASCII letters change their case in place, so what is found in the one is at the same place in the other.
    let lower = text.to_ascii_lowercase();
    let mut found = lower.match_indices("bearer").filter(|(at, _)| begins_word(text, *at));
    found.any(|(at, word)| {
        let rest = &text[at + word.len()..];
        let token = leading(rest.trim_start(), MARKS);
        let apart = rest.starts_with(char::is_whitespace);
        apart && token.len() >= TOKEN && (random(token, MARKS, 8) || longest(token, MARKS) >= 24)
    })
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
