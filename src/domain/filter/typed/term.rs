//! Both sides. One typed filter: its key, its value, and what it changes.

use super::amount::{self, COUNTS, MONEY, SPANS, Wrong, amount, bounds};
use super::words::items;
use crate::domain::error::{Error, readable};
use crate::domain::filter::{Choice, Filter, Label, Range, Window};
use crate::domain::id::ExecutionId;
use crate::domain::status::{Status, Trigger};
use crate::domain::time::Timestamp;

/// Every key with an example, in the order in which they are offered.
pub const KEYS: [(&str, &str); 19] = [
    ("status", "failed,running"),
    ("agent", "!noisy"),
    ("trigger", "schedule"),
    ("tool", "github.*"),
    ("model", "gpt-*"),
    ("label", "env:prod"),
    ("last", "7d"),
    ("from", "2026-01-31"),
    ("to", "2026-01-31"),
    ("duration", ">5m"),
    ("cost", ">=0.5"),
    ("tokens", "<1000"),
    ("errors", "true"),
    ("interactions", "true"),
    ("root", "true"),
    ("thread", "…"),
    ("flow", "…"),
    ("parent", "…"),
    ("retry_of", "…"),
];

const MOST_VALUES: usize = 200;

#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    Status(Choice<Status>),
    Agent(Choice<String>),
    Trigger(Choice<Trigger>),
    Tool(Choice<String>),
    Model(Choice<String>),
    Label(Choice<Label>),
    Thread(Choice<String>),
    Flow(Choice<String>),
    Parent(Choice<ExecutionId>),
    RetryOf(Choice<ExecutionId>),
    Last(Window),
    From(Timestamp),
    To(Timestamp),
    Duration(Range<i64>),
    Cost(Range<f64>),
    Tokens(Range<i64>),
    Interactions(bool),
    Errors(bool),
    Root(bool),
}

pub fn is_key(word: &str) -> bool {
    KEYS.iter().any(|(key, _)| key.eq_ignore_ascii_case(word))
}

pub fn read(key: &str, value: &str) -> Result<Term, String> {
    let key = key.to_ascii_lowercase();
    if !is_key(&key) {
        return Err(unknown(&key));
    }
    of_key(&key, value).map_err(|message| if message.starts_with('“') { message } else { format!("{key}: {message}") })
}

fn of_key(key: &str, value: &str) -> Result<Term, String> {
    let text = |s: &str| Ok(s.to_owned());
    Ok(match key {
        "status" => Term::Status(choice(value, str::parse)?),
        "agent" => Term::Agent(choice(value, text)?),
        "trigger" => Term::Trigger(choice(value, str::parse)?),
        "tool" => Term::Tool(choice(value, text)?),
        "model" => Term::Model(choice(value, text)?),
        "label" => Term::Label(choice(value, str::parse)?),
        "thread" => Term::Thread(choice(value, text)?),
        "flow" => Term::Flow(choice(value, text)?),
        "parent" => Term::Parent(choice(value, str::parse)?),
        "retry_of" => Term::RetryOf(choice(value, str::parse)?),
        "last" => Term::Last(Window::parse_last(&one(value)?).map_err(plain)?),
        "from" => Term::From(moment(&one(value)?, "T00:00:00Z")?),
        "to" => Term::To(moment(&one(value)?, "T23:59:59.999999Z")?),
        "duration" => {
            let read = |t: &str| amount(t, SPANS);
            let (min, max) = bounds(value, read).map_err(|w| wrong(w, "a span like 500ms, 5m or 1.5h", ">5m"))?;
            Term::Duration(Range { min, max })
        }
        "tokens" => {
            let read = |t: &str| amount(t, COUNTS);
            let (min, max) = bounds(value, read).map_err(|w| wrong(w, "a number like 1000 or 10k", ">10k"))?;
            Term::Tokens(Range { min, max })
        }
        "cost" => {
            // As in addresses, amounts stay below 10⁹ USD.
            let read = |t: &str| amount(t.trim_start_matches('$'), MONEY).filter(|n| *n < 999_999_999_000_000_000);
            let (min, max) = bounds(value, read).map_err(|w| wrong(w, "an amount of USD like 0.5", ">0.5"))?;
            let usd = |n: Option<i64>| n.map(|n| n as f64 / 1e9);
            Term::Cost(Range { min: usd(min), max: usd(max) })
        }
        "interactions" => Term::Interactions(boolean(value)?),
        "errors" => Term::Errors(boolean(value)?),
        _ => Term::Root(boolean(value)?),
    })
}

