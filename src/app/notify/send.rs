//! Server. Sending one message, and what came of it.

use super::concern::{Parcel, Verdict, judge};
use super::{hook, mail, site};
use crate::app::App;
use crate::app::access::Credential;
use crate::domain::{Channel, Error, Result, Timestamp};
use crate::store::deliveries::DueRow;

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Sent,
    /// Again, and not before so many seconds.
    Later {
        why: String,
        wait_s: Option<i64>,
    },
    /// It is of no use.
    Never(String),
    /// The receiver says that it is gone for good: the webhook with this sealed address.
    Gone {
        why: String,
        sealed_url: String,
    },
}

impl Outcome {
    pub fn later(why: impl Into<String>) -> Self {
        Self::Later { why: why.into(), wait_s: None }
    }
}

/// One attempt. What fails here is tried again.
pub async fn deliver(app: &App, row: &DueRow) -> Outcome {
    attempt(app, row).await.unwrap_or_else(|e| Outcome::later(e.to_string()))
}

async fn attempt(app: &App, row: &DueRow) -> Result<Outcome> {
    let Some(who) = app.resolve(Credential::Person(row.user_key)).await? else {
        return Ok(Outcome::Never("there is no such person any more".to_owned()));
    };
    let (title, path, payload) = match judge(&who, row).await? {
        Verdict::Tell { title, link, payload } => (title, link, payload),
        Verdict::Not(why) => return Ok(Outcome::Never(why.to_owned())),
    };
    let link = match site::link(&app.config, &path) {
        Ok(link) => link,
        Err(Error::Conflict(why)) => return Ok(Outcome::later(why)),
        Err(e) => return Err(e),
    };
    let at = Timestamp::from_micros(row.created_at);
    let parcel = Parcel { id: row.id.clone(), kind: row.kind.as_str(), at, title, link, payload };
    match row.channel {
        Channel::Mail => mail::send(app, &who, &parcel).await,
        Channel::Webhook => hook::send(app, &who, &parcel).await,
    }
}
