//! Both sides. Flows: what an agent goes through, step by step.

use super::agent_settings::{CommandConfig, WebhookConfig};
use super::error::{Error, Result};
use super::execution::ExecutionSummary;
use super::parts::Step;
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
}

impl FlowStep {
    pub fn title(&self) -> &str {
        match self {
            Self::Prompt { title, .. } | Self::Command { title, .. } | Self::Webhook { title, .. } => title,
        }
    }

    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Prompt { .. } => "prompt",
            Self::Command { .. } => "command",
            Self::Webhook { .. } => "webhook",
        }
    }

    /// What an agent of that kind would be set to.
    pub fn command(&self) -> Option<CommandConfig> {
        let Self::Command { argv, cwd, env, .. } = self else { return None };
        Some(CommandConfig { argv: argv.clone(), cwd: cwd.clone(), env: env.clone() })
    }

    pub fn webhook(&self) -> Option<WebhookConfig> {
        let Self::Webhook { url, secret_env, .. } = self else { return None };
        Some(WebhookConfig { url: url.clone(), secret_env: secret_env.clone() })
    }

    /// What it does, in a text.
    pub fn in_words(&self) -> String {
        match self {
            Self::Prompt { prompt, .. } => prompt.clone(),
            Self::Command { argv, .. } => argv.join(" "),
            Self::Webhook { url, .. } => url.clone(),
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
        assert_eq!(step.command().map(|c| c.argv), Some(vec!["ls".to_owned(), "-l".to_owned()]));
    }
}
