//! Server. What of a run stays as it was recorded, when it is written as its spans tell of it now.

use super::made::Standing;
use crate::domain::Status;
use crate::store::executions::{self as rows, NewRecord, Record};
use crate::store::search;
use crate::store::traces::{TraceRow, TraceState};
use std::collections::{BTreeMap, BTreeSet};

/// The status a run is to have. One that has ended stays as it ended, unless it was taken to have ended, or its end
/// came so lately that the rest may still be on its way.
pub(super) fn status(before: &Record, standing: &Standing, own: &[&TraceRow]) -> Status {
    let Some(told) = standing.status else { return before.status };
    if before.status.is_terminal() {
        let may_turn = own.iter().all(|row| matches!(row.state, TraceState::Over | TraceState::Quiet));
        let turns = may_turn && before.status != Status::Cancelled && told.is_terminal();
        return if turns { told } else { before.status };
    }
    // What waits for somebody goes on when that is over.
    if told == Status::Running { before.status } else { told }
}

/// What spans know nothing of stays as it is, unless they once told of it; so does how it ended, where they don't say.
pub(super) fn kept(
    mut made: NewRecord,
    before: &Record,
    texts: &rows::Texts,
    says_how: bool,
    given: &BTreeSet<String>,
) -> NewRecord {
    let b = before.clone();
    let others = |field: &str| !given.contains(field);
    if made.record.response.is_none() && others("response") {
        made.record.response.clone_from(&b.response);
        made.texts.response.clone_from(&texts.response);
    }
    let r = &mut made.record;
    r.model = r.model.take().or_else(|| b.model.clone().filter(|_| others("model")));
    r.cost_nanos = r.cost_nanos.or(b.cost_nanos.filter(|_| others("cost")));
    r.input_tokens = r.input_tokens.or(b.input_tokens.filter(|_| others("input_tokens")));
    r.output_tokens = r.output_tokens.or(b.output_tokens.filter(|_| others("output_tokens")));
    r.cached_tokens = r.cached_tokens.or(b.cached_tokens.filter(|_| others("cached_tokens")));
    r.reasoning_tokens = r.reasoning_tokens.or(b.reasoning_tokens.filter(|_| others("reasoning_tokens")));
    let record = Record {
        key: b.key,
        context_used: b.context_used,
        context_max: b.context_max,
        waiting_on: b.waiting_on,
        had_interaction: b.had_interaction,
        flow_id: b.flow_id,
        retry_of: b.retry_of,
        cancel_requested_at: b.cancel_requested_at,
        cancel_requested_by: b.cancel_requested_by,
        heartbeat_at: b.heartbeat_at,
        log_lines: b.log_lines,
        version: b.version,
        updated_at: b.updated_at,
        error_group: b.error_group,
        ..made.record
    };
    if says_how || !before.status.is_terminal() {
        return findable(record, made.texts, made.labels);
    }
    let ended = b.completed_at.max(record.completed_at).max(record.started_at);
    let ended = if before.status == Status::Cancelled { b.completed_at } else { ended };
    let duration_ms = record.started_at.zip(ended).map(|(start, end)| ((end - start) / 1_000).max(0));
    let record = Record { error: b.error, has_error: b.has_error, completed_at: ended, duration_ms, ..record };
    let texts = rows::Texts { error: texts.error.clone(), ..made.texts };
    findable(record, texts, made.labels)
}

/// With the text that it is found by.
fn findable(record: Record, texts: rows::Texts, labels: BTreeMap<String, String>) -> NewRecord {
    let message = texts.message.as_deref().unwrap_or(&record.message);
    let response = texts.response.as_deref().or(record.response.as_deref());
    let folded = search::folded(message, response, texts.error.as_deref().or(record.error.as_deref()));
    NewRecord { record, texts, folded, labels }
}
