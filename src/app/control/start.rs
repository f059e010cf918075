//! Server. A start: the run and its place in the queue, in one transaction.

use crate::app::{Caller, Config, agents, budgets, record, validate};
use crate::auth::secret;
use crate::domain::{
    AgentKind, Error, EventKind, ExecutionId, NewExecution, NewRun, NewStep, Result, Status, Timestamp, Trigger,
};
use crate::store::agents::{self as rows, AgentRow};
use crate::store::flows::FlowRunFields;
use crate::store::{Tx, events, flows, idempotency, parts, queue};

/// A run to put in the queue.
pub(crate) struct Start<'a> {
    pub agent: &'a AgentRow,
    /// Who asked for it.
    pub user_key: Option<i64>,
    pub new: NewExecution,
    pub attempt: i64,
    pub ready_at: Timestamp,
    /// 1, +1 for each time it was started again by itself.
    pub tries: i64,
    pub flow: Option<FlowStart>,
}

/// The flow that a run does, and the steps it need not do: those that the run it retries has done.
pub(crate) struct FlowStart {
    pub run: FlowRunFields,
    pub done: Vec<NewStep>,
}

/// Whether Runboard can start runs of this agent.
pub(crate) fn startable(agent: &AgentRow, config: &Config) -> Result<()> {
    let name = &agent.name;
    let problem = match agent.kind {
        _ if agent.retired_at.is_some() => format!("the agent `{name}` was deleted and takes no new runs"),
        AgentKind::External => format!("the agent `{name}` is external: its own process starts its runs"),
        AgentKind::Command if !config.allow_commands => NO_COMMANDS.to_owned(),
        AgentKind::Openai | AgentKind::Command | AgentKind::Webhook => return Ok(()),
    };
    Err(Error::Conflict(problem))
}

/// Whether a further run of this agent may wait for its turn.
pub(crate) async fn may_wait(tx: &mut Tx, agent: &AgentRow, now: Timestamp) -> Result<()> {
    budgets::check(tx, agent, now).await?;
    if queue::waiting(tx, agent.key, MOST_WAITING).await? < MOST_WAITING {
        return Ok(());
    }
    let name = &agent.name;
    Err(Error::Conflict(format!(
        "the agent `{name}` has {MOST_WAITING} runs waiting, and no more may; stop some first"
    )))
}

/// Runs of one agent that may wait. Those that are started again by themselves come on top: each takes the place of one
/// that has ended.
const MOST_WAITING: i64 = 1_000;

pub(crate) const NO_COMMANDS: &str = "this server runs no commands; its operator can start it with --allow-commands";

pub(crate) async fn enqueue(tx: &mut Tx, start: Start<'_>, now: Timestamp) -> Result<ExecutionId> {
    let id: ExecutionId = uuid::Uuid::now_v7().to_string().parse()?;
    let done = start.flow.as_ref().map_or_else(Vec::new, |flow| flow.done.clone());
    let new = NewExecution { status: Some(Status::Queued), steps: done, ..start.new };
    let key = record::insert(tx, &id, start.agent, start.user_key, &new, start.attempt, now).await?;
    if let Some(flow) = start.flow {
        parts::upsert_steps(tx, key, &flow.done).await?;
        flows::add_run(tx, key, &flow.run).await?;
    }
    queue::add(tx, key, start.agent.key, start.ready_at, start.tries).await?;
    events::append(tx, &[(key, start.agent.key, EventKind::of(Status::Queued, true))], now).await?;
    Ok(id)
}

/// Starts a run of an agent: it waits in the queue when this returns.
pub async fn start(caller: &Caller, agent_name: &str, new: NewRun) -> Result<ExecutionId> {
    caller.writer()?;
    let agent = agents::find(caller, agent_name).await?;
    caller.operator(agent.key)?;
    startable(&agent, &caller.app.config)?;
    let triggered_by = if new.parent_id.is_some() { Trigger::Agent } else { Trigger::Manual };
    let new = NewExecution {
        agent_name: agent.name.clone(),
        message: new.message,
        triggered_by: Some(triggered_by),
        thread_id: new.thread_id,
        parent_id: new.parent_id,
        labels: new.labels,
        ..NewExecution::default()
    };
    validate::new_execution(&new)?;
    let (who, now) = (caller.clone(), caller.now());
    let user_key = Some(who.user_key);
    let id = caller
        .write_and_keep(
            move |tx| {
                Box::pin(async move {
                    // Read again: it may have been deleted since.
                    let agent = rows::by_key(tx, agent.key).await?;
                    startable(&agent, &who.app.config)?;
                    may_wait(tx, &agent, now).await?;
                    let start = Start { agent: &agent, user_key, new, attempt: 1, ready_at: now, tries: 1, flow: None };
                    enqueue(tx, start, now).await
                })
            },
            answer,
        )
        .await?;
    caller.app.bell.ring();
    Ok(id)
}

/// What the request is answered, kept with the change: the same key again finds it, whatever broke in between.
pub(super) fn answer(id: &ExecutionId) -> (i64, String) {
    (202, serde_json::json!({ "execution_id": id }).to_string())
}

/// The same for a page: the same key again answers the run it started.
pub async fn start_once(caller: &Caller, agent_name: &str, new: NewRun, request_key: String) -> Result<ExecutionId> {
    let text = serde_json::to_string(&new).map_err(|e| Error::Internal(format!("run: {e}")))?;
    let caller =
        caller.claiming(request_key, secret::fingerprint(&[b"run", agent_name.as_bytes(), text.as_bytes()]))?;
    match earlier(&caller).await? {
        Some(id) => Ok(id),
        None => or_earlier(&caller, start(&caller, agent_name, new).await).await,
    }
}

/// The run that an earlier request with the caller's key has started.
pub(super) async fn earlier(caller: &Caller) -> Result<Option<ExecutionId>> {
    let Some(claim) = &caller.claim else { return Ok(None) };
    let oldest = caller.now().plus_secs(-86_400);
    let Some(kept) = idempotency::find(&mut caller.app.store.read(), caller.user_key, &claim.key, oldest).await? else {
        return Ok(None);
    };
    if kept.request != claim.request {
        return Err(Error::invalid("request_key", "was used for another request"));
    }
    let answer: serde_json::Value = serde_json::from_str(&kept.body).map_err(|e| Error::Internal(e.to_string()))?;
    let id = answer["execution_id"].as_str().ok_or_else(|| Error::Internal(kept.body.clone()))?;
    id.parse().map(Some)
}

/// Of two requests with one key at the same moment, one starts the run and both answer it.
pub(super) async fn or_earlier(caller: &Caller, started: Result<ExecutionId>) -> Result<ExecutionId> {
    match started {
        Err(conflict @ Error::Conflict(_)) => earlier(caller).await?.ok_or(conflict),
        other => other,
    }
}
