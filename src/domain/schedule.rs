//! Both sides. When an agent runs by itself.

use super::error::{Error, Result};
use super::status::word;
use super::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::{fmt, str::FromStr};

/// What becomes of a time that comes while the run before it has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Overlap {
    /// It makes no run.
    Skip,
    /// Its run waits for its turn.
    Queue,
}

impl Overlap {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Queue => "queue",
        }
    }
}

impl FromStr for Overlap {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        Ok(match s {
            "skip" => Self::Skip,
            "queue" => Self::Queue,
            other => return Err(Error::invalid("overlap", format!("`{other}` is not skip or queue"))),
        })
    }
}
word!(Overlap);

/// A schedule to set; it replaces the one there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewSchedule {
    /// Minute, hour, day of month, month, day of week.
    pub cron: String,
    /// Of the tz database, e.g. `Europe/Berlin`.
    pub timezone: String,
    #[serde(default)]
    pub message: String,
    #[serde(default = "yes")]
    pub enabled: bool,
    #[serde(default = "skip")]
    pub overlap: Overlap,
    /// A flow of the agent to start; the message goes with its first prompt.
    #[serde(default)]
    pub flow_id: Option<String>,
}

const fn yes() -> bool {
    true
}

const fn skip() -> Overlap {
    Overlap::Skip
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Schedule {
    pub cron: String,
    pub timezone: String,
    pub message: String,
    pub enabled: bool,
    pub overlap: Overlap,
    /// The flow it starts, if it starts one.
    #[serde(default)]
    pub flow_id: Option<String>,
    /// The next five times; none while it is switched off.
    #[cfg_attr(feature = "ssr", schema(value_type = Vec<String>))]
    pub next_runs: Vec<Timestamp>,
    /// E-mail of who set it.
    pub set_by: String,
}
