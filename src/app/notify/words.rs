//! Server. What a message says. Agents' texts are anybody's: they are cut, and where a line is meant they are one.

use super::{Span, Waits};
use crate::domain::filter::{escape, query_string};
use crate::domain::{BudgetLevel, Error, NewsKind, Result, Spending, Timestamp};
use crate::store::agents::AgentRow;
use crate::store::executions::Record;
use serde::{Deserialize, Serialize};

const TITLE_CHARS: usize = 150;
const NAME_CHARS: usize = 80;
const TEXT_CHARS: usize = 1_500;
/// Agents that a summary names.
const NAMED: usize = 10;
/// Agents that a summary counts one by one.
const COUNTED: usize = 100;

/// A message as it is written into the outbox.
#[derive(Debug, Clone)]
pub struct Message {
    pub agent_key: i64,
    pub agent_name: String,
    pub title: String,
    /// A path of the site.
    pub link: String,
    pub payload: Payload,
}

/// What else it says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Payload {
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Of a summary: how many are of which agent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<Counted>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    pub key: i64,
    pub name: String,
    pub n: i64,
}

impl Payload {
    /// Those that are not told singly.
    pub fn count_all(&mut self, messages: &[Message]) {
        for message in messages {
            self.count(message);
        }
    }

    fn count(&mut self, message: &Message) {
        if let Some(known) = self.agents.iter_mut().find(|a| a.key == message.agent_key) {
            known.n += 1;
        } else if self.agents.len() < COUNTED {
            self.agents.push(Counted { key: message.agent_key, name: message.agent_name.clone(), n: 1 });
        }
    }
}

pub fn read(payload: &str) -> Result<Payload> {
    serde_json::from_str(payload).map_err(|e| Error::Internal(format!("a message can't be read: {e}")))
}

pub fn written(payload: &Payload) -> Result<String> {
    serde_json::to_string(payload).map_err(|e| Error::Internal(format!("a message can't be written: {e}")))
}

