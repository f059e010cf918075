//! Server. Starting a run once more, as a new one that is linked to it.

use super::start::{Start, answer, earlier, enqueue, may_wait, or_earlier, startable};
use crate::app::executions::path_id;
use crate::app::{Caller, validate};
use crate::auth::secret;
use crate::domain::{Error, ExecutionId, NewExecution, Result, Retry, Timestamp, Trigger};
use crate::store::executions::{self as rows, Record};
use crate::store::{Tx, agents};

/// What a new attempt takes over from the run it retries.
pub(crate) async fn again(tx: &mut Tx, run: &Record) -> Result<NewExecution> {
    let id = |text: &String| text.parse().map_err(|_| Error::Internal(text.clone()));
    Ok(NewExecution {
        agent_name: run.agent_name.clone(),
        message: rows::texts(tx, run.key).await?.message.unwrap_or_else(|| run.message.clone()),
        triggered_by: Some(run.triggered_by),
        thread_id: run.thread_id.clone(),
        flow_id: run.flow_id.clone(),
        parent_id: run.parent_id.as_ref().map(id).transpose()?,
        retry_of: Some(id(&run.id)?),
        labels: run.labels()?,
        ..NewExecution::default()
    })
}

/// Starts a run once more, within a transaction. What it refuses, it has not touched.
pub(crate) async fn retry_in(
    tx: &mut Tx,
    who: &Caller,
    id: &ExecutionId,
    message: Option<String>,
    now: Timestamp,
) -> Result<ExecutionId> {
    let run = rows::find(tx, id.as_str(), who.visible()).await?;
    who.operator(run.agent_key)?;
    if !run.status.is_terminal() {
        return Err(Error::Conflict(format!("the run is {}; it can be retried when it has ended", run.status)));
    }
    let agent = agents::by_key(tx, run.agent_key).await?;
    startable(&agent, &who.app.config)?;
    may_wait(tx, &agent, now).await?;
    let before = again(tx, &run).await?;
    let new = NewExecution {
        message: message.unwrap_or_else(|| before.message.clone()),
        triggered_by: Some(Trigger::Manual),
        ..before
    };
    validate::new_execution(&new)?;
    let (user_key, attempt) = (Some(who.user_key), run.attempt + 1);
    enqueue(tx, Start { agent: &agent, user_key, new, attempt, ready_at: now, tries: 1 }, now).await
}

/// Starts a run once more; it waits in the queue when this returns.
pub async fn retry(caller: &Caller, id: &str, how: Retry) -> Result<ExecutionId> {
    let id = path_id(id)?;
    caller.writer()?;
    let record = rows::find(&mut caller.app.store.read(), id.as_str(), caller.visible()).await?;
    if how.from_step.is_some() && record.flow_id.is_none() {
        return Err(Error::invalid("from_step", "is for runs of a flow; this run has none"));
    }
    let (who, now) = (caller.clone(), caller.now());
    let new = caller
        .write_and_keep(move |tx| Box::pin(async move { retry_in(tx, &who, &id, how.message, now).await }), answer)
        .await?;
    caller.app.bell.ring();
    Ok(new)
}

/// The same for a page: the same key again answers the run it started.
pub async fn retry_once(caller: &Caller, id: &str, how: Retry, request_key: String) -> Result<ExecutionId> {
    let text = serde_json::to_string(&how).map_err(|e| Error::Internal(format!("retry: {e}")))?;
    let caller = caller.claiming(request_key, secret::fingerprint(&[b"retry", id.as_bytes(), text.as_bytes()]))?;
    match earlier(&caller).await? {
        Some(run) => Ok(run),
        None => or_earlier(&caller, retry(&caller, id, how).await).await,
    }
}
