//! Server. All spans that must be looked at together: those of the traces asked for, and of traces that may be part of
//! the same run or tell of the same calls.

use crate::app::App;
use crate::domain::Result;
use crate::otlp::model::Origin;
use crate::otlp::{LogRecord, Span};
use crate::store::Tx;
use crate::store::traces::{self as rows, Kept, MarkRow, Related, TraceRow, TraceState};
use crate::telemetry::{SCOPE, SPANS as TOLD, spans_wanted};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tracing::Span as Told;
use tracing::field::Empty;

/// Traces, spans and bytes that are looked at together.
const TRACES: usize = 2_000;
const SPANS: i64 = 60_000;
const BYTES: i64 = 192 << 20;
/// Traces found for one reason.
const FOUND: i64 = 500;

/// What is stored of some traces.
pub(super) struct Gathered {
    pub rows: Vec<TraceRow>,
    pub spans: Vec<Kept>,
    pub logs: Vec<Kept>,
    pub origins: Vec<(i64, i64, String)>,
    /// False: more belongs together than can be looked at.
    pub whole: bool,
}

/// Of an `Origin`, what a server knows its own spans by.
#[derive(Deserialize)]
struct Scope {
    scope: String,
}

impl Gathered {
    /// The span of a derivation that these traces are the reason of. Of a server's own spans there is none: sent to itself,
    /// they would make spans for ever.
    pub fn told(&self, seeds: &[i64]) -> Told {
        let is_own = |text: &str| serde_json::from_str::<Scope>(text).is_ok_and(|origin| origin.scope == SCOPE);
        let mut of_seeds = self.origins.iter().filter(|(trace, _, _)| seeds.contains(trace));
        if !spans_wanted() || of_seeds.all(|(_, _, text)| is_own(text)) {
            return Told::none();
        }
        tracing::info_span!(
            target: TOLD,
            parent: None,
            "derive",
            runboard.traces = self.rows.len() as i64,
            runboard.spans = self.spans.len() as i64,
            runboard.runs = Empty,
        )
    }
}

/// All of one moment.
pub(super) async fn gather(app: &App, user_key: i64, seeds: &[i64]) -> Result<Gathered> {
    let mut tx = app.store.snapshot().await?;
    let (rows, whole) = related(&mut tx, user_key, seeds).await?;
    Ok(Gathered { whole, ..stored(&mut tx, rows).await? })
}

/// Traces of one person in parts that can be looked at together.
pub(super) fn parts(rows: Vec<TraceRow>, most: usize) -> Vec<Vec<i64>> {
    let mut parts: Vec<Vec<i64>> = Vec::new();
    let (mut spans, mut bytes) = (0, 0);
    for row in rows {
        let full = spans + row.span_count > SPANS / 3 || bytes + row.bytes > BYTES / 3;
        if let Some(part) = parts.last_mut().filter(|part| part.len() < most && !full) {
            part.push(row.key);
        } else {
            (spans, bytes) = (0, 0);
            parts.push(vec![row.key]);
        }
        spans += row.span_count;
        bytes += row.bytes;
    }
    parts
}

/// Of as many of these traces as can be looked at together.
pub(super) async fn stored(tx: &mut Tx, mut rows: Vec<TraceRow>) -> Result<Gathered> {
    let all = rows.len();
    let (mut spans, mut bytes) = (0, 0);
    let fitting = rows.iter().take_while(|row| {
        (spans, bytes) = (spans + row.span_count, bytes + row.bytes);
        spans <= SPANS && bytes <= BYTES
    });
    let fitting = fitting.count().max(1);
    rows.truncate(fitting);
    let keys: Vec<i64> = rows.iter().map(|row| row.key).collect();
    let spans = rows::spans_of(tx, &keys).await?;
    let logs = rows::logs_of(tx, &keys).await?;
    let origins = rows::origins_of(tx, &keys).await?;
    Ok(Gathered { whole: rows.len() == all, rows, spans, logs, origins })
}

