//! Both sides. Agents.

use super::error::{Error, Result};
use super::execution::ExecutionSummary;
use super::status::word;
use super::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::{fmt, str::FromStr};

/// Who does the work of an agent's runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum AgentKind {
    /// The agent's own process reports; nothing runs here.
    External,
    Openai,
    Command,
    Webhook,
}

impl AgentKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::External => "external",
            Self::Openai => "openai",
            Self::Command => "command",
            Self::Webhook => "webhook",
        }
    }
}

impl FromStr for AgentKind {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        Ok(match s {
            "external" => Self::External,
            "openai" => Self::Openai,
            "command" => Self::Command,
            "webhook" => Self::Webhook,
            other => return Err(Error::invalid("kind", format!("`{other}` is not a kind of agent"))),
        })
    }
}
word!(AgentKind);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AgentSummary {
    /// Unique and URL-safe.
    pub name: String,
    /// For people.
    pub display_name: String,
    pub description: Option<String>,
    pub kind: AgentKind,
    /// E-mail of the owner.
    pub owner: String,
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// You can start its runs from here.
    #[serde(default)]
    pub can_run: bool,
    /// The newest runs, only with `?include=runs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<Vec<ExecutionSummary>>,
}

/// The URL-safe form of a name that came from outside: lower case letters, digits, `.`, `_` and `-`.
/// Letters of other scripts are kept; they are legal in a path segment once escaped.
pub fn slug(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.trim().chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() || matches!(c, '.' | '_' | '-') {
            out.push(c);
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    let trimmed = out.trim_matches('-');
    trimmed.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn names_from_outside_become_slugs() {
        assert_eq!(slug("  Market Researcher (EU) "), "market-researcher-eu");
        assert_eq!(slug("build"), "build");
        assert_eq!(slug("調査/エージェント"), "調査-エージェント");
        assert_eq!(slug("///"), "");
    }
}
