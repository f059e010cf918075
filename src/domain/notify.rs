//! Both sides. What a person is told of, by which way, and what became of it.

use super::error::{Error, Result};
use super::status::word;
use super::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::{fmt, str::FromStr};

/// Kinds of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum NewsKind {
    /// An approval or a question waits for the person.
    Waiting,
    /// It still does, and not for much longer.
    Reminder,
    /// A run of an agent of theirs failed.
    Failed,
    /// An agent of theirs has spent 80 % or all of a budget.
    Budget,
}

impl NewsKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Reminder => "reminder",
            Self::Failed => "failed",
            Self::Budget => "budget",
        }
    }
}

impl FromStr for NewsKind {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        Ok(match s {
            "waiting" => Self::Waiting,
            "reminder" => Self::Reminder,
            "failed" => Self::Failed,
            "budget" => Self::Budget,
            other => return Err(Error::invalid("kind", format!("`{other}` is not a kind of news"))),
        })
    }
}
word!(NewsKind);

/// The way by which somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Channel {
    Mail,
    Webhook,
}

impl Channel {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Webhook => "webhook",
        }
    }
}

impl FromStr for Channel {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        Ok(match s {
            "mail" => Self::Mail,
            "webhook" => Self::Webhook,
            other => return Err(Error::invalid("channel", format!("`{other}` is neither mail nor webhook"))),
        })
    }
}
word!(Channel);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum DeliveryState {
    /// For its turn, or for the next attempt.
    Waiting,
    /// Whoever receives it has accepted it.
    Sent,
    /// `error` says why.
    GivenUp,
}

impl DeliveryState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::GivenUp => "given_up",
        }
    }
}

impl FromStr for DeliveryState {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        Ok(match s {
            "waiting" => Self::Waiting,
            "sent" => Self::Sent,
            "given_up" => Self::GivenUp,
            other => return Err(Error::invalid("state", format!("`{other}` is not a state of a delivery"))),
        })
    }
}
word!(DeliveryState);

/// What a webhook is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum WebhookFormat {
    /// Fields for programs.
    #[default]
    Json,
    /// A message as Slack, and what takes the same, shows it.
    Slack,
}

impl WebhookFormat {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Slack => "slack",
        }
    }
}

impl FromStr for WebhookFormat {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        Ok(match s {
            "json" => Self::Json,
            "slack" => Self::Slack,
            other => return Err(Error::invalid("format", format!("`{other}` is neither json nor slack"))),
        })
    }
}
word!(WebhookFormat);

/// Whether somebody is told of one kind of news, by each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Told {
    pub mail: bool,
    pub webhook: bool,
}

/// Where a person's webhook stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum WebhookStanding {
    On,
    /// Switched off, because its receiver said it is gone.
    Off,
    /// Stored under a key this server does not have: it must be entered again.
    EnterAgain,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct WebhookSettings {
    /// Scheme and host; the rest may be a secret.
    pub address: String,
    pub format: WebhookFormat,
    pub standing: WebhookStanding,
    /// Why it does not stand well.
    pub note: Option<String>,
}

/// How a person is told of what concerns them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NotifySettings {
    /// An approval or a question waits for the person, and the reminder before it expires.
    pub waiting: Told,
    /// A run of an agent they own failed.
    pub failed: Told,
    /// An agent they own has spent 80 % or all of a budget.
    pub budget: Told,
    /// Where mail goes: the address they sign in with.
    pub mail: String,
    /// Why no mail is sent here.
    pub mail_problem: Option<String>,
    pub webhook: Option<WebhookSettings>,
    /// Why no webhook can be set here.
    pub webhook_problem: Option<String>,
}

/// A webhook to be set. Without a URL the one there is stays.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewWebhook {
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub format: WebhookFormat,
}

impl fmt::Debug for NewWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.as_ref().map(|_| "…");
        f.debug_struct("NewWebhook").field("url", &url).field("format", &self.format).finish()
    }
}

/// Settings to be made. Without `webhook` it stays as it is; `null` takes it away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewNotifySettings {
    pub waiting: Told,
    pub failed: Told,
    pub budget: Told,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<NewWebhook>))]
    pub webhook: Option<Option<NewWebhook>>,
}

/// A field that is there, be it `null`.
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
fn given<'de, D: Deserializer<'de>>(d: D) -> std::result::Result<Option<Option<NewWebhook>>, D::Error> {
    Option::deserialize(d).map(Some)
}

/// Settings as they are now.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SavedNotifySettings {
    pub settings: NotifySettings,
    /// What the webhook's messages are signed with; shown this once, when a webhook is new.
    pub secret: Option<String>,
}

impl fmt::Debug for SavedNotifySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavedNotifySettings").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// One message to one person by one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Delivery {
    pub id: String,
    pub channel: Channel,
    pub kind: NewsKind,
    pub title: String,
    /// What it is about: a path of this site.
    pub link: String,
    pub state: DeliveryState,
    pub attempts: i64,
    /// Of the last attempt that did not succeed.
    pub error: Option<String>,
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// While it waits: when the next attempt is.
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub next_at: Option<Timestamp>,
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub ended_at: Option<Timestamp>,
}

/// Newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DeliveryPage {
    pub deliveries: Vec<Delivery>,
    pub next_cursor: Option<String>,
}

/// What the page of them shows at first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifyPage {
    pub settings: NotifySettings,
    pub log: DeliveryPage,
}
