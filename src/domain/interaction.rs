//! Both sides. What runs ask of people: approvals and questions.

use super::error::{Error, Result};
use super::policy::Policy;
use super::status::word;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use std::collections::BTreeMap;
use std::{fmt, str::FromStr};

/// People asked at once.
pub const MOST_APPROVERS: usize = 50;
/// What a run may wait for at once.
pub const MOST_PENDING: i64 = 20;
pub const MOST_FIELDS: usize = 20;
pub const MOST_OPTIONS: usize = 100;
/// Decided together.
pub const MOST_TOGETHER: usize = 100;
/// Equal approvals after which a standing rule is offered.
pub const OFFERED_AFTER: i64 = 5;
/// Days a standing rule may hold.
pub const MOST_DAYS: i64 = 30;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum InteractionKind {
    Approval,
    Question,
}

impl InteractionKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approval => "approval",
            Self::Question => "question",
        }
    }
}

impl FromStr for InteractionKind {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        Ok(match s {
            "approval" => Self::Approval,
            "question" => Self::Question,
            other => return Err(Error::invalid("kind", format!("`{other}` is not approval or question"))),
        })
    }
}
word!(InteractionKind);

/// Where an approval or question stands. All but the first are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum InteractionStatus {
    Pending,
    Approved,
    Rejected,
    /// A question has its answer.
    Answered,
    /// Nobody decided in time.
    Timeout,
    /// The run went away, or took it back.
    Cancelled,
}

impl InteractionStatus {
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Approved, Self::Rejected, Self::Answered, Self::Timeout, Self::Cancelled];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Answered => "answered",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
        }
    }
}

impl FromStr for InteractionStatus {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == s).ok_or_else(|| {
            Error::invalid(
                "status",
                format!("`{s}` is not pending, approved, rejected, answered, timeout or cancelled"),
            )
        })
    }
}
word!(InteractionStatus);

/// What becomes of a run that is rejected, or whose time to be decided is over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum OnReject {
    /// It has failed.
    #[default]
    Fail,
    /// It goes on and deals with it: only for runs that others do.
    Continue,
}

impl OnReject {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Continue => "continue",
        }
    }
}

impl FromStr for OnReject {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        Ok(match s {
            "fail" => Self::Fail,
            "continue" => Self::Continue,
            other => return Err(Error::invalid("on_reject", format!("`{other}` is not fail or continue"))),
        })
    }
}
word!(OnReject);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum FieldKind {
    Text,
    /// One of the options.
    Choice,
    /// Any of the options.
    Multi,
}

impl FieldKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Choice => "choice",
            Self::Multi => "multi",
        }
    }
}

impl FromStr for FieldKind {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        Ok(match s {
            "text" => Self::Text,
            "choice" => Self::Choice,
            "multi" => Self::Multi,
            other => return Err(Error::invalid("type", format!("`{other}` is not text, choice or multi"))),
        })
    }
}
word!(FieldKind);

/// One thing a question asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct QuestionField {
    /// Unique in the question; the answer's key.
    pub name: String,
    /// For people.
    pub label: String,
    #[serde(rename = "type")]
    pub kind: FieldKind,
    /// For choice and multi.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// May be left empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// Answers by the fields' names: a text, or a list of options.
pub type Answers = BTreeMap<String, Value>;

/// What a run asks of people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewInteraction {
    pub kind: InteractionKind,
    /// What it is about, in a few words.
    pub title: String,
    /// In plain words what will happen, or what is asked; Markdown.
    #[serde(default)]
    pub message: String,
    /// E-mails, or `role:admin`, `role:user`. An approval needs somebody; a question without anybody goes to the run's
    /// starter, the agent's owner and whoever operates the agent.
    #[serde(default)]
    pub approvers: Vec<String>,
    #[serde(default)]
    pub policy: Policy,
    /// Seconds until it is too late; absent: never.
    #[serde(default)]
    pub expires_in_s: Option<i64>,
    /// Exactly what will be done; its hash is what people decide on.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub parameters: Option<Value>,
    /// Of a question.
    #[serde(default)]
    pub fields: Vec<QuestionField>,
    /// Whoever started the run may decide too.
    #[serde(default)]
    pub allow_requester: bool,
    #[serde(default)]
    pub on_reject: OnReject,
}

/// Names as in a sentence: `Ann, Bo and 3 others`.
pub fn names(all: &[&str]) -> String {
    match all {
        [] => "nobody".to_owned(),
        [one] => (*one).to_owned(),
        [one, two] => format!("{one} and {two}"),
        [one, two, three] => format!("{one}, {two} and {three}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} others", rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn names_are_read_as_a_sentence() {
        assert_eq!(names(&["Ann"]), "Ann");
        assert_eq!(names(&["Ann", "Bo"]), "Ann and Bo");
        assert_eq!(names(&["Ann", "Bo", "Cy"]), "Ann, Bo and Cy");
        assert_eq!(names(&["Ann", "Bo", "Cy", "Di", "Ed"]), "Ann, Bo and 3 others");
    }
}
