//! Server. What a request brings, trace by trace, ready to be stored.

mod hide;

use super::SPANS_PER_TRACE;
use crate::auth::secret;
use crate::otlp::conventions::{Kind, kind, name, source};
use crate::otlp::derive::{found_by, tells_more};
use crate::otlp::model::Origin;
use crate::otlp::{LogRecord, Span, TraceId};
use crate::store::traces::{Kept, Related};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Marks of one kind that a batch adds to a trace.
const MARKS: usize = 1_000;
/// Characters of one.
const MARK_CHARS: usize = 200;

/// One trace's part of a request.
pub(super) struct Batch {
    pub trace: TraceId,
    pub service: String,
    /// Micros.
    pub starts_at: i64,
    pub ends_at: i64,
    /// All its spans are.
    pub own_report: bool,
    pub spans: Vec<Kept>,
    /// Ids of those without a parent, and of agents: what a run can't be told without.
    pub main: BTreeSet<String>,
    pub logs: Vec<Kept>,
    pub origins: BTreeMap<i64, Arc<str>>,
    pub marks: BTreeSet<(Related, String)>,
}

impl Batch {
    fn new(trace: TraceId) -> Self {
        Self {
            trace,
            service: String::new(),
            starts_at: i64::MAX,
            ends_at: 0,
            own_report: true,
            spans: Vec::new(),
            main: BTreeSet::new(),
            logs: Vec::new(),
            origins: BTreeMap::new(),
            marks: BTreeSet::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.spans.len() + self.logs.len()
    }

    fn mark(&mut self, kind: Related, mark: &str) {
        if self.marks.len() < MARKS {
            self.marks.insert((kind, indexed(mark)));
        }
    }

    fn note(&mut self, span: &Span) {
        let found = found_by(span);
        if let Some((service, id)) = found.conversation {
            self.mark(Related::Conversation, &conversation(&service, &id));
        }
        if let Some(id) = found.response_id {
            self.mark(Related::Answer, &id);
        }
        for link in span.links.iter().filter(|link| link.trace != span.trace) {
            self.mark(Related::Link, &link.trace.to_string());
        }
        self.own_report &= found.own_report;
        if self.service.is_empty() {
            self.service = source::service(&span.origin).map(name::short).unwrap_or_default();
        }
        self.starts_at = self.starts_at.min(micros(span.start));
        self.ends_at = self.ends_at.max(micros(span.end.unwrap_or(span.start)));
    }
}

fn micros(nanos: u64) -> i64 {
    (nanos / 1_000).cast_signed()
}

/// As one text. A service's name has no such character: it would be no name.
fn conversation(service: &str, id: &str) -> String {
    format!("{service}\u{1}{id}")
}

/// What an index takes: PostgreSQL refuses the row of a long text. Long ones stay apart by a number.
fn indexed(mark: &str) -> String {
    if mark.char_indices().nth(MARK_CHARS).is_none() {
        return mark.to_owned();
    }
    let beginning: String = mark.chars().take(MARK_CHARS - 16).collect();
    format!("{beginning}{:016x}", number(mark))
}

/// A number for a text: equal texts have the same.
fn number(text: &str) -> i64 {
    let hash = secret::sha256_hex(text.as_bytes());
    i64::from_str_radix(&hash[..15], 16).unwrap_or_default()
}

/// Origins as they are stored. Most spans of a request share theirs.
#[derive(Default)]
struct Origins {
    known: HashMap<usize, (Arc<Origin>, i64, Arc<str>)>,
    /// As they came, and without what is not kept of them.
    without: HashMap<usize, (Arc<Origin>, Arc<Origin>)>,
}

impl Origins {
    fn without_secrets(&mut self, origin: &Arc<Origin>) -> Arc<Origin> {
        let known = self.without.entry(Arc::as_ptr(origin).addr()).or_insert_with(|| {
            let without = hide::origin(origin).map_or_else(|| origin.clone(), Arc::new);
            (origin.clone(), without)
        });
        known.1.clone()
    }

    fn of(&mut self, origin: &Arc<Origin>) -> (i64, Arc<str>) {
        let known = self.known.entry(Arc::as_ptr(origin).addr()).or_insert_with(|| {
            let text = written(origin.as_ref());
            (origin.clone(), number(&text), text.into())
        });
        (known.1, known.2.clone())
    }
}

/// Nothing in a span is unwritable: its keys are texts.
fn written<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A request's spans by trace, and how many were too many.
pub(super) fn spans(items: Vec<Span>) -> (Vec<Batch>, u64) {
    let mut best: HashMap<TraceId, HashMap<_, Span>> = HashMap::new();
    let mut too_many = 0;
    for span in items {
        let of_trace = best.entry(span.trace).or_default();
        let room = of_trace.len() < SPANS_PER_TRACE;
        match of_trace.entry(span.id) {
            Entry::Occupied(mut known) if tells_more(&span, known.get()) => drop(known.insert(span)),
            Entry::Occupied(_) => {}
            Entry::Vacant(place) if room => drop(place.insert(span)),
            Entry::Vacant(_) => too_many += 1,
        }
    }
    let mut origins = Origins::default();
    let mut batches: Vec<Batch> =
        best.into_iter().map(|(trace, spans)| of_spans(trace, spans.into_values(), &mut origins)).collect();
    batches.sort_by_key(|batch| (batch.starts_at, batch.trace));
    (batches, too_many)
}

fn of_spans(trace: TraceId, spans: impl Iterator<Item = Span>, origins: &mut Origins) -> Batch {
    let mut batch = Batch::new(trace);
    let mut spans: Vec<Span> = spans.collect();
    spans.sort_unstable_by_key(|span| (span.start, span.id));
    for mut span in spans {
        hide::span(&mut span);
        span.origin = origins.without_secrets(&span.origin);
        batch.note(&span);
        if span.parent.is_none() || matches!(kind(&span), Kind::Agent | Kind::Workflow) {
            batch.main.insert(span.id.to_string());
        }
        let (origin, text) = origins.of(&span.origin);
        batch.origins.entry(origin).or_insert(text);
        // It is stored apart.
        span.origin = Arc::default();
        batch.spans.push(Kept { trace_key: 0, id: span.id.to_string(), origin, data: written(&span) });
    }
    batch
}

/// A request's log records by trace, and how many were too many. Those without a span are left out.
pub(super) fn logs(items: Vec<LogRecord>) -> (Vec<Batch>, u64) {
    let mut batches: BTreeMap<TraceId, Batch> = BTreeMap::new();
    let mut origins = Origins::default();
    let mut too_many = 0;
    for mut log in items {
        let Some((trace, _)) = log.trace.zip(log.span) else { continue };
        let batch = batches.entry(trace).or_insert_with(|| Batch::new(trace));
        if batch.logs.len() >= super::LOGS_PER_TRACE {
            too_many += 1;
            continue;
        }
        hide::log(&mut log);
        log.origin = origins.without_secrets(&log.origin);
        let (origin, text) = origins.of(&log.origin);
        batch.origins.entry(origin).or_insert(text);
        log.origin = Arc::default();
        let data = written(&log);
        batch.logs.push(Kept { trace_key: 0, id: number(&data).to_string(), origin, data });
    }
    (batches.into_values().collect(), too_many)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_marks_fit_an_index_and_stay_apart() {
        assert_eq!(indexed("short"), "short");
        let [a, b] = ["a", "b"].map(|end| indexed(&format!("{}{end}", "ü".repeat(5_000))));
        assert!(a != b && a.chars().count() == MARK_CHARS);
        assert_eq!(indexed(&a), a, "as it is stored");
    }
}