/// One line: what would begin another one, or turn its direction, is a blank.
pub fn one_line(text: &str, chars: usize) -> String {
    let turns =
        |c: char| matches!(c, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain: String =
        text.chars().take(20 * TEXT_CHARS).map(|c| if c.is_control() || turns(c) { ' ' } else { c }).collect();
    cut(&plain.split_whitespace().collect::<Vec<_>>().join(" "), chars)
}

/// At most so many characters.
pub fn cut(text: &str, chars: usize) -> String {
    if text.chars().count() <= chars {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(chars - 1).collect();
    short.push('…');
    short
}

fn name(text: &str) -> String {
    one_line(text, NAME_CHARS)
}

pub fn waiting(w: &Waits<'_>, again: bool) -> Message {
    let (agent, asked) = (name(w.agent_display_name), one_line(w.title, TITLE_CHARS));
    let title = if again { format!("Still waits for you: {asked}") } else { format!("Waits for you: {asked}") };
    let until = w.expires_at.map_or_else(String::new, |at| format!(" It expires at {}.", minute(at)));
    Message {
        agent_key: w.agent_key,
        agent_name: w.agent_name.to_owned(),
        title: cut(&title, TITLE_CHARS),
        link: format!("/approvals/{}", escape(w.interaction_id)),
        payload: Payload {
            text: format!("A run of {agent} goes on when you have decided.{until}"),
            execution_id: Some(w.execution_id.to_owned()),
            agent_name: Some(w.agent_name.to_owned()),
            approval_id: Some(w.interaction_id.to_owned()),
            expires_at: w.expires_at,
            agents: Vec::new(),
        },
    }
}

pub fn failed(run: &Record) -> Message {
    let agent = name(&run.agent_display_name);
    let error = run.error.as_deref().map_or_else(|| "It gave no reason.".to_owned(), |e| cut(e.trim(), TEXT_CHARS));
    let asked = one_line(&run.message, TITLE_CHARS);
    let asked = if asked.is_empty() { asked } else { format!("\n\nIt was asked: {asked}") };
    Message {
        agent_key: run.agent_key,
        agent_name: run.agent_name.clone(),
        title: format!("{agent} failed"),
        link: format!("/executions/{}", escape(&run.id)),
        payload: Payload {
            text: format!("{error}{asked}"),
            execution_id: Some(run.id.clone()),
            agent_name: Some(run.agent_name.clone()),
            ..Payload::default()
        },
    }
}

pub fn budget(agent: &AgentRow, span: Span, s: &Spending) -> Message {
    let shown = name(&agent.display_name);
    let of = match span {
        Span::Day => "today",
        Span::Month => "this month",
    };
    let (spent, limit) = (s.spent_usd, s.limit_usd);
    let (title, then) = match s.level {
        BudgetLevel::Spent => (format!("{shown} has spent its budget for {of}"), "Its runs wait until"),
        BudgetLevel::Warn | BudgetLevel::Fine => {
            (format!("{shown} has spent 80 % of its budget for {of}"), "When all is spent its runs wait until")
        }
    };
    Message {
        agent_key: agent.key,
        agent_name: agent.name.clone(),
        title,
        link: format!("/agents/{}", escape(&agent.name)),
        payload: Payload {
            text: format!("{spent:.2} of {limit:.2} USD are spent. {then} {}.", minute(s.until)),
            agent_name: Some(agent.name.clone()),
            ..Payload::default()
        },
    }
}

/// What stands for many. `n`: how many in all.
pub fn summary(kind: NewsKind, n: i64, payload: Payload) -> Message {
    let one = n == 1;
    let title = match kind {
        NewsKind::Waiting if one => "1 more waits for you".to_owned(),
        NewsKind::Waiting => format!("{n} more wait for you"),
        NewsKind::Reminder if one => "1 more still waits for you".to_owned(),
        NewsKind::Reminder => format!("{n} more still wait for you"),
        NewsKind::Failed if one => "1 more run failed".to_owned(),
        NewsKind::Failed => format!("{n} more runs failed"),
        NewsKind::Budget if one => "1 more budget is spent, or nearly so".to_owned(),
        NewsKind::Budget => format!("{n} more budgets are spent, or nearly so"),
    };
    let mut counted = payload.agents.clone();
    counted.sort_by(|a, b| b.n.cmp(&a.n).then_with(|| a.name.cmp(&b.name)));
    let named: Vec<String> = counted.iter().take(NAMED).map(|a| format!("{} ({})", a.name, a.n)).collect();
    let others = counted.len().saturating_sub(NAMED);
    let others = if others > 0 { format!(" and {others} more agents") } else { String::new() };
    let link = match kind {
        NewsKind::Waiting | NewsKind::Reminder => "/approvals".to_owned(),
        NewsKind::Failed => {
            let names: Vec<&str> = counted.iter().map(|a| a.name.as_str()).collect();
            let few = !names.is_empty() && names.len() <= NAMED;
            let agents = few.then(|| ("agent", names.join(",")));
            format!("/executions?{}", query_string([("status", "failed".to_owned())].into_iter().chain(agents)))
        }
        NewsKind::Budget => "/agents".to_owned(),
    };
    let text = format!("By agent: {}{others}.", named.join(", "));
    let (agent_key, agent_name) = counted.first().map_or((0, String::new()), |a| (a.key, a.name.clone()));
    let only = (counted.len() == 1).then(|| agent_name.clone());
    Message { agent_key, agent_name, title, link, payload: Payload { text, agent_name: only, ..payload } }
}

/// To the minute, in UTC: whoever reads it may be anywhere.
fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(minute)) => format!("{day} {minute} UTC"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_however_it_was_written() {
        let hostile = "Pay\r\nBcc: all@example.com\u{2028}\u{202e}now\0\t!";
        assert_eq!(one_line(hostile, 100), "Pay Bcc: all@example.com now !");
        assert_eq!(one_line(&"é".repeat(300), 10), format!("{}…", "é".repeat(9)));
        assert_eq!(one_line(" a ", 1), "a");
    }

    #[test]
    fn a_summary_counts_by_agent() {
        let message = |key: i64, name: &str| Message {
            agent_key: key,
            agent_name: name.to_owned(),
            title: String::new(),
            link: String::new(),
            payload: Payload::default(),
        };
        let mut sum = Payload::default();
        for m in [message(1, "a"), message(2, "b"), message(2, "b")] {
            sum.count(&m);
        }
        let made = summary(NewsKind::Failed, 3, sum);
        assert_eq!(
            (made.title.as_str(), made.link.as_str()),
            ("3 more runs failed", "/executions?status=failed&agent=b,a")
        );
        assert_eq!((made.payload.text.as_str(), made.payload.agent_name), ("By agent: b (2), a (1).", None));
        let mut many = Payload::default();
        for n in 0..12 {
            many.count(&message(n, &format!("agent-{n:02}")));
        }
        let made = summary(NewsKind::Failed, 12, many);
        assert_eq!(made.link, "/executions?status=failed");
        assert!(made.payload.text.ends_with("agent-09 (1) and 2 more agents."), "{}", made.payload.text);
    }

    #[test]
    fn a_time_is_told_to_the_minute() {
        assert_eq!(minute(Timestamp::from_millis(0)), "1970-01-01 00:00 UTC");
    }
}
