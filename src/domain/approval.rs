//! Both sides. Approvals and questions as people see them, and what they answer.

use super::error::{Error, Result};
use super::id::ExecutionId;
use super::interaction::{Answers, InteractionKind, InteractionStatus, QuestionField};
use super::parts::Step;
use super::policy::{Decision, Policy, Tally};
use super::status::{Status, word};
use super::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use std::{fmt, str::FromStr};

/// Why somebody who was named does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum NotCounted {
    /// Started the run.
    Requester,
    /// Was taken off the list since.
    Removed,
}

impl NotCounted {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requester => "requester",
            Self::Removed => "removed",
        }
    }
}

impl FromStr for NotCounted {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        Ok(match s {
            "requester" => Self::Requester,
            "removed" => Self::Removed,
            other => return Err(Error::invalid("excluded", format!("`{other}` is not requester or removed"))),
        })
    }
}
word!(NotCounted);

/// One person who was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Approver {
    pub email: String,
    pub display_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub at: Option<Timestamp>,
    /// Does not count, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excluded: Option<NotCounted>,
    /// A standing rule decided in this person's name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_rule: bool,
}

/// An approval or a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Approval {
    pub id: String,
    pub kind: InteractionKind,
    pub execution_id: ExecutionId,
    pub agent_name: String,
    pub agent_display_name: String,
    /// The flow's step that asks, from 0.
    pub step: Option<i64>,
    pub title: String,
    /// In lists at most 200 characters.
    pub message: String,
    pub policy: Policy,
    /// By e-mail.
    pub approvers: Vec<Approver>,
    pub status: InteractionStatus,
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub asked_at: Timestamp,
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub expires_at: Option<Timestamp>,
    /// In lists absent when longer than 4 KiB.
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub parameters: Option<Value>,
    /// SHA-256 of the parameters as JSON without blanks, keys sorted; hexadecimal.
    pub parameters_hash: String,
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub decided_at: Option<Timestamp>,
    /// How it ended, and by whom: `rejected by Ann: not today`.
    pub outcome: Option<String>,
    /// Of a question.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<QuestionField>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub answers: Option<Answers>,
    /// E-mail of who started the run.
    pub requested_by: Option<String>,
    /// It is your turn.
    pub waits_for_you: bool,
}

impl Approval {
    fn counted(&self) -> impl Iterator<Item = &Approver> {
        self.approvers.iter().filter(|a| a.excluded.is_none())
    }

    pub fn tally(&self) -> Tally {
        Tally::of(self.counted().map(|a| a.decision))
    }

    /// Who has said nothing yet.
    pub fn missing(&self) -> Vec<&Approver> {
        self.counted().filter(|a| a.decision.is_none()).collect()
    }
}

/// What somebody who looks at an approval may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Standing {
    MayDecide,
    /// Has decided already.
    HasDecided,
    /// Started the run, so others decide.
    Requester,
    /// Was taken off the list.
    Removed,
    /// Reads along.
    Reader,
}

/// The run as those who decide may know it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ApprovalRun {
    pub status: Status,
    pub message: String,
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub started_at: Timestamp,
    pub steps_done: i64,
    pub steps_total: Option<i64>,
    pub error: Option<String>,
    /// You may open its page.
    pub can_open: bool,
}

/// An approval with what it takes to decide it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ApprovalDetail {
    #[serde(flatten)]
    pub approval: Approval,
    pub run: ApprovalRun,
    /// What the steps before it have come to, the newest last; texts at most 16 KiB each.
    pub previous: Vec<Step>,
    pub you: Standing,
    /// Others with the same title, text and parameters that wait for you: ids.
    pub alike: Vec<String>,
    /// You have approved the same often enough to make it a rule.
    pub rule_offered: bool,
    /// You may take people off the list.
    pub can_remove: bool,
}

/// What somebody answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Response {
    pub decision: Decision,
    #[serde(default)]
    pub comment: Option<String>,
    /// The parameters that were decided on: 409 if they are others.
    #[serde(default)]
    pub parameters_hash: Option<String>,
}

/// An answer to several equal requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ResponseToMany {
    pub ids: Vec<String>,
    pub decision: Decision,
    #[serde(default)]
    pub comment: Option<String>,
}

/// What became of one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ResponseResult {
    pub id: String,
    /// Where it stands now, if your answer was taken.
    pub status: Option<InteractionStatus>,
    pub error: Option<String>,
}

/// What came of something a run has asked, in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct InteractionOutcome {
    pub id: String,
    pub kind: InteractionKind,
    pub title: String,
    pub status: InteractionStatus,
    pub outcome: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub answers: Option<Answers>,
}

/// Approvals on a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApprovalPage {
    pub approvals: Vec<Approval>,
    pub next_cursor: Option<String>,
}

/// What `/approvals` shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApprovalsPage {
    /// Longest waiting first.
    pub for_me: ApprovalPage,
    /// Others decide: newest first.
    pub for_others: ApprovalPage,
    /// Newest first.
    pub decided: ApprovalPage,
    pub rules: Vec<StandingRule>,
    pub as_of: i64,
}

/// Which part of `/approvals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalsPart {
    ForMe,
    ForOthers,
    Decided,
}

/// What somebody approves from now on without being asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StandingRule {
    pub id: String,
    pub agent_name: String,
    pub agent_display_name: String,
    pub title: String,
    pub message: String,
    pub parameters_hash: String,
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub parameters: Option<Value>,
    /// E-mail of whose approval it gives.
    pub made_by: String,
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub expires_at: Timestamp,
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub revoked_at: Option<Timestamp>,
    pub revoked_by: Option<String>,
    /// How often it was used.
    pub uses: i64,
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub last_used_at: Option<Timestamp>,
    /// You may end it.
    pub can_revoke: bool,
}

/// A rule to make from an approval that you gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewStandingRule {
    pub approval_id: String,
    /// 1 to 30.
    #[serde(default = "a_week")]
    pub days: i64,
}

const fn a_week() -> i64 {
    7
}
