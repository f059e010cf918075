//! Both sides. Flows: what an agent goes through, step by step.

use super::agent_settings::{AgentConfig, CommandConfig, WebhookConfig};
use super::error::{Error, Result};
use super::execution::ExecutionSummary;
use super::interaction::{InteractionKind, NewInteraction, OnReject, QuestionField};
use super::parts::Step;
use super::policy::Policy;
use super::status::word;
use super::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::collections::BTreeMap;
use std::{fmt, str::FromStr};

/// Steps of one flow.
pub const MOST_STEPS: usize = 100;
/// Flows on a page.
pub const FLOWS_AT_ONCE: i64 = 100;

/// One step as it is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum FlowStep {
    /// Sent to the agent, with what came before and its memories.
    Prompt { title: String, prompt: String },
    /// A program on the server's machine; it reads what the step before it answered. For admins.
    Command {
        title: String,
        argv: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cwd: Option<String>,
        /// Names of the server's environment variables it is given.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        env: Vec<String>,
    },
    /// Is sent what the step before it answered, and answers at once.
    Webhook {
        title: String,
        url: String,
        /// Environment variable with the secret that requests are signed with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret_env: Option<String>,
    },
    /// People decide whether it goes on.
    Approval {
        title: String,
        /// In plain words what they allow; Markdown.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        message: String,
        /// E-mails, or `role:admin`, `role:user`. Somebody has to decide.
        #[serde(default)]
        approvers: Vec<String>,
        #[serde(default)]
        policy: Policy,
        /// Seconds until it is too late; absent: never.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_in_s: Option<i64>,
        /// Whoever started the run may decide too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        allow_requester: bool,
    },
    /// Somebody answers what the next steps need to know.
    Question {
        title: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        message: String,
        fields: Vec<QuestionField>,
        /// As for approvals; nobody: whoever started the run, the agent's owner and those who operate it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        approvers: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_in_s: Option<i64>,
    },
}

impl FlowStep {
    pub fn title(&self) -> &str {
        match self {
            Self::Prompt { title, .. }
            | Self::Command { title, .. }
            | Self::Webhook { title, .. }
            | Self::Approval { title, .. }
            | Self::Question { title, .. } => title,
        }
    }

    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Prompt { .. } => "prompt",
            Self::Command { .. } => "command",
            Self::Webhook { .. } => "webhook",
            Self::Approval { .. } => "approval",
            Self::Question { .. } => "question",
        }
    }

    /// What an agent that does the same would be set to.
    pub fn config(&self) -> Option<AgentConfig> {
        match self {
            Self::Command { argv, cwd, env, .. } => {
                let (argv, cwd, env) = (argv.clone(), cwd.clone(), env.clone());
                Some(AgentConfig::Command(CommandConfig { argv, cwd, env }))
            }
            Self::Webhook { url, secret_env, .. } => {
                Some(AgentConfig::Webhook(WebhookConfig { url: url.clone(), secret_env: secret_env.clone() }))
            }
            Self::Prompt { .. } | Self::Approval { .. } | Self::Question { .. } => None,
        }
    }

    /// Whether it starts a program on the server's machine.
    pub const fn is_program(&self) -> bool {
        matches!(self, Self::Command { .. })
    }

    /// What it asks of people.
    pub fn interaction(&self) -> Option<NewInteraction> {
        let (kind, message, approvers, policy, expires_in_s, allow_requester) = match self {
            Self::Approval { message, approvers, policy, expires_in_s, allow_requester, .. } => {
                (InteractionKind::Approval, message, approvers, *policy, *expires_in_s, *allow_requester)
            }
            Self::Question { message, approvers, expires_in_s, .. } => {
                (InteractionKind::Question, message, approvers, Policy::Any, *expires_in_s, true)
            }
            Self::Prompt { .. } | Self::Command { .. } | Self::Webhook { .. } => return None,
        };
        let fields = if let Self::Question { fields, .. } = self { fields.clone() } else { Vec::new() };
        Some(NewInteraction {
            kind,
            title: self.title().to_owned(),
            message: message.clone(),
            approvers: approvers.clone(),
            policy,
            expires_in_s,
            parameters: None,
            fields,
            allow_requester,
            on_reject: OnReject::Fail,
        })
    }

    /// What it does, in a text.
    pub fn in_words(&self) -> String {
        match self {
            Self::Prompt { prompt, .. } => prompt.clone(),
            Self::Command { argv, .. } => argv.join(" "),
            Self::Webhook { url, .. } => url.clone(),
            Self::Approval { message, approvers, policy, .. } => match message.as_str() {
                "" => format!("{policy} of {}", approvers.join(", ")),
                message => message.to_owned(),
            },
            Self::Question { message, fields, .. } => match message.as_str() {
                "" => fields.iter().map(|field| field.label.as_str()).collect::<Vec<_>>().join(", "),
                message => message.to_owned(),
            },
        }
    }
}

