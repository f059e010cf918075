//! Server. New executions, one or many.

use super::clean;
use crate::app::notify::{self, News};
use crate::app::{Caller, validate};
use crate::domain::agent::slug;
use crate::domain::execution::preview;
use crate::domain::{
    AgentKind, Error, EventKind, ExecutionId, ExecutionSummary, NewExecution, PartStatus, Result, Status, Timestamp,
    Trigger,
};
use crate::store::agents::{self, AgentRow};
use crate::store::executions::{self as rows, NewRecord, Record, Texts, nanos};
use crate::store::{Tx, events, parts, search};
use std::collections::HashMap;

/// Records a run. An id that is known answers the stored record, unchanged, and `false`.
pub async fn create(caller: &Caller, new: NewExecution) -> Result<(ExecutionSummary, bool)> {
    validate::new_execution(&new)?;
    let (mut results, registered) = add(caller, vec![new]).await?;
    let (id, created) = results.pop().ok_or(Error::NotFound)??;
    // A new agent is not in what the caller could see a moment ago.
    let now_seeing = if registered { caller.refreshed().await? } else { None };
    let caller = now_seeing.as_ref().unwrap_or(caller);
    Ok((crate::app::executions::summary(caller, id.as_str()).await?, created))
}

/// Records many runs in one transaction. Each line is judged alone: a bad one never loses the good ones.
/// Answers, in order, the id and whether it was new.
pub async fn batch(caller: &Caller, new: Vec<NewExecution>) -> Result<Vec<Result<(ExecutionId, bool)>>> {
    caller.writer()?;
    let mut answers: Vec<Option<Result<(ExecutionId, bool)>>> = Vec::with_capacity(new.len());
    let mut good = Vec::with_capacity(new.len());
    for n in new {
        match validate::new_execution(&n) {
            Ok(()) => {
                answers.push(None);
                good.push(n);
            }
            Err(e) => answers.push(Some(Err(e))),
        }
    }
    let mut added = if good.is_empty() { Vec::new() } else { add(caller, good).await?.0 }.into_iter();
    Ok(answers.into_iter().map(|a| a.unwrap_or_else(|| added.next().unwrap_or(Err(Error::NotFound)))).collect())
}

/// What became of each, and whether an agent was registered.
type Added = (Vec<Result<(ExecutionId, bool)>>, bool);

async fn add(caller: &Caller, new: Vec<NewExecution>) -> Result<Added> {
    caller.writer()?;
    let (who, now) = (caller.clone(), caller.now());
    let (results, registered) =
        caller.write(move |tx| Box::pin(async move { add_all(tx, &who, new, now).await })).await?;
    if registered {
        caller.app.access_changed();
    }
    Ok((results, registered))
}

async fn add_all(tx: &mut Tx, who: &Caller, new: Vec<NewExecution>, now: Timestamp) -> Result<Added> {
    let given: Vec<&str> = new.iter().filter_map(|n| n.id.as_ref().map(ExecutionId::as_str)).collect();
    let mut known: HashMap<String, i64> = rows::existing(tx, &given).await?.into_iter().collect();
    let mut agents: HashMap<String, Result<AgentRow>> = HashMap::new();
    let mut registered = false;
    let mut results = Vec::with_capacity(new.len());
    let mut records = Vec::new();
    let mut sources = Vec::new();
    for mut n in new {
        let id = match n.id.take() {
            Some(id) => id,
            None => uuid::Uuid::now_v7().to_string().parse()?,
        };
        if let Some(agent_key) = known.get(id.as_str()) {
            results.push(if *agent_key < 0 || who.visible().includes(*agent_key) {
                Ok((id, false))
            } else {
                Err(Error::Conflict("this id is taken".to_owned()))
            });
            continue;
        }
        let name = slug(&n.agent_name);
        if !agents.contains_key(&name) {
            let found = agent(tx, who, &name, n.agent_name.trim(), now, &mut registered).await;
            if let Err(e @ (Error::Unavailable(_) | Error::Internal(_))) = found {
                return Err(e);
            }
            agents.insert(name.clone(), found);
        }
        let agent = match agents.get(&name) {
            Some(Ok(agent)) => agent,
            Some(Err(e)) => {
                results.push(Err(e.clone()));
                continue;
            }
            None => return Err(Error::NotFound),
        };
        if let Err(e) = not_to_be_started(agent, &n) {
            results.push(Err(e));
            continue;
        }
        let attempt = attempt(tx, &n).await?;
        // Later lines of the same batch with this id find it known.
        known.insert(id.as_str().to_owned(), -1);
        records.push(prepared(&id, agent, Some(who.user_key), &n, attempt, now)?);
        sources.push(n);
        results.push(Ok((id, true)));
    }
    let keys = rows::insert(tx, &records).await?;
    let mut news = Vec::with_capacity(keys.len());
    for ((key, r), n) in keys.iter().zip(&records).zip(&sources) {
        parts::upsert_steps(tx, *key, &n.steps).await?;
        parts::upsert_tool_calls(tx, *key, &n.tool_calls, now).await?;
        if !n.log.is_empty() {
            parts::append_log(tx, *key, &n.log, now).await?;
        }
        news.push((*key, r.record.agent_key, EventKind::of(r.record.status, true)));
    }
    events::append(tx, &news, now).await?;
    let failed: Vec<&Record> = records.iter().map(|r| &r.record).filter(|r| r.status == Status::Failed).collect();
    notify::tell(tx, News::Failed { runs: &failed }, now).await?;
    Ok((results, registered))
}

