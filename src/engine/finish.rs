//! Server. How a run ended: its status, what it answered, and whether it is started again by itself. One transaction,
//! and only by the server that holds the run: a late answer changes nothing.

use super::job::{Failure, Job, Outcome, retry_policy};
use super::{Engine, Halt, halt_of};
use crate::app::control::{From, Start, again, enqueue, flow_again, startable};
use crate::app::{App, record};
use crate::domain::{Error, ExecutionPatch, Result, RetryOn, Status, Timestamp};
use crate::store::executions::Record;
use crate::store::{Tx, agents, executions, parts, queue};
use std::time::Duration;
use tokio::sync::watch;

/// An error that is longer is cut. What others say of their errors has no limit of its own.
const ERROR_BYTES: usize = 64 << 10;
const CUT: &str = "\n[The rest is not kept.]";
/// Nobody is left alone for longer, whatever they ask for.
const LONGEST_WAIT_S: i64 = 86_400;
/// Of a run whose own end could not be written.
pub(super) const UNWRITTEN: &str =
    "internal error: how this run ended could not be written down; the server's log says why";
/// The database could not be reached: tried again after.
const AGAIN: Duration = Duration::from_millis(500);

impl Engine {
    /// Writes down how a run ended, however long the database is away, as long as the run is this server's. What can't be
    /// written is left out: a run must end. If not even that can be written, `recover` takes it up when its lease is over.
    pub(super) async fn finish(&self, job: &Job, outcome: Outcome, mut halted: watch::Receiver<Option<Halt>>) {
        let why = halt_of(&halted);
        if why == Some(Halt::Lost) {
            tracing::info!(id = %job.id, "a run ended that is no longer this server's");
            return;
        }
        let mut goes_on = outcome.reports_later && why.is_none();
        let mut end = ended(job, outcome, why);
        let mut plain = false;
        loop {
            match self.write_end(job, end.clone(), goes_on).await {
                Ok(()) => return,
                Err(e @ Error::Unavailable(_)) => tracing::warn!(id = %job.id, error = %e, "the end of a run waits"),
                Err(e) => {
                    tracing::error!(id = %job.id, error = %e, plain, "the end of a run can't be written");
                    if plain {
                        return;
                    }
                    (plain, goes_on) = (true, false);
                    end = End { failure: Some(Failure::lasting(UNWRITTEN)), ..End::default() };
                    continue;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(AGAIN) => {}
                _ = halted.wait_for(|why| *why == Some(Halt::Lost)) => return,
            }
        }
    }

    async fn write_end(&self, job: &Job, end: End, goes_on: bool) -> Result<()> {
        let (app, owner, key, tries) = (self.0.app.clone(), self.0.owner.clone(), job.key, job.tries);
        let now = app.now();
        self.0
            .app
            .store
            .write(move |tx| {
                Box::pin(async move {
                    if !queue::holds(tx, key, &owner).await? {
                        return Ok(());
                    }
                    let mut run = executions::by_key_for_update(tx, key).await?;
                    if goes_on {
                        queue::hand_over(tx, key, &owner).await?;
                        return record::change(tx, &mut run, &end.patch, now).await;
                    }
                    let end = End { stopped: run.cancel_requested_at.is_some(), ..end };
                    close(tx, &app, &mut run, end, tries, now).await
                })
            })
            .await
    }
}

/// What is to be written.
#[derive(Debug, Clone, Default)]
pub(super) struct End {
    /// It was asked to stop, and is known to have ended.
    pub stopped: bool,
    pub patch: ExecutionPatch,
    pub failure: Option<Failure>,
}

/// A halt is the reason of the end, whatever the work itself came to.
fn ended(job: &Job, outcome: Outcome, why: Option<Halt>) -> End {
    let failure = match why {
        Some(Halt::Timeout) => {
            let s = super::job::timeout_s(&job.agent).unwrap_or_default();
            Some(Failure::of(format!("timed out after {s} s"), RetryOn::Timeout))
        }
        Some(Halt::Shutdown) => Some(Failure::lasting("interrupted: the server was stopped")),
        Some(Halt::Stop | Halt::Lost) | None => outcome.failure,
    };
    End { stopped: false, patch: outcome.patch, failure }
}

/// Ends a run, and starts it again where its agent wants that. One that was asked to stop is cancelled, whatever it
/// still came to.
pub(super) async fn close(
    tx: &mut Tx,
    app: &App,
    run: &mut Record,
    end: End,
    tries: i64,
    now: Timestamp,
) -> Result<()> {
    let status = match &end.failure {
        _ if end.stopped => Status::Cancelled,
        Some(_) => Status::Failed,
        None => Status::Success,
    };
    let error = end.failure.as_ref().filter(|_| !end.stopped).map(|f| bounded(f.error.clone()));
    let patch = ExecutionPatch { status: Some(status), error, ..end.patch };
    // A step that was going on has ended with its run.
    let reason = patch.error.as_deref().unwrap_or("stopped");
    parts::end_running_steps(tx, run.key, reason, now).await?;
    record::change(tx, run, &patch, now).await?;
    match &end.failure {
        // Who stopped it does not want it to go on as another.
        Some(failure) if run.cancel_requested_at.is_none() => start_again(tx, app, run, failure, tries, now).await,
        _ => Ok(()),
    }
}

pub(super) fn bounded(mut error: String) -> String {
    if error.len() > ERROR_BYTES {
        error.truncate(error.floor_char_boundary(ERROR_BYTES - CUT.len()));
        error.push_str(CUT);
    }
    error
}

/// Starts a failed run again, where its agent wants that for such a failure, and not before the other side wants it.
async fn start_again(
    tx: &mut Tx,
    app: &App,
    run: &Record,
    failure: &Failure,
    tries: i64,
    now: Timestamp,
) -> Result<()> {
    let Some(kind) = failure.kind else { return Ok(()) };
    let agent = agents::by_key(tx, run.agent_key).await?;
    let Some(policy) = retry_policy(&agent)? else { return Ok(()) };
    if tries >= policy.attempts || !policy.on.contains(&kind) || startable(&agent, &app.config).is_err() {
        return Ok(());
    }
    // At most nine times doubled: attempts are ten at most.
    let doubled = u32::try_from(tries - 1).ok().and_then(|n| 2_i64.checked_pow(n)).unwrap_or(1);
    let ready_at = now.plus_secs((policy.backoff_s * doubled).max(failure.wait_s.unwrap_or(0).min(LONGEST_WAIT_S)));
    let (new, attempt) = (again(tx, run).await?, run.attempt + 1);
    // A flow goes on where it failed.
    let flow = flow_again(tx, run, From::Failed, false).await?;
    let start = Start { agent: &agent, user_key: run.user_key, new, attempt, ready_at, tries: tries + 1, flow };
    enqueue(tx, start, now).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_without_end_is_bounded_and_said_so() {
        let whole = "x".repeat(ERROR_BYTES);
        assert_eq!(bounded(whole.clone()), whole);
        let cut = bounded(format!("x{}", "é".repeat(ERROR_BYTES)));
        assert!(cut.len() <= ERROR_BYTES && cut.ends_with(CUT), "{} bytes", cut.len());
    }
}
