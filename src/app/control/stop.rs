//! Server. Stopping runs: asked for at once, confirmed when the end is known.

use crate::app::executions::{locked, path_id};
use crate::app::{Caller, interactions, record};
use crate::domain::{Error, ExecutionId, ExecutionPatch, ExecutionSummary, Result, Status, StopRecord, Timestamp};
use crate::store::executions::{self as rows, Record, usd};
use crate::store::queue::{self, State};
use crate::store::{Executor, Tx, Visible, parts, stops};

/// Asks a run to stop, and with `children` everything below it. One that waits for its turn has ended when this
/// returns; another ends when whoever runs it confirms.
pub async fn terminate(caller: &Caller, id: &str, children: bool) -> Result<ExecutionSummary> {
    let id = path_id(id)?;
    caller.writer()?;
    let (who, now) = (caller.clone(), caller.now());
    let stopped = caller
        .write(move |tx| Box::pin(async move { terminate_in(tx, &who, &id, children, now).await?.0.summary() }))
        .await;
    caller.app.bell.ring();
    stopped
}

/// The same within a transaction; also whether it was news to the run. What it refuses, it has not touched.
pub(crate) async fn terminate_in(
    tx: &mut Tx,
    who: &Caller,
    id: &ExecutionId,
    children: bool,
    now: Timestamp,
) -> Result<(Record, bool)> {
    let mut record = locked(tx, who, id).await?;
    if record.status.is_terminal() {
        return Err(Error::Conflict(format!("the run has already ended: {}", record.status)));
    }
    let news = request_stop(tx, &mut record, who, now).await?;
    if children {
        let mut after = 0;
        loop {
            let below = rows::unfinished_below(tx, id.as_str(), after).await?;
            let Some((last, _)) = below.last() else { break };
            after = *last;
            for (_, child) in below {
                let mut child = rows::find_for_update(tx, &child, &Visible::All).await?;
                if who.may_operate(child.agent_key) {
                    request_stop(tx, &mut child, who, now).await?;
                }
            }
        }
    }
    Ok((record, news))
}

/// Whether that was news.
async fn request_stop(tx: &mut Tx, record: &mut Record, who: &Caller, now: Timestamp) -> Result<bool> {
    if record.cancel_requested_at.is_some() || record.status.is_terminal() {
        return Ok(false);
    }
    record.cancel_requested_at = Some(now.micros());
    record.cancel_requested_by = Some(who.display_name.clone());
    stops::add(tx, record).await?;
    let nobody_at_it = match queue::of(tx, record.key).await? {
        None => false,
        Some(entry) => matches!(entry.state, State::Ready | State::Parked),
    };
    if nobody_at_it {
        parts::end_running_steps(tx, record.key, "stopped", now).await?;
        let end = ExecutionPatch { status: Some(Status::Cancelled), ..ExecutionPatch::default() };
        record::change(tx, record, &end, now).await?;
    } else {
        if interactions::stop_asked(tx, record, &who.display_name, now).await? {
            return Ok(true);
        }
        if record.status == Status::Waiting {
            // From now on its time counts again, and whoever does it is to hear of this first.
            record::time_anew(tx, record, now).await?;
        }
        record::tell(tx, record, now).await?;
    }
    Ok(true)
}

/// How a run was stopped, if somebody asked for it.
pub async fn record_of(db: &mut impl Executor, record: &Record) -> Result<Option<StopRecord>> {
    let Some(requested_at) = record.cancel_requested_at else { return Ok(None) };
    // A run that was asked by an older version has no more than the request.
    let known = stops::find(db, record.key).await?;
    let known = known.as_ref();
    Ok(Some(StopRecord {
        requested_at: Timestamp::from_micros(requested_at),
        requested_by: record.cancel_requested_by.clone(),
        acknowledged_at: known.and_then(|s| s.acknowledged_at).map(Timestamp::from_micros),
        confirmed_at: record.completed_at.map(Timestamp::from_micros),
        cost_at_request: known.and_then(|s| s.cost_nanos).map(usd),
        input_tokens_at_request: known.and_then(|s| s.input_tokens),
        output_tokens_at_request: known.and_then(|s| s.output_tokens),
    }))
}
