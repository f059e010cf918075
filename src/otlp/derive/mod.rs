//! Server. Runs out of spans. The result depends on the set of spans alone: neither on the order in which they came,
//! nor on how often.
//!
//! A trace is one run: until its root has come nobody knows the root's id, but all its spans know the trace's, so
//! that is what a run is known by. Bare model calls that belong to one conversation are one run together.
//!
//! `known` makes a set of the spans, `tree` puts them in order, `calls`, `tools`, `steps` and `ending` read facts
//! off it, `run` puts them together, `across` compares traces.

mod across;
mod calls;
mod ending;
mod index;
mod known;
mod names;
mod run;
mod steps;
#[cfg(test)]
mod tests;
mod tools;
mod tree;
mod types;
mod within;

use super::model::{LogRecord, Span};
pub use ending::NO_END;
pub use index::{Found, found_by};
pub use known::tells_more;
pub use types::{DerivedRun, Ending, ModelUsage, RunKey, SpanClass, TreeSpan, Used, Verdict};

/// The runs that these spans tell of, by their start. Give all spans known of a trace, and of every trace that
/// may belong to the same conversation or repeat its calls; traces that are no runs give none.
pub fn derive(spans: &[Span], logs: &[LogRecord]) -> Vec<DerivedRun> {
    let known = known::Known::of(spans, logs);
    let traces: Vec<run::Trace<'_>> = known.traces().map(|(id, spans)| run::Trace::read(id, spans, &known)).collect();
    let mut runs: Vec<DerivedRun> =
        across::groups(&traces).iter().map(|group| within::within(run::derived(group))).collect();
    runs.sort_by(|a, b| (a.started, &a.key).cmp(&(b.started, &b.key)));
    runs
}
