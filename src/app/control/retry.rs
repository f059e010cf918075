//! Server. Starting a run once more, as a new one that is linked to it.

use super::start::{FlowStart, Start, answer, earlier, enqueue, may_wait, or_earlier, startable};
use crate::app::executions::path_id;
use crate::app::flows::steps as steps_of_flow;
use crate::app::{Caller, validate};
use crate::auth::secret;
use crate::domain::flow::MOST_STEPS;
use crate::domain::{
    Error, ExecutionId, FlowStep, NewExecution, NewStep, PartStatus, Result, Retry, Timestamp, Trigger,
};
use crate::store::executions::{self as rows, Record};
use crate::store::flows::FlowRunFields;
use crate::store::{Tx, agents, flows, parts};

/// What a new attempt takes over from the run it retries.
pub(crate) async fn again(tx: &mut Tx, run: &Record) -> Result<NewExecution> {
    let id = |text: &String| text.parse().map_err(|_| Error::Internal(text.clone()));
    Ok(NewExecution {
        agent_name: run.agent_name.clone(),
        message: rows::texts(tx, run.key).await?.message.unwrap_or_else(|| run.message.clone()),
        triggered_by: Some(run.triggered_by),
        thread_id: run.thread_id.clone(),
        flow_id: run.flow_id.clone(),
        steps_total: run.steps_total.filter(|_| run.flow_id.is_some()),
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
    how: Retry,
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
    let flow = flow_again(tx, &run, From::Step(how.from_step.unwrap_or(0)), how.message.is_some()).await?;
    if flow.is_none() && how.from_step.is_some() {
        return Err(Error::invalid("from_step", "is for runs of a flow that Runboard does; this is none"));
    }
    let new = NewExecution {
        message: how.message.unwrap_or_else(|| before.message.clone()),
        triggered_by: Some(Trigger::Manual),
        ..before
    };
    validate::new_execution(&new)?;
    let (user_key, attempt) = (Some(who.user_key), run.attempt + 1);
    enqueue(tx, Start { agent: &agent, user_key, new, attempt, ready_at: now, tries: 1, flow }, now).await
}

/// Where a flow is taken up again.
pub(crate) enum From {
    Step(i64),
    /// The first step that has not succeeded.
    Failed,
}

/// The flow of a run, in the version it did, from a step on: what the steps before it answered is kept. What they cost
/// was spent by the run that did them.
pub(crate) async fn flow_again(tx: &mut Tx, run: &Record, from: From, new_message: bool) -> Result<Option<FlowStart>> {
    let Some(flow) = flows::of_run(tx, run.key).await? else { return Ok(None) };
    let steps = parts::steps(tx, run.key, 0, MOST_STEPS as i64).await?;
    let done = steps.iter().zip(0..).take_while(|(s, i)| s.index == *i && s.status == PartStatus::Success).count();
    let from_step = match from {
        From::Failed => done as i64,
        From::Step(step) => step,
    };
    let planned = steps_of_flow(&flow.steps)?;
    let by_hand = matches!(from, From::Step(_));
    // All of them again is for those who ask for it; a run that did all and failed after it has none left to do.
    let last = if matches!(from, From::Failed) { done } else { done.min(planned.len().saturating_sub(1)) };
    let kept = usize::try_from(from_step).ok().filter(|n| *n <= last);
    let Some(kept) = kept else {
        return Err(Error::invalid(
            "from_step",
            format!("must be from 0 to {last}: the steps before it have succeeded"),
        ));
    };
    // Who asks for a step again asks those again who allowed it, and all that was done on their word: they gave it once.
    let is_approval = |i: &usize| matches!(planned.get(*i), Some(FlowStep::Approval { .. }));
    let guard = (0..kept).rev().find(is_approval).filter(|_| by_hand);
    let kept = guard.map_or(kept, |last| (0..=last).rev().take_while(is_approval).last().unwrap_or(last));
    let from_step = kept as i64;
    let done = steps.into_iter().take(kept).map(|step| NewStep {
        index: step.index,
        title: Some(step.title),
        kind: Some(step.kind),
        status: Some(step.status),
        input: step.input,
        output: step.output,
        started_at: step.started_at,
        completed_at: step.completed_at,
        ..NewStep::default()
    });
    // It went with the first prompt, which is not sent again.
    let first_prompt = planned.iter().position(|step| matches!(step, FlowStep::Prompt { .. }));
    let with_message = new_message || (flow.with_message && first_prompt.is_none_or(|first| kept <= first));
    let run = FlowRunFields { flow_key: flow.flow_key, version: flow.version, from_step, with_message };
    Ok(Some(FlowStart { run, done: done.collect() }))
}

/// Starts a run once more; it waits in the queue when this returns.
pub async fn retry(caller: &Caller, id: &str, how: Retry) -> Result<ExecutionId> {
    let id = path_id(id)?;
    caller.writer()?;
    let (who, now) = (caller.clone(), caller.now());
    let new = caller
        .write_and_keep(move |tx| Box::pin(async move { retry_in(tx, &who, &id, how, now).await }), answer)
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
