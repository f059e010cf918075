//! Server. What must hold for the runs of any spans at all.

use crate::otlp::derive::{DerivedRun, Ending, RunKey, found_by};
use crate::otlp::price::PriceList;
use crate::otlp::{LogRecord, Span, SpanId, TraceId, derive};
use crate::record;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Derives runs and checks them. `turn` is what the spans are shuffled by.
pub fn check(spans: &[Span], logs: &[LogRecord], turn: u64) {
    for span in spans {
        found_by(span);
    }
    let runs = derive(spans, logs);
    whatever_the_order(spans, logs, &runs, turn);
    as_stored(spans, logs, &runs);
    for run in &runs {
        record::check(run).unwrap_or_else(|e| panic!("no record takes it: {e}\n{run:?}"));
        times(run);
        money(run);
        calls(run);
        tree(run);
    }
    nothing_twice(&runs);
    nothing_lost(spans, logs, &runs);
    parents(&runs);
}

/// Neither order nor repetition matters; that of log records doesn't, either.
fn whatever_the_order(spans: &[Span], logs: &[LogRecord], runs: &[DerivedRun], turn: u64) {
    let reversed: Vec<Span> = spans.iter().rev().cloned().collect();
    let back: Vec<LogRecord> = logs.iter().rev().cloned().collect();
    assert_eq!(derive(&reversed, &back), runs, "reversed");
    let repeated = spans.iter().enumerate().filter(|(at, _)| turn >> (at % 64) & 1 == 1).map(|(_, span)| span);
    let mut shuffled: Vec<Span> = spans.iter().chain(repeated).cloned().collect();
    shuffle(&mut shuffled, turn);
    assert_eq!(derive(&shuffled, logs), runs, "shuffled, some twice");
}

fn shuffle<T>(list: &mut [T], turn: u64) {
    let mut state = turn | 1;
    for at in (1..list.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        list.swap(at, (state % (at as u64 + 1)) as usize);
    }
}

/// Spans are stored as JSON between their coming and the deriving.
fn as_stored(spans: &[Span], logs: &[LogRecord], runs: &[DerivedRun]) {
    let stored = |span: &Span| serde_json::from_str(&serde_json::to_string(span).expect("written")).expect("read");
    let spans: Vec<Span> = spans.iter().map(stored).collect();
    assert_eq!(derive(&spans, logs), runs, "as it is stored");
}

fn times(run: &DerivedRun) {
    if let Ending::Over { at, .. } = run.ending {
        assert!(at >= run.started, "ends before it began: {run:?}");
    }
    let parts = run.steps.iter().map(|step| (step.started_at, step.completed_at));
    let parts = parts.chain(run.tool_calls.iter().map(|call| (call.started_at, call.completed_at)));
    for (start, end) in parts.chain(run.spans.iter().map(|span| (Some(span.start), span.end))) {
        assert!(end.is_none() || end >= start, "a part ends before it began: {run:?}");
        assert!([start, end].into_iter().flatten().all(|time| time.is_usual()), "no time of a record: {run:?}");
    }
}

fn money(run: &DerivedRun) {
    let prices = PriceList::default();
    let right = |usd: f64| (0.0..=1_000_000.0).contains(&usd);
    for used in &run.model_usage {
        let u = used.usage;
        let tokens = [u.input, u.output, u.cached, u.cache_written, u.reasoning];
        assert!(tokens.into_iter().flatten().all(|n| n >= 0), "{used:?}");
        assert!(u.cost.is_none_or(right), "{used:?}");
        let costs = used.each.iter().filter_map(|one| {
            let listed = prices.price(used.provider.as_deref(), used.model.as_deref()?, one.at)?;
            listed.cost(&one.usage, one.one_call)
        });
        assert!(costs.into_iter().all(|usd| usd.is_finite() && usd >= 0.0), "{used:?}");
    }
}

/// A record knows its calls by their ids, as a database keeps them.
fn calls(run: &DerivedRun) {
    let kept = |id: &str| id.replace('\0', "");
    let ids: HashSet<String> = run.tool_calls.iter().map(|call| kept(&call.call_id)).collect();
    assert_eq!(ids.len(), run.tool_calls.len(), "calls of one id: {:?}", run.tool_calls);
    assert!(!ids.contains(""), "a call without an id: {:?}", run.tool_calls);
    let mut before = HashSet::new();
    for call in &run.tool_calls {
        let parent = call.parent_call_id.as_deref();
        assert!(parent.is_none_or(|parent| before.contains(parent)), "a call of no call: {call:?}");
        before.insert(call.call_id.as_str());
    }
    let steps: BTreeSet<i64> = run.steps.iter().map(|step| step.index).collect();
    assert_eq!(steps.len(), run.steps.len(), "steps of one number");
}

fn tree(run: &DerivedRun) {
    let mut depths: HashMap<(TraceId, SpanId), usize> = HashMap::new();
    for span in &run.spans {
        let expected = span.parent.map_or(Some(0), |parent| Some(depths.get(&(span.trace, parent))? + 1));
        assert_eq!(Some(span.depth), expected, "parents come first: {span:?}");
        assert!(depths.insert((span.trace, span.id), span.depth).is_none(), "twice in a tree: {span:?}");
    }
    let root = run.root.is_none_or(|root| run.spans.iter().any(|span| span.id == root && span.parent.is_none()));
    assert!(root, "its root is none: {run:?}");
}

fn nothing_twice(runs: &[DerivedRun]) {
    let keys: HashSet<&RunKey> = runs.iter().map(|run| &run.key).collect();
    assert_eq!(keys.len(), runs.len(), "two runs of one key");
    let mut of: HashMap<TraceId, &RunKey> = HashMap::new();
    for run in runs {
        for span in &run.spans {
            assert_eq!(*of.entry(span.trace).or_insert(&run.key), &run.key, "one trace in two runs");
        }
        for replaced in &run.replaces {
            assert!(!keys.contains(replaced), "{replaced} is replaced and there");
        }
    }
}

/// What is a run by itself is one among others, or part of one, or told of by one. No span of a run is left out.
fn nothing_lost(spans: &[Span], logs: &[LogRecord], runs: &[DerivedRun]) {
    let mut traces: BTreeMap<TraceId, Vec<Span>> = BTreeMap::new();
    for span in spans {
        traces.entry(span.trace).or_default().push(span.clone());
    }
    let replaced: HashSet<&RunKey> = runs.iter().flat_map(|run| &run.replaces).collect();
    for (trace, spans) in &traces {
        let shown = runs.iter().flat_map(|run| &run.spans).filter(|span| span.trace == *trace).count();
        let told = shown > 0 || replaced.contains(&RunKey::Trace(*trace));
        assert!(told || derive(spans, logs).is_empty(), "trace {trace} is lost: {runs:?}");
        let ids: HashSet<SpanId> = spans.iter().map(|span| span.id).collect();
        let announced = spans.iter().any(|span| span.attributes.has("logfire.span_type"));
        assert!(shown == 0 || announced || shown == ids.len(), "{shown} of {} spans of trace {trace}", ids.len());
    }
}

/// No run was started by what it started.
fn parents(runs: &[DerivedRun]) {
    let parent = |key: &RunKey| runs.iter().find(|run| run.key == *key)?.parent.map(RunKey::Trace);
    for run in runs {
        let mut at = parent(&run.key);
        for _ in 0..runs.len() {
            assert_ne!(at.as_ref(), Some(&run.key), "its own ancestor: {run:?}");
            at = at.as_ref().and_then(parent);
        }
    }
}
