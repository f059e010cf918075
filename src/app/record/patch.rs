//! Server. Changes to a running record.

use super::clean;
use crate::app::agents::timeout_s;
use crate::app::executions::{locked, path_id};
use crate::app::notify::{self, News};
use crate::app::{Caller, interactions, validate};
use crate::domain::execution::preview;
use crate::domain::failure::fingerprint;
use crate::domain::{
    AgentKind, Error, EventKind, ExecutionPatch, ExecutionSummary, InteractionOutcome, Result, Status, Timestamp,
};
use crate::store::executions::{self as rows, Record, nanos};
use crate::store::queue::{self, State};
use crate::store::{Tx, agents, events, flows, search, stops};

/// A heartbeat becomes news for those who watch this often; the row itself always knows the last one.
const HEARTBEAT_NEWS_MS: i64 = 15_000;

/// Changes the fields that are present; answers the record, with `cancel_requested`.
pub async fn patch(caller: &Caller, id: &str, patch: ExecutionPatch) -> Result<ExecutionSummary> {
    let id = path_id(id)?;
    caller.writer()?;
    validate::patch(&patch)?;
    let (who, now) = (caller.clone(), caller.now());
    caller
        .write(move |tx| {
            Box::pin(async move {
                let mut record = locked(tx, &who, &id).await?;
                if reports(&patch, record.status) {
                    not_the_engines(tx, &record, &patch).await?;
                }
                if patch.status.is_some_and(|s| !s.is_terminal() && s != Status::Waiting) {
                    interactions::none_pending(tx, &record).await?;
                }
                let before = record.status;
                change(tx, &mut record, &patch, now).await?;
                if before == Status::Waiting && record.status == Status::Running {
                    time_anew(tx, &record, now).await?;
                }
                told_to_stop(tx, &record, now).await?;
                record.summary()
            })
        })
        .await
}

/// Whether a patch says how a run stands or what came of it. Labels are anybody's.
fn reports(patch: &ExecutionPatch, status: Status) -> bool {
    let rest = ExecutionPatch { status: None, labels: None, ..patch.clone() };
    patch.status.is_some_and(|s| s != status) || rest != ExecutionPatch::default()
}

/// Whoever does a run says how it stands; of a run that Runboard does that is Runboard. What a command spends only the
/// command knows, and it never becomes less: a budget depends on it.
async fn not_the_engines(tx: &mut Tx, record: &Record, patch: &ExecutionPatch) -> Result<()> {
    let Some(entry) = queue::of(tx, record.key).await? else { return Ok(()) };
    // A webhook may report before it has answered.
    let reports = match entry.state {
        State::Away => true,
        State::Working if flows::of_run(tx, record.key).await?.is_some() => false,
        State::Working => match agents::by_key(tx, entry.agent_key).await?.kind {
            AgentKind::Webhook => true,
            AgentKind::Command => figures_alone(patch) && !becomes_less(record, patch),
            AgentKind::Openai | AgentKind::External => false,
        },
        State::Ready | State::Parked => false,
    };
    if reports {
        return Ok(());
    }
    Err(Error::Conflict(
        "Runboard does this run itself and says how it goes and ends; a command may say what it has spent, which never \
         becomes less"
            .to_owned(),
    ))
}

/// Whether a patch says no more than what a run uses and where it is.
fn figures_alone(patch: &ExecutionPatch) -> bool {
    let rest = patch.clone();
    let rest = ExecutionPatch { labels: None, cost: None, model: None, current_step: None, steps_total: None, ..rest };
    let rest = ExecutionPatch { input_tokens: None, output_tokens: None, cached_tokens: None, ..rest };
    let rest = ExecutionPatch { reasoning_tokens: None, context_used: None, context_max: None, ..rest };
    rest == ExecutionPatch::default()
}

fn becomes_less(record: &Record, patch: &ExecutionPatch) -> bool {
    let less = |known: Option<i64>, new: Option<i64>| matches!((known, new), (Some(known), Some(new)) if new < known);
    less(record.cost_nanos, patch.cost.map(nanos))
        || less(record.input_tokens, patch.input_tokens)
        || less(record.output_tokens, patch.output_tokens)
}

/// The time that whoever does the run elsewhere has for it begins anew: while it waited for a person, it did not count.
pub(crate) async fn time_anew(tx: &mut Tx, record: &Record, now: Timestamp) -> Result<()> {
    let Some(seconds) = timeout_s(&agents::by_key(tx, record.agent_key).await?) else { return Ok(()) };
    queue::move_deadline(tx, record.key, now.plus_secs(seconds)).await
}

/// Whoever does the run is being told, in this answer, that it shall stop.
pub(super) async fn told_to_stop(tx: &mut Tx, record: &Record, now: Timestamp) -> Result<bool> {
    let asked = record.cancel_requested_at.is_some() && !record.status.is_terminal();
    // Of a run that Runboard does, others may report; that is not who has to stop.
    if asked && queue::of(tx, record.key).await?.is_none_or(|entry| entry.state == State::Away) {
        stops::acknowledge(tx, record.key, now).await?;
    }
    Ok(asked)
}

