//! Server. Two runs beside each other: what is the same, what differs.

mod align;
mod text;

use super::Caller;
use super::executions::{self, find};
use crate::domain::execution::preview;
use crate::domain::{
    ComparedPart, ComparedParts, Comparison, Error, ExecutionDetail, ExecutionId, ListedCall, PartSide, Result, Side,
    Timestamp,
};
use crate::store::reading::{self, Differing, StepFacts};
use align::align;
use std::collections::HashMap;

/// Steps and calls of each run that are compared.
const MOST_PARTS: usize = 500;
/// One more than that, to know whether there are others.
const READ: i64 = 501;
/// Characters of a note.
const MOST_NOTE: usize = 300;

/// Two runs by their ids, or links to them. One that is missing or hidden is absent from the answer.
pub async fn compare(caller: &Caller, a: &str, b: &str) -> Result<Comparison> {
    caller.fleet()?;
    let (a, b) = (read(caller, a).await?, read(caller, b).await?);
    let attempts = a.as_ref().map(|run| {
        let others = run.retry_chain.iter().filter(|link| link.id != run.summary.id);
        others.cloned().collect::<Vec<_>>()
    });
    let (mut texts, mut steps, mut calls) = (Vec::new(), ComparedParts::default(), ComparedParts::default());
    if let (Some(a), Some(b)) = (&a, &b) {
        texts.extend(text::compare("Message", Some(&a.summary.message), Some(&b.summary.message)));
        texts.extend(text::compare("Response", a.response.as_deref(), b.response.as_deref()));
        texts.extend(text::compare("Error", a.summary.error.as_deref(), b.summary.error.as_deref()));
        let (key_a, key_b) = (key(caller, a).await?, key(caller, b).await?);
        let mut db = caller.app.store.read();
        steps = compare_steps(
            &reading::step_facts(&mut db, key_a, READ).await?,
            &reading::step_facts(&mut db, key_b, READ).await?,
            &by_part(reading::differing_steps(&mut db, key_a, key_b, READ).await?),
        );
        let listed = async |key| reading::listed_calls(&mut caller.app.store.read(), key, None, READ).await;
        let pairs = pairs(listed(key_a).await?, listed(key_b).await?);
        let long = by_part(reading::differing_calls(&mut db, &pairs.long()).await?);
        calls = compare_calls(&pairs, &long);
    }
    let attempts = attempts.unwrap_or_default();
    Ok(Comparison { a: a.map(side), b: b.map(side), attempts, texts, steps, calls })
}

/// `None`: no id in the text, no such run, or not the caller's to see.
async fn read(caller: &Caller, text: &str) -> Result<Option<ExecutionDetail>> {
    let Some(id) = ExecutionId::in_text(text) else { return Ok(None) };
    match executions::get(caller, id.as_str()).await {
        Ok(detail) => Ok(Some(detail)),
        Err(Error::NotFound) => Ok(None),
        Err(other) => Err(other),
    }
}

async fn key(caller: &Caller, run: &ExecutionDetail) -> Result<i64> {
    Ok(find(caller, run.summary.id.as_str()).await?.key)
}

/// The texts are in the comparison already: here their beginnings are enough.
fn side(run: ExecutionDetail) -> Side {
    let mut summary = run.summary;
    summary.message = preview(&summary.message);
    summary.error = summary.error.as_deref().map(preview);
    Side {
        summary,
        cached_tokens: run.cached_tokens,
        reasoning_tokens: run.reasoning_tokens,
        context_used: run.context_used,
        context_max: run.context_max,
        started_by: run.started_by,
    }
}

/// What the database says of parts with long values, which are not read here.
type Long = HashMap<i64, Differing>;

fn by_part(rows: Vec<Differing>) -> Long {
    rows.into_iter().map(|row| (row.part, row)).collect()
}

/// Steps belong together by their number.
fn compare_steps(a: &[StepFacts], b: &[StepFacts], long: &Long) -> ComparedParts {
    let cut = more(a.len()) || more(b.len());
    let mut numbers: Vec<i64> = a.iter().chain(b).map(|s| s.position).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let of = |steps: &[StepFacts], n: i64| steps.binary_search_by_key(&n, |s| s.position).ok();
    let rows = numbers.into_iter().take(MOST_PARTS).map(|n| {
        let (x, y) = (of(a, n).map(|i| &a[i]), of(b, n).map(|i| &b[i]));
        let mut differs = Vec::new();
        if let (Some(x), Some(y)) = (x, y) {
            let mut tell = |word: &str, differ: bool| differs.extend(differ.then(|| word.to_owned()));
            tell("title", x.title != y.title);
            tell("status", x.status != y.status);
            tell("duration", took_differently(x.duration_ms(), y.duration_ms()));
            let long = long.get(&n);
            tell("input", long.map_or(x.input != y.input, |l| l.given));
            tell("output", long.map_or(x.output != y.output, |l| l.made));
            tell("error", long.map_or(x.error != y.error, |l| l.error));
        }
        ComparedPart { a: x.map(step_side), b: y.map(step_side), differs }
    });
    ComparedParts { rows: rows.collect(), cut }
}

fn step_side(step: &StepFacts) -> PartSide {
    PartSide {
        name: format!("{}. {}", step.position + 1, step.title),
        status: step.status,
        duration_ms: step.duration_ms(),
        note: note(step.error.as_deref(), step.kind.clone()),
    }
}

/// A call with its key.
type Call = (i64, ListedCall);

struct Pairs {
    rows: Vec<(Option<Call>, Option<Call>)>,
    cut: bool,
}

