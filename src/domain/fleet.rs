//! Both sides. The agents as the dashboard shows them: each with its newest run and the last 24 hours in numbers.

use super::budget::Spending;
use super::execution::ExecutionSummary;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Agents of one answer, unless fewer are asked for.
pub const MOST_AGENTS: i64 = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct AgentCounts {
    /// Unfinished, whatever their start.
    pub queued: i64,
    pub running: i64,
    pub waiting: i64,
    pub paused: i64,
    /// In the window, and unfinished.
    pub runs: i64,
    /// 0–1 over finished runs of the window; `None` when there is none.
    pub success_rate: Option<f64>,
    /// USD, over the runs with a known cost.
    pub cost: f64,
    /// Runs with a known cost.
    pub priced: i64,
    /// Finished runs of the window without a cost.
    pub unpriced: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentStanding {
    pub name: String,
    /// For people.
    pub display_name: String,
    pub last_run: Option<ExecutionSummary>,
    /// When its schedule starts one.
    pub next_run: Option<Timestamp>,
    /// The budget it has used most of, once that is worth a warning.
    pub budget: Option<Spending>,
    pub counts: AgentCounts,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fleet {
    /// By name.
    pub agents: Vec<AgentStanding>,
    /// There are more agents than these.
    pub more: bool,
    /// The newest event these numbers know.
    pub as_of: i64,
}