/// The agent of that name, if the caller may record for it; a new name is registered as theirs.
pub(in crate::app) async fn agent(
    tx: &mut Tx,
    who: &Caller,
    name: &str,
    display_name: &str,
    now: Timestamp,
    registered: &mut bool,
) -> Result<AgentRow> {
    if let Some(found) = agents::by_name(tx, name).await? {
        if found.retired_at.is_some() && who.visible().includes(found.key) {
            return Err(Error::Conflict(format!("the agent `{name}` was deleted and takes no new runs")));
        }
        if who.may_operate(found.key) {
            return Ok(found);
        }
        // Registered a moment ago, it is not in the caller's set yet: like one that is registered now.
        if found.owner_key == who.user_key && who.may_register() {
            *registered = true;
            return Ok(found);
        }
        return Err(Error::Forbidden(format!("you may not record runs of the agent `{name}`")));
    }
    if !who.may_register() {
        return Err(Error::Forbidden(format!("you may not register the agent `{name}`")));
    }
    *registered = true;
    agents::register(tx, name, display_name, who.user_key, now).await
}

/// A run that waits for its turn is in the queue, where a record alone does not come: nobody would ever begin it.
fn not_to_be_started(agent: &AgentRow, n: &NewExecution) -> Result<()> {
    if n.status != Some(Status::Queued) || agent.kind == AgentKind::External {
        return Ok(());
    }
    let name = &agent.name;
    let how = format!("runs of the agent `{name}` are started by Runboard: use POST /api/agents/{name}/run");
    Err(Error::invalid("status", how))
}

/// Adds one run without parts; answers its key.
pub(in crate::app) async fn insert(
    tx: &mut Tx,
    id: &ExecutionId,
    agent: &AgentRow,
    user_key: Option<i64>,
    n: &NewExecution,
    attempt: i64,
    now: Timestamp,
) -> Result<i64> {
    let keys = rows::insert(tx, &[prepared(id, agent, user_key, n, attempt, now)?]).await?;
    keys.first().copied().ok_or_else(|| Error::Internal(id.to_string()))
}

/// A retry counts on from the run it retries.
async fn attempt(tx: &mut Tx, n: &NewExecution) -> Result<i64> {
    match (n.attempt, &n.retry_of) {
        (Some(given), _) => Ok(given),
        (None, None) => Ok(1),
        (None, Some(first)) => match rows::find(tx, first.as_str(), &crate::store::Visible::All).await {
            Ok(r) => Ok(r.attempt + 1),
            Err(Error::NotFound) => Ok(2),
            Err(e) => Err(e),
        },
    }
}

/// What a new record leaves open, decided.
struct Times {
    status: Status,
    queued: Timestamp,
    started: Option<Timestamp>,
    completed: Option<Timestamp>,
    duration_ms: Option<i64>,
}

fn times(n: &NewExecution, now: Timestamp) -> Times {
    let status = n.status.unwrap_or(match (&n.error, n.completed_at, n.duration_ms) {
        (Some(_), _, _) => Status::Failed,
        (None, Some(_), _) | (None, None, Some(_)) => Status::Success,
        (None, None, None) => Status::Running,
    });
    let started = n.started_at.or(match status {
        Status::Queued => None,
        _ => Some(match (n.completed_at, n.duration_ms, n.queued_at) {
            (Some(end), Some(ms), _) => end.plus_millis(-ms),
            (Some(end), None, None) => end,
            (_, _, Some(queued)) => queued,
            (None, Some(ms), None) => now.plus_millis(-ms),
            (None, None, None) => now,
        }),
    });
    let queued = n.queued_at.or(started).unwrap_or(now);
    if !status.is_terminal() {
        return Times { status, queued, started, completed: None, duration_ms: None };
    }
    let start = started.unwrap_or(queued);
    let completed = n.completed_at.or(n.duration_ms.map(|ms| start.plus_millis(ms))).unwrap_or(now.max(start));
    let duration_ms = n.duration_ms.unwrap_or_else(|| completed.millis_since(start));
    Times { status, queued, started, completed: Some(completed), duration_ms: Some(duration_ms) }
}

