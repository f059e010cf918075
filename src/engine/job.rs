//! Server. One run as the engine does it: what it needs, and what came of it.

use super::context::Context;
use super::{Engine, Halt, command, flow, halt_of, openai, webhook};
pub(super) use crate::app::agents::timeout_s;
use crate::app::agents::{stored_config, stored_limits};
use crate::app::control::startable;
use crate::domain::{AgentConfig, Error, ExecutionPatch, Result, RetryOn, RetryPolicy, Timestamp};
use crate::store::agents::AgentRow;
use crate::store::executions::{Record, usd};
use crate::store::flows::FlowRunRow;
use crate::telemetry::current_span;
use futures::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use tokio::sync::watch;

/// A run that this server has taken, or a step of one.
#[derive(Clone)]
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
    /// The flow it does, if it does one.
    pub flow: Option<FlowRunRow>,
    /// The step of a flow that this is.
    pub step: Option<i64>,
    /// What prompts are sent with.
    pub context: Context,
    /// By what was done before.
    pub spent: Spent,
    /// How much of the log there may be is used.
    pub logged: Arc<AtomicUsize>,
}

impl Job {
    /// Names what is sent out, so that the other side knows it when it comes again.
    pub fn message_id(&self) -> String {
        self.step.map_or_else(|| self.id.clone(), |step| format!("{}-{step}", self.id))
    }
}

/// What a run has spent; `None` is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spent {
    cost: Option<f64>,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    cached_tokens: Option<i64>,
    reasoning_tokens: Option<i64>,
}

impl Spent {
    pub fn of(run: &Record) -> Self {
        Self {
            cost: run.cost_nanos.map(usd),
            input_tokens: run.input_tokens,
            output_tokens: run.output_tokens,
            cached_tokens: run.cached_tokens,
            reasoning_tokens: run.reasoning_tokens,
        }
    }

    /// The figures of what came after it, with it.
    pub fn with(self, patch: ExecutionPatch) -> ExecutionPatch {
        let sum = |a: Option<i64>, b: Option<i64>| match (a, b) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (a, b) => a.or(b),
        };
        ExecutionPatch {
            cost: match (self.cost, patch.cost) {
                (Some(a), Some(b)) => Some(a + b),
                (a, b) => a.or(b),
            },
            input_tokens: sum(self.input_tokens, patch.input_tokens),
            output_tokens: sum(self.output_tokens, patch.output_tokens),
            cached_tokens: sum(self.cached_tokens, patch.cached_tokens),
            reasoning_tokens: sum(self.reasoning_tokens, patch.reasoning_tokens),
            ..patch
        }
    }

    /// The same after a change that has it in it.
    pub const fn after(total: &ExecutionPatch) -> Self {
        Self {
            cost: total.cost,
            input_tokens: total.input_tokens,
            output_tokens: total.output_tokens,
            cached_tokens: total.cached_tokens,
            reasoning_tokens: total.reasoning_tokens,
        }
    }
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
    /// It goes on when a person or its budget lets it: nobody is at it now.
    pub parked: bool,
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

/// What became of it here, in its span: not what was said.
fn tell(outcome: &Outcome, halt: Option<Halt>) {
    let word = match (halt, &outcome.failure) {
        (Some(Halt::Stop), _) => "stopped",
        (Some(Halt::Timeout), _) => "timeout",
        (Some(Halt::Lost), _) => "lost",
        (Some(Halt::Shutdown), _) => "interrupted",
        (None, Some(_)) => "failed",
        (None, None) if outcome.parked => "parked",
        (None, None) if outcome.reports_later => "handed over",
        (None, None) => "success",
    };
    let span = current_span();
    span.record("runboard.run.outcome", word);
    if matches!(word, "failed" | "timeout") {
        span.record("otel.status_code", "ERROR");
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
        tell(&outcome, halt_of(&halted));
        if outcome.parked {
            return;
        }
        let ends = halt_of(&halted) == Some(Halt::Shutdown) && job.flow.is_some();
        match if ends { self.gives_back(&job, &outcome.patch).await } else { Ok(false) } {
            Ok(true) => {}
            Ok(false) => self.finish(&job, outcome, halted).await,
            // Another server takes it up when this one gives no more signs of life.
            Err(e) => tracing::warn!(id = %job.id, error = %e, "a run was not put back into the queue"),
        }
    }

    async fn outcome(&self, job: &Job, halted: watch::Receiver<Option<Halt>>) -> Result<Outcome> {
        // The agent, and what the operator of this server allows, as they are now.
        if let Err(refused) = startable(&job.agent, &self.0.app.config) {
            return Ok(Failure::lasting(refused.to_string()).into());
        }
        match &job.flow {
            Some(flow) => flow::run(self, job, flow, halted).await,
            None => self.perform(job, &stored_config(&job.agent)?, halted).await,
        }
    }

    /// Does a run, or a step of one, as the configuration says.
    pub(super) async fn perform(
        &self,
        job: &Job,
        config: &AgentConfig,
        halted: watch::Receiver<Option<Halt>>,
    ) -> Result<Outcome> {
        match config {
            AgentConfig::Command(config) => Ok(command::run(self, job, config, halted).await),
            AgentConfig::Openai(config) => openai::run(self, job, config, halted).await,
            AgentConfig::Webhook(config) => webhook::run(self, job, config, halted).await,
            AgentConfig::External {} => Err(Error::Conflict("external agents do their own runs".to_owned())),
        }
    }
}
