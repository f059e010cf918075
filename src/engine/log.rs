//! Server. The log of a run while it goes on: lines are gathered for a moment and written together, and only as long as
//! the run is this server's. What is too much is left out, and said so.

use super::Engine;
use super::job::Job;
use crate::app::App;
use crate::domain::{Error, LogStream, NewLogLine, Result};
use crate::store::{parts, queue};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Kept of one run; a short line counts as `LINE_COST` bytes.
const KEPT_BYTES: usize = 8 << 20;
const LINE_COST: usize = 80;
/// Lines written at once, and how long others are waited for.
const LINES: usize = 500;
const GATHER: Duration = Duration::from_millis(150);
const AGAIN: Duration = Duration::from_millis(500);

/// Where lines go. The log is written when all copies are gone.
#[derive(Clone)]
pub struct Log {
    app: App,
    lines: mpsc::Sender<NewLogLine>,
    taken: Arc<AtomicUsize>,
}

impl Log {
    /// The log of a run, and the task that writes it.
    pub fn start(engine: &Engine, job: &Job) -> (Self, JoinHandle<()>) {
        let (lines, written) = mpsc::channel(LINES);
        let app = engine.0.app.clone();
        let task = tokio::spawn(write(app.clone(), engine.0.owner.clone(), job.key, written));
        (Self { app, lines, taken: job.logged.clone() }, task)
    }

    /// What a run itself writes.
    pub async fn line(&self, stream: LogStream, text: String) {
        let cost = text.len().max(LINE_COST);
        let before = self.taken.fetch_add(cost, Ordering::SeqCst);
        if before + cost <= KEPT_BYTES {
            self.push(stream, text).await;
        } else if before <= KEPT_BYTES {
            // The first one too many; others find more taken than there is.
            self.taken.fetch_add(KEPT_BYTES, Ordering::SeqCst);
            self.note(format!("the log is longer than {} MiB; the rest is not kept", KEPT_BYTES >> 20)).await;
        }
    }

    /// What the engine has to say.
    pub async fn note(&self, text: impl Into<String>) {
        self.push(LogStream::System, text.into()).await;
    }

    async fn push(&self, stream: LogStream, text: String) {
        let line = NewLogLine { ts: Some(self.app.now()), stream, text, seq: None };
        // Nobody takes it when the run is no longer ours.
        drop(self.lines.send(line).await);
    }
}

async fn write(app: App, owner: String, key: i64, mut lines: mpsc::Receiver<NewLogLine>) {
    let mut some = Vec::new();
    while lines.recv_many(&mut some, LINES).await > 0 {
        let gather = async { while some.len() < LINES && lines.recv_many(&mut some, LINES).await > 0 {} };
        // What has come by then is enough.
        drop(tokio::time::timeout(GATHER, gather).await);
        let batch = Arc::new(std::mem::take(&mut some));
        while let Err(e) = append(&app, &owner, key, batch.clone()).await {
            if !matches!(e, Error::Unavailable(_)) {
                tracing::warn!(key, error = %e, "a run's log is no longer written");
                return;
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}

async fn append(app: &App, owner: &str, key: i64, lines: Arc<Vec<NewLogLine>>) -> Result<()> {
    let (owner, now) = (owner.to_owned(), app.now());
    app.store
        .write(move |tx| {
            Box::pin(async move {
                queue::must_hold(tx, key, &owner).await?;
                parts::append_log(tx, key, &lines, now).await.map(|_| ())
            })
        })
        .await
}
