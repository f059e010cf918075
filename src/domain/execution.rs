//! Both sides. One run of one agent, the central record: as a list shows it, in full, and as programs write it.

use super::approval::Approval;
use super::control::StopRecord;
use super::flow::FlowOfRun;
use super::id::ExecutionId;
use super::parts::{NewLogLine, NewStep, NewToolCall};
use super::status::{Status, Trigger};
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Characters of message, response and error that a summary carries.
pub const PREVIEW_CHARS: usize = 200;

/// A row of any list, and the payload of every live message. Never carries full texts, logs or arguments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ExecutionSummary {
    pub id: ExecutionId,
    pub agent_name: String,
    pub agent_display_name: String,
    pub status: Status,
    pub triggered_by: Trigger,
    /// At most 200 characters.
    pub message: String,
    /// At most 200 characters.
    pub response_preview: Option<String>,
    /// At most 200 characters.
    pub error: Option<String>,
    pub has_error: bool,
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub queued_at: Timestamp,
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub started_at: Option<Timestamp>,
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub completed_at: Option<Timestamp>,
    /// From start to completion; `null` while unfinished.
    pub duration_ms: Option<i64>,
    /// From queued to started.
    pub queue_ms: Option<i64>,
    /// USD; `null` when unknown, never 0 for unknown.
    pub cost: Option<f64>,
    pub input_tokens: Option<i64>,
    pub output_tokens: Option<i64>,
    /// Input + output; `null` when both are unknown.
    pub total_tokens: Option<i64>,
    pub model: Option<String>,
    pub tool_call_count: i64,
    pub steps_done: i64,
    pub steps_total: Option<i64>,
    pub current_step: Option<String>,
    /// Who is waited for, in words.
    pub waiting_on: Option<String>,
    pub thread_id: Option<String>,
    pub flow_id: Option<String>,
    pub parent_id: Option<ExecutionId>,
    pub retry_of: Option<ExecutionId>,
    /// 1 for a first run, +1 for each retry.
    pub attempt: i64,
    pub labels: BTreeMap<String, String>,
    /// Stop was asked for and is not confirmed yet.
    pub cancel_requested: bool,
    /// +1 with every change: of two copies the higher is newer.
    pub version: i64,
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub updated_at: Timestamp,
    /// The tool call that is running now, and since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_tool: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub current_tool_since: Option<Timestamp>,
    /// Last heartbeat, only for clients that ever sent one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub heartbeat_at: Option<Timestamp>,
    /// When Stop was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub cancel_requested_at: Option<Timestamp>,
    /// Display name of who asked for Stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_requested_by: Option<String>,
    /// What the error has in common with others; see `/api/executions/failure-groups`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_group: Option<String>,
}

impl ExecutionSummary {
    /// The start that windows and the `started_at` sort use.
    pub fn effective_start(&self) -> Timestamp {
        self.started_at.unwrap_or(self.queued_at)
    }
}

/// Another run in the same chain or tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RunLink {
    pub id: ExecutionId,
    pub agent_name: String,
    pub status: Status,
    pub message: String,
    pub attempt: i64,
}

/// The whole record except its parts (steps, tool calls, log), which are paged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ExecutionDetail {
    /// The summary's fields, with `message` and `error` replaced by the full texts.
    #[serde(flatten)]
    pub summary: ExecutionSummary,
    pub response: Option<String>,
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub metadata: Option<serde_json::Value>,
    pub cached_tokens: Option<i64>,
    pub reasoning_tokens: Option<i64>,
    /// Tokens of context in use, and the model's limit.
    pub context_used: Option<i64>,
    pub context_max: Option<i64>,
    /// Oldest first; contains this run; empty when never retried.
    pub retry_chain: Vec<RunLink>,
    /// Sub-runs, newest first, at most 200.
    pub children: Vec<RunLink>,
    /// What it asked of people, newest first, at most 100.
    pub interactions: Vec<Approval>,
    /// How it was stopped, if somebody asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<StopRecord>,
    /// The flow it does, if Runboard does one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowOfRun>,
    /// E-mail of the token's or session's user who recorded or started it.
    pub started_by: Option<String>,
}

/// A record as programs send it: create and batch take every field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewExecution {
    pub id: Option<ExecutionId>,
    pub agent_name: String,
    #[serde(default)]
    pub message: String,
    pub triggered_by: Option<Trigger>,
    pub status: Option<Status>,
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub queued_at: Option<Timestamp>,
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub started_at: Option<Timestamp>,
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub completed_at: Option<Timestamp>,
    pub duration_ms: Option<i64>,
    pub response: Option<String>,
    pub error: Option<String>,
    pub cost: Option<f64>,
    pub input_tokens: Option<i64>,
    pub output_tokens: Option<i64>,
    pub cached_tokens: Option<i64>,
    pub reasoning_tokens: Option<i64>,
    pub model: Option<String>,
    pub context_used: Option<i64>,
    pub context_max: Option<i64>,
    pub current_step: Option<String>,
    pub steps_total: Option<i64>,
    pub thread_id: Option<String>,
    pub flow_id: Option<String>,
    pub parent_id: Option<ExecutionId>,
    pub retry_of: Option<ExecutionId>,
    pub attempt: Option<i64>,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub metadata: Option<serde_json::Value>,
    #[serde(default)]
    pub steps: Vec<NewStep>,
    #[serde(default)]
    pub tool_calls: Vec<NewToolCall>,
    #[serde(default)]
    pub log: Vec<NewLogLine>,
}

/// A change to a record: only the fields present change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ExecutionPatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// USD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_tokens: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_used: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_max: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_step: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps_total: Option<i64>,
    /// Replaces all labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub completed_at: Option<Timestamp>,
}

/// The first `PREVIEW_CHARS` characters; an ellipsis is the last of them when something was cut.
pub fn preview(text: &str) -> String {
    if text.char_indices().nth(PREVIEW_CHARS).is_none() {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(PREVIEW_CHARS - 1).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::preview;

    #[test]
    fn a_preview_counts_characters_not_bytes() {
        let long = "お".repeat(300);
        assert_eq!(preview(&long).chars().count(), 200);
        let exact = "é".repeat(200);
        assert_eq!(preview(&exact), exact);
    }
}
