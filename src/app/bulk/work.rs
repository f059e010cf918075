//! Server. Works bulk jobs off: a row at a time, some of each job in turn. Several servers may share a database: one
//! is at a job as long as it renews its lease with each row, and a row is never done twice, because taking it and
//! doing it are one transaction.

use super::plan::can_retry;
use crate::app::access::Credential;
use crate::app::control::{retry_in, startable as startable_here, terminate_in};
use crate::app::{App, Caller};
use crate::domain::{BulkAction, BulkResult, Error, ExecutionId, Reason, Result, Retry, Timestamp};
use crate::store::bulk::{self as rows, OpenJob};
use crate::store::{Tx, agents, executions};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Rows of one job before the next job has a turn.
const SLICE: usize = 20;
/// Jobs looked at in one round.
const JOBS: i64 = 100;
/// Another server takes a job up when this one has not done a row of it for so long.
const LEASE_MS: i64 = 10_000;
/// The database could not be reached: tried again after.
const AGAIN: Duration = Duration::from_secs(1);
/// So many times a job is tried again, and then given up.
const ATTEMPTS: u32 = 10;

/// What wakes the worker, the name it takes jobs under, and how often in a row jobs could not be gone on with.
pub struct Desk {
    news: Notify,
    owner: String,
    stuck: Mutex<HashMap<i64, u32>>,
}

impl Default for Desk {
    fn default() -> Self {
        Self { news: Notify::new(), owner: uuid::Uuid::now_v7().to_string(), stuck: Mutex::default() }
    }
}

impl Desk {
    /// There may be something to do.
    pub fn wake(&self) {
        self.news.notify_one();
    }

    /// How often in a row, now once more.
    fn stuck_again(&self, job_key: i64) -> u32 {
        let mut stuck = self.stuck.lock().unwrap_or_else(PoisonError::into_inner);
        let times = stuck.entry(job_key).or_default();
        *times += 1;
        *times
    }

    fn goes_on(&self, job_key: i64) {
        self.stuck.lock().unwrap_or_else(PoisonError::into_inner).remove(&job_key);
    }
}

/// Works until the server stops.
pub async fn work(app: App) {
    loop {
        let pause = match work_off(&app).await {
            Ok(None) => None,
            // Jobs of another server: unless it goes on with them.
            Ok(Some(until)) => Some(Duration::from_millis(until.millis_since(app.now()).unsigned_abs().max(100))),
            Err(e) => {
                tracing::warn!(error = %e, "bulk actions will be tried again");
                Some(AGAIN)
            }
        };
        match pause {
            None => app.bulk.news.notified().await,
            // Either way there is a look to be had.
            Some(pause) => drop(tokio::time::timeout(pause, app.bulk.news.notified()).await),
        }
    }
}

/// Leaves unfinished jobs to another server, or to this one when it is started again.
pub async fn leave(app: &App) {
    let owner = app.bulk.owner.clone();
    if let Err(e) = app.store.write(move |tx| Box::pin(async move { rows::release(tx, &owner).await })).await {
        tracing::warn!(error = %e, "bulk actions go on after a moment only");
    }
}

/// Does what there is to do. Answers when to look again: there are jobs that another server is at. A job that can't be
/// gone on with stands in the way of none; it is the answer when there is nothing else left, until it is given up.
pub async fn work_off(app: &App) -> Result<Option<Timestamp>> {
    let mut stuck: Option<Error> = None;
    let mut left_out = HashSet::new();
    loop {
        let mut worked = false;
        let mut others: Option<i64> = None;
        for job in rows::open_jobs(&mut app.store.read(), JOBS).await? {
            if left_out.contains(&job.key) {
                continue;
            }
            let mine = job.lease_owner.as_ref().is_none_or(|o| *o == app.bulk.owner);
            match job.lease_until.filter(|until| !mine && *until > app.now().micros()) {
                Some(until) => others = Some(others.map_or(until, |o| o.min(until))),
                None => match slice(app, &job).await {
                    Ok(some) => worked |= some,
                    Err(e) => {
                        left_out.insert(job.key);
                        if app.bulk.stuck_again(job.key) >= ATTEMPTS {
                            give_up(app, &job, &e).await?;
                        } else {
                            stuck = Some(e);
                        }
                    }
                },
            }
        }
        if !worked {
            return stuck.map_or(Ok(others.map(Timestamp::from_micros)), Err);
        }
    }
}

