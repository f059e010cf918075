//! Both sides. Aggregates over the executions a filter matches.

use super::timeline::Timeline;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Stats {
    pub total_executions: i64,
    pub successful: i64,
    pub failed: i64,
    pub cancelled: i64,
    pub running: i64,
    pub queued: i64,
    pub waiting: i64,
    pub paused: i64,
    /// Success ÷ terminal runs, 0–1; `null` when none is terminal.
    pub success_rate: Option<f64>,
    /// USD over runs with a known cost.
    pub total_cost: f64,
    pub total_tokens: i64,
    /// Terminal runs without a cost.
    pub unpriced: i64,
    /// Over terminal runs; percentiles by nearest rank, within 2 %.
    pub avg_duration_ms: Option<f64>,
    pub p50_duration_ms: Option<i64>,
    pub p95_duration_ms: Option<i64>,
    pub by_trigger: BTreeMap<String, i64>,
    /// Most runs first, at most 100 agents.
    pub by_agent: Vec<AgentStats>,
    /// Sequence number of the last event these numbers contain.
    pub as_of: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AgentStats {
    pub agent_name: String,
    pub count: i64,
    pub success_rate: Option<f64>,
    pub cost: f64,
}

/// A value of a filter, and how many runs it would give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FacetValue {
    pub value: String,
    pub count: i64,
}

/// Values of each filter with their runs, each counted under all **other** filters. Most runs first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Facets {
    /// All seven.
    pub status: Vec<FacetValue>,
    /// All six.
    pub trigger: Vec<FacetValue>,
    /// At most 200, those without runs included.
    pub agent: Vec<FacetValue>,
    /// Runs that called it; at most 200.
    pub tool: Vec<FacetValue>,
    /// At most 200.
    pub model: Vec<FacetValue>,
    /// `true` and `false`.
    pub has_interaction: Vec<FacetValue>,
}

/// Everything a page counts, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    pub stats: Stats,
    /// Without tools, which are asked for when somebody looks at them.
    pub facets: Facets,
    pub timeline: Timeline,
}
