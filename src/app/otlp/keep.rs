//! Server. Stores one trace's part of a request, in a transaction. The same again changes nothing.

use super::prepare::Batch;
use super::{BYTES_PER_TRACE, LOGS_PER_TRACE, SPANS_PER_TRACE, too_many};
use crate::app::Caller;
use crate::domain::{Result, Timestamp};
use crate::otlp::Span;
use crate::otlp::derive::tells_more;
use crate::store::Tx;
use crate::store::executions;
use crate::store::traces::{self as rows, Kept, Related, TraceRow, TraceState};
use std::collections::HashMap;

/// Room that only spans may use which a run can't be told without: they come last.
const MAIN_SPANS: i64 = 1_000;
const MAIN_BYTES: i64 = 8 << 20;

/// What became of it.
pub(super) struct Stored {
    pub key: i64,
    pub items: u64,
    /// Not taken, and why.
    pub refused: u64,
    pub why: String,
    pub grew: bool,
    /// Its run is not derived anew before.
    pub calm_until: i64,
}

pub(super) async fn keep(
    tx: &mut Tx,
    who: &Caller,
    limits: Option<&str>,
    batch: &Batch,
    now: Timestamp,
) -> Result<Stored> {
    let mut t = rows::find_or_add(tx, who.user_key, &batch.trace.to_string(), now).await?;
    let items = batch.len() as u64;
    if let Some(why) = not_theirs(tx, who, limits, &t).await? {
        return Ok(Stored { key: t.key, items, refused: items, why, grew: false, calm_until: t.calm_until });
    }
    let (changed, left_out) = spans(tx, &mut t, batch, now).await?;
    let (added, refused_logs) = logs(tx, &mut t, batch, now).await?;
    let refused = left_out + refused_logs;
    let first = t.version == 0;
    let grew = changed + added > 0 || first;
    if grew {
        let origins: Vec<(i64, &str)> = batch.origins.iter().map(|(id, text)| (*id, text.as_ref())).collect();
        rows::add_origins(tx, t.key, &origins).await?;
        let marks: Vec<_> = batch.marks.iter().map(|(kind, mark)| (*kind, mark.as_str())).collect();
        rows::add_marks(tx, &t, &marks).await?;
        if t.service.is_empty() {
            t.service.clone_from(&batch.service);
        }
        t.starts_at = t.starts_at.min(batch.starts_at);
        t.ends_at = t.ends_at.max(batch.ends_at);
        t.own_report = batch.own_report && (t.own_report || first);
        if first {
            t.agents = limits.map(str::to_owned);
            // A further part of a long conversation brings all of it up with it.
            for (_, mark) in batch.marks.iter().filter(|(kind, _)| *kind == Related::Conversation) {
                t.calm_until = t.calm_until.max(rows::calm_of(tx, t.user_key, mark).await?);
            }
        }
    }
    // What is refused again was counted.
    if grew || (refused > 0 && t.left_out == 0) {
        t.left_out += refused.cast_signed();
        rows::save_growth(tx, &mut t, now).await?;
    }
    Ok(Stored { key: t.key, items, refused, why: too_many(), grew, calm_until: t.calm_until })
}

/// Why this trace takes nothing from them: its run is of an agent that is not theirs to operate, or somebody with
/// another token has begun it.
async fn not_theirs(tx: &mut Tx, who: &Caller, limits: Option<&str>, t: &TraceRow) -> Result<Option<String>> {
    if t.state == TraceState::Refused {
        return Ok(Some("this trace names an agent that you may not record runs of".to_owned()));
    }
    if let Some(run) = t.execution_key {
        let agent = executions::by_key_for_update(tx, run).await?.agent_key;
        return Ok(
            (!who.may_operate(agent)).then(|| "this trace tells of a run that is not yours to change".to_owned())
        );
    }
    let others = t.version > 0 && limits.is_some() && t.agents.as_deref() != limits;
    Ok(others.then(|| "this trace was begun with another token".to_owned()))
}

/// Adds spans that are new and versions that tell more: how many, and how many there was no room for.
async fn spans(tx: &mut Tx, t: &mut TraceRow, batch: &Batch, now: Timestamp) -> Result<(u64, u64)> {
    let known: HashMap<String, Kept> = if t.span_count == 0 {
        HashMap::new()
    } else {
        let ids: Vec<&str> = batch.spans.iter().map(|span| span.id.as_str()).collect();
        rows::spans_among(tx, t.key, &ids).await?.into_iter().map(|span| (span.id.clone(), span)).collect()
    };
    let mut new = Vec::new();
    let (mut changed, mut refused) = (0, 0);
    for span in &batch.spans {
        let before = known.get(&span.id);
        if before.is_some_and(|before| before.data == span.data || !newer(span, before)) {
            continue;
        }
        let main = batch.main.contains(&span.id);
        let (spans, bytes) = if main { (MAIN_SPANS, MAIN_BYTES) } else { (0, 0) };
        let more = span.data.len() as i64 - before.map_or(0, |before| before.data.len() as i64);
        let has_room = t.bytes + more <= BYTES_PER_TRACE + bytes
            && (before.is_some() || t.span_count < SPANS_PER_TRACE as i64 + spans);
        match before {
            _ if !has_room => refused += 1,
            Some(_) => {
                rows::change_span(tx, t.key, span, now).await?;
                t.bytes += more;
                changed += 1;
            }
            None => {
                t.span_count += 1;
                t.bytes += more;
                new.push(span.clone());
            }
        }
    }
    rows::add_spans(tx, t.key, &new, now).await?;
    Ok((changed + new.len() as u64, refused))
}

fn newer(span: &Kept, before: &Kept) -> bool {
    let read = |kept: &Kept| serde_json::from_str::<Span>(&kept.data).ok();
    match (read(span), read(before)) {
        (Some(span), Some(before)) => tells_more(&span, &before),
        (new, None) => new.is_some(),
        (None, Some(_)) => false,
    }
}

async fn logs(tx: &mut Tx, t: &mut TraceRow, batch: &Batch, now: Timestamp) -> Result<(u64, u64)> {
    let mut new = Vec::new();
    let mut refused = 0;
    for log in &batch.logs {
        let bytes = log.data.len() as i64;
        if t.bytes + bytes > BYTES_PER_TRACE || new.len() >= LOGS_PER_TRACE {
            refused += 1;
        } else if let Ok(id) = log.id.parse::<i64>() {
            // Once too often for one that is known, which is on the safe side.
            t.bytes += bytes;
            new.push((id, log.origin, log.data.as_str()));
        }
    }
    Ok((rows::add_logs(tx, t.key, &new, now).await?, refused))
}
