//! Both sides. Two runs beside each other, as the server compared them.

use super::execution::{ExecutionSummary, RunLink};
use super::parts::PartStatus;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Absent: no such run, or not the viewer's to see.
    pub a: Option<Side>,
    pub b: Option<Side>,
    /// The other attempts at what `a` did: what it is compared with most often.
    pub attempts: Vec<RunLink>,
    /// Message, response and error, as far as one of the two has them.
    pub texts: Vec<TextDiff>,
    pub steps: ComparedParts,
    pub calls: ComparedParts,
}

/// A run with the numbers that are compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Side {
    pub summary: ExecutionSummary,
    pub cached_tokens: Option<i64>,
    pub reasoning_tokens: Option<i64>,
    pub context_used: Option<i64>,
    pub context_max: Option<i64>,
    pub started_by: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextDiff {
    pub name: String,
    pub rows: Vec<DiffRow>,
    pub same: bool,
    /// Only the beginnings are compared.
    pub cut: bool,
}

/// A line of two texts beside each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DiffRow {
    Same(String),
    /// So many equal lines are not shown.
    Skipped(usize),
    /// A line of `a`, of `b`, or both in the same place.
    Changed(Option<String>, Option<String>),
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedParts {
    pub rows: Vec<ComparedPart>,
    /// There are more than are compared.
    pub cut: bool,
}

/// A step or tool call of both runs, or of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedPart {
    pub a: Option<PartSide>,
    pub b: Option<PartSide>,
    /// What differs, in words; empty where only one run has it.
    pub differs: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartSide {
    pub name: String,
    pub status: PartStatus,
    pub duration_ms: Option<i64>,
    /// Arguments or kind, and the error, shortened.
    pub note: String,
}
