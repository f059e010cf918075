//! Server. Trying out whether a message arrives: sent now, and what came of it is the answer.

use super::concern::Parcel;
use super::hook::{ENTER_AGAIN, Target};
use super::send::Outcome;
use super::words::Payload;
use super::{mail, site};
use crate::app::Caller;
use crate::app::outside::Reach;
use crate::domain::{Error, Result, Trial};
use crate::store::notify;
use std::time::Instant;

pub async fn test_webhook(caller: &Caller) -> Result<Trial> {
    let parcel = parcel(caller)?;
    let stored = notify::settings(&mut caller.app.store.read(), caller.user_key).await?;
    let target = match Target::of(&caller.app, caller.user_key, &stored) {
        None => return Err(Error::Conflict("there is no webhook yet".to_owned())),
        Some(None) => return Err(Error::Conflict(ENTER_AGAIN.to_owned())),
        Some(Some(target)) => target,
    };
    caller.app.message_trials.check(&caller.user_key)?;
    let begun = Instant::now();
    Ok(verdict(target.ask(&caller.app, Reach::of_role(caller.role), &parcel).await?, begun, "the webhook took it"))
}

pub async fn test_mail(caller: &Caller) -> Result<Trial> {
    let parcel = parcel(caller)?;
    if caller.app.config.mail.is_none() {
        return Err(Error::Conflict("no mail is sent here: the server was not given RUNBOARD_SMTP_URL".to_owned()));
    }
    caller.app.message_trials.check(&caller.user_key)?;
    let begun = Instant::now();
    let taken = format!("the mail server took it, for {}", caller.email);
    Ok(verdict(mail::send(&caller.app, caller, &parcel).await?, begun, &taken))
}

fn parcel(caller: &Caller) -> Result<Parcel> {
    caller.writer()?;
    caller.unlimited()?;
    let text = "This is a test. What waits for you, what failed and which budgets are spent will come like this.";
    Ok(Parcel {
        id: uuid::Uuid::now_v7().to_string(),
        kind: "test",
        at: caller.now(),
        title: "A test of Runboard".to_owned(),
        link: site::link(&caller.app.config, "/settings/notifications")?,
        payload: Payload { text: text.to_owned(), ..Payload::default() },
    })
}

fn verdict(outcome: Outcome, begun: Instant, taken: &str) -> Trial {
    let duration_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
    let (ok, detail) = match outcome {
        Outcome::Sent => (true, taken.to_owned()),
        Outcome::Later { why, .. } | Outcome::Never(why) | Outcome::Gone { why, .. } => (false, why),
    };
    Trial { ok, detail, duration_ms }
}
