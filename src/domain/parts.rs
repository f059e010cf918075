//! Both sides. The parts of an execution: steps, tool calls, log lines.

use super::error::{Error, Result};
use super::status::word;
use super::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::{fmt, str::FromStr};

/// How a step or tool call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum PartStatus {
    Running,
    Success,
    Failed,
}

impl PartStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Success => "success",
            Self::Failed => "failed",
        }
    }
}

impl FromStr for PartStatus {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        Ok(match s {
            "running" | "started" => Self::Running,
            "success" | "completed" | "succeeded" => Self::Success,
            "failed" | "error" => Self::Failed,
            other => {
                return Err(Error::invalid(
                    "status",
                    format!("`{other}` is not a status of a part; use running, success or failed"),
                ));
            }
        })
    }
}
word!(PartStatus);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum LogStream {
    Stdout,
    Stderr,
    System,
}

impl LogStream {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
            Self::System => "system",
        }
    }
}

impl FromStr for LogStream {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        Ok(match s {
            "stdout" => Self::Stdout,
            "stderr" => Self::Stderr,
            "system" => Self::System,
            other => {
                return Err(Error::invalid(
                    "stream",
                    format!("`{other}` is not a stream; use stdout, stderr or system"),
                ));
            }
        })
    }
}
word!(LogStream);

/// One line of a log, numbered from 1 within its execution without gaps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct LogLine {
    pub seq: i64,
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub ts: Timestamp,
    pub stream: LogStream,
    pub text: String,
}

/// A log line as programs send it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewLogLine {
    /// When it was written; the time of receipt when absent.
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub ts: Option<Timestamp>,
    pub stream: LogStream,
    pub text: String,
    /// Accepted so that an exported record can be imported; numbering is given anew.
    #[serde(default, skip_serializing)]
    pub seq: Option<i64>,
}

/// One tool invocation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ToolCall {
    pub call_id: String,
    pub name: String,
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub arguments: Option<serde_json::Value>,
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub result: Option<serde_json::Value>,
    pub error: Option<String>,
    pub status: PartStatus,
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub started_at: Timestamp,
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub completed_at: Option<Timestamp>,
    pub parent_call_id: Option<String>,
}

/// A tool call as programs send it: the start and the finish are upserts of the same `call_id`;
/// fields that are absent keep what is stored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewToolCall {
    pub call_id: String,
    /// Required the first time a `call_id` is seen.
    pub name: Option<String>,
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub arguments: Option<serde_json::Value>,
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub result: Option<serde_json::Value>,
    pub error: Option<String>,
    pub status: Option<PartStatus>,
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub started_at: Option<Timestamp>,
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub completed_at: Option<Timestamp>,
    pub parent_call_id: Option<String>,
}

/// One entry of a flow as it happened in one execution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Step {
    /// From 0.
    pub index: i64,
    pub title: String,
    pub kind: String,
    pub status: PartStatus,
    pub input: Option<String>,
    pub output: Option<String>,
    pub error: Option<String>,
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub started_at: Option<Timestamp>,
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub completed_at: Option<Timestamp>,
    pub input_tokens: Option<i64>,
    pub output_tokens: Option<i64>,
    /// USD.
    pub cost: Option<f64>,
}

/// A step as programs send it: an upsert by `index`; absent fields keep what is stored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewStep {
    pub index: i64,
    pub title: Option<String>,
    pub kind: Option<String>,
    pub status: Option<PartStatus>,
    pub input: Option<String>,
    pub output: Option<String>,
    pub error: Option<String>,
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub started_at: Option<Timestamp>,
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub completed_at: Option<Timestamp>,
    pub input_tokens: Option<i64>,
    pub output_tokens: Option<i64>,
    pub cost: Option<f64>,
}
