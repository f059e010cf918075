//! Both sides. Whom a step asks, in words.

use crate::domain::{FieldKind, FlowStep, Policy};
use crate::ui::kit::format;

/// What a policy means, for whoever chooses it.
pub const fn policy_about(policy: Policy) -> &'static str {
    match policy {
        Policy::Any => "The first approval is enough. It is rejected only when everybody rejects it.",
        Policy::All => "Everybody has to approve. The first rejection ends it.",
        Policy::Majority => "More than half have to approve. It is rejected as soon as that can't be reached any more.",
    }
}

pub const fn policy_word(policy: Policy) -> &'static str {
    match policy {
        Policy::Any => "Any of them",
        Policy::All => "All of them",
        Policy::Majority => "The majority of them",
    }
}

pub const fn kind_word(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "Text",
        FieldKind::Choice => "One of several",
        FieldKind::Multi => "Any of several",
    }
}

const USUAL: [i64; 8] = [900, 3_600, 4 * 3_600, 86_400, 2 * 86_400, 3 * 86_400, 7 * 86_400, 30 * 86_400];

/// How long people may take: (seconds, words). The one that is set is among them, whatever it is.
pub fn expiries(now: &str) -> Vec<(String, String)> {
    let mut all: Vec<i64> = USUAL.to_vec();
    all.extend(now.parse::<i64>().ok().filter(|s| !USUAL.contains(s)));
    all.sort_unstable();
    let words = all.into_iter().map(|s| (s.to_string(), format!("After {}", long(s))));
    std::iter::once((String::new(), "Never".to_owned())).chain(words).collect()
}

/// `1 day`, `1 hour 30 minutes`.
fn long(seconds: i64) -> String {
    let units =
        [(86_400, "day", "days"), (3_600, "hour", "hours"), (60, "minute", "minutes"), (1, "second", "seconds")];
    let mut left = seconds.max(0);
    let mut parts = Vec::new();
    for (size, one, many) in units {
        if left >= size {
            parts.push(format::plural(left / size, one, many));
            left %= size;
        }
    }
    if parts.is_empty() { "0 seconds".to_owned() } else { parts.join(" ") }
}

/// `role:admin` → `all admins`.
fn who(approver: &str) -> String {
    match approver.strip_prefix("role:") {
        Some("admin") => "all admins".to_owned(),
        Some("user") => "all users".to_owned(),
        _ => approver.to_owned(),
    }
}

/// Whom a step asks, by which rule, and for how long, a sentence each; nothing for steps that ask nobody.
pub fn asks(step: &FlowStep) -> Vec<String> {
    let list = |all: &[String]| all.iter().map(|a| who(a)).collect::<Vec<_>>().join(", ");
    let until = |expires: &Option<i64>| expires.map(|s| format!("Expires after {}.", long(s)));
    match step {
        FlowStep::Approval { approvers, policy, expires_in_s, allow_requester, .. } => {
            let verb = if *policy == Policy::Any { "may" } else { "must" };
            let mut said = vec![format!("{} {verb} approve: {}.", policy_word(*policy), list(approvers))];
            said.extend(allow_requester.then(|| "Whoever started the run may decide too.".to_owned()));
            said.extend(until(expires_in_s));
            said
        }
        FlowStep::Question { approvers, expires_in_s, fields, .. } => {
            let mut said = vec![if approvers.is_empty() {
                "Whoever started the run, the agent's owner and those who operate it may answer.".to_owned()
            } else {
                format!("Any of them may answer: {}.", list(approvers))
            }];
            said.extend(until(expires_in_s));
            said.extend(fields.iter().map(|field| {
                let kind = kind_word(field.kind).to_lowercase();
                let optional = if field.optional { ", optional" } else { "" };
                match field.options.as_slice() {
                    [] => format!("{} ({kind}{optional})", field.label),
                    options => format!("{} ({kind}{optional}: {})", field.label, options.join(", ")),
                }
            }));
            said
        }
        FlowStep::Prompt { .. } | FlowStep::Command { .. } | FlowStep::Webhook { .. } => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_that_is_not_usual_can_still_be_kept() {
        assert_eq!(expiries("")[0], (String::new(), "Never".to_owned()));
        assert_eq!(expiries("").len(), 9);
        let all = expiries("5400");
        assert_eq!(all[3], ("5400".to_owned(), "After 1 hour 30 minutes".to_owned()));
        assert_eq!(all[2].1, "After 1 hour");
    }

    #[test]
    fn a_step_says_whom_it_asks() {
        let step = FlowStep::Approval {
            title: "T".into(),
            message: String::new(),
            approvers: vec!["ann@example.com".into(), "role:admin".into()],
            policy: Policy::All,
            expires_in_s: Some(86_400),
            allow_requester: false,
        };
        assert_eq!(asks(&step), ["All of them must approve: ann@example.com, all admins.", "Expires after 1 day."]);
    }
}
