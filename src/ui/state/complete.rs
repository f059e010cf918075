//! Both sides. What can complete the last word of the search field; pure.

use crate::domain::filter::typed::{KEYS, Kind, parse};
use crate::domain::{Status, Trigger};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    pub label: String,
    pub note: String,
    /// The whole field with it.
    pub text: String,
    /// A filter is complete with it; otherwise its value comes next.
    pub done: bool,
}

const MOST: usize = 12;
const SPANS: [&str; 6] = ["15m", "1h", "24h", "7d", "30d", "all"];

/// `agents`: name and display name of those the page knows.
pub fn suggestions(text: &str, agents: &[(String, String)]) -> Vec<Suggestion> {
    let last = parse(text).pop().filter(|t| t.at.end == text.len());
    let Some(last) = last else { return keys(text, "") };
    let (before, word) = text.split_at(last.at.start);
    match (last.kind, word.split_once(':')) {
        (Kind::Text(_), None) => keys(before, word),
        (Kind::Term(_) | Kind::Wrong(_), Some((key, value))) => values(before, key, value, agents),
        _ => Vec::new(),
    }
}

fn keys(before: &str, start: &str) -> Vec<Suggestion> {
    let start = start.to_ascii_lowercase();
    let found = KEYS.iter().filter(|(key, _)| key.starts_with(&start));
    found
        .map(|(key, example)| Suggestion {
            label: format!("{key}:"),
            note: format!("{key}:{example}"),
            text: format!("{before}{key}:"),
            done: false,
        })
        .take(MOST)
        .collect()
}

fn values(before: &str, key: &str, value: &str, agents: &[(String, String)]) -> Vec<Suggestion> {
    // Of several values the last is the one being typed.
    let at = value.rfind(',').map_or(0, |i| i + 1);
    let (others, typed) = value.split_at(at);
    let (bang, typed) = typed.strip_prefix('!').map_or(("", typed), |rest| ("!", rest));
    let chosen: Vec<&str> = others.split(',').collect();
    let wanted = typed.to_lowercase();
    let found = candidates(&key.to_ascii_lowercase(), agents).into_iter().filter(|(value, name)| {
        let fits = value.starts_with(&wanted) || name.to_lowercase().contains(&wanted);
        fits && *value != wanted && !chosen.contains(&value.as_str())
    });
    found
        .map(|(value, name)| Suggestion {
            note: if name == value { String::new() } else { name },
            text: format!("{before}{key}:{others}{bang}{value}"),
            label: format!("{bang}{value}"),
            done: true,
        })
        .take(MOST)
        .collect()
}

/// Value and name of what a key can be followed by.
fn candidates(key: &str, agents: &[(String, String)]) -> Vec<(String, String)> {
    let plain = |values: &[&str]| values.iter().map(|v| ((*v).to_owned(), (*v).to_owned())).collect();
    match key {
        "status" => plain(&Status::ALL.map(Status::as_str)),
        "trigger" => plain(&Trigger::ALL.map(Trigger::as_str)),
        "agent" => agents.to_vec(),
        "last" => plain(&SPANS),
        "errors" | "interactions" | "root" => plain(&["true", "false"]),
        "duration" => plain(&[">10s", ">1m", ">5m", ">1h", "<10s", "<1m"]),
        "cost" => plain(&[">0.1", ">1", ">10", "<0.1"]),
        "tokens" => plain(&[">1k", ">10k", ">100k", "<1k"]),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Vec<String> {
        let agents = [("ruby-agent".to_owned(), "Ruby Agent".to_owned()), ("noisy".to_owned(), "noisy".to_owned())];
        suggestions(text, &agents).into_iter().map(|s| s.label).collect()
    }

    #[test]
    fn keys_come_first_then_their_values() {
        assert_eq!(labels("sta"), ["status:"]);
        assert_eq!(labels("invoice To"), ["tool:", "to:", "tokens:"]);
        assert_eq!(labels("status:f"), ["failed"]);
        assert_eq!(labels("status:failed,!"), ["!queued", "!running", "!waiting", "!paused", "!success", "!cancelled"]);
        assert_eq!(labels("agent:RUBY"), ["ruby-agent"]);
        assert_eq!(labels("last:"), SPANS);
        assert_eq!(labels("").len(), MOST);
        assert_eq!(labels("x http://sta"), Vec::<String>::new());
        assert_eq!(labels("label:env"), Vec::<String>::new());
        assert_eq!(labels("status:failed"), Vec::<String>::new());
    }

    #[test]
    fn a_suggestion_replaces_the_last_word_only() {
        let all = suggestions("tax  status:failed,ru", &[]);
        assert_eq!(all[0].text, "tax  status:failed,running");
        assert!(all[0].done);
        assert_eq!(suggestions("tax sta", &[])[0].text, "tax status:");
    }
}
