//! Server. The set of spans: each once, whatever was delivered how often.

use crate::otlp::attributes::Value;
use crate::otlp::model::{LogRecord, Outcome, Span, SpanId, TraceId};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

pub struct Known<'a> {
    spans: Vec<Cow<'a, Span>>,
    logs: HashMap<(TraceId, SpanId), Vec<&'a LogRecord>>,
}

impl<'a> Known<'a> {
    pub fn of(spans: &'a [Span], logs: &'a [LogRecord]) -> Self {
        let mut best: HashMap<(TraceId, SpanId), Cow<'a, Span>> = HashMap::with_capacity(spans.len());
        for span in spans {
            let span = pending(span).map_or(Cow::Borrowed(span), Cow::Owned);
            let newer = best.get(&(span.trace, span.id)).is_none_or(|known| completeness(&span, known).is_gt());
            if newer {
                best.insert((span.trace, span.id), span);
            }
        }
        let mut spans: Vec<_> = best.into_values().collect();
        // Within one trace by time, and where clocks are coarse by id: some order that is always the same.
        spans.sort_unstable_by_key(|span| (span.trace, span.start, span.id));
        Self { spans, logs: by_span(logs) }
    }

    pub fn traces(&self) -> impl Iterator<Item = (TraceId, &[Cow<'a, Span>])> {
        let traces = self.spans.chunk_by(|a, b| a.trace == b.trace);
        traces.filter_map(|spans| Some((spans.first()?.trace, spans)))
    }

    pub fn logs(&self, span: &Span) -> &[&'a LogRecord] {
        self.logs.get(&(span.trace, span.id)).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Logfire announces a span that has begun by another one below it.
fn pending(span: &Span) -> Option<Span> {
    if span.attributes.text("logfire.span_type") != Some("pending_span") {
        return None;
    }
    let id = span.parent?;
    let parent = span.attributes.text("logfire.pending_parent_id").and_then(|id| id.parse().ok());
    Some(Span { id, parent, end: None, outcome: Outcome::Unset, ..span.clone() })
}

/// Which of two versions of a span tells more: one that has ended, then the later end, then what has more in it.
/// The last resort only makes sure that it is always the same one.
fn completeness(a: &Span, b: &Span) -> Ordering {
    let size = |s: &Span| (s.end, s.attributes.len(), s.events.len(), s.outcome, s.start);
    size(a).cmp(&size(b)).then_with(|| if a == b { Ordering::Equal } else { spelt(a).cmp(&spelt(b)) })
}

/// Whether a version of a span is to take the place of another one.
pub fn tells_more(span: &Span, than: &Span) -> bool {
    completeness(span, than).is_gt()
}

fn spelt(span: &Span) -> String {
    format!("{span:?}")
}

fn by_span(logs: &[LogRecord]) -> HashMap<(TraceId, SpanId), Vec<&LogRecord>> {
    let mut by_span: HashMap<_, BTreeMap<_, &LogRecord>> = HashMap::new();
    for log in logs {
        if let Some(key) = log.trace.zip(log.span) {
            let order = (log.time, &log.name, text(&log.body), format!("{:?}", log.attributes));
            by_span.entry(key).or_default().insert(order, log);
        }
    }
    by_span.into_iter().map(|(key, logs)| (key, logs.into_values().collect())).collect()
}

fn text(body: &Value) -> String {
    format!("{body:?}")
}
