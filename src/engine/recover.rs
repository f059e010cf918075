//! Server. Runs nobody is at any more, and runs of others that took too long.

use super::finish::{End, UNWRITTEN, close};
use super::job::{Failure, timeout_s};
use super::{Engine, LEASE, done, flow, is_due};
use crate::app::{App, record};
use crate::domain::{Error, ExecutionPatch, Result, RetryOn, Status, Timestamp};
use crate::process::leftover;
use crate::store::queue::Entry;
use crate::store::{Tx, Visible, agents, executions, queue};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Until what a lost server has left running is surely gone, after it was killed.
const MARGIN_MS: i64 = 2_000;
/// Runs of external agents are looked at this often.
const ELSEWHERE: Duration = Duration::from_secs(10);

/// A server that could not look for longer than this has seen nothing: it begins to watch anew.
const BLIND: Duration = Duration::from_secs(10);

/// When the newest sign of life of each run that others are at was first seen, by this server's own time.
#[derive(Default)]
pub struct Watched(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    runs: HashMap<i64, (Sign, Duration)>,
    looked: Duration,
}

/// A sign of life: by whom, and what it says. Two of one server differ.
type Sign = (Option<String>, i64);

impl Watched {
    /// Those of the runs that had no other sign of life for as long as a lease is.
    fn silent(&self, runs: Vec<Entry>, passed: Duration) -> Vec<Entry> {
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let blind = passed.saturating_sub(watched.looked) > BLIND;
        let before = std::mem::take(&mut watched.runs);
        let before = if blind { HashMap::new() } else { before };
        watched.looked = passed;
        let silent = runs.into_iter().filter(|run| {
            let sign = (run.owner.clone(), run.at);
            let since = before.get(&run.execution_key).filter(|(seen, _)| *seen == sign).map_or(passed, |(_, at)| *at);
            watched.runs.insert(run.execution_key, (sign, since));
            passed.saturating_sub(since) >= LEASE
        });
        silent.collect()
    }
}

impl Engine {
    pub(super) async fn recover(&self) -> Result<()> {
        let (app, now) = (&self.0.app, self.0.app.now());
        let mut db = app.store.read();
        // All that is done here is done one after another: what is held under our name and not among these is nobody's,
        // once it has been so for a while.
        let at: Vec<i64> = self.0.running.borrow().keys().copied().collect();
        let others = queue::elsewhere(&mut db, &self.0.owner, &at).await?;
        for entry in self.0.watched.silent(others, app.passed()) {
            self.take_up_lost(entry, now).await?;
        }
        if !queue::overdue(&mut db, now).await?.is_empty() {
            let to_end = app.clone();
            app.store.write(move |tx| Box::pin(async move { end_overdue(tx, &to_end, now).await })).await?;
        }
        if !is_due(&self.0.looked_elsewhere, app.passed(), ELSEWHERE) {
            return Ok(());
        }
        done(&self.0.looked_elsewhere, app.passed());
        let late = queue::overdue_elsewhere(&mut db, now).await?;
        if late.is_empty() {
            return Ok(());
        }
        app.store.write(move |tx| Box::pin(async move { end_elsewhere(tx, late, now).await })).await
    }

    /// What a server that is gone was at has failed; on this machine, what it left running is ended. Each run alone: one
    /// that can't be written stands in the way of no other.
    async fn take_up_lost(&self, lost: Entry, now: Timestamp) -> Result<()> {
        let (app, owner, key) = (self.0.app.clone(), self.0.owner.clone(), lost.execution_key);
        let store = &self.0.app.store;
        let ended = store
            .write(move |tx| {
                Box::pin(async move {
                    // Read again: another server may have been faster, or its own has spoken after all.
                    match queue::of(tx, key).await?.filter(|now| *now == lost) {
                        Some(entry) => interrupted(tx, &app, &entry, &owner, now).await,
                        None => Ok(None),
                    }
                })
            })
            .await;
        let command = match ended {
            Err(e @ Error::Unavailable(_)) => return Err(e),
            Err(e) => {
                tracing::error!(key, error = %e, "a run that nobody is at can't be ended");
                None
            }
            Ok(command) => command,
        };
        if let Some(id) = command {
            let kill_after = Duration::from_millis(self.0.app.config.kill_after_ms);
            tokio::spawn(async move {
                let ended = leftover::end(&id, kill_after).await;
                if ended > 0 {
                    tracing::warn!(id, ended, "processes of an interrupted run were ended");
                }
            });
        }
        Ok(())
    }
}

/// Ends a run whose server is gone, or lets its flow go on; its id, if it may have left programs running.
async fn interrupted(tx: &mut Tx, app: &App, entry: &Entry, us: &str, now: Timestamp) -> Result<Option<String>> {
    let mut run = executions::by_key_for_update(tx, entry.execution_key).await?;
    let agent = agents::by_key(tx, entry.agent_key).await?;
    let programs = flow::runs_programs(tx, &agent, run.key).await?;
    let ours = entry.owner.as_deref() == Some(us);
    // What is left of it here is ended by then.
    let kill_after = i64::try_from(app.config.kill_after_ms).unwrap_or(i64::MAX);
    let not_before = if programs { app.now().plus_millis(kill_after + MARGIN_MS) } else { now };
    // A run whose end could not be written would come to the same.
    if !ours && flow::take_up_again(tx, &mut run, flow::Interruption::Lost, not_before).await? {
        record::tell(tx, &mut run, now).await?;
        return Ok(programs.then_some(run.id));
    }
    let mut error = if ours { UNWRITTEN } else { "interrupted: the server that did this run is gone" }.to_owned();
    if run.cancel_requested_at.is_some() {
        // Nobody has seen it end: `cancelled` would be a lie.
        error.push_str("; it was asked to stop, which nobody confirmed");
    }
    let id = run.id.clone();
    let failure = Some(Failure::lasting(error));
    close(tx, app, &mut run, End { failure, ..End::default() }, entry.tries, now).await?;
    Ok(programs.then_some(id))
}

/// Runs that others are at and that took longer than their agent allows.
async fn end_overdue(tx: &mut Tx, app: &App, now: Timestamp) -> Result<()> {
    for entry in queue::overdue(tx, now).await? {
        let mut run = executions::by_key_for_update(tx, entry.execution_key).await?;
        let agent = agents::by_key(tx, entry.agent_key).await?;
        let failure = Some(Failure::of(too_late(timeout_s(&agent).unwrap_or_default()), RetryOn::Timeout));
        close(tx, app, &mut run, End { failure, ..End::default() }, entry.tries, now).await?;
    }
    Ok(())
}

fn too_late(seconds: i64) -> String {
    format!("timed out after {seconds} s without an end being reported")
}

/// External runs that took longer than their agent allows. Silence alone never fails one.
async fn end_elsewhere(tx: &mut Tx, ids: Vec<String>, now: Timestamp) -> Result<()> {
    for id in ids {
        let mut run = executions::find_for_update(tx, &id, &Visible::All).await?;
        let agent = agents::by_key(tx, run.agent_key).await?;
        let Some(seconds) = agent.timeout_s.filter(|_| run.status == Status::Running) else { continue };
        let error = Some(too_late(seconds));
        let patch = ExecutionPatch { status: Some(Status::Failed), error, ..ExecutionPatch::default() };
        record::change(tx, &mut run, &patch, now).await?;
    }
    Ok(())
}
