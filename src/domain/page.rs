//! Both sides. Sort orders and the answer of a list.

use super::error::{Error, Result};
use super::execution::ExecutionSummary;
use super::stats::Numbers;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, str::FromStr};

pub const DEFAULT_LIMIT: i64 = 50;
pub const MAX_LIMIT: i64 = 200;
pub const MAX_OFFSET: i64 = 10_000;
/// Counts are exact up to here.
pub const COUNT_CAP: i64 = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SortField {
    #[default]
    StartedAt,
    Duration,
    Cost,
}

/// A sort order; unknown values are always last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sort {
    pub field: SortField,
    pub descending: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self { field: SortField::StartedAt, descending: true }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.field {
            SortField::StartedAt => "started_at",
            SortField::Duration => "duration_ms",
            SortField::Cost => "cost",
        };
        write!(f, "{}{name}", if self.descending { "-" } else { "" })
    }
}

impl FromStr for Sort {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        let (descending, name) = s.strip_prefix('-').map_or((false, s), |rest| (true, rest));
        let field = match name {
            "started_at" => SortField::StartedAt,
            "duration_ms" => SortField::Duration,
            "cost" => SortField::Cost,
            _ => {
                return Err(Error::invalid(
                    "sort",
                    format!("`{s}` is not a sort order; use started_at, duration_ms or cost, with - for descending"),
                ));
            }
        };
        Ok(Self { field, descending })
    }
}

/// One page of executions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ExecutionPage {
    pub executions: Vec<ExecutionSummary>,
    /// Opaque; pass it back as `cursor`. `null` at the end.
    pub next_cursor: Option<String>,
    pub has_more: bool,
    /// Exact up to 10 000.
    pub total_count: i64,
    pub total_is_capped: bool,
    /// The filter in normal form.
    pub filters_applied: BTreeMap<String, String>,
    /// Sequence number of the last event this page contains.
    pub as_of: i64,
}

/// What a page of the list shows first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FirstPage {
    pub page: ExecutionPage,
    /// Is there any run at all? It tells two kinds of emptiness apart.
    pub ever: bool,
    /// Of the same moment; `None` when counting would have made the rows wait.
    pub numbers: Option<Numbers>,
    /// What the address said to go on from is no place in this list: it is shown from its top.
    pub bad_cursor: bool,
}

/// How many runs a query shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCount {
    pub runs: i64,
    /// There are more.
    pub capped: bool,
}
