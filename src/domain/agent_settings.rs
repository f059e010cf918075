//! Both sides. What an agent of each kind needs to run, and its limits.

use super::agent::{AgentKind, AgentSummary};
use super::budget::BudgetState;
use super::schedule::Schedule;
use super::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// How runs of an agent are done, by kind. Holds names of environment variables, never a secret itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum AgentConfig {
    /// The agent's own process does them.
    External {},
    Openai(OpenaiConfig),
    Command(CommandConfig),
    Webhook(WebhookConfig),
}

impl AgentConfig {
    pub const fn kind(&self) -> AgentKind {
        match self {
            Self::External {} => AgentKind::External,
            Self::Openai(_) => AgentKind::Openai,
            Self::Command(_) => AgentKind::Command,
            Self::Webhook(_) => AgentKind::Webhook,
        }
    }

    /// What does the runs, in a line; `None`: nothing here.
    pub fn in_words(&self) -> Option<String> {
        match self {
            Self::External {} => None,
            Self::Openai(c) => Some(format!("{} at {}", c.model, c.base_url)),
            Self::Command(c) => Some(c.argv.join(" ")),
            Self::Webhook(c) => Some(c.url.clone()),
        }
    }
}

/// An OpenAI-compatible endpoint: `POST {base_url}/chat/completions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenaiConfig {
    pub base_url: String,
    pub model: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    /// Environment variable with the key; absent for endpoints that want none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_env: Option<String>,
}

/// A program on the server's machine, without a shell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandConfig {
    pub argv: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Names of the server's environment variables it is given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    pub url: String,
    /// Environment variable with the secret that requests are signed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_env: Option<String>,
}

/// Why a run failed, as far as starting it again depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum RetryOn {
    Timeout,
    /// The other side said 429.
    RateLimited,
    /// It could not be reached, or said 5xx.
    Unavailable,
    /// A command's exit code.
    Exit,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RetryPolicy {
    /// Runs in all, the first included: 1–10.
    pub attempts: i64,
    /// Seconds before the second run; doubled for each one after it: 0–3600.
    pub backoff_s: i64,
    pub on: Vec<RetryOn>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Budget {
    /// USD per UTC day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd_per_day: Option<f64>,
    /// USD per UTC month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd_per_month: Option<f64>,
}

/// How many runs at once, how long, how often, how dear.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AgentLimits {
    /// 1–1000.
    pub max_concurrency: i64,
    /// Seconds; `null`: an hour for runs that Runboard does itself, none for external ones.
    pub timeout_s: Option<i64>,
    pub retry: Option<RetryPolicy>,
    pub budget: Option<Budget>,
}

impl Default for AgentLimits {
    fn default() -> Self {
        Self { max_concurrency: 1, timeout_s: None, retry: None, budget: None }
    }
}

/// An agent in full.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AgentDetail {
    #[serde(flatten)]
    pub summary: AgentSummary,
    #[serde(flatten)]
    pub limits: AgentLimits,
    /// What is spent of the budget, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_state: Option<BudgetState>,
    /// By kind; only for those who operate the agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<Object>))]
    pub config: Option<AgentConfig>,
    /// Deleted while it had runs: it starts no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub retired_at: Option<Timestamp>,
}

/// An agent as its page tells of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentAbout {
    pub summary: AgentSummary,
    pub limits: AgentLimits,
    pub budget_state: Option<BudgetState>,
    pub schedule: Option<Schedule>,
    /// What does its runs; only for those who operate it.
    pub does: Option<String>,
    pub retired_at: Option<Timestamp>,
    /// The viewer owns it or is an admin.
    pub may_change: bool,
}

/// An agent to make.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewAgent {
    /// Unique, and safe in a URL: lower case letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// For people; the name when absent.
    pub display_name: Option<String>,
    pub description: Option<String>,
    pub kind: AgentKind,
    /// `openai`: `{base_url, model, system_prompt?, api_key_env?}`; `command`: `{argv, cwd?, env?}` with names of
    /// variables; `webhook`: `{url, secret_env?}`; `external`: none.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub config: BTreeMap<String, serde_json::Value>,
    pub max_concurrency: Option<i64>,
    pub timeout_s: Option<i64>,
    pub retry: Option<RetryPolicy>,
    pub budget: Option<Budget>,
}

/// A change to an agent: absent stays, `null` clears.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AgentPatch {
    pub display_name: Option<String>,
    #[serde(deserialize_with = "given")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>))]
    pub description: Option<Option<String>>,
    /// Replaces all of it.
    #[cfg_attr(feature = "ssr", schema(value_type = Option<Object>))]
    pub config: Option<BTreeMap<String, serde_json::Value>>,
    pub max_concurrency: Option<i64>,
    #[serde(deserialize_with = "given")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<i64>))]
    pub timeout_s: Option<Option<i64>>,
    #[serde(deserialize_with = "given")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<RetryPolicy>))]
    pub retry: Option<Option<RetryPolicy>>,
    #[serde(deserialize_with = "given")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<Budget>))]
    pub budget: Option<Option<Budget>>,
}

/// A field that is there, be it `null`.
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(d).map(Some)
}
