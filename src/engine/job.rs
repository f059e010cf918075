//! Server. One run as the engine does it: what it needs, and what came of it.

use super::{Engine, Halt, command, openai, webhook};
pub(super) use crate::app::agents::timeout_s;
use crate::app::agents::{stored_config, stored_limits};
use crate::app::control::startable;
use crate::domain::{AgentConfig, Error, ExecutionPatch, Result, RetryOn, RetryPolicy, Timestamp};
use crate::store::agents::AgentRow;
use futures::FutureExt as _;
use std::panic::AssertUnwindSafe;
use tokio::sync::watch;

/// A run that this server has taken.
pub struct Job {
    pub key: i64,
    pub id: String,
    pub agent: AgentRow,
    pub message: String,
    pub attempt: i64,
    pub thread_id: Option<String>,
    pub deadline: Option<Timestamp>,
    /// 1, +1 for each time it was started again by itself.
    pub tries: i64,
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// `None`: it went well.
    pub failure: Option<Failure>,
    /// Everything but the status.
    pub patch: ExecutionPatch,
    /// It goes on elsewhere, and whoever does it will say how it ends.
    pub reports_later: bool,
}

/// Why a run failed, and whether that is a reason to start it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub error: String,
    pub kind: Option<RetryOn>,
    /// Seconds the other side asked to be left alone.
    pub wait_s: Option<i64>,
}

impl Failure {
    pub fn of(error: impl Into<String>, kind: RetryOn) -> Self {
        Self { error: error.into(), kind: Some(kind), wait_s: None }
    }

    /// One that would be the same the next time.
    pub fn lasting(error: impl Into<String>) -> Self {
        Self { error: error.into(), kind: None, wait_s: None }
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        Self { failure: Some(failure), ..Self::default() }
    }
}

pub fn retry_policy(agent: &AgentRow) -> Result<Option<RetryPolicy>> {
    Ok(stored_limits(agent)?.retry)
}

impl Engine {
    /// Does a run and writes down how it ended. A fault of ours in it fails it, and nothing else.
    pub(super) async fn carry_out(&self, job: Job, halted: watch::Receiver<Option<Halt>>) {
        let work = AssertUnwindSafe(self.outcome(&job, halted.clone())).catch_unwind().await;
        let outcome = match work {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(e)) => Failure::lasting(e.to_string()).into(),
            Err(_) => {
                tracing::error!(id = %job.id, "a run panicked");
                Failure::lasting(Error::Internal(job.id.clone()).to_string()).into()
            }
        };
        self.finish(&job, outcome, halted).await;
    }

    async fn outcome(&self, job: &Job, halted: watch::Receiver<Option<Halt>>) -> Result<Outcome> {
        // The agent, and what the operator of this server allows, as they are now.
        if let Err(refused) = startable(&job.agent, &self.0.app.config) {
            return Ok(Failure::lasting(refused.to_string()).into());
        }
        match stored_config(&job.agent)? {
            AgentConfig::Command(config) => Ok(command::run(self, job, &config, halted).await),
            AgentConfig::Openai(config) => openai::run(self, job, &config, halted).await,
            AgentConfig::Webhook(config) => webhook::run(self, job, &config, halted).await,
            AgentConfig::External {} => Err(Error::Conflict("external agents do their own runs".to_owned())),
        }
    }
}