fn plain(error: Error) -> String {
    match error {
        Error::Invalid(fields) => fields.into_iter().map(|f| readable(&f.message)).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

fn choice<T: Ord>(value: &str, parse: impl Fn(&str) -> Result<T, Error>) -> Result<Choice<T>, String> {
    let mut choice = Choice { include: Vec::new(), exclude: Vec::new() };
    for item in items(value)? {
        let list = if item.negated { &mut choice.exclude } else { &mut choice.include };
        list.push(parse(&item.text).map_err(plain)?);
    }
    for list in [&mut choice.include, &mut choice.exclude] {
        list.sort();
        list.dedup();
    }
    Ok(choice)
}

fn one(value: &str) -> Result<String, String> {
    let mut items = items(value)?;
    match (items.pop(), items.is_empty()) {
        (Some(item), true) if !item.negated => Ok(item.text),
        _ => Err("takes one value, which can't be negated".to_owned()),
    }
}

fn boolean(value: &str) -> Result<bool, String> {
    match one(value)?.as_str() {
        "true" | "yes" => Ok(true),
        "false" | "no" => Ok(false),
        other => Err(format!("“{other}” is neither true nor false")),
    }
}

/// RFC 3339, or a day of UTC.
fn moment(text: &str, rest_of_day: &str) -> Result<Timestamp, String> {
    let day = text.len() == 10;
    let parsed = if day { Timestamp::parse(&format!("{text}{rest_of_day}")) } else { Timestamp::parse(text) };
    parsed.ok_or_else(|| format!("“{text}” is not a time like 2026-01-31 or 2026-01-31T12:00:00Z"))
}

fn wrong(wrong: Wrong, what: &str, example: &str) -> String {
    match wrong {
        Wrong::Number(text) if text.is_empty() => format!("needs {what}"),
        Wrong::Number(text) => format!("“{text}” is not {what}"),
        Wrong::NoBound => format!("say from where or up to where, as in {example}"),
        Wrong::Empty => "nothing can lie there".to_owned(),
    }
}

fn unknown(key: &str) -> String {
    let near = KEYS.iter().map(|(k, _)| (distance(key, k), *k)).min().filter(|(d, k)| *d <= 2 && *d < k.len());
    let hint = near.map_or_else(String::new, |(_, k)| format!(", did you mean {k}?"));
    let end = if hint.is_empty() { "; in quotes it is text" } else { " In quotes it is text" };
    format!("“{key}” is not a filter{hint}{end}")
}

/// How many letters have to be added, left out or exchanged.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let exchanged = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = exchanged.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

impl Term {
    /// Adds alternatives, replaces what there can be only one of.
    pub fn apply(&self, f: &mut Filter) -> Result<(), String> {
        match self {
            Self::Status(c) => join(&mut f.status, c)?,
            Self::Agent(c) => join(&mut f.agent, c)?,
            Self::Trigger(c) => join(&mut f.trigger, c)?,
            Self::Tool(c) => join(&mut f.tool, c)?,
            Self::Model(c) => join(&mut f.model, c)?,
            Self::Label(c) => join(&mut f.label, c)?,
            Self::Thread(c) => join(&mut f.thread, c)?,
            Self::Flow(c) => join(&mut f.flow, c)?,
            Self::Parent(c) => join(&mut f.parent, c)?,
            Self::RetryOf(c) => join(&mut f.retry_of, c)?,
            Self::Last(window) => f.window = *window,
            Self::From(t) => f.window = range(Some(*t), end(f.window))?,
            Self::To(t) => f.window = range(start(f.window), Some(*t))?,
            Self::Duration(r) => narrow(&mut f.duration_ms, *r),
            Self::Cost(r) => narrow(&mut f.cost, *r),
            Self::Tokens(r) => narrow(&mut f.tokens, *r),
            Self::Interactions(b) => f.has_interaction = Some(*b),
            Self::Errors(b) => f.has_error = Some(*b),
            Self::Root(b) => f.root_only = *b,
        }
        Ok(())
    }
}

fn join<T: Ord + Clone>(into: &mut Choice<T>, new: &Choice<T>) -> Result<(), String> {
    let mut joined = into.clone();
    for (value, excluded) in new.include.iter().map(|v| (v, false)).chain(new.exclude.iter().map(|v| (v, true))) {
        joined.include.retain(|v| v != value);
        joined.exclude.retain(|v| v != value);
        let list = if excluded { &mut joined.exclude } else { &mut joined.include };
        list.push(value.clone());
    }
    if joined.include.len() + joined.exclude.len() > MOST_VALUES {
        return Err("more than 200 values".to_owned());
    }
    joined.include.sort();
    joined.exclude.sort();
    *into = joined;
    Ok(())
}

fn narrow<T: PartialOrd + Copy>(into: &mut Range<T>, new: Range<T>) {
    *into = Range { min: new.min.or(into.min), max: new.max.or(into.max) };
}

fn start(window: Window) -> Option<Timestamp> {
    if let Window::Range { from, .. } = window { from } else { None }
}

fn end(window: Window) -> Option<Timestamp> {
    if let Window::Range { to, .. } = window { to } else { None }
}

fn range(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<Window, String> {
    match (from, to) {
        (Some(f), Some(t)) if f > t => Err("the start lies after the end".to_owned()),
        _ => Ok(Window::Range { from, to }),
    }
}

/// A span in milliseconds, with a unit or, as addresses have it, without.
pub fn milliseconds(text: &str) -> Option<i64> {
    text.parse::<i64>().ok().filter(|n| *n >= 0).or_else(|| amount::amount(text, SPANS))
}