impl Pairs {
    /// The keys of those with a long value.
    fn long(&self) -> Vec<(i64, i64)> {
        let both = self.rows.iter().filter_map(|(x, y)| Some((x.as_ref()?, y.as_ref()?)));
        both.filter(|(x, y)| x.1.left_out > 0 || y.1.left_out > 0).map(|(x, y)| (x.0, y.0)).collect()
    }
}

/// Calls belong together by the order of their names. Each comes with its start and key.
fn pairs(mut a: Vec<((i64, i64), ListedCall)>, mut b: Vec<((i64, i64), ListedCall)>) -> Pairs {
    let cut = more(a.len()) || more(b.len());
    a.truncate(MOST_PARTS);
    b.truncate(MOST_PARTS);
    let names = |calls: &[(_, ListedCall)]| calls.iter().map(|(_, c)| c.call.name.clone()).collect::<Vec<_>>();
    let places = align(&names(&a), &names(&b));
    // Both sides come in order.
    let (mut a, mut b) = (a.into_iter(), b.into_iter());
    let call = |((_, key), call): ((i64, i64), ListedCall)| (key, call);
    let rows =
        places.into_iter().map(|(i, j)| (i.and_then(|_| a.next()).map(call), j.and_then(|_| b.next()).map(call)));
    Pairs { rows: rows.collect(), cut }
}

fn compare_calls(pairs: &Pairs, long: &Long) -> ComparedParts {
    let rows = pairs.rows.iter().map(|(a, b)| {
        let (x, y) = (a.as_ref().map(|(_, call)| call), b.as_ref().map(|(_, call)| call));
        let long = a.as_ref().and_then(|(key, _)| long.get(key));
        let mut differs = Vec::new();
        if let (Some(x), Some(y)) = (x, y) {
            let mut tell = |word: &str, differ: bool| differs.extend(differ.then(|| word.to_owned()));
            tell("tool", x.call.name != y.call.name);
            tell("status", x.call.status != y.call.status);
            tell("duration", took_differently(took(x), took(y)));
            tell("arguments", long.map_or(x.call.arguments != y.call.arguments, |l| l.given));
            tell("result", long.map_or(x.call.result != y.call.result, |l| l.made));
            tell("error", long.map_or(x.call.error != y.call.error, |l| l.error));
        }
        ComparedPart { a: x.map(call_side), b: y.map(call_side), differs }
    });
    ComparedParts { rows: rows.collect(), cut: pairs.cut }
}

fn call_side(listed: &ListedCall) -> PartSide {
    let call = &listed.call;
    PartSide {
        name: call.name.clone(),
        status: call.status,
        duration_ms: took(listed),
        note: note(call.error.as_deref(), call.arguments.as_ref().map(ToString::to_string).unwrap_or_default()),
    }
}

fn took(listed: &ListedCall) -> Option<i64> {
    listed.call.completed_at.map(|end| end.millis_since(listed.call.started_at))
}

/// What went wrong comes first.
fn note(error: Option<&str>, other: String) -> String {
    let text = match error {
        Some(error) if !error.is_empty() => error.to_owned(),
        _ => other,
    };
    match text.char_indices().nth(MOST_NOTE) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// No two runs take exactly as long: a fifth of the longer one and a second more make a difference.
fn took_differently(a: Option<i64>, b: Option<i64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() > 1_000.max(a.max(b) / 5),
        _ => a.is_some() != b.is_some(),
    }
}

const fn more(found: usize) -> bool {
    found > MOST_PARTS
}

impl StepFacts {
    fn duration_ms(&self) -> Option<i64> {
        let (from, to) = (self.started_at?, self.completed_at?);
        Some(Timestamp::from_micros(to).millis_since(Timestamp::from_micros(from)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PartStatus;
    use serde_json::json;

    fn call(name: &str, arguments: serde_json::Value, ms: i64) -> ((i64, i64), ListedCall) {
        let listed = ListedCall {
            call: crate::domain::ToolCall {
                call_id: "c".to_owned(),
                name: name.to_owned(),
                arguments: Some(arguments),
                result: None,
                error: None,
                status: PartStatus::Success,
                started_at: Timestamp::from_millis(0),
                completed_at: Some(Timestamp::from_millis(ms)),
                parent_call_id: None,
            },
            left_out: 0,
        };
        ((0, 0), listed)
    }

    #[test]
    fn calls_of_the_same_name_stand_beside_each_other() {
        let a = vec![call("search", json!(1), 100), call("read", json!(1), 9_000), call("write", json!(1), 10)];
        let b = vec![call("search", json!(2), 900), call("write", json!(1), 10)];
        let parts = compare_calls(&pairs(a, b), &Long::new());
        let names = |p: &ComparedPart| {
            let name = |s: &Option<PartSide>| s.as_ref().map_or_else(String::new, |s| s.name.clone());
            format!("{}|{}|{}", name(&p.a), name(&p.b), p.differs.join(","))
        };
        assert_eq!(
            parts.rows.iter().map(names).collect::<Vec<_>>(),
            ["search|search|arguments", "read||", "write|write|"]
        );
        assert!(!parts.cut);
    }

    #[test]
    fn a_little_more_time_is_no_difference() {
        assert!(!took_differently(Some(10_000), Some(11_500)));
        assert!(took_differently(Some(10_000), Some(14_000)));
        assert!(!took_differently(Some(10), Some(900)));
        assert!(took_differently(Some(10), None) && !took_differently(None, None));
    }
}
