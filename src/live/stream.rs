//! Server. Following one execution as server-sent events: `status`, `log`, `tool_call`, `step`, `interaction`, and `end`
//! once it has ended and everything was told. The id of a `log` event is its last line's number.

use super::hub::Hub;
use crate::app::{Caller, executions, interactions};
use crate::domain::{Error, InteractionStatus, PartStatus, Result};
use crate::store::parts;
use axum::response::sse::Event;
use serde::Serialize;
use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

const LINES: i64 = 500;
/// Tool calls or steps read at once.
const PARTS: i64 = 1_000;
/// Looked at this often at most, however fast the log grows.
const PACE: Duration = Duration::from_millis(100);

/// Starts telling; ends with the run, with the reader, or with the caller's access.
pub fn follow(caller: Caller, hub: &Hub, id: String, after: i64) -> ReceiverStream<Result<Event, Infallible>> {
    let (out, stream) = mpsc::channel(16);
    let mut changes = hub.listen();
    let mut commits = caller.app.store.commits();
    let hub = hub.clone();
    let poll = Duration::from_millis(caller.app.config.poll_ms);
    tokio::spawn(async move {
        let mut told = Told {
            out,
            log: after,
            version: 0,
            calls: HashMap::new(),
            calls_from: None,
            steps: HashMap::new(),
            asked: HashMap::new(),
        };
        let mut caller = caller;
        loop {
            match told.tell(&caller, &id).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(e) => {
                    tracing::debug!(error = %e, "a stream ended");
                    return;
                }
            }
            tokio::time::sleep(PACE).await;
            tokio::select! {
                _ = changes.recv() => {}
                _ = commits.changed() => {}
                () = tokio::time::sleep(poll) => {}
                () = told.out.closed() => return,
                () = hub.closed() => return,
            }
            match caller.refreshed().await {
                Ok(Some(now)) => caller = now,
                Ok(None) | Err(_) => return,
            }
        }
    });
    ReceiverStream::new(stream)
}

struct Told {
    out: mpsc::Sender<Result<Event, Infallible>>,
    log: i64,
    version: i64,
    calls: HashMap<String, PartStatus>,
    /// Tool calls up to here have ended and are told.
    calls_from: Option<(i64, i64)>,
    steps: HashMap<i64, PartStatus>,
    asked: HashMap<String, InteractionStatus>,
}

impl Told {
    async fn send(&self, name: &str, id: Option<i64>, data: &impl Serialize) -> Result<()> {
        let mut event =
            Event::default().event(name).json_data(data).map_err(|e| Error::Internal(format!("event: {e}")))?;
        if let Some(id) = id {
            event = event.id(id.to_string());
        }
        self.out.send(Ok(event)).await.map_err(|_| Error::Unavailable("the reader is gone".to_owned()))
    }

    /// Tells what is new; `true` when the run has ended and nothing is left.
    async fn tell(&mut self, caller: &Caller, id: &str) -> Result<bool> {
        let record = executions::find(caller, id).await?;
        let mut db = caller.app.store.read();
        while self.log < record.log_lines {
            let lines = parts::log(&mut db, record.key, self.log, LINES).await?;
            let Some(last) = lines.last() else { break };
            self.log = last.seq;
            self.send("log", Some(self.log), &lines).await?;
        }
        if record.version == self.version {
            return Ok(false);
        }
        self.version = record.version;
        let mut open = false;
        let mut from = self.calls_from;
        loop {
            let page = parts::tool_calls(&mut db, record.key, from, PARTS).await?;
            let full = page.len() as i64 == PARTS;
            for (position, call) in page {
                from = Some(position);
                if self.calls.get(&call.call_id) != Some(&call.status) {
                    self.calls.insert(call.call_id.clone(), call.status);
                    self.send("tool_call", None, &call).await?;
                }
                open |= call.status == PartStatus::Running;
                if !open {
                    self.calls_from = from;
                    self.calls.remove(&call.call_id);
                }
            }
            if !full {
                break;
            }
        }
        let mut from = 0;
        loop {
            let page = parts::steps(&mut db, record.key, from, PARTS).await?;
            let full = page.len() as i64 == PARTS;
            for step in page {
                from = step.index + 1;
                if self.steps.insert(step.index, step.status) != Some(step.status) {
                    self.send("step", None, &step).await?;
                }
            }
            if !full {
                break;
            }
        }
        if record.had_interaction {
            for asked in interactions::outcomes(&mut db, record.key).await?.into_iter().rev() {
                if self.asked.insert(asked.id.clone(), asked.status) != Some(asked.status) {
                    self.send("interaction", None, &asked).await?;
                }
            }
        }
        let summary = record.summary()?;
        self.send("status", None, &summary).await?;
        if record.status.is_terminal() {
            self.send("end", None, &summary).await?;
        }
        Ok(record.status.is_terminal())
    }
}
