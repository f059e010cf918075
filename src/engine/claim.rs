//! Server. Taking runs from the queue. Who takes a run and that it has begun are one transaction of the writer.

use super::Engine;
use super::context::Context;
use super::job::{Job, Spent, timeout_s};
use crate::app::{budgets, record};
use crate::domain::{AgentKind, Error, ExecutionPatch, Result, Status, Timestamp};
use crate::store::agents::AgentRow;
use crate::store::{Executor, Tx, agents, executions, flows, memories, queue};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// A run whose time here is not over is looked at again after.
const AGAIN_MS: i64 = 1_000;

impl Engine {
    /// Takes what waits and has room, and begins it.
    pub(super) async fn claim(&self) -> Result<()> {
        let app = &self.0.app;
        if self.closing() {
            return Ok(());
        }
        let places = Places::of(self);
        let (owner, now, commands) = (self.0.owner.clone(), app.now(), app.config.allow_commands);
        // The writer is not bothered for nothing.
        if places.free == 0 || !places.wanted(&mut app.store.read(), now, commands).await? {
            return Ok(());
        }
        let jobs =
            app.store.write(move |tx| Box::pin(async move { take(tx, &owner, places, now, commands).await })).await?;
        for (job, waited) in jobs {
            if let Some(waited) = waited {
                app.store.figures().begun(waited);
            }
            self.begin(job);
        }
        Ok(())
    }
}

/// This server's places for runs. However many runs an agent has waiting and however long they take, it gets all but one:
/// others never wait for it alone.
struct Places {
    free: usize,
    /// For one agent.
    most: usize,
    taken: HashMap<i64, usize>,
    /// Runs.
    at: HashSet<i64>,
}

impl Places {
    fn of(engine: &Engine) -> Self {
        let max = engine.0.app.config.max_runs;
        let mut taken = HashMap::new();
        let at = engine.0.running.borrow().keys().copied().collect();
        let running = engine.0.running.borrow();
        for run in running.values() {
            *taken.entry(run.agent_key).or_default() += 1;
        }
        Self { free: max.saturating_sub(running.len()), most: max.saturating_sub(1).max(1), taken, at }
    }

    fn has_one_for(&self, agent_key: i64) -> bool {
        self.free > 0 && self.taken.get(&agent_key).is_none_or(|n| *n < self.most)
    }

    fn take(&mut self, agent_key: i64) {
        self.free -= 1;
        *self.taken.entry(agent_key).or_default() += 1;
    }

    /// Whether a run waits that could be taken now.
    async fn wanted(&self, db: &mut impl Executor, now: Timestamp, commands: bool) -> Result<bool> {
        for agent_key in queue::agents_with_room(db, now, commands).await? {
            if self.has_one_for(agent_key) && ready(db, agent_key, now).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// A run, and how long it has waited if this is its first beginning.
type Taken = (Job, Option<Duration>);

/// One run of each agent that waits, and again, until there is nothing to take or no room.
async fn take(tx: &mut Tx, owner: &str, mut places: Places, now: Timestamp, commands: bool) -> Result<Vec<Taken>> {
    let mut jobs = Vec::new();
    // Agents whose runs wait.
    let mut paused = HashSet::new();
    loop {
        let before = jobs.len();
        for agent_key in queue::agents_with_room(tx, now, commands).await? {
            if paused.contains(&agent_key) || !places.has_one_for(agent_key) {
                continue;
            }
            let Some(agent) = ready(tx, agent_key, now).await? else {
                paused.insert(agent_key);
                continue;
            };
            let deadline = timeout_s(&agent).map(|s| now.plus_secs(s));
            let Some(entry) = queue::take(tx, agent_key, owner, now, deadline).await? else { continue };
            // What this server did of it before it was taken from it has not ended yet.
            if places.at.contains(&entry.execution_key) {
                queue::put_back(tx, entry.execution_key, now.plus_millis(AGAIN_MS), entry.deadline).await?;
                continue;
            }
            let mut run = executions::by_key_for_update(tx, entry.execution_key).await?;
            let waited = run.started_at.is_none().then(|| now.millis_since(Timestamp::from_micros(run.queued_at)));
            let waited = waited.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0)));
            let begun = ExecutionPatch { status: Some(Status::Running), ..ExecutionPatch::default() };
            record::change(tx, &mut run, &begun, now).await?;
            let texts = executions::texts(tx, run.key).await?;
            let flow = flows::of_run(tx, run.key).await?;
            let spent = Spent::of(&run);
            places.take(agent_key);
            // A command reads its message and nothing else, unless it is asked the prompts of a flow.
            let remembers = agent.kind != AgentKind::Command || flow.is_some();
            let memories = if remembers { memories::of(tx, agent_key).await? } else { Vec::new() };
            let memories = memories.into_iter().map(|m| (m.name, m.content)).collect();
            let job = Job {
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
                context: Context { memories, ..Context::default() },
                logged: Arc::default(),
            };
            jobs.push((job, waited));
        }
        if jobs.len() == before {
            return Ok(jobs);
        }
    }
}

/// The agent, unless it has spent what it may, or its settings can't be read: no reason for others to wait.
async fn ready(db: &mut impl Executor, agent_key: i64, now: Timestamp) -> Result<Option<AgentRow>> {
    match unspent(db, agent_key, now).await {
        Err(e @ Error::Unavailable(_)) => Err(e),
        found => Ok(found.unwrap_or(None)),
    }
}

async fn unspent(db: &mut impl Executor, agent_key: i64, now: Timestamp) -> Result<Option<AgentRow>> {
    let agent = agents::by_key(db, agent_key).await?;
    let spent = budgets::state_of(db, &agent, now).await?.is_some_and(|state| state.spent().is_some());
    Ok((!spent).then_some(agent))
}