/// A run as it is stored, its parts apart.
pub(in crate::app) fn prepared(
    id: &ExecutionId,
    agent: &AgentRow,
    user_key: Option<i64>,
    n: &NewExecution,
    attempt: i64,
    now: Timestamp,
) -> Result<NewRecord> {
    let t = times(n, now);
    let message = clean(&n.message);
    let response = n.response.as_deref().map(clean).filter(|s| !s.is_empty());
    let error = n.error.as_deref().map(clean).filter(|s| !s.is_empty());
    let whole = |text: &str| (preview(text) != text).then(|| text.to_owned());
    let texts = Texts {
        message: whole(&message),
        response: response.as_deref().and_then(whole),
        error: error.as_deref().and_then(whole),
        metadata: n.metadata.as_ref().map(|m| clean(&m.to_string())),
    };
    let labels = if n.labels.is_empty() { None } else { Some(serde_json::to_string(&n.labels).map_err(unwritable)?) };
    let running_call = n.tool_calls.iter().rev().find(|c| {
        c.status == Some(PartStatus::Running)
            || (c.status.is_none() && c.completed_at.is_none() && c.result.is_none() && c.error.is_none())
    });
    let running_call = running_call.filter(|_| !t.status.is_terminal());
    let calls: std::collections::HashSet<&str> = n.tool_calls.iter().map(|c| c.call_id.as_str()).collect();
    let record = Record {
        key: 0,
        id: id.as_str().to_owned(),
        agent_key: agent.key,
        agent_name: agent.name.clone(),
        agent_display_name: agent.display_name.clone(),
        user_key,
        status: t.status,
        triggered_by: n.triggered_by.unwrap_or(if n.parent_id.is_some() { Trigger::Agent } else { Trigger::Api }),
        queued_at: t.queued.micros(),
        started_at: t.started.map(Timestamp::micros),
        completed_at: t.completed.map(Timestamp::micros),
        duration_ms: t.duration_ms,
        cost_nanos: n.cost.map(nanos),
        input_tokens: n.input_tokens,
        output_tokens: n.output_tokens,
        cached_tokens: n.cached_tokens,
        reasoning_tokens: n.reasoning_tokens,
        context_used: n.context_used,
        context_max: n.context_max,
        model: n.model.as_deref().map(clean),
        message: preview(&message),
        response: response.as_deref().map(preview),
        has_error: error.is_some() || t.status == Status::Failed,
        error: error.as_deref().map(preview),
        tool_call_count: calls.len() as i64,
        steps_done: n.steps.iter().filter(|s| s.status == Some(PartStatus::Success)).count() as i64,
        steps_total: n.steps_total,
        current_step: n.current_step.as_deref().map(clean),
        current_tool: running_call.and_then(|c| c.name.clone()),
        current_tool_since: running_call.map(|c| c.started_at.unwrap_or(now).micros()),
        waiting_on: None,
        had_interaction: t.status == Status::Waiting,
        thread_id: n.thread_id.as_deref().map(clean),
        flow_id: n.flow_id.as_deref().map(clean),
        parent_id: n.parent_id.as_ref().map(ToString::to_string),
        retry_of: n.retry_of.as_ref().map(ToString::to_string),
        attempt,
        labels,
        cancel_requested_at: None,
        cancel_requested_by: None,
        heartbeat_at: None,
        log_lines: 0,
        version: 1,
        updated_at: now.micros(),
        error_group: None,
    };
    let folded = search::folded(&message, response.as_deref(), error.as_deref());
    Ok(NewRecord { record, texts, folded, labels: n.labels.clone() })
}

fn unwritable(e: serde_json::Error) -> Error {
    Error::Internal(format!("labels: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(10_000);

    #[test]
    fn a_bare_report_is_a_run_that_starts_now() {
        let t = times(&NewExecution::default(), NOW);
        assert_eq!((t.status, t.started, t.completed, t.duration_ms), (Status::Running, Some(NOW), None, None));
    }

    #[test]
    fn an_ended_run_gets_the_times_it_leaves_out() {
        let n = NewExecution { duration_ms: Some(4_000), ..NewExecution::default() };
        let t = times(&n, NOW);
        assert_eq!((t.status, t.started), (Status::Success, Some(Timestamp::from_millis(6_000))));
        assert_eq!((t.completed, t.duration_ms), (Some(NOW), Some(4_000)));

        let n = NewExecution {
            error: Some("no".into()),
            started_at: Some(Timestamp::from_millis(1_000)),
            completed_at: Some(Timestamp::from_millis(3_500)),
            ..NewExecution::default()
        };
        let t = times(&n, NOW);
        assert_eq!((t.status, t.duration_ms), (Status::Failed, Some(2_500)));
    }

    #[test]
    fn a_start_in_the_future_gives_no_negative_duration() {
        let n = NewExecution {
            status: Some(Status::Success),
            started_at: Some(Timestamp::from_millis(20_000)),
            ..NewExecution::default()
        };
        let t = times(&n, NOW);
        assert_eq!((t.duration_ms, t.completed), (Some(0), Some(Timestamp::from_millis(20_000))));
    }
}
