//! Both sides. What goes over the WebSocket.

use super::approval::Approval;
use super::execution::ExecutionSummary;
use super::id::ExecutionId;
use super::status::Status;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// What a change to an execution was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventKind {
    Started,
    Updated,
    Completed,
    Failed,
    Cancelled,
}

impl EventKind {
    /// The kind that tells of a change which led to `status`.
    pub const fn of(status: Status, created: bool) -> Self {
        match status {
            Status::Success => Self::Completed,
            Status::Failed => Self::Failed,
            Status::Cancelled => Self::Cancelled,
            _ if created => Self::Started,
            _ => Self::Updated,
        }
    }
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Updated => "updated",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
    pub const fn frame(self) -> FrameType {
        match self {
            Self::Started => FrameType::ExecutionStarted,
            Self::Updated => FrameType::ExecutionUpdated,
            Self::Completed => FrameType::ExecutionCompleted,
            Self::Failed => FrameType::ExecutionFailed,
            Self::Cancelled => FrameType::ExecutionCancelled,
        }
    }
}

impl TryFrom<String> for EventKind {
    type Error = String;
    fn try_from(s: String) -> Result<Self, String> {
        Ok(match s.as_str() {
            "started" => Self::Started,
            "updated" => Self::Updated,
            "completed" => Self::Completed,
            "failed" => Self::Failed,
            "cancelled" => Self::Cancelled,
            _ => return Err(format!("`{s}` is not an event kind")),
        })
    }
}

/// What a subscriber listens to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Topic {
    Executions,
    /// The same runs as `Executions`, for a second subscription with a filter of its own.
    Attention,
    Agent(String),
    Execution(ExecutionId),
    Approvals,
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Executions => f.write_str("executions"),
            Self::Attention => f.write_str("attention"),
            Self::Agent(name) => write!(f, "agent:{name}"),
            Self::Execution(id) => write!(f, "execution:{id}"),
            Self::Approvals => f.write_str("approvals"),
        }
    }
}

impl FromStr for Topic {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        match s.split_once(':') {
            None if s == "executions" => Ok(Self::Executions),
            None if s == "attention" => Ok(Self::Attention),
            None if s == "approvals" => Ok(Self::Approvals),
            Some(("agent", name)) if !name.is_empty() => Ok(Self::Agent(name.to_owned())),
            Some(("execution", id)) => id.parse().map(Self::Execution).map_err(|_| format!("`{id}` is not a UUID")),
            _ => Err(format!(
                "`{}` is not a topic; use executions, attention, agent:NAME, execution:ID or approvals",
                s.chars().take(80).collect::<String>()
            )),
        }
    }
}

/// What a client may say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum ClientFrame {
    Subscribe {
        topic: String,
        /// List filters by their API names.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        filter: BTreeMap<String, serde_json::Value>,
        /// Replay everything after this sequence number first; absent: from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<i64>,
        /// Also send each message of an agent topic as `run_update`.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        legacy: bool,
    },
    Unsubscribe {
        topic: String,
    },
    Ping,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameType {
    ExecutionStarted,
    ExecutionUpdated,
    ExecutionCompleted,
    ExecutionFailed,
    ExecutionCancelled,
    RunUpdate,
    /// On `approvals`: one that concerns the subscriber was asked, answered or ended.
    ApprovalUpdated,
    /// The gap since `since` can't be replayed: refetch.
    Resync,
    /// The answer to `subscribe`; `seq` is where the flow starts.
    Subscribed,
    Unsubscribed,
    Pong,
    Error,
    /// The session or token ended; the socket closes after it.
    SignedOut,
}

/// What the server says. One flat shape, so that every client can read it the same way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServerFrame {
    #[serde(rename = "type")]
    pub frame: FrameType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<Box<ExecutionSummary>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Box<Approval>>,
    /// `false`: the run has left the subscriber's filter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<bool>,
    /// What was wrong with the frame, for `error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The server's clock in milliseconds since 1970, so that tickers need not trust the client's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now_ms: Option<i64>,
}

impl ServerFrame {
    pub const fn plain(frame: FrameType) -> Self {
        Self {
            frame,
            seq: None,
            topic: None,
            execution: None,
            approval: None,
            matches: None,
            detail: None,
            now_ms: None,
        }
    }
}