/// The traces asked for and those that belong with them; false where these are too many.
async fn related(tx: &mut Tx, user_key: i64, seeds: &[i64]) -> Result<(Vec<TraceRow>, bool)> {
    let mut known: BTreeMap<i64, TraceRow> = BTreeMap::new();
    let mut fresh = rows::by_keys(tx, seeds).await?;
    fresh.retain(|row| row.state != TraceState::Refused);
    let asked_for = fresh.clone();
    let (mut spans, mut bytes) = (0, 0);
    while !fresh.is_empty() {
        spans += fresh.iter().map(|row| row.span_count).sum::<i64>();
        bytes += fresh.iter().map(|row| row.bytes).sum::<i64>();
        let few = known.len() + fresh.len() <= TRACES && spans <= SPANS && bytes <= BYTES;
        if !few && !known.is_empty() {
            tracing::warn!(traces = known.len(), spans, "more belongs together than can be looked at together");
            return Ok((asked_for, false));
        }
        known.extend(fresh.iter().map(|row| (row.key, row.clone())));
        let mut found = neighbours(tx, user_key, &fresh, seeds).await?;
        found.retain(|row| !known.contains_key(&row.key) && row.state != TraceState::Refused);
        found.sort_by_key(|row| row.key);
        found.dedup_by_key(|row| row.key);
        fresh = found;
    }
    Ok((known.into_values().collect(), true))
}

async fn neighbours(tx: &mut Tx, user_key: i64, of: &[TraceRow], seeds: &[i64]) -> Result<Vec<TraceRow>> {
    let keys: Vec<i64> = of.iter().map(|row| row.key).collect();
    let marks = rows::marks_of(tx, &keys).await?;
    let loose: HashMap<i64, bool> = of.iter().map(|row| (row.key, !row.alone)).collect();
    let named = |kind: Related, among: &dyn Fn(&MarkRow) -> bool| {
        let mut named: Vec<&str> =
            marks.iter().filter(|m| m.kind == kind && among(m)).map(|m| m.mark.as_str()).collect();
        named.sort_unstable();
        named.dedup();
        named
    };
    let is_loose = |mark: &MarkRow| loose.get(&mark.trace_key) == Some(&true);
    let answers = named(Related::Answer, &|_| true);
    let mut found = rows::by_marks(tx, user_key, Related::Answer, &answers, false, FOUND).await?;
    // A run by itself is in a conversation, and not made of it.
    let conversations = named(Related::Conversation, &is_loose);
    found.extend(rows::by_marks(tx, user_key, Related::Conversation, &conversations, true, TRACES as i64).await?);
    // From run to run along links would be all there ever was: only those next to what is asked for.
    let links = named(Related::Link, &|mark| is_loose(mark) || seeds.contains(&mark.trace_key));
    found.extend(rows::by_ids(tx, user_key, &links).await?);
    // Whether a trace is a run decides whose child those are that link to it.
    let ids: Vec<&str> = of.iter().filter(|row| !row.alone).map(|row| row.trace_id.as_str()).collect();
    found.extend(rows::by_marks(tx, user_key, Related::Link, &ids, false, FOUND).await?);
    for row in of {
        found.extend(rows::overlapping(tx, row, FOUND).await?);
    }
    Ok(found)
}

/// Spans and log records as they came.
pub(super) fn read(gathered: &Gathered) -> (Vec<Span>, Vec<LogRecord>) {
    let origins: HashMap<(i64, i64), Arc<Origin>> = gathered
        .origins
        .iter()
        .filter_map(|(trace, id, text)| Some(((*trace, *id), Arc::new(serde_json::from_str(text).ok()?))))
        .collect();
    let of = |kept: &Kept| origins.get(&(kept.trace_key, kept.origin)).cloned().unwrap_or_default();
    let spans = gathered.spans.iter().filter_map(|kept| {
        let span = unreadable(serde_json::from_str::<Span>(&kept.data), kept)?;
        Some(Span { origin: of(kept), ..span })
    });
    let logs = gathered.logs.iter().filter_map(|kept| {
        let log = unreadable(serde_json::from_str::<LogRecord>(&kept.data), kept)?;
        Some(LogRecord { origin: of(kept), ..log })
    });
    (spans.collect(), logs.collect())
}

fn unreadable<T>(read: serde_json::Result<T>, kept: &Kept) -> Option<T> {
    read.inspect_err(
        |e| tracing::error!(trace = kept.trace_key, id = kept.id, error = %e, "a stored span can't be read"),
    )
    .ok()
}
