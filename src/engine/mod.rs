//! Server. Does the runs of agents that Runboard runs itself: takes them from the queue under a lease, looks after them
//! while they go on, and writes down how they end. Several servers may share a database; each run is done by one.

mod ask;
mod claim;
mod command;
mod context;
mod finish;
mod flow;
mod job;
mod log;
mod openai;
mod outside;
mod progress;
mod recover;
mod schedule;
pub mod trial;
mod webhook;

use crate::app::{App, interactions};
use crate::domain::Result;
use crate::store::queue;
use crate::telemetry::SPANS;
use job::Job;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tracing::Instrument as _;
use tracing::field::Empty;

/// A server that gave no sign of life for so long is taken to be gone, and its runs with it. Whoever takes them up has watched
/// for so long: nobody's clock on the wall is believed.
const LEASE: Duration = Duration::from_secs(20);
/// Signs of life are given this often.
const RENEW: Duration = Duration::from_secs(5);
/// The queue is looked at this often when nothing rings.
const PACE: Duration = Duration::from_secs(1);
/// How long the ends of runs may take to be written when the server ends.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Why a run is to end before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halt {
    /// Somebody asked.
    Stop,
    /// It took longer than its agent allows.
    Timeout,
    /// It is another server's now, or has ended otherwise: what it does no longer counts.
    Lost,
    /// This server ends.
    Shutdown,
}

/// Why a run is to end, if it is. Without an engine that holds it, it is nobody's.
fn halt_of(halted: &watch::Receiver<Option<Halt>>) -> Option<Halt> {
    if halted.has_changed().is_err() { Some(Halt::Lost) } else { *halted.borrow() }
}

/// The next reason to halt, after the one that was heard.
async fn halt_after(halted: &mut watch::Receiver<Option<Halt>>, heard: Option<Halt>) -> Halt {
    let news = halted.wait_for(|why| why.is_some() && *why != heard).await;
    // Without an engine that holds it, a run is nobody's.
    news.map_or(None, |why| *why).unwrap_or(Halt::Lost)
}

/// A run this server is at.
struct Running {
    agent_key: i64,
    halt: watch::Sender<Option<Halt>>,
    /// By the time that passes.
    deadline: Option<Duration>,
}

impl Running {
    /// The first reason stands, unless there is less time than before or the run is no longer ours.
    fn halt(&self, why: Halt) {
        self.halt.send_if_modified(|now| {
            let news = match *now {
                None => true,
                Some(Halt::Lost) => false,
                Some(before) => matches!(why, Halt::Lost | Halt::Shutdown) && why != before,
            };
            if news {
                *now = Some(why);
            }
            news
        });
    }
}

/// Whether something is to be done again that is done every so often.
fn is_due(last: &Mutex<Option<Duration>>, passed: Duration, every: Duration) -> bool {
    let last = *last.lock().unwrap_or_else(PoisonError::into_inner);
    last.is_none_or(|at| passed.saturating_sub(at) >= every)
}

fn done(last: &Mutex<Option<Duration>>, passed: Duration) {
    *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(passed);
}

/// The engine of one server. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    app: App,
    /// The name runs are held under.
    owner: String,
    running: watch::Sender<HashMap<i64, Running>>,
    /// When that was done last; `None`: never.
    renewed: Mutex<Option<Duration>>,
    looked_elsewhere: Mutex<Option<Duration>>,
    /// Signs of life of others.
    watched: recover::Watched,
    clients: outside::Clients,
    /// No further runs are taken.
    closing: AtomicBool,
}

impl Engine {
    pub fn new(app: App) -> Self {
        Self(Arc::new(Inner {
            app,
            owner: uuid::Uuid::now_v7().to_string(),
            running: watch::Sender::new(HashMap::new()),
            renewed: Mutex::default(),
            looked_elsewhere: Mutex::default(),
            watched: recover::Watched::default(),
            clients: outside::Clients::default(),
            closing: AtomicBool::new(false),
        }))
    }

    /// Works until it is closed; `drain` then ends what goes on.
    pub async fn work(self) {
        while !self.closing() {
            if let Err(e) = self.step().await {
                tracing::warn!(error = %e, "the queue will be looked at again");
            }
            // Either way there is a look to be had.
            drop(tokio::time::timeout(PACE, self.0.app.bell.rung()).await);
        }
    }

    /// Once around: what goes on here, what others left, whose time has come, what waits.
    pub async fn step(&self) -> Result<()> {
        // What fails in one part stands in the way of none.
        let parts = [
            self.look_after().await,
            self.recover().await,
            self.start_due().await,
            interactions::expire_due(&self.0.app).await,
            self.claim().await,
        ];
        parts.into_iter().collect()
    }