/// Changes a run in a transaction: the row, its texts, the event. With its end it leaves the queue.
pub(crate) async fn change(tx: &mut Tx, record: &mut Record, patch: &ExecutionPatch, now: Timestamp) -> Result<()> {
    let before = record.status;
    apply(record, patch, now)?;
    if patch.response.is_some() || patch.error.is_some() {
        replace_texts(tx, record, patch).await?;
    }
    if let Some(labels) = &patch.labels {
        rows::replace_labels(tx, record.key, labels).await?;
    }
    if patch.status.is_some_and(Status::is_terminal) {
        queue::remove(tx, record.key).await?;
        interactions::run_ended(tx, record, now).await?;
    }
    rows::save(tx, record, now).await?;
    if before != Status::Failed && record.status == Status::Failed {
        notify::tell(tx, News::Failed { runs: &[record] }, now).await?;
    }
    let kind = if patch.status.is_some() { EventKind::of(record.status, false) } else { EventKind::Updated };
    events::append(tx, &[(record.key, record.agent_key, kind)], now).await
}

/// Saves a run whose status is as it was, and tells of it.
pub(crate) async fn tell(tx: &mut Tx, record: &mut Record, now: Timestamp) -> Result<()> {
    rows::save(tx, record, now).await?;
    events::append(tx, &[(record.key, record.agent_key, EventKind::Updated)], now).await
}

fn apply(r: &mut Record, p: &ExecutionPatch, now: Timestamp) -> Result<()> {
    if let Some(next) = p.status
        && next != r.status
    {
        if !r.status.may_become(next) {
            return Err(Error::Conflict(if r.status.is_terminal() {
                format!("the run has already ended: {}", r.status)
            } else {
                format!("a {} run can't become {next}", r.status)
            }));
        }
        r.status = next;
        if next != Status::Queued && !(next == Status::Cancelled && r.started_at.is_none()) {
            r.started_at.get_or_insert(now.micros());
        }
        if next != Status::Waiting {
            r.waiting_on = None;
        }
        if next.is_terminal() {
            let end = p.completed_at.unwrap_or(now).micros().max(r.started_at.unwrap_or(r.queued_at));
            r.completed_at = Some(end);
            r.duration_ms = r.started_at.map(|s| (end - s) / 1_000);
            r.current_tool = None;
            r.current_tool_since = None;
        }
    } else if let Some(end) = p.completed_at {
        if !r.status.is_terminal() {
            return Err(Error::invalid(
                "completed_at",
                format!("a {} run has not ended; send its status too", r.status),
            ));
        }
        let end = end.micros().max(r.started_at.unwrap_or(r.queued_at));
        r.completed_at = Some(end);
        r.duration_ms = r.started_at.map(|s| (end - s) / 1_000);
    }
    if let Some(v) = p.cost {
        r.cost_nanos = Some(nanos(v));
    }
    for (field, new) in [
        (&mut r.input_tokens, p.input_tokens),
        (&mut r.output_tokens, p.output_tokens),
        (&mut r.cached_tokens, p.cached_tokens),
        (&mut r.reasoning_tokens, p.reasoning_tokens),
        (&mut r.context_used, p.context_used),
        (&mut r.context_max, p.context_max),
        (&mut r.steps_total, p.steps_total),
    ] {
        *field = new.or(*field);
    }
    for (field, new) in [(&mut r.model, &p.model), (&mut r.current_step, &p.current_step)] {
        if let Some(v) = new {
            *field = Some(clean(v));
        }
    }
    if let Some(labels) = &p.labels {
        let text = serde_json::to_string(labels).map_err(|e| Error::Internal(format!("labels: {e}")))?;
        r.labels = (!labels.is_empty()).then_some(text);
    }
    if let Some(error) = &p.error {
        r.error = Some(preview(&clean(error))).filter(|e| !e.is_empty());
    }
    r.has_error = r.error.is_some() || r.status == Status::Failed;
    Ok(())
}

/// The long forms, and what search knows of the run.
async fn replace_texts(tx: &mut Tx, r: &mut Record, p: &ExecutionPatch) -> Result<()> {
    let mut texts = rows::texts(tx, r.key).await?;
    let whole = |text: &str| (preview(text) != text).then(|| text.to_owned());
    if let Some(response) = &p.response {
        let response = clean(response);
        texts.response = whole(&response);
        r.response = Some(preview(&response)).filter(|t| !t.is_empty());
    }
    if let Some(error) = &p.error {
        let error = clean(error);
        // By the whole text: Python's says what happened in its last line.
        if r.has_error {
            r.error_group = Some(rows::keep_group(tx, &fingerprint(&error)).await?);
        }
        texts.error = whole(&error);
    }
    rows::save_texts(tx, r.key, &texts).await?;
    let message = texts.message.as_deref().unwrap_or(&r.message);
    let response = texts.response.as_deref().or(r.response.as_deref());
    let error = texts.error.as_deref().or(r.error.as_deref());
    search::replace(tx, r.key, &search::folded(message, response, error)).await
}

/// A sign of life; answers whether the run is asked to stop, and what came of what it asked.
pub async fn heartbeat(caller: &Caller, id: &str) -> Result<(bool, Vec<InteractionOutcome>)> {
    let id = path_id(id)?;
    caller.writer()?;
    let (who, now) = (caller.clone(), caller.now());
    caller
        .write(move |tx| {
            Box::pin(async move {
                let mut record = locked(tx, &who, &id).await?;
                let last = record.heartbeat_at.map(Timestamp::from_micros);
                let asked =
                    if record.had_interaction { interactions::outcomes(tx, record.key).await? } else { Vec::new() };
                if record.status.is_terminal() {
                    return Ok((false, asked));
                }
                if last.is_none_or(|t| now.millis_since(t) >= HEARTBEAT_NEWS_MS) {
                    record.heartbeat_at = Some(now.micros());
                    tell(tx, &mut record, now).await?;
                } else {
                    rows::touch(tx, record.key, now).await?;
                }
                Ok((told_to_stop(tx, &record, now).await?, asked))
            })
        })
        .await
}
