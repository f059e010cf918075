//! Server. How a person wants to be told. A webhook's address and the secret its messages are signed with are stored sealed.

use super::hook::{ENTER_AGAIN, Target, secret_purpose, url_purpose};
use super::site;
use crate::app::access::Credential;
use crate::app::outside::{Reach, refused};
use crate::app::{App, Caller};
use crate::auth::signature;
use crate::domain::{
    Error, NewNotifySettings, NewWebhook, NotifySettings, Result, SavedNotifySettings, Scope, Told, WebhookSettings,
    WebhookStanding,
};
use crate::store::notify::{self as rows, SettingsRow};

const URL_BYTES: usize = 2_000;

pub async fn get(caller: &Caller) -> Result<NotifySettings> {
    caller.unlimited()?;
    let stored = rows::settings(&mut caller.app.store.read(), caller.user_key).await?;
    Ok(shown(caller, &stored))
}

fn shown(caller: &Caller, s: &SettingsRow) -> NotifySettings {
    let app = &caller.app;
    let webhook = Target::of(app, caller.user_key, s).map(|opened| {
        let standing = match opened {
            None => WebhookStanding::EnterAgain,
            Some(_) if s.webhook_on => WebhookStanding::On,
            Some(_) => WebhookStanding::Off,
        };
        let note = match standing {
            WebhookStanding::On => None,
            WebhookStanding::Off => s.webhook_note.clone(),
            WebhookStanding::EnterAgain => Some(ENTER_AGAIN.to_owned()),
        };
        let format = s.webhook_format.as_deref().and_then(|f| f.parse().ok()).unwrap_or_default();
        WebhookSettings { address: s.webhook_address.clone().unwrap_or_default(), format, standing, note }
    });
    NotifySettings {
        waiting: Told { mail: s.mail_waiting, webhook: s.webhook_waiting },
        failed: Told { mail: s.mail_failed, webhook: s.webhook_failed },
        budget: Told { mail: s.mail_budget, webhook: s.webhook_budget },
        mail: caller.email.clone(),
        mail_problem: app
            .config
            .mail
            .is_none()
            .then(|| "no mail is sent here: the server was not given RUNBOARD_SMTP_URL".to_owned()),
        webhook,
        webhook_problem: webhook_problem(app),
    }
}

/// Why no webhook can be set, if so.
fn webhook_problem(app: &App) -> Option<String> {
    if app.config.public_url.is_none() {
        return Some(site::UNKNOWN.to_owned());
    }
    app.config.seal.problem()
}

/// Sets what a person has sent. Any token that may write could set a webhook that tells somebody else, and goes on when the
/// token has ended: so this is for people signed in, and for tokens with scope `admin`.
fn changer(caller: &Caller) -> Result<()> {
    caller.writer()?;
    caller.unlimited()?;
    if matches!(caller.credential, Credential::Token(_)) && caller.scope < Scope::Admin {
        let who = "a person signed in, or with scope `admin`";
        return Err(Error::Forbidden(format!("how somebody is told is set by {who}")));
    }
    Ok(())
}

pub async fn save(caller: &Caller, new: NewNotifySettings) -> Result<SavedNotifySettings> {
    changer(caller)?;
    let (who, now) = (caller.clone(), caller.now());
    let (stored, secret) = caller
        .write(move |tx| {
            Box::pin(async move {
                let mut s = rows::settings(tx, who.user_key).await?;
                (s.mail_waiting, s.webhook_waiting) = (new.waiting.mail, new.waiting.webhook);
                (s.mail_failed, s.webhook_failed) = (new.failed.mail, new.failed.webhook);
                (s.mail_budget, s.webhook_budget) = (new.budget.mail, new.budget.webhook);
                let secret = match new.webhook {
                    None => None,
                    Some(None) => {
                        take_away(&mut s);
                        None
                    }
                    Some(Some(webhook)) => set_webhook(&who, &mut s, &webhook)?,
                };
                rows::save_settings(tx, who.user_key, &s, now).await?;
                Ok((s, secret))
            })
        })
        .await?;
    Ok(SavedNotifySettings { settings: shown(caller, &stored), secret })
}

fn take_away(s: &mut SettingsRow) {
    (s.webhook_url, s.webhook_address, s.webhook_secret) = (None, None, None);
    (s.webhook_format, s.webhook_note, s.webhook_on) = (None, None, false);
}

/// Sets a webhook, or how one that is there is spoken to, and switches it on. A new address has a new secret, which is
/// answered.
fn set_webhook(who: &Caller, s: &mut SettingsRow, new: &NewWebhook) -> Result<Option<String>> {
    if let Some(problem) = webhook_problem(&who.app) {
        return Err(Error::Conflict(problem));
    }
    s.webhook_format = Some(new.format.as_str().to_owned());
    let Some(text) = new.url.as_deref().map(str::trim).filter(|text| !text.is_empty()) else {
        match Target::of(&who.app, who.user_key, s) {
            None => return Err(Error::invalid("webhook.url", "is missing")),
            Some(None) => return Err(Error::invalid("webhook.url", "must be entered again")),
            Some(Some(_)) => {}
        }
        (s.webhook_on, s.webhook_note) = (true, None);
        return Ok(None);
    };
    let url = checked(text, Reach::of_role(who.role))?;
    let (seal, secret) = (&who.app.config.seal, signature::new_secret());
    s.webhook_url = Some(seal.seal(&url_purpose(who.user_key), url.as_str())?);
    s.webhook_secret = Some(seal.seal(&secret_purpose(who.user_key), &secret)?);
    s.webhook_address = Some(url.origin().ascii_serialization());
    (s.webhook_on, s.webhook_note) = (true, None);
    Ok(Some(secret))
}

/// What is said of an address never repeats it.
fn checked(text: &str, reach: Reach) -> Result<reqwest::Url> {
    let wrong = |message: &str| Error::invalid("webhook.url", message);
    if text.len() > URL_BYTES {
        return Err(wrong("is longer than 2 000 bytes"));
    }
    let url = reqwest::Url::parse(text).map_err(|_| wrong("is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong("must begin with https:// or http://"));
    }
    match refused(&url, reach) {
        Some(why) => Err(wrong(&format!("is {why}"))),
        None => Ok(url),
    }
}

/// A new secret for the same webhook; the old one holds no more.
pub async fn renew_secret(caller: &Caller) -> Result<String> {
    changer(caller)?;
    let (who, now) = (caller.clone(), caller.now());
    caller
        .write(move |tx| {
            Box::pin(async move {
                let mut s = rows::settings(tx, who.user_key).await?;
                match Target::of(&who.app, who.user_key, &s) {
                    None => return Err(Error::Conflict("there is no webhook yet".to_owned())),
                    Some(None) => return Err(Error::Conflict(ENTER_AGAIN.to_owned())),
                    Some(Some(_)) => {}
                }
                let secret = signature::new_secret();
                s.webhook_secret = Some(who.app.config.seal.seal(&secret_purpose(who.user_key), &secret)?);
                rows::save_settings(tx, who.user_key, &s, now).await?;
                Ok(secret)
            })
        })
        .await
}
