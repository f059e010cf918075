//! Server. The spans of a run, as a tree in order, and one of them with all that it holds.

use super::blocking;
use super::gather::{Gathered, read, stored};
use crate::app::executions::find;
use crate::app::{App, Caller, cursor};
use crate::domain::{Error, Result, SpanDetail, SpanPage, SpanRow, Timestamp, page};
use crate::otlp::derive::TreeSpan;
use crate::otlp::{SpanId, TraceId, derive};
use crate::store::traces::{self, TraceRow};
use serde_json::json;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

const MOST: i64 = 1_000;

impl From<TreeSpan> for SpanRow {
    fn from(span: TreeSpan) -> Self {
        Self {
            trace_id: span.trace.to_string(),
            span_id: span.id.to_string(),
            parent_span_id: span.parent.map(|parent| parent.to_string()),
            depth: u32::try_from(span.depth).unwrap_or(u32::MAX),
            class: span.class,
            name: span.name,
            started_at: span.start,
            completed_at: span.end,
            outcome: span.outcome,
            model: span.model,
            input_tokens: span.usage.input,
            output_tokens: span.usage.output,
            counted: span.counted,
        }
    }
}

/// Trees that were looked at last: a large one is made once for all its pages and readers, and again when it grew.
#[derive(Default)]
pub struct Trees(Mutex<VecDeque<Tree>>);

struct Tree {
    /// Key and version of each trace.
    of: Vec<(i64, i64)>,
    spans: Arc<Vec<SpanRow>>,
}

/// Trees, and spans of them all, that are kept.
const TREES: usize = 16;
const SPANS: usize = 100_000;

impl Trees {
    fn find(&self, of: &[(i64, i64)]) -> Option<Arc<Vec<SpanRow>>> {
        let trees = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        trees.iter().find(|tree| tree.of == of).map(|tree| tree.spans.clone())
    }

    fn keep(&self, of: Vec<(i64, i64)>, spans: Arc<Vec<SpanRow>>) {
        let mut trees = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = |of: &[(i64, i64)]| of.iter().map(|(key, _)| *key).collect::<Vec<_>>();
        trees.retain(|tree| keys(&tree.of) != keys(&of));
        trees.push_front(Tree { of, spans });
        trees.truncate(TREES);
        while trees.len() > 1 && trees.iter().map(|tree| tree.spans.len()).sum::<usize>() > SPANS {
            trees.pop_back();
        }
    }
}

/// Spans of a run in the order of their tree; none of a run that was not told of in spans.
pub async fn spans(caller: &Caller, id: &str, after: Option<String>, limit: Option<i64>) -> Result<SpanPage> {
    let limit = limit.unwrap_or(page::MAX_LIMIT);
    if !(1..=MOST).contains(&limit) {
        return Err(Error::invalid("limit", format!("must be from 1 to {MOST}")));
    }
    let record = find(caller, id).await?;
    let all = tree(&caller.app, record.key).await?;
    let from = match after {
        None => 0,
        Some(text) => {
            let last = cursor::decode_pair(&text, &record.id)?;
            let at = all.iter().position(|span| place(span) == last);
            at.ok_or_else(|| {
                Error::invalid("cursor", "the span that it stands for is no more; start again without one")
            })? + 1
        }
    };
    let to = from.saturating_add(usize::try_from(limit).unwrap_or(0)).min(all.len());
    let spans = all.get(from..to).unwrap_or_default().to_vec();
    let last = spans.last().filter(|_| to < all.len());
    let next_cursor = last.map(|span| cursor::encode_pair(&record.id, place(span)));
    Ok(SpanPage { spans, total: all.len() as i64, next_cursor })
}

/// What a cursor holds of the last span of a page: spans that come in between move none of the others out of reach.
fn place(span: &SpanRow) -> (i64, i64) {
    let number = |hex: &str| u64::from_str_radix(hex.get(..16).unwrap_or_default(), 16).unwrap_or(0).cast_signed();
    (number(&span.trace_id), number(&span.span_id))
}

async fn tree(app: &App, execution_key: i64) -> Result<Arc<Vec<SpanRow>>> {
    let mut tx = app.store.snapshot().await?;
    let rows = traces::of_execution(&mut tx, execution_key).await?;
    let of: Vec<(i64, i64)> = rows.iter().map(|row| (row.key, row.version)).collect();
    if let Some(known) = app.trees.find(&of) {
        return Ok(known);
    }
    let gathered = stored(&mut tx, rows).await?;
    drop(tx);
    let all: Vec<SpanRow> = blocking(move || {
        let (spans, logs) = read(&gathered);
        derive(&spans, &logs).into_iter().flat_map(|run| run.spans).map(SpanRow::from).collect()
    })
    .await?;
    let all = Arc::new(all);
    app.trees.keep(of, all.clone());
    Ok(all)
}

/// How many spans are kept of a run.
pub async fn count(app: &App, execution_key: i64) -> Result<i64> {
    let rows = traces::of_execution(&mut app.store.read(), execution_key).await?;
    Ok(rows.iter().map(|row| row.span_count).sum())
}

/// One span of a run. Spans of two traces may have one id: `trace` says which is meant.
pub async fn span(caller: &Caller, id: &str, span_id: &str, trace: Option<&str>) -> Result<SpanDetail> {
    let span_id: SpanId = span_id.parse().map_err(|_| Error::NotFound)?;
    let trace: Option<TraceId> = trace.map(str::parse).transpose().map_err(|_| Error::NotFound)?;
    let meant = |row: &TraceRow| trace.is_none_or(|id| id.to_string() == row.trace_id);
    let record = find(caller, id).await?;
    let mut tx = caller.app.store.snapshot().await?;
    let rows = traces::of_execution(&mut tx, record.key).await?;
    let keys: Vec<i64> = rows.iter().filter(|row| meant(row)).map(|row| row.key).collect();
    let spans = traces::spans_named(&mut tx, &keys, &span_id.to_string()).await?;
    let keys: Vec<i64> = spans.iter().map(|span| span.trace_key).collect();
    let origins = traces::origins_of(&mut tx, &keys).await?;
    let (spans, _) = read(&Gathered { rows, spans, logs: Vec::new(), origins, whole: true });
    let span = spans.into_iter().next().ok_or(Error::NotFound)?;
    let time = |nanos: u64| Timestamp::from_micros((nanos / 1_000).cast_signed());
    let events = span.events.iter();
    let events = events.map(|e| json!({"time": time(e.time), "name": e.name, "attributes": e.attributes.to_json()}));
    let links = span.links.iter().map(|link| json!({"trace_id": link.trace, "span_id": link.span}));
    Ok(SpanDetail {
        trace_id: span.trace.to_string(),
        span_id: span.id.to_string(),
        status_message: Some(span.message.clone()).filter(|text| !text.is_empty()),
        attributes: span.attributes.to_json(),
        events: events.collect(),
        links: links.collect(),
        resource: span.origin.resource.to_json(),
        scope: span.origin.scope.clone(),
        scope_version: span.origin.scope_version.clone(),
        name: span.name,
    })
}
