//! Server. All changes go through one task: it takes what is waiting, runs each job in a savepoint of one
//! transaction, commits once (one fsync for all of them) and only then answers. A job that fails takes
//! back its own changes and nobody else's.
//!
//! On PostgreSQL the same task makes sequence numbers commit in order: it holds an advisory lock while
//! the transaction that takes them is open, so that a reader who has seen event n has seen all before it.

use super::db::{Db, Executor as _, Tx};
use super::query::Query;
use crate::domain::{Error, Result};
use crate::telemetry::{Figures, Held, SPANS, current_span};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};
use tracing::Span;
use tracing::field::Empty;

/// Jobs waiting beyond this make their callers wait.
const QUEUE: usize = 1_024;
/// A transaction takes no further jobs after this long, so that the first caller is not kept waiting.
const OPEN_AT_MOST: Duration = Duration::from_millis(50);
const JOBS_AT_MOST: usize = 512;
/// Any number; the same in every Runboard of a database.
pub(super) const EVENT_ORDER_LOCK: &str = "select pg_advisory_xact_lock(7215530001)";

trait Job: Send {
    /// A transaction takes it up.
    fn begin(&mut self);
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool>;
    /// What it did is to stay.
    fn is_good(&self) -> bool;
    /// `together`: how many jobs its transaction had.
    fn finish(self: Box<Self>, committed: Result<()>, together: usize);
}

struct Typed<T, F> {
    body: Option<F>,
    result: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
    waits: Option<Held>,
    /// What it is done for, then its transaction as a part of that. Work of nobody has none: the writes of a server that
    /// exports its spans to itself would make spans for ever.
    span: Span,
}

impl<T, F> Job for Typed<T, F>
where
    T: Send + 'static,
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T>> + Send + 'static,
{
    fn begin(&mut self) {
        self.waits = None;
        if !self.span.is_disabled() {
            self.span = tracing::info_span!(
                target: SPANS, parent: &self.span, "write", runboard.jobs = Empty, otel.status_code = Empty
            );
        }
    }

    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool> {
        async move {
            let Some(body) = self.body.take() else { return false };
            let outcome = AssertUnwindSafe(async move { body(tx).await }).catch_unwind().await;
            let result = outcome.unwrap_or_else(|_| {
                let id = uuid::Uuid::now_v7().simple().to_string();
                tracing::error!(id, "a write panicked");
                Err(Error::Internal(id))
            });
            let good = result.is_ok();
            self.result = Some(result);
            good
        }
        .boxed()
    }

    fn is_good(&self) -> bool {
        matches!(self.result, Some(Ok(_)))
    }

    fn finish(self: Box<Self>, committed: Result<()>, together: usize) {
        self.span.record("runboard.jobs", together as i64);
        if committed.is_err() {
            self.span.record("otel.status_code", "ERROR");
        }
        // It is over before what it is a part of can be.
        drop(self.span);
        let answer = match (self.result, committed) {
            (Some(Err(e)), _) | (_, Err(e)) => Err(e),
            (Some(Ok(v)), Ok(())) => Ok(v),
            (None, Ok(())) => Err(Error::Unavailable("the write was not run".to_owned())),
        };
        // The caller may be gone; the write stands.
        drop(self.reply.send(answer));
    }
}

#[derive(Clone)]
pub struct Writer {
    jobs: mpsc::Sender<Box<dyn Job>>,
    committed: watch::Receiver<u64>,
    figures: Figures,
}

impl Writer {
    /// Starts the task. It ends when the last `Writer` is dropped and the queue is empty.
    pub fn start(db: Db, figures: Figures) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (announce, committed) = watch::channel(0);
        tokio::spawn(run(db, queue, announce, figures.clone()));
        Self { jobs, committed, figures }
    }

    /// Runs `body` in a transaction; when this returns `Ok`, the change is durable.
    pub async fn write<T, F>(&self, body: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let waits = Some(Held::one(&self.figures.jobs_waiting));
        let job = Box::new(Typed { body: Some(body), result: None, reply, waits, span: current_span() });
        self.jobs.send(job).await.map_err(|_| shutting_down())?;
        answer.await.map_err(|_| shutting_down())?
    }

    /// Changes with each commit.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.committed.clone()
    }
}

fn shutting_down() -> Error {
    Error::Unavailable("the server is shutting down".to_owned())
}

async fn run(db: Db, mut queue: mpsc::Receiver<Box<dyn Job>>, announce: watch::Sender<u64>, figures: Figures) {
    while let Some(mut first) = queue.recv().await {
        let taken_up = Instant::now();
        first.begin();
        let mut done = Vec::new();
        let outcome = transaction(&db, first, &mut queue, &mut done).await;
        let together = done.len();
        let good = if outcome.is_ok() { done.iter().filter(|job| job.is_good()).count() } else { 0 };
        figures.written(together, good, outcome.is_ok(), taken_up.elapsed());
        for job in done {
            job.finish(outcome.clone(), together);
        }
        if outcome.is_ok() {
            announce.send_modify(|n| *n += 1);
        }
    }
}

async fn transaction(
    db: &Db,
    first: Box<dyn Job>,
    queue: &mut mpsc::Receiver<Box<dyn Job>>,
    done: &mut Vec<Box<dyn Job>>,
) -> Result<()> {
    let opened = Instant::now();
    let mut tx = match open(db).await {
        Ok(tx) => tx,
        Err(e) => {
            done.push(first);
            return Err(e);
        }
    };
    if queue.is_empty() {
        return alone(tx, first, done).await;
    }
    let mut next = Some(first);
    while let Some(mut job) = next {
        let outcome = savepoint(&mut tx, job.as_mut()).await;
        done.push(job);
        // A savepoint that can't be taken back leaves the transaction unusable: nobody is told yes.
        outcome?;
        next = (done.len() < JOBS_AT_MOST && opened.elapsed() < OPEN_AT_MOST).then(|| queue.try_recv().ok()).flatten();
        if let Some(job) = &mut next {
            job.begin();
        }
    }
    tx.commit().await
}

async fn open(db: &Db) -> Result<Tx> {
    let mut tx = db.begin().await?;
    if !tx.is_sqlite() {
        tx.run(Query::new(EVENT_ORDER_LOCK)).await?;
    }
    Ok(tx)
}

/// A transaction for one job needs no savepoint, which would keep a copy of every page it touches.
async fn alone(mut tx: Tx, mut job: Box<dyn Job>, done: &mut Vec<Box<dyn Job>>) -> Result<()> {
    let good = job.run(&mut tx).await;
    done.push(job);
    if good { tx.commit().await } else { tx.rollback().await }
}

async fn savepoint(tx: &mut Tx, job: &mut dyn Job) -> Result<()> {
    tx.run(Query::new("savepoint job")).await?;
    let good = job.run(tx).await;
    if good {
        tx.keep();
        tx.run(Query::new("release savepoint job")).await?;
    } else {
        tx.forget();
        tx.run(Query::new("rollback to savepoint job")).await?;
        tx.run(Query::new("release savepoint job")).await?;
    }
    Ok(())
}
