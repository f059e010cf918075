//! Server. Taking runs from the queue. Who takes a run and that it has begun are one transaction of the writer.

use super::context::Context;
use super::job::{Job, Spent, timeout_s};
use super::{Engine, LEASE_MS};
use crate::app::{budgets, record};
use crate::domain::{Error, ExecutionPatch, Result, Status, Timestamp};
use crate::store::agents::AgentRow;
use crate::store::{Tx, agents, executions, flows, queue};
use std::collections::HashSet;
use std::sync::Arc;

impl Engine {
    /// Takes what waits and has room, and begins it.
    pub(super) async fn claim(&self) -> Result<()> {
        let app = &self.0.app;
        if self.closing() {
            return Ok(());
        }
        let room = app.config.max_runs.saturating_sub(self.0.running.borrow().len());
        let commands = app.config.allow_commands;
        // The writer is not bothered for nothing.
        if room == 0 || queue::agents_with_room(&mut app.store.read(), app.now(), commands).await?.is_empty() {
            return Ok(());
        }
        let (owner, now) = (self.0.owner.clone(), app.now());
        let jobs =
            app.store.write(move |tx| Box::pin(async move { take(tx, &owner, room, now, commands).await })).await?;
        for job in jobs {
            self.begin(job);
        }
        Ok(())
    }
}

/// One run of each agent that waits, and again, until there is nothing to take or no room.
async fn take(tx: &mut Tx, owner: &str, room: usize, now: Timestamp, commands: bool) -> Result<Vec<Job>> {
    let mut jobs = Vec::new();
    // Agents whose runs wait.
    let mut paused = HashSet::new();
    loop {
        let before = jobs.len();
        for agent_key in queue::agents_with_room(tx, now, commands).await? {
            if jobs.len() >= room {
                return Ok(jobs);
            }
            if paused.contains(&agent_key) {
                continue;
            }
            let agent = match ready(tx, agent_key, now).await {
                Ok(Some(agent)) => agent,
                Err(e @ Error::Unavailable(_)) => return Err(e),
                // Its budget is spent, or its settings can't be read: no reason for others to wait.
                Ok(None) | Err(_) => {
                    paused.insert(agent_key);
                    continue;
                }
            };
            let deadline = timeout_s(&agent).map(|s| now.plus_secs(s));
            let until = now.plus_millis(LEASE_MS);
            let Some(entry) = queue::take(tx, agent_key, owner, now, until, deadline).await? else { continue };
            let mut run = executions::by_key_for_update(tx, entry.execution_key).await?;
            let begun = ExecutionPatch { status: Some(Status::Running), ..ExecutionPatch::default() };
            record::change(tx, &mut run, &begun, now).await?;
            let texts = executions::texts(tx, run.key).await?;
            let flow = flows::of_run(tx, run.key).await?;
            let spent = Spent::of(&run);
            jobs.push(Job {
                key: run.key,
                id: run.id,
                agent,
                message: texts.message.unwrap_or(run.message),
                attempt: run.attempt,
                thread_id: run.thread_id,
                deadline: entry.deadline.map(Timestamp::from_micros),
                tries: entry.tries,
                // What a flow has spent before it was taken up again counts.
                spent: flow.as_ref().map_or_else(Spent::default, |_| spent),
                flow,
                step: None,
                context: Context::default(),
                logged: Arc::default(),
            });
        }
        if jobs.len() == before {
            return Ok(jobs);
        }
    }
}

/// The agent, unless it has spent what it may.
async fn ready(tx: &mut Tx, agent_key: i64, now: Timestamp) -> Result<Option<AgentRow>> {
    let agent = agents::by_key(tx, agent_key).await?;
    let spent = budgets::state_of(tx, &agent, now).await?.is_some_and(|state| state.spent().is_some());
    Ok((!spent).then_some(agent))
}
