//! Server. Webhooks of people: a signed request to an address that is a secret.

use super::concern::Parcel;
use super::send::Outcome;
use super::words::{cut, one_line};
use crate::app::outside::{Reach, deepest, redacted, refused};
use crate::app::{App, Caller};
use crate::auth::signature;
use crate::domain::{Result, Timestamp, WebhookFormat};
use crate::store::notify::{self, SettingsRow};
use reqwest::{Response, StatusCode, header};
use serde_json::{Value, json};
use std::time::Duration;

/// Read of an answer that is no success.
const ANSWER_BYTES: usize = 4 << 10;
const ANSWER_CHARS: usize = 200;
/// A part of an address that is so long may be a secret.
const TELLING: usize = 6;
/// What Slack takes in one block.
const BLOCK_CHARS: usize = 2_900;
/// What is wrong when an address does not open.
pub const ENTER_AGAIN: &str =
    "the webhook's address was stored under another key than this server has: it must be entered again";

/// What a person's webhook needs to be asked.
pub struct Target {
    url: String,
    sealed_url: String,
    secret: String,
    format: WebhookFormat,
}

pub fn url_purpose(user_key: i64) -> String {
    format!("webhook.url:{user_key}")
}

pub fn secret_purpose(user_key: i64) -> String {
    format!("webhook.secret:{user_key}")
}

impl Target {
    /// `None`: there is no webhook. `Some(None)`: it does not open with this server's key.
    #[expect(clippy::option_option, reason = "no webhook, one that does not open, and one that does are three things")]
    pub fn of(app: &App, user_key: i64, s: &SettingsRow) -> Option<Option<Self>> {
        let (sealed_url, sealed_secret) = (s.webhook_url.clone()?, s.webhook_secret.as_deref()?);
        let seal = &app.config.seal;
        let opened =
            seal.open(&url_purpose(user_key), &sealed_url).zip(seal.open(&secret_purpose(user_key), sealed_secret));
        let format = s.webhook_format.as_deref().and_then(|f| f.parse().ok()).unwrap_or_default();
        Some(opened.map(|(url, secret)| Self { url, sealed_url, secret, format }))
    }

    /// Asks it once.
    pub async fn ask(&self, app: &App, reach: Reach, parcel: &Parcel) -> Result<Outcome> {
        let Ok(url) = reqwest::Url::parse(&self.url) else {
            return Ok(Outcome::Never("the webhook's address is none".to_owned()));
        };
        if let Some(why) = refused(&url, reach) {
            return Ok(Outcome::Never(format!("the webhook's address is {why}")));
        }
        let body = body(self.format, parcel).to_string();
        let client = app.notify.clients.of(reach)?;
        let mut request = client.post(url).header(header::CONTENT_TYPE, "application/json");
        for (name, value) in signature::headers(Some(&self.secret), &parcel.id, app.now(), &body)? {
            request = request.header(name, value);
        }
        let limit = Duration::from_millis(app.config.notify_timeout_ms);
        let asked = tokio::time::timeout(limit, async {
            match request.body(body).send().await {
                Ok(response) => self.answered(response, app.now()).await,
                Err(e) => {
                    let what = if e.is_connect() { "can't be reached" } else { "broke off" };
                    let e = e.without_url();
                    Outcome::later(format!("the webhook {what}: {}", self.hidden(&deepest(&e).to_string())))
                }
            }
        });
        Ok(asked.await.unwrap_or_else(|_| Outcome::later(format!("the webhook gave no answer within {limit:?}"))))
    }

    async fn answered(&self, mut response: Response, now: Timestamp) -> Outcome {
        let status = response.status();
        if status.is_success() {
            return Outcome::Sent;
        }
        let wait = response.headers().get(header::RETRY_AFTER).and_then(|v| v.to_str().ok());
        let wait_s = wait.and_then(|v| wait_of(v.trim(), now));
        let mut said = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            said.extend_from_slice(&chunk);
            if said.len() > ANSWER_BYTES {
                break;
            }
        }
        let said = self.hidden(&one_line(&String::from_utf8_lossy(&said), ANSWER_CHARS));
        let said = if said.is_empty() { said } else { format!(": {said}") };
        let why = format!("the webhook answered {status}{said}");
        match status {
            StatusCode::GONE => Outcome::Gone { why, sealed_url: self.sealed_url.clone() },
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Outcome::Later { why, wait_s },
            s if s.is_server_error() => Outcome::Later { why, wait_s },
            s if s.is_redirection() => {
                Outcome::Never(format!("the webhook answered {status}; redirects are not followed"))
            }
            _ => Outcome::Never(why),
        }
    }

    /// What others say may repeat where they were asked, and what they were sent.
    fn hidden(&self, text: &str) -> String {
        let whole = redacted(&redacted(text, Some(&self.secret)), Some(&self.url));
        let parts = self.url.split(['/', '?', '&', '=', '#']).skip(3).filter(|part| part.len() >= TELLING);
        parts.fold(whole, |text, part| redacted(&text, Some(part)))
    }
}

