//! Both sides. Starting, retrying and stopping runs that Runboard does itself.

use super::id::ExecutionId;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A run to start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewRun {
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    #[serde(default)]
    pub thread_id: Option<String>,
    /// The run that starts this one; its trigger is then `agent`, else `manual`.
    #[serde(default)]
    pub parent_id: Option<ExecutionId>,
}

/// How a run is to be started once more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Retry {
    /// The message of the first run when absent.
    #[serde(default)]
    pub message: Option<String>,
    /// Only for runs of a flow: earlier steps keep their outputs. Counts from 0.
    #[serde(default)]
    pub from_step: Option<i64>,
}

/// Whether an agent could do a run, tried out without one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Trial {
    pub ok: bool,
    /// What was found, or why it would not work.
    pub detail: String,
    pub duration_ms: i64,
}

/// How a run was stopped: when, and what it had spent by then. What it spent after that is the difference to the run's
/// own figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StopRecord {
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub requested_at: Timestamp,
    /// Display name.
    pub requested_by: Option<String>,
    /// Whoever runs it was told.
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub acknowledged_at: Option<Timestamp>,
    /// It is known to have ended.
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub confirmed_at: Option<Timestamp>,
    /// USD at the time of the request; `null` when unknown.
    pub cost_at_request: Option<f64>,
    pub input_tokens_at_request: Option<i64>,
    pub output_tokens_at_request: Option<i64>,
}