/// What becomes of a run of a flow when the server that does it goes away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum OnInterruption {
    /// It goes on with the step it was at, which is done anew.
    #[default]
    Resume,
    /// It has failed: a step that was begun may not be done twice.
    Fail,
}

impl OnInterruption {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resume => "resume",
            Self::Fail => "fail",
        }
    }
}

impl FromStr for OnInterruption {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        Ok(match s {
            "resume" => Self::Resume,
            "fail" => Self::Fail,
            other => return Err(Error::invalid("on_interruption", format!("`{other}` is not resume or fail"))),
        })
    }
}
word!(OnInterruption);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Flow {
    pub id: String,
    pub name: String,
    pub agent_name: String,
    pub agent_display_name: String,
    /// +1 with every change. A run keeps the version it began with.
    pub version: i64,
    pub on_interruption: OnInterruption,
    pub steps: Vec<FlowStep>,
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub updated_at: Timestamp,
    /// E-mail of who made this version.
    pub updated_by: String,
    /// You may change it.
    pub can_edit: bool,
    /// You can start its runs from here.
    pub can_run: bool,
}

/// A flow to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewFlow {
    /// Unique among the agent's flows.
    pub name: String,
    pub agent_name: String,
    pub steps: Vec<FlowStep>,
    #[serde(default)]
    pub on_interruption: OnInterruption,
}

/// A change to a flow: absent fields stay. The agent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FlowPatch {
    pub name: Option<String>,
    pub steps: Option<Vec<FlowStep>>,
    pub on_interruption: Option<OnInterruption>,
    /// The version that is changed: 409 if it is not the newest any more.
    pub version: Option<i64>,
}

/// A run of a flow to start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewFlowRun {
    /// Sent with the first prompt.
    pub message: Option<String>,
    pub labels: BTreeMap<String, String>,
}

/// A step of the flow that a run does, be it done or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PlannedStep {
    pub title: String,
    pub kind: String,
    /// What it does, at most 200 characters; only for those who operate the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub does: Option<String>,
}

/// The flow that a run does, in the version it began with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FlowOfRun {
    pub id: String,
    pub name: String,
    pub version: i64,
    pub steps: Vec<PlannedStep>,
    /// It pauses when its step is done.
    pub pause_requested: bool,
}

/// A flow in the list of flows, with its newest run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowStanding {
    pub flow: Flow,
    pub last_run: Option<ExecutionSummary>,
}

/// A run of a flow that has not ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowUnderWay {
    pub run: ExecutionSummary,
    pub flow: FlowOfRun,
}

/// What the page of flows shows besides their history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowsPage {
    pub list: FlowList,
    /// Newest first; at most 100.
    pub under_way: Vec<FlowUnderWay>,
    pub history: FlowRuns,
    pub as_of: i64,
}

/// Flows by name, each with its newest run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowList {
    pub flows: Vec<FlowStanding>,
    pub next_cursor: Option<String>,
}

/// Runs of flows that have ended, newest start first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowRuns {
    pub runs: Vec<ExecutionSummary>,
    pub next_cursor: Option<String>,
}

/// The prompts and responses of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowRunSteps {
    pub flow: Option<FlowOfRun>,
    pub steps: Vec<Step>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_step_is_read_by_its_kind() {
        let step: FlowStep =
            serde_json::from_value(json!({"kind": "prompt", "title": "One", "prompt": "Say one"})).expect("a step");
        assert_eq!((step.title(), step.kind(), step.in_words().as_str()), ("One", "prompt", "Say one"));
        let wrong = json!({"kind": "prompt", "title": "One", "prompt": "Say one", "argv": ["rm"]});
        assert!(serde_json::from_value::<FlowStep>(wrong).is_err(), "a field of another kind is no field of this one");
        let step: FlowStep =
            serde_json::from_value(json!({"kind": "command", "title": "T", "argv": ["ls", "-l"]})).expect("a step");
        let argv = vec!["ls".to_owned(), "-l".to_owned()];
        assert_eq!(step.config(), Some(AgentConfig::Command(CommandConfig { argv, cwd: None, env: Vec::new() })));
    }
}
