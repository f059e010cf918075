//! Server. Brings the record to the server: creates it, sends its log in order, says how it ended,
//! and learns whether Stop was asked for. The command never waits for any of this.

use super::queue::Queue;
use crate::cli::client::{Call, Client, Failure};
use crate::domain::{ExecutionPatch, ExecutionSummary, NewExecution};
use reqwest::Method;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// The API's limits for one call, with room for the frame around the lines.
const MAX_LINES: usize = 1_000;
const MAX_BYTES: usize = 4 << 20;
/// Between two calls, unless a call is full.
const PACE: Duration = Duration::from_millis(200);
const HEARTBEAT: Duration = Duration::from_secs(5);
/// For a server that is there, when we are told to end during the delivery.
const LAST_MOMENT: Duration = Duration::from_secs(2);
const FIRST_RETRY: Duration = Duration::from_millis(200);
const SLOWEST_RETRY: Duration = Duration::from_secs(5);

/// What became of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Delivered,
    /// The server does not want it; already said on stderr.
    Refused,
    /// The server was away for too long.
    Undelivered {
        created: bool,
        reason: String,
    },
}

/// How long to keep trying.
#[derive(Clone)]
pub struct Patience {
    /// Set once, when the command has ended and its output has been read.
    pub end: watch::Receiver<Option<ExecutionPatch>>,
    /// Turns true when there is hardly any time left.
    pub hurry: watch::Receiver<bool>,
    /// From the command's end, or from the last success after it.
    pub limit: Duration,
}

pub struct Delivery {
    client: Client,
    record: NewExecution,
    queue: Arc<Queue>,
    patience: Patience,
    last_success: Instant,
    last_reason: String,
}

enum Trouble {
    Refused { status: u16, detail: String },
    GaveUp,
}

impl Delivery {
    pub fn new(client: Client, record: NewExecution, queue: Arc<Queue>, patience: Patience) -> Self {
        let last_reason = "no answer in time".to_owned();
        Self { client, record, queue, patience, last_success: Instant::now(), last_reason }
    }

    /// `stop` turns true when Stop was asked for.
    pub async fn run(mut self, stop: watch::Sender<bool>) -> Outcome {
        let (created, is_created) = watch::channel(false);
        let watcher = tokio::spawn(watch_for_stop(self.client.clone(), self.path(), is_created, stop));
        let outcome = self.deliver(&created).await;
        watcher.abort();
        if outcome == Outcome::Refused {
            self.queue.close();
        }
        outcome
    }

    fn path(&self) -> String {
        let id = self.record.id.as_ref().map_or("", |id| id.as_str());
        format!("/api/executions/{id}")
    }

    async fn deliver(&mut self, created: &watch::Sender<bool>) -> Outcome {
        let body = match serde_json::to_vec(&self.record) {
            Ok(body) => body,
            Err(error) => return refused(&format!("the record can't be written as JSON: {error}")),
        };
        let key = format!("{}-create", self.path());
        let call = Call { key: Some(&key), ..Call::send(Method::POST, "/api/executions", body) };
        match self.until_taken(&call).await {
            Ok(()) => created.send_replace(true),
            Err(Trouble::Refused { detail, status }) => return refused(&format!("{detail} ({status})")),
            Err(Trouble::GaveUp) => return self.undelivered(false),
        };
        if let Err(outcome) = self.send_log().await {
            return outcome;
        }
        self.send_end().await
    }

    /// Sends lines as they come, until the command has ended and none are left.
    async fn send_log(&mut self) -> Result<(), Outcome> {
        let path = format!("{}/log", self.path());
        let mut number = 0_u64;
        let mut next_at = Instant::now();
        loop {
            let ended = self.patience.end.borrow().is_some();
            if ended && self.queue.is_empty() {
                return Ok(());
            }
            if !ended {
                let mut end = self.patience.end.clone();
                tokio::select! {
                    () = self.queue.ready() => {}
                    _ = end.wait_for(Option::is_some) => continue,
                }
                if self.queue.len() < MAX_LINES {
                    tokio::select! {
                        () = sleep_until(next_at) => {}
                        _ = end.wait_for(Option::is_some) => {}
                    }
                }
            }
            let lines = self.queue.take(MAX_LINES, MAX_BYTES);
            if lines.is_empty() {
                continue;
            }
            number += 1;
            let key = format!("{path}-{number}");
            let body = format!("{{\"lines\":[{}]}}", lines.join(","));
            let call = Call { key: Some(&key), ..Call::send(Method::POST, &path, body) };
            match self.until_taken(&call).await {
                Ok(()) => {}
                Err(Trouble::GaveUp) => {
                    self.queue.give_back(lines);
                    return Err(self.undelivered(true));
                }
                Err(Trouble::Refused { status: 413 | 422, detail }) => {
                    say!("the server refused {} log lines: {detail}", lines.len());
                }
                Err(Trouble::Refused { status, detail }) => {
                    return Err(refused(&format!("the server takes no more log: {detail} ({status})")));
                }
            }
            next_at = Instant::now() + PACE;
        }
    }

