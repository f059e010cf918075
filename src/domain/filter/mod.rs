//! Both sides. Which executions: one filter for the list, the cards, the live socket and the URL.
//!
//! It is written in two dialects with the same meaning: the API's parameter names (`agent_name`,
//! `start_time` …) and the page's shorter ones (`agent`, `from` …). Parsing reports every wrong value
//! and keeps the right ones, so that a page can show both.

mod object;
mod parse;
pub mod typed;
mod url;
mod values;

pub use parse::{Dialect, ENDS_BEFORE, NO_PARAMETER};
pub use url::{escape, parse_query, query_string};

use super::error::Error;
use super::execution::ExecutionSummary;
use super::id::ExecutionId;
use super::status::{Status, Trigger};
use super::time::Timestamp;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

/// Alternatives of one parameter: any of `include` (all when empty), none of `exclude`.
/// An excluded value is the full complement: a missing value passes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Choice<T> {
    pub include: Vec<T>,
    pub exclude: Vec<T>,
}

impl<T> Default for Choice<T> {
    fn default() -> Self {
        Self { include: Vec::new(), exclude: Vec::new() }
    }
}

impl<T: PartialEq> Choice<T> {
    pub fn is_empty(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }
    pub fn only(value: T) -> Self {
        Self { include: vec![value], exclude: Vec::new() }
    }
    pub fn allows(&self, value: Option<&T>) -> bool {
        match value {
            Some(v) => (self.include.is_empty() || self.include.contains(v)) && !self.exclude.contains(v),
            None => self.include.is_empty(),
        }
    }
}

impl Choice<String> {
    pub fn allows_str(&self, value: Option<&str>) -> bool {
        match value {
            Some(v) => {
                (self.include.is_empty() || self.include.iter().any(|i| i == v)) && !self.exclude.iter().any(|e| e == v)
            }
            None => self.include.is_empty(),
        }
    }
}

/// Inclusive bounds; a missing value never lies inside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range<T> {
    pub min: Option<T>,
    pub max: Option<T>,
}

impl<T> Default for Range<T> {
    fn default() -> Self {
        Self { min: None, max: None }
    }
}

impl<T: PartialOrd + Copy> Range<T> {
    pub fn is_empty(&self) -> bool {
        self.min.is_none() && self.max.is_none()
    }
    fn allows(&self, value: Option<T>) -> bool {
        if self.is_empty() {
            return true;
        }
        value.is_some_and(|v| self.min.is_none_or(|m| v >= m) && self.max.is_none_or(|m| v <= m))
    }
}

/// `key:value`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    pub key: String,
    pub value: String,
}

impl FromStr for Label {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self, Error> {
        match s.split_once(':') {
            Some((key, value)) if !key.is_empty() => Ok(Self { key: key.to_owned(), value: value.to_owned() }),
            _ => Err(Error::invalid("label", format!("`{s}` is not of the form key:value"))),
        }
    }
}

impl Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.key, self.value)
    }
}

/// The time window, on the effective start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Window {
    #[default]
    All,
    /// Seconds before now; stays open at "now".
    Last(i64),
    Range {
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    },
}

impl Window {
    pub const DAY: Self = Self::Last(86_400);

    /// Lower and upper bound, both inclusive.
    pub fn bounds(self, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
        match self {
            Self::All => (None, None),
            Self::Last(s) => (Some(now.plus_secs(-s)), None),
            Self::Range { from, to } => (from, to),
        }
    }

    /// `15m`, `24h`, `7d`, `90s`, `2w` or `all`.
    pub fn parse_last(text: &str) -> Result<Self, Error> {
        if text == "all" {
            return Ok(Self::All);
        }
        parse_seconds(text)
            .filter(|s| *s <= 366 * 86_400 * 10)
            .map(Self::Last)
            .ok_or_else(|| Error::invalid("last", format!("`{text}` is not a span like 15m, 24h, 7d or all")))
    }
}

fn parse_seconds(text: &str) -> Option<i64> {
    let split = text.len().checked_sub(1).filter(|i| text.is_char_boundary(*i))?;
    let (number, unit) = text.split_at(split);
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return None,
    };
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    number.parse::<i64>().ok()?.checked_mul(factor).filter(|s| *s > 0)
}