/// Seconds, from so many or from a moment.
fn wait_of(text: &str, now: Timestamp) -> Option<i64> {
    let until = || chrono::DateTime::parse_from_rfc2822(text).ok().map(|at| at.timestamp() - now.millis() / 1_000);
    text.parse().ok().or_else(until).filter(|s| *s > 0)
}

pub(super) async fn send(app: &App, who: &Caller, parcel: &Parcel) -> Result<Outcome> {
    let stored = notify::settings(&mut app.store.read(), who.user_key).await?;
    match Target::of(app, who.user_key, &stored) {
        _ if !stored.webhook_on => Ok(Outcome::Never("the webhook is switched off, or was taken away".to_owned())),
        None => Ok(Outcome::Never("the webhook was taken away".to_owned())),
        Some(None) => Ok(Outcome::Never(ENTER_AGAIN.to_owned())),
        Some(Some(target)) => target.ask(app, Reach::of_role(who.role), parcel).await,
    }
}

fn body(format: WebhookFormat, p: &Parcel) -> Value {
    match format {
        WebhookFormat::Json => for_programs(p),
        WebhookFormat::Slack => for_slack(p),
    }
}

fn for_programs(p: &Parcel) -> Value {
    let mut body = json!({
        "id": p.id, "kind": p.kind, "at": p.at, "title": p.title, "text": p.payload.text, "link": p.link,
    });
    let more = [
        ("execution_id", p.payload.execution_id.as_ref().map(|v| json!(v))),
        ("agent_name", p.payload.agent_name.as_ref().map(|v| json!(v))),
        ("approval_id", p.payload.approval_id.as_ref().map(|v| json!(v))),
        ("expires_at", p.payload.expires_at.map(|v| json!(v))),
    ];
    for (name, value) in more {
        if let Some(value) = value {
            body[name] = value;
        }
    }
    body
}

/// Nothing of the text is looked at for links, mentions or channels.
fn for_slack(p: &Parcel) -> Value {
    let (title, text) = (escaped(&p.title), escaped(&cut(&p.payload.text, BLOCK_CHARS / 5)));
    let section = |text: String| json!({"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": true}});
    json!({
        "text": title,
        "unfurl_links": false,
        "unfurl_media": false,
        "blocks": [
            section(format!("*{title}*")),
            section(text),
            section(format!("<{}|Open in Runboard>", escaped(&p.link))),
        ],
    })
}

/// Slack's own three characters.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::words::Payload;
    use super::*;

    fn parcel(title: &str, text: &str) -> Parcel {
        Parcel {
            id: "d".into(),
            kind: "failed",
            at: Timestamp::from_millis(0),
            title: title.into(),
            link: "https://board.example/executions/x?a=1&b=2".into(),
            payload: Payload { text: text.into(), execution_id: Some("x".into()), ..Payload::default() },
        }
    }

    #[test]
    fn slack_reads_no_commands_out_of_a_text() {
        let body = body(WebhookFormat::Slack, &parcel("<!channel> a & b", "<https://evil.example|ok> >"));
        assert_eq!(body["text"], "&lt;!channel&gt; a &amp; b");
        assert_eq!(body["blocks"][1]["text"]["text"], "&lt;https://evil.example|ok&gt; &gt;");
        assert_eq!(
            body["blocks"][2]["text"]["text"],
            "<https://board.example/executions/x?a=1&amp;b=2|Open in Runboard>"
        );
        let long = super::body(WebhookFormat::Slack, &parcel("t", &"&".repeat(5_000)));
        assert!(long["blocks"][1]["text"]["text"].as_str().is_some_and(|t| t.len() <= 3_000), "escaped it fits still");
    }

    #[test]
    fn a_pause_is_asked_for_in_seconds_or_until_a_moment() {
        let now = Timestamp::from_millis(1_445_412_420_000);
        assert_eq!(wait_of("120", now), Some(120));
        assert_eq!(wait_of("Wed, 21 Oct 2015 07:28:00 GMT", now), Some(60));
        for none in ["-1", "soon", "", "Wed, 21 Oct 2015 07:26:00 GMT"] {
            assert_eq!(wait_of(none, now), None, "{none}");
        }
    }

    #[test]
    fn no_part_of_an_address_that_may_be_a_secret_is_repeated() {
        let target = Target {
            url: "https://hooks.example/services/T0/B0123456/abcdef?token=ghijkl".into(),
            sealed_url: String::new(),
            secret: "whsec_0123456789".into(),
            format: WebhookFormat::Json,
        };
        let said =
            "no B0123456 nor abcdef with ghijkl, at https://hooks.example/services/T0/B0123456/abcdef?token=ghijkl";
        assert_eq!(target.hidden(said), "no … nor … with …, at …");
        assert_eq!(target.hidden("whsec_0123456789 at hooks.example"), "… at hooks.example");
    }

    #[test]
    fn programs_get_the_fields_there_are() {
        let body = body(WebhookFormat::Json, &parcel("a", "b"));
        assert_eq!((&body["at"], &body["execution_id"]), (&json!("1970-01-01T00:00:00Z"), &json!("x")));
        assert!(body.get("approval_id").is_none());
    }
}
