//! Both sides. One action on many runs: what is asked, what will not happen and why, and how far it is.

use super::error::{Error, Result};
use super::execution::RunLink;
use super::id::ExecutionId;
use super::status::word;
use super::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// Runs one job may be for, those that are excluded among them.
pub const BULK_LIMIT: usize = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum BulkAction {
    Terminate,
    Retry,
}

impl BulkAction {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Terminate => "terminate",
            Self::Retry => "retry",
        }
    }
}

impl FromStr for BulkAction {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        Ok(match s {
            "terminate" => Self::Terminate,
            "retry" => Self::Retry,
            other => {
                return Err(Error::invalid("action", format!("`{other}` is not an action; use terminate or retry")));
            }
        })
    }
}
word!(BulkAction);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum BulkState {
    Running,
    Done,
    Aborted,
}

impl BulkState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Aborted => "aborted",
        }
    }
}

impl FromStr for BulkState {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        Ok(match s {
            "running" => Self::Running,
            "done" => Self::Done,
            "aborted" => Self::Aborted,
            other => return Err(Error::invalid("state", format!("`{other}` is not a state of a job"))),
        })
    }
}
word!(BulkState);

/// What became of one run of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum BulkResult {
    /// Its turn has not come yet.
    Pending,
    Done,
    /// When its turn came there was nothing to do any more, or it was not allowed any more.
    Skipped,
    Failed,
    /// Known from the start that nothing would be done.
    Excluded,
}

impl BulkResult {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Excluded => "excluded",
        }
    }
}

impl FromStr for BulkResult {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        Ok(match s {
            "pending" => Self::Pending,
            "done" => Self::Done,
            "skipped" => Self::Skipped,
            "failed" => Self::Failed,
            "excluded" => Self::Excluded,
            other => return Err(Error::invalid("result", format!("`{other}` is not a result"))),
        })
    }
}
word!(BulkResult);

/// Why nothing is done with a run. The words are the wire's: programs may compare them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    Ended,
    StopAsked,
    NotYours,
    /// Does not exist, or is outside the caller's access: the two are never told apart.
    NotFound,
    NotStartedHere,
    /// Its agent takes no further run now: its budget is spent, or too many wait.
    NoRoom,
    /// It can be retried when it has ended.
    Unfinished,
    Aborted,
    AccessEnded,
}

impl Reason {
    const ALL: [Self; 9] = [
        Self::Ended,
        Self::StopAsked,
        Self::NotYours,
        Self::NotFound,
        Self::NotStartedHere,
        Self::NoRoom,
        Self::Unfinished,
        Self::Aborted,
        Self::AccessEnded,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ended => "already ended",
            Self::StopAsked => "already asked to stop",
            Self::NotYours => "not yours to operate",
            Self::NotFound => "not found",
            Self::NotStartedHere => "only runs of agents started from here can be retried",
            Self::NoRoom => "its agent has spent its budget or has too many runs waiting",
            Self::Unfinished => "has not ended yet",
            Self::Aborted => "aborted before its turn",
            Self::AccessEnded => "the access it was asked with has ended",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        Self::ALL.into_iter().find(|r| r.as_str() == text).ok_or_else(|| de::Error::custom("not a reason"))
    }
}

/// A run that nothing will be done with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Excluded {
    pub id: ExecutionId,
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub reason: Reason,
}

/// What is asked to be acted on, as a page knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum BulkTarget {
    Ids(Vec<ExecutionId>),
    /// Everything the page's query string matches that was there at this event.
    Matching {
        query: String,
        as_of: i64,
    },
}

/// A dry run as people read it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BulkPreview {
    /// Exactly the runs to act on.
    pub ids: Vec<ExecutionId>,
    /// The first few of them.
    pub first: Vec<RunLink>,
    pub excluded: Vec<ExcludedGroup>,
}

/// Runs excluded for one reason; `first` are a few of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExcludedGroup {
    pub reason: Reason,
    pub count: i64,
    pub first: Vec<RunLink>,
}

/// A job: how far it is, or how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct BulkJob {
    pub id: String,
    pub action: BulkAction,
    pub state: BulkState,
    /// Runs to act on; `done`, `skipped` and `failed` add up to it in the end.
    pub counted: i64,
    pub done: i64,
    pub skipped: i64,
    pub failed: i64,
    /// Runs that were asked for and left out from the start.
    pub excluded_count: i64,
    /// E-mail of who asked.
    pub created_by: String,
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub finished_at: Option<Timestamp>,
}

impl BulkJob {
    pub fn ended(&self) -> bool {
        self.state != BulkState::Running
    }

    /// Runs whose turn is over.
    pub fn over(&self) -> i64 {
        self.done + self.skipped + self.failed
    }
}

/// What became of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct BulkRow {
    pub id: ExecutionId,
    pub result: BulkResult,
    /// Why nothing was done, or what went wrong.
    pub reason: Option<String>,
}

/// The same for a page, with the run as far as the viewer may see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BulkRowSeen {
    pub row: BulkRow,
    pub run: Option<RunLink>,
}

/// A job and a page of its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BulkProgress {
    pub job: BulkJob,
    pub rows: Vec<BulkRowSeen>,
    pub next_cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_survive_the_wire() {
        for reason in Reason::ALL {
            let text = serde_json::to_string(&reason).expect("text");
            assert_eq!(serde_json::from_str::<Reason>(&text).expect("a reason"), reason);
        }
        assert!(serde_json::from_str::<Reason>("\"because\"").is_err());
    }
}
