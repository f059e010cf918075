//! Both sides. Status and trigger: one enum each, everywhere.

use super::error::{Error, Result};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::{fmt, str::FromStr};

/// Where an execution is. The first four are unfinished, the last three terminal;
/// a terminal status never changes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Status {
    Queued,
    Running,
    Waiting,
    Paused,
    Success,
    Failed,
    Cancelled,
}

impl Status {
    pub const ALL: [Self; 7] =
        [Self::Queued, Self::Running, Self::Waiting, Self::Paused, Self::Success, Self::Failed, Self::Cancelled];
    pub const UNFINISHED: [Self; 4] = [Self::Queued, Self::Running, Self::Waiting, Self::Paused];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::Cancelled)
    }

    /// Whether a run may go from `self` to `next`. Only forward: nothing returns to the queue,
    /// nothing leaves a terminal status; the unfinished ones may alternate.
    pub const fn may_become(self, next: Self) -> bool {
        !self.is_terminal() && (!matches!(next, Self::Queued) || matches!(self, Self::Queued))
    }
}

impl FromStr for Status {
    type Err = Error;

    /// Accepts the aliases other systems use and normalises them.
    fn from_str(s: &str) -> Result<Self> {
        Ok(match s {
            "queued" | "pending" => Self::Queued,
            "running" => Self::Running,
            "waiting" | "waiting_approval" | "waiting_for_interaction" => Self::Waiting,
            "paused" => Self::Paused,
            "success" | "completed" | "succeeded" => Self::Success,
            "failed" | "error" => Self::Failed,
            "cancelled" | "canceled" | "terminated" => Self::Cancelled,
            other => {
                return Err(Error::invalid(
                    "status",
                    format!(
                        "`{other}` is not a status; use queued, running, waiting, paused, success, failed or cancelled"
                    ),
                ));
            }
        })
    }
}

/// What started the execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Trigger {
    Manual,
    Schedule,
    Api,
    Agent,
    Mcp,
    Cli,
}

impl Trigger {
    pub const ALL: [Self; 6] = [Self::Manual, Self::Schedule, Self::Api, Self::Agent, Self::Mcp, Self::Cli];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Schedule => "schedule",
            Self::Api => "api",
            Self::Agent => "agent",
            Self::Mcp => "mcp",
            Self::Cli => "cli",
        }
    }
}

impl FromStr for Trigger {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self> {
        Ok(match s {
            "manual" | "user" => Self::Manual,
            "schedule" => Self::Schedule,
            "api" | "http" => Self::Api,
            "agent" => Self::Agent,
            "mcp" => Self::Mcp,
            "cli" => Self::Cli,
            other => {
                return Err(Error::invalid(
                    "triggered_by",
                    format!("`{other}` is not a trigger; use manual, schedule, api, agent, mcp or cli"),
                ));
            }
        })
    }
}

/// Strings in, one message out; the aliases of `FromStr` hold in JSON and SQL too.
macro_rules! word {
    ($type:ty) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl TryFrom<String> for $type {
            type Error = Error;
            fn try_from(s: String) -> Result<Self> {
                s.parse()
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(|e: Error| match e {
                    Error::Invalid(mut fields) => de::Error::custom(fields.remove(0).message),
                    other => de::Error::custom(other),
                })
            }
        }
    };
}
pub(super) use word;

word!(Status);
word!(Trigger);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_normalised_and_unknown_words_refused() {
        assert_eq!("completed".parse(), Ok(Status::Success));
        assert_eq!("waiting_for_interaction".parse(), Ok(Status::Waiting));
        assert_eq!("terminated".parse(), Ok(Status::Cancelled));
        assert_eq!("http".parse(), Ok(Trigger::Api));
        assert!("done".parse::<Status>().is_err());
        assert!("cron".parse::<Trigger>().is_err());
    }

    #[test]
    fn a_terminal_status_never_changes() {
        for from in Status::ALL {
            for to in Status::ALL {
                assert!(!(from.is_terminal() && from.may_become(to)));
            }
        }
        assert!(Status::Running.may_become(Status::Waiting));
        assert!(Status::Waiting.may_become(Status::Running));
        assert!(!Status::Running.may_become(Status::Queued));
    }
}
