//! Server. What spans tell of a run, ready to be recorded.

pub use crate::domain::span::SpanClass;
use crate::domain::{NewStep, NewToolCall, Status, Timestamp, Trigger};
use crate::otlp::conventions::Usage;
use crate::otlp::model::{Outcome, SpanId, TraceId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What a run is known by. It never changes while spans arrive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RunKey {
    Trace(TraceId),
    /// Bare model calls of one service with the same conversation id, each a trace of its own.
    Conversation {
        service: String,
        id: String,
    },
}

impl fmt::Display for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trace(trace) => write!(f, "trace {trace}"),
            Self::Conversation { service, id } => write!(f, "conversation {id} of {service}"),
        }
    }
}

/// How a run ended, as far as its spans say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Success,
    Failed { error: Option<String> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Its root has ended.
    Over { verdict: Verdict, at: Timestamp },
    /// Its root has not come, or has not ended, or there will be none. After a quiet time it is taken for this.
    Open { if_quiet: Verdict, last_seen: Timestamp },
}

impl Ending {
    pub fn status(&self) -> Status {
        match self {
            Self::Over { verdict: Verdict::Success, .. } => Status::Success,
            Self::Over { verdict: Verdict::Failed { .. }, .. } => Status::Failed,
            Self::Open { .. } => Status::Running,
        }
    }

    pub fn error(&self) -> Option<&str> {
        match self {
            Self::Over { verdict: Verdict::Failed { error }, .. } => error.as_deref(),
            _ => None,
        }
    }

    pub fn ended(&self) -> Option<Timestamp> {
        match self {
            Self::Over { at, .. } => Some(*at),
            Self::Open { .. } => None,
        }
    }
}

/// What one model took in this run, for a price list.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelUsage {
    pub model: Option<String>,
    pub provider: Option<String>,
    pub calls: usize,
    /// Of all of them together.
    pub usage: Usage,
    /// Each by itself, as it is paid: prices change, some are higher for large calls, and whether cached tokens are
    /// counted within the input or beside it can't be told from a sum.
    pub each: Vec<Used>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Used {
    pub at: Timestamp,
    pub usage: Usage,
    /// One call, and no total of which nobody knows the calls.
    pub one_call: bool,
}

/// One bar of the waterfall. Parents come before their children.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeSpan {
    pub trace: TraceId,
    pub id: SpanId,
    /// None where it is a root, or its parent has not come.
    pub parent: Option<SpanId>,
    pub depth: usize,
    pub class: SpanClass,
    pub name: String,
    pub start: Timestamp,
    pub end: Option<Timestamp>,
    pub outcome: Outcome,
    pub model: Option<String>,
    pub usage: Usage,
    /// Its tokens are part of the run's: it is no repetition of another span's.
    pub counted: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct DerivedRun {
    pub key: RunKey,
    /// Runs that were derived before it was known that they tell of the same calls; they are to be dropped.
    pub replaces: Vec<RunKey>,
    /// The trace of the run that started this one, by a link. It need not be known here.
    pub parent: Option<TraceId>,
    pub root: Option<SpanId>,
    pub agent_name: String,
    /// A span says so: it is neither guessed nor the service's name until one comes.
    pub agent_stated: bool,
    /// All agents that took part, the run's own first.
    pub agents: Vec<String>,
    pub trigger: Trigger,
    pub labels: BTreeMap<String, String>,
    pub thread_id: Option<String>,
    /// None where the emitter records no content.
    pub message: Option<String>,
    pub response: Option<String>,
    pub started: Timestamp,
    pub ending: Ending,
    pub model: Option<String>,
    pub models: Vec<String>,
    pub usage: Usage,
    pub model_usage: Vec<ModelUsage>,
    pub model_calls: usize,
    pub tool_calls: Vec<NewToolCall>,
    pub handoffs: usize,
    pub steps: Vec<NewStep>,
    /// Tool calls and steps that a record has no room for.
    pub left_out: usize,
    pub spans: Vec<TreeSpan>,
}

/// Nanoseconds as records have them. The decoder takes none beyond an `i64`.
pub(super) fn moment(nanos: u64) -> Timestamp {
    Timestamp::from_micros((nanos / 1_000).cast_signed())
}

impl Ending {
    /// Clocks of several machines are at work: nothing ends before it began.
    pub(super) fn not_before(self, start: Timestamp) -> Self {
        match self {
            Self::Over { verdict, at } => Self::Over { verdict, at: at.max(start) },
            open @ Self::Open { .. } => open,
        }
    }
}