    fn closing(&self) -> bool {
        self.0.closing.load(Ordering::SeqCst)
    }

    /// Takes no further runs.
    pub fn close(&self) {
        self.0.closing.store(true, Ordering::SeqCst);
        self.0.app.bell.ring();
    }

    /// Returns when this server is at no run.
    pub async fn idle(&self) {
        // The sender is ours, so it is there.
        drop(self.0.running.subscribe().wait_for(HashMap::is_empty).await);
    }

    /// Takes no further runs, gives those going on some time, then ends them and waits until that is written down.
    pub async fn drain(&self) {
        self.close();
        let config = &self.0.app.config;
        let patience = Duration::from_millis(config.drain_ms);
        if tokio::time::timeout(patience, self.idle()).await.is_ok() {
            return;
        }
        self.0.running.borrow().values().for_each(|run| run.halt(Halt::Shutdown));
        let patience = Duration::from_millis(config.kill_after_ms.min(config.drain_ms)) + LAST_WORDS;
        if tokio::time::timeout(patience, self.idle()).await.is_err() {
            tracing::warn!("some runs had not ended; the next server to look will say that they were interrupted");
        }
    }

    /// Gives signs of life, and tells runs what they must know: that they are to stop, took too long, or are no longer
    /// this server's.
    async fn look_after(&self) -> Result<()> {
        let inner = &self.0;
        let keys: Vec<i64> = inner.running.borrow().keys().copied().collect();
        if keys.is_empty() {
            return Ok(());
        }
        let (app, passed) = (&inner.app, inner.app.passed());
        for (key, run) in &*inner.running.borrow() {
            if run.deadline.is_some_and(|at| at <= passed) {
                tracing::info!(key, "a run took too long");
                run.halt(Halt::Timeout);
            }
        }
        if is_due(&inner.renewed, passed, RENEW) {
            let (owner, now, keys) = (inner.owner.clone(), app.now(), keys.clone());
            app.store.write(move |tx| Box::pin(async move { queue::renew(tx, &owner, &keys, now).await })).await?;
            done(&inner.renewed, passed);
        }
        let held: HashMap<i64, bool> = queue::held(&mut app.store.read(), &inner.owner).await?.into_iter().collect();
        let running = inner.running.borrow();
        for run in keys.iter().filter_map(|key| running.get(key).map(|run| (held.get(key), run))) {
            match run {
                (None, run) => run.halt(Halt::Lost),
                (Some(true), run) => run.halt(Halt::Stop),
                (Some(false), _) => {}
            }
        }
        Ok(())
    }

    /// Does a run in a task of its own.
    fn begin(&self, job: Job) {
        let (halt, halted) = watch::channel(None);
        let key = job.key;
        // The clock on the wall says how much time is left now, and no more.
        let left = job.deadline.map(|at| u64::try_from(at.millis_since(self.0.app.now())).unwrap_or(0));
        let deadline = left.map(|ms| self.0.app.passed() + Duration::from_millis(ms));
        let run = Running { agent_key: job.agent.key, halt, deadline };
        self.changes(|all| drop(all.insert(key, run)));
        let place = Place { engine: self.clone(), key, halted: halted.clone() };
        // Nothing of what it is about.
        let span = tracing::info_span!(
            target: SPANS,
            parent: None,
            "run",
            runboard.run.id = job.id,
            runboard.run.attempt = job.attempt,
            runboard.agent.kind = job.agent.kind.as_str(),
            runboard.run.outcome = Empty,
            otel.status_code = Empty,
        );
        tokio::spawn(async move {
            // Its span is over before its place is free, which is what an end of the server waits for.
            place.engine.carry_out(job, halted).instrument(span).await;
        });
    }

    /// Changes what this server is at.
    fn changes(&self, change: impl FnOnce(&mut HashMap<i64, Running>)) {
        self.0.running.send_modify(|all| {
            change(all);
            self.0.app.store.figures().runs_here.set(i64::try_from(all.len()).unwrap_or(i64::MAX));
        });
    }
}

/// A run's place among those this server is at. It is free again when the run's task is over, however that came.
struct Place {
    engine: Engine,
    key: i64,
    halted: watch::Receiver<Option<Halt>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let is_ours = |run: &Running| run.halt.subscribe().same_channel(&self.halted);
        self.engine.changes(|all| all.retain(|key, run| *key != self.key || !is_ours(run)));
        // There is room for another.
        self.engine.0.app.bell.ring();
    }
}
