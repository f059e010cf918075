//! Server. What is told of a run while it goes on, beside its log. Only by the server that holds it.

use super::job::{Job, timeout_s};
use super::log::Log;
use super::{Engine, Halt};
use crate::app::record;
use crate::domain::{ExecutionPatch, NewToolCall, Result};
use crate::store::{executions, parts, queue, stops};

impl Engine {
    /// Says in the log, and on the record, that a run was told to end; `how`: what was done to make it.
    pub(super) async fn told(&self, job: &Job, why: Halt, log: &Log, how: &str) {
        match why {
            Halt::Stop => log.note(format!("stop requested: {how}")).await,
            Halt::Timeout => {
                let seconds = timeout_s(&job.agent).unwrap_or_default();
                log.note(format!("took longer than {seconds} s: {how}")).await;
            }
            Halt::Shutdown => log.note(format!("the server is being stopped: {how}")).await,
            Halt::Lost => {}
        }
        if why != Halt::Stop {
            return;
        }
        let (key, now) = (job.key, self.0.app.now());
        let noted = self.0.app.store.write(move |tx| Box::pin(stops::acknowledge(tx, key, now))).await;
        if let Err(e) = noted {
            tracing::warn!(id = %job.id, error = %e, "it was not noted that a run was told to stop");
        }
    }

    /// Writes what has come of a run so far.
    pub(super) async fn show(&self, job: &Job, patch: ExecutionPatch) -> Result<()> {
        let (owner, key, now) = (self.0.owner.clone(), job.key, self.0.app.now());
        let total = job.spent.with(patch);
        let store = &self.0.app.store;
        store
            .write(move |tx| {
                Box::pin(async move {
                    queue::must_hold(tx, key, &owner).await?;
                    let mut run = executions::by_key_for_update(tx, key).await?;
                    record::change(tx, &mut run, &total, now).await
                })
            })
            .await
    }

    /// Notes tools that were asked for.
    pub(super) async fn note_calls(&self, job: &Job, calls: Vec<NewToolCall>) -> Result<()> {
        let (owner, key, now) = (self.0.owner.clone(), job.key, self.0.app.now());
        let store = &self.0.app.store;
        store
            .write(move |tx| {
                Box::pin(async move {
                    if !queue::holds(tx, key, &owner).await? {
                        return Ok(());
                    }
                    parts::upsert_tool_calls(tx, key, &calls, now).await?;
                    let mut run = executions::by_key_for_update(tx, key).await?;
                    run.tool_call_count = parts::tool_progress(tx, key).await?.0;
                    executions::save(tx, &mut run, now).await
                })
            })
            .await
    }
}
