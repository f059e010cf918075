//! Server. Starting runs of flows.

use super::start::{FlowStart, NO_COMMANDS, Start, answer, earlier, enqueue, may_wait, or_earlier, startable};
use crate::app::{Caller, Config, flows, interactions, validate};
use crate::auth::secret;
use crate::domain::{Error, ExecutionId, FlowStep, NewExecution, NewFlowRun, Result, Trigger};
use crate::store::Tx;
use crate::store::agents::{self as agent_rows, AgentRow};
use crate::store::flows::{self as rows, FlowRow, FlowRunFields};

/// Starts a run of a flow in its newest version: it waits in the queue when this returns.
pub async fn start_flow(caller: &Caller, id: &str, run: NewFlowRun) -> Result<ExecutionId> {
    caller.writer()?;
    let flow = flows::find(caller, id, None).await?;
    caller.operator(flow.agent_key)?;
    let (who, id, now) = (caller.clone(), flow.id, caller.now());
    let id = caller
        .write_and_keep(
            move |tx| {
                Box::pin(async move {
                    // Read again: it may have been changed since.
                    let flow = rows::find(tx, &id, None).await?.filter(|f| f.retired_at.is_none());
                    let flow = flow.ok_or(Error::NotFound)?;
                    let agent = agent_rows::by_key(tx, flow.agent_key).await?;
                    startable(&agent, &who.app.config)?;
                    may_start(tx, &flow, &agent, Some(who.user_key), &who.app.config).await?;
                    may_wait(tx, &agent, now).await?;
                    let (new, flow) = first_run(&flow, run.message)?;
                    let new = NewExecution { triggered_by: Some(Trigger::Manual), labels: run.labels, ..new };
                    validate::new_execution(&new)?;
                    let flow = Some(flow);
                    let user_key = Some(who.user_key);
                    let start = Start { agent: &agent, user_key, new, attempt: 1, ready_at: now, tries: 1, flow };
                    enqueue(tx, start, now).await
                })
            },
            answer,
        )
        .await?;
    caller.app.bell.ring();
    Ok(id)
}

/// Whether the steps of a flow may be done here, and whether there is somebody for each that asks.
pub(crate) async fn may_start(
    tx: &mut Tx,
    flow: &FlowRow,
    agent: &AgentRow,
    requester: Option<i64>,
    config: &Config,
) -> Result<()> {
    let steps = flows::steps(&flow.steps)?;
    if steps.iter().any(FlowStep::is_program) && !config.allow_commands {
        return Err(Error::Conflict(NO_COMMANDS.to_owned()));
    }
    interactions::decidable(tx, &steps, requester, agent).await
}

/// A run of the whole flow. Without a message it is known by the flow's name.
pub(crate) fn first_run(flow: &FlowRow, message: Option<String>) -> Result<(NewExecution, FlowStart)> {
    let message = message.filter(|text| !text.trim().is_empty());
    let with_message = message.is_some();
    let new = NewExecution {
        agent_name: flow.agent_name.clone(),
        message: message.unwrap_or_else(|| flow.name.clone()),
        steps_total: Some(flows::steps(&flow.steps)?.len() as i64),
        flow_id: Some(flow.id.clone()),
        ..NewExecution::default()
    };
    let run = FlowRunFields { flow_key: flow.key, version: flow.version, from_step: 0, with_message };
    Ok((new, FlowStart { run, done: Vec::new() }))
}

/// The same for a page: the same key again answers the run it started.
pub async fn start_flow_once(caller: &Caller, id: &str, run: NewFlowRun, request_key: String) -> Result<ExecutionId> {
    let text = serde_json::to_string(&run).map_err(|e| Error::Internal(format!("run: {e}")))?;
    let caller = caller.claiming(request_key, secret::fingerprint(&[b"flow", id.as_bytes(), text.as_bytes()]))?;
    match earlier(&caller).await? {
        Some(run) => Ok(run),
        None => or_earlier(&caller, start_flow(&caller, id, run).await).await,
    }
}