/// The shortest exact form of a span: `24h`, `7d`, `90s`.
pub fn format_seconds(s: i64) -> String {
    // One day reads as 24h, as people say it.
    match s {
        s if s % 86_400 == 0 && s > 86_400 => format!("{}d", s / 86_400),
        s if s % 3_600 == 0 => format!("{}h", s / 3_600),
        s if s % 60 == 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    pub agent: Choice<String>,
    pub status: Choice<Status>,
    pub trigger: Choice<Trigger>,
    /// Globs: `*` stands for anything.
    pub tool: Choice<String>,
    pub model: Choice<String>,
    pub label: Choice<Label>,
    pub thread: Choice<String>,
    pub flow: Choice<String>,
    pub parent: Choice<ExecutionId>,
    pub retry_of: Choice<ExecutionId>,
    pub window: Window,
    pub duration_ms: Range<i64>,
    /// USD.
    pub cost: Range<f64>,
    pub tokens: Range<i64>,
    pub has_interaction: Option<bool>,
    pub has_error: Option<bool>,
    pub root_only: bool,
    pub search: Option<String>,
    /// Ids of failure groups.
    pub error_group: Choice<String>,
    /// Sequence numbers of events: the status changed after the first, and no later than the second.
    pub changed: Range<i64>,
    /// Sequence number of an event: the run existed by then. Its state is the present one.
    pub as_of: Option<i64>,
    /// Unfinished runs pass the window whatever their start. Pages always set it.
    pub include_unfinished: bool,
}

impl Filter {
    /// Does it narrow anything beyond the window?
    pub fn narrows(&self) -> bool {
        Self { window: Window::All, include_unfinished: false, ..self.clone() } != Self::default()
    }

    /// Does it look only at what runs are counted by: agent, status, trigger, model, interactions, errors, roots and time?
    pub fn is_counted(&self) -> bool {
        let rest = Self {
            agent: Choice::default(),
            status: Choice::default(),
            trigger: Choice::default(),
            model: Choice::default(),
            has_interaction: None,
            has_error: None,
            root_only: false,
            window: Window::All,
            include_unfinished: false,
            ..self.clone()
        };
        rest == Self::default()
    }

    /// What is worth remembering for another day: without moments that are over.
    #[must_use]
    pub fn lasting(&self) -> Self {
        Self { changed: Range::default(), as_of: None, ..self.clone() }
    }

    /// Whether `matches` can answer without the database (search, tools, interactions and what happened when live there).
    pub fn in_memory(&self) -> bool {
        let always = self.changed.is_empty() && self.as_of.is_none();
        always && self.search.is_none() && self.tool.is_empty() && self.has_interaction.is_none()
    }

    /// Does a run pass, as far as its summary tells? Parts that need the database count as passed.
    pub fn matches(&self, run: &ExecutionSummary, now: Timestamp) -> bool {
        self.matches_fixed(run) && self.matches_changing(run, now)
    }

    /// Whether the database could say that a run passes; where not, there is no need to ask. With `as_of` a run that
    /// has ended since may count as unfinished, which its summary does not tell.
    pub fn may_match(&self, run: &ExecutionSummary, now: Timestamp) -> bool {
        self.as_of.is_some() || self.matches(run, now)
    }

    /// The part over fields that never change: a run that fails it was never in the list.
    pub fn matches_fixed(&self, run: &ExecutionSummary) -> bool {
        self.agent.allows_str(Some(&run.agent_name))
            && self.trigger.allows(Some(&run.triggered_by))
            && self.thread.allows_str(run.thread_id.as_deref())
            && self.flow.allows_str(run.flow_id.as_deref())
            && self.parent.allows(run.parent_id.as_ref())
            && self.retry_of.allows(run.retry_of.as_ref())
            && (!self.root_only || run.parent_id.is_none())
    }

    fn matches_changing(&self, run: &ExecutionSummary, now: Timestamp) -> bool {
        let (from, to) = self.window.bounds(now);
        let start = run.effective_start();
        let in_window = from.is_none_or(|f| start >= f) && to.is_none_or(|t| start <= t);
        (in_window || (self.include_unfinished && !run.status.is_terminal()))
            && self.status.allows(Some(&run.status))
            && self.model.allows_str(run.model.as_deref())
            && self.labels_allow(&run.labels)
            && self.duration_ms.allows(run.duration_ms)
            && self.cost.allows(run.cost)
            && self.tokens.allows(run.total_tokens)
            && self.has_error.is_none_or(|e| e == run.has_error)
            && self.error_group.allows_str(run.error_group.as_deref())
    }

    /// Labels of different keys narrow, of one key are alternatives.
    fn labels_allow(&self, labels: &BTreeMap<String, String>) -> bool {
        let has = |l: &Label| labels.get(&l.key) == Some(&l.value);
        self.label.include.iter().all(|l| self.label.include.iter().any(|o| o.key == l.key && has(o)))
            && !self.label.exclude.iter().any(has)
    }
}