    async fn send_end(&mut self) -> Outcome {
        let Some(patch) = self.patience.end.borrow().clone() else { return Outcome::Delivered };
        let body = match serde_json::to_vec(&patch) {
            Ok(body) => body,
            Err(error) => return refused(&format!("the end can't be written as JSON: {error}")),
        };
        let call = Call::send(Method::PATCH, self.path(), body);
        match self.until_taken(&call).await {
            Ok(()) => Outcome::Delivered,
            Err(Trouble::GaveUp) => self.undelivered(true),
            Err(Trouble::Refused { status: 409, detail }) => {
                // An answer that got lost makes our own earlier attempt look like somebody else's.
                let stored = self.client.json::<ExecutionSummary>(&Call::get(self.path())).await;
                match (stored, patch.status) {
                    (Ok(stored), Some(status)) if stored.status == status => Outcome::Delivered,
                    _ => refused(&detail),
                }
            }
            Err(Trouble::Refused { status, detail }) => refused(&format!("{detail} ({status})")),
        }
    }

    fn undelivered(&self, created: bool) -> Outcome {
        Outcome::Undelivered { created, reason: self.last_reason.clone() }
    }

    /// Repeats a call until the server has taken or refused it, or the time after the end is over.
    async fn until_taken(&mut self, call: &Call<'_>) -> Result<(), Trouble> {
        let mut pause = FIRST_RETRY;
        let give_up = self.patience.clone().over(self.last_success);
        tokio::pin!(give_up);
        loop {
            let answer = tokio::select! {
                answer = self.client.bytes(call) => answer,
                () = &mut give_up => return Err(Trouble::GaveUp),
            };
            match answer {
                Ok(_) => {
                    self.last_success = Instant::now();
                    return Ok(());
                }
                Err(Failure::Refused { status, detail }) => return Err(Trouble::Refused { status, detail }),
                Err(Failure::Away { reason, retry_after }) => {
                    self.last_reason = reason;
                    tokio::select! {
                        () = sleep(retry_after.unwrap_or(pause)) => {}
                        () = &mut give_up => return Err(Trouble::GaveUp),
                    }
                    pause = (pause * 2).min(SLOWEST_RETRY);
                }
            }
        }
    }
}

impl Patience {
    /// Ends when the time is over.
    async fn over(mut self, last_success: Instant) {
        let had_ended = self.end.borrow().is_some();
        let limit = async {
            if self.end.wait_for(Option::is_some).await.is_ok() {
                let from = if had_ended { last_success } else { Instant::now() };
                sleep_until(from + self.limit).await;
            }
        };
        let hurry = async {
            if self.hurry.wait_for(|hurry| *hurry).await.is_err() {
                std::future::pending::<()>().await;
            }
            sleep(LAST_MOMENT).await;
        };
        tokio::select! {
            () = limit => {}
            () = hurry => {}
        }
    }
}

fn refused(detail: &str) -> Outcome {
    say!("this run is not recorded: {detail}");
    Outcome::Refused
}

/// Heartbeats, and the stream for a Stop that takes effect at once.
async fn watch_for_stop(client: Client, path: String, mut created: watch::Receiver<bool>, stop: watch::Sender<bool>) {
    if created.wait_for(|created| *created).await.is_err() {
        return;
    }
    let on_status = |summary: ExecutionSummary| {
        if summary.cancel_requested {
            stop.send_replace(true);
        }
    };
    let stream = async {
        loop {
            // Its end and its failures mean the same: the server is restarting, or does not let us; try again.
            drop(client.follow(&path, on_status).await);
            sleep(Duration::from_secs(2)).await;
        }
    };
    let heartbeats = async {
        #[derive(serde::Deserialize)]
        struct Beat {
            cancel_requested: bool,
        }
        loop {
            let call = Call { timeout: HEARTBEAT, ..Call::send(Method::POST, format!("{path}/heartbeat"), "") };
            if let Ok(Beat { cancel_requested: true }) = client.json(&call).await {
                stop.send_replace(true);
            }
            sleep(HEARTBEAT).await;
        }
    };
    tokio::join!(stream, heartbeats);
}
