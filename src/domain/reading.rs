//! Both sides. What pages read of a run besides its record.

use super::approval::ApprovalDetail;
use super::execution::{ExecutionDetail, RunLink};
use super::id::ExecutionId;
use super::parts::ToolCall;
use serde::{Deserialize, Serialize};

/// A text as safe HTML, made by `app::markdown` only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Markup {
    pub html: String,
    /// The text goes on: only its beginning is rendered.
    pub cut: bool,
}

/// A run as its page shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    pub detail: ExecutionDetail,
    pub extras: RunExtras,
}

/// What the page shows besides the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunExtras {
    /// Absent where the text uses no Markdown.
    pub message: Option<Markup>,
    pub response: Option<Markup>,
    /// Steps recorded, however they stand.
    pub steps: i64,
    /// Spans kept of a run that was told of in spans; 0 of any other.
    pub spans: i64,
    /// Runs below this one, parents before their children.
    pub below: Vec<SubRun>,
}

/// An approval as its page shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApprovalRecord {
    pub detail: ApprovalDetail,
    /// Absent where the message uses no Markdown.
    pub message: Option<Markup>,
}

/// A run in the tree below another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubRun {
    pub link: RunLink,
    pub parent: ExecutionId,
    /// 1 for a direct child.
    pub depth: i64,
}

/// A tool call in a list. Long values are left out there and read when the call is opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListedCall {
    #[serde(flatten)]
    pub call: ToolCall,
    /// Bytes of the values that were left out; 0: all are here.
    pub left_out: i64,
}

/// Where a text was found in a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogHits {
    /// Numbers of lines, in order.
    pub lines: Vec<i64>,
    /// The last line that was looked at; the search goes on after it.
    pub through: i64,
    /// Every line there was has been looked at.
    pub done: bool,
}