/// Where the database itself is away this fails too, and the job goes on when it is back.
async fn give_up(app: &App, job: &OpenJob, why: &Error) -> Result<()> {
    let (key, now, reason) = (job.key, app.now(), format!("given up after {ATTEMPTS} attempts: {why}"));
    tracing::error!(error = %why, "a bulk action was given up");
    app.store.write(move |tx| Box::pin(async move { rows::give_up(tx, key, &reason, now).await })).await?;
    app.bulk.goes_on(key);
    Ok(())
}

/// Some rows of a job; whether there was one.
async fn slice(app: &App, job: &OpenJob) -> Result<bool> {
    for n in 0..SLICE {
        // Asked at each row: access may end while the job goes on.
        let credential = match &job.token_hash {
            Some(hash) => Credential::Token(hash.clone()),
            None => Credential::Person(job.user_key),
        };
        let who = app.resolve(credential).await?;
        if !row(app, job, who).await? {
            return Ok(n > 0);
        }
        app.bulk.goes_on(job.key);
        app.bell.ring();
    }
    Ok(true)
}

/// The next row of a job; whether there was one to take.
async fn row(app: &App, job: &OpenJob, who: Option<Caller>) -> Result<bool> {
    let (key, action, owner, now) = (job.key, job.action, app.bulk.owner.clone(), app.now());
    let until = now.plus_millis(LEASE_MS);
    let outcome = app
        .store
        .write(move |tx| {
            Box::pin(async move {
                let Some((position, id)) = rows::take(tx, key, &owner, now, until).await? else { return Ok(false) };
                let (result, reason) = act(tx, who.as_ref(), action, &id, now).await?;
                rows::note(tx, key, position, result, reason.map(Reason::as_str), now).await?;
                Ok(true)
            })
        })
        .await;
    let problem = match outcome {
        Err(e @ (Error::Internal(_) | Error::Invalid(_))) => e.to_string(),
        other => return other,
    };
    // What it had changed is taken back. It must not stand in the way of the rows after it.
    let owner = app.bulk.owner.clone();
    app.store
        .write(move |tx| {
            Box::pin(async move {
                let Some((position, _)) = rows::take(tx, key, &owner, now, until).await? else { return Ok(false) };
                rows::note(tx, key, position, BulkResult::Failed, Some(&problem), now).await?;
                Ok(true)
            })
        })
        .await
}

/// Acts on one run as if it alone had been asked for.
async fn act(
    tx: &mut Tx,
    who: Option<&Caller>,
    action: BulkAction,
    id: &str,
    now: Timestamp,
) -> Result<(BulkResult, Option<Reason>)> {
    let Some(who) = who else { return Ok((BulkResult::Failed, Some(Reason::AccessEnded))) };
    let id: ExecutionId = super::stored_id(id)?;
    let skipped = |reason| Ok((BulkResult::Skipped, Some(reason)));
    match action {
        BulkAction::Terminate => match terminate_in(tx, who, &id, false, now).await {
            Ok((_, true)) => Ok((BulkResult::Done, None)),
            Ok((_, false)) => skipped(Reason::StopAsked),
            Err(Error::Conflict(_)) => skipped(Reason::Ended),
            Err(Error::NotFound) => skipped(Reason::NotFound),
            Err(Error::Forbidden(_)) => skipped(Reason::NotYours),
            Err(other) => Err(other),
        },
        BulkAction::Retry => {
            let run = match executions::find(tx, id.as_str(), who.visible()).await {
                Ok(run) => run,
                Err(Error::NotFound) => return skipped(Reason::NotFound),
                Err(other) => return Err(other),
            };
            let startable = agents::run_here(tx).await?.into_iter().collect();
            if let Err(reason) = can_retry(&run, &startable) {
                return skipped(reason);
            }
            let agent = agents::by_key(tx, run.agent_key).await?;
            match retry_in(tx, who, &id, Retry::default(), now).await {
                Ok(_) => Ok((BulkResult::Done, None)),
                Err(Error::Conflict(_)) if startable_here(&agent, &who.app.config).is_err() => {
                    skipped(Reason::NotStartedHere)
                }
                Err(Error::Conflict(_)) => skipped(Reason::NoRoom),
                Err(Error::Forbidden(_)) => skipped(Reason::NotYours),
                Err(other) => Err(other),
            }
        }
    }
}
