//! Server. A small client of Runboard's own API, for the commands that talk to a server.

use crate::domain::{Error, ExecutionSummary};
use futures::StreamExt;
use reqwest::{Method, StatusCode, header};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Where the server is and who is asking.
#[derive(Debug, Clone, clap::Args)]
pub struct ServerArgs {
    /// Address of the server.
    #[arg(long, env = "RUNBOARD_URL", value_name = "URL")]
    pub url: Option<String>,
    /// API token.
    #[arg(long, env = "RUNBOARD_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

/// Why a request has no good answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Trying again is right, after the wait when the server named one.
    #[error("{reason}")]
    Away { reason: String, retry_after: Option<Duration> },
    /// Trying again is pointless.
    #[error("{detail} ({status})")]
    Refused { status: u16, detail: String },
}

#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// One request. `key` makes a repeated POST count once.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    pub method: Method,
    pub path: String,
    pub body: Option<bytes::Bytes>,
    pub content_type: &'static str,
    pub key: Option<&'a str>,
    pub timeout: Duration,
}

impl Call<'_> {
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            body: None,
            content_type: "application/json",
            key: None,
            timeout: Duration::from_mins(1),
        }
    }
    pub fn send(method: Method, path: impl Into<String>, body: impl Into<bytes::Bytes>) -> Self {
        Self { method, body: Some(body.into()), timeout: Duration::from_secs(30), ..Self::get(path) }
    }
}

impl Client {
    /// Fails only on an address that is none.
    pub fn new(url: &str, token: Option<String>) -> Result<Self, String> {
        let base = url.trim().trim_end_matches('/').to_owned();
        let parsed = reqwest::Url::parse(&base).map_err(|e| format!("`{url}` is not an address: {e}"))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(format!("`{url}` is not an address: it must start with http:// or https://"));
        }
        // A second command in the same process finds the provider installed; that is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            .user_agent(concat!("runboard/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| format!("no HTTP client: {e}"))?;
        Ok(Self { http, base, token })
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// The body of a 2xx answer.
    pub async fn bytes(&self, call: &Call<'_>) -> Result<bytes::Bytes, Failure> {
        let mut request = self.request(call.method.clone(), &call.path).timeout(call.timeout);
        if let Some(body) = &call.body {
            request = request.header(header::CONTENT_TYPE, call.content_type).body(body.clone());
        }
        if let Some(key) = call.key {
            request = request.header("idempotency-key", key);
        }
        let answer = request.send().await.map_err(away)?;
        if answer.status().is_success() {
            return answer.bytes().await.map_err(away);
        }
        Err(failure(answer).await)
    }

    pub async fn json<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, Failure> {
        let bytes = self.bytes(call).await?;
        serde_json::from_slice(&bytes)
            .map_err(|e| Failure::Refused { status: 200, detail: format!("the answer can't be read: {e}") })
    }

    /// Follows the `status` events of an execution's stream until it ends.
    pub async fn follow(&self, path: &str, mut on_status: impl FnMut(ExecutionSummary)) -> Result<(), Failure> {
        let answer = self
            .request(Method::GET, &format!("{path}/stream"))
            .header(header::ACCEPT, "text/event-stream")
            // Log lines count up from 1: asking for what follows the highest number leaves our own lines out.
            .header("last-event-id", (1_i64 << 53).to_string())
            .send()
            .await
            .map_err(away)?;
        if !answer.status().is_success() {
            return Err(failure(answer).await);
        }
        let mut events = StatusEvents::default();
        let mut stream = answer.bytes_stream();
        while let Some(chunk) = stream.next().await {
            events.push(&chunk.map_err(away)?, &mut on_status);
        }
        Ok(())
    }
}

#[derive(Default)]
struct StatusEvents {
    line: Vec<u8>,
    is_status: bool,
}

impl StatusEvents {
    /// A summary is a few KiB; anything longer belongs to an event that is of no interest here.
    const MAX_LINE: usize = 256 * 1024;

    fn push(&mut self, chunk: &[u8], on_status: &mut impl FnMut(ExecutionSummary)) {
        for part in chunk.split_inclusive(|b| *b == b'\n') {
            let room = Self::MAX_LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            if !part.ends_with(b"\n") {
                continue;
            }
            let line = std::mem::take(&mut self.line);
            let line = line.trim_ascii_end();
            if line.is_empty() {
                self.is_status = false;
            } else if let Some(name) = line.strip_prefix(b"event:") {
                self.is_status = name.trim_ascii() == b"status";
            } else if let Some(data) = line.strip_prefix(b"data:")
                && self.is_status
                && let Ok(summary) = serde_json::from_slice(data.trim_ascii())
            {
                on_status(summary);
            }
        }
    }
}

fn away(error: reqwest::Error) -> Failure {
    // The outermost message repeats the address; the innermost says what happened.
    let mut reason: &dyn std::error::Error = &error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    let reason = if error.is_timeout() { "no answer in time".to_owned() } else { reason.to_string() };
    Failure::Away { reason, retry_after: None }
}

async fn failure(answer: reqwest::Response) -> Failure {
    let status = answer.status();
    let retry_after =
        answer.headers().get(header::RETRY_AFTER).and_then(|v| v.to_str().ok()?.parse().ok()).map(Duration::from_secs);
    let body = answer.bytes().await.map_or_else(|_| Vec::new(), |b| b.to_vec());
    let detail = problem(&body).unwrap_or_else(|| status.canonical_reason().unwrap_or("refused").to_owned());
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::REQUEST_TIMEOUT {
        Failure::Away { reason: format!("{detail} ({})", status.as_u16()), retry_after }
    } else {
        Failure::Refused { status: status.as_u16(), detail }
    }
}

/// The sentence in a problem+json body.
fn problem(body: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Problem {
        title: Option<String>,
        detail: Option<String>,
        #[serde(default)]
        errors: Vec<crate::domain::FieldError>,
    }
    let problem: Problem = serde_json::from_slice(body).ok()?;
    if problem.errors.is_empty() {
        problem.detail.or(problem.title)
    } else {
        Some(Error::Invalid(problem.errors).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_wrong_fields() {
        let body = br#"{"title":"Invalid","errors":[{"field":"status","message":"is none"}]}"#;
        assert_eq!(problem(body).as_deref(), Some("status: is none"));
        assert_eq!(problem(br#"{"title":"Forbidden","detail":"not yours"}"#).as_deref(), Some("not yours"));
        assert_eq!(problem(b"<html>"), None);
    }

    #[test]
    fn an_address_without_a_scheme_is_refused() {
        assert!(Client::new("localhost:8080", None).is_err());
        assert_eq!(Client::new("http://localhost:8080/", None).map(|c| c.base).as_deref(), Ok("http://localhost:8080"));
    }

    #[test]
    fn other_events_and_cut_chunks_do_not_confuse_the_follower() {
        let summary = serde_json::json!({
            "id": "01990000-0000-7000-8000-000000000001", "agent_name": "a", "agent_display_name": "a",
            "status": "running", "triggered_by": "cli", "message": "m", "response_preview": null, "error": null,
            "has_error": false, "queued_at": "2026-01-01T00:00:00Z", "started_at": null, "completed_at": null,
            "duration_ms": null, "queue_ms": null, "cost": null, "input_tokens": null, "output_tokens": null,
            "total_tokens": null, "model": null, "tool_call_count": 0, "steps_done": 0, "steps_total": null,
            "current_step": null, "waiting_on": null, "thread_id": null, "flow_id": null, "parent_id": null,
            "retry_of": null, "attempt": 1, "labels": {}, "cancel_requested": true, "version": 2,
            "updated_at": "2026-01-01T00:00:00Z"
        });
        let text = format!(": hello\n\nevent: log\nid: 4\ndata: []\n\nevent: status\ndata: {summary}\n\n");
        let mut seen = Vec::new();
        let mut events = StatusEvents::default();
        for piece in text.as_bytes().chunks(7) {
            events.push(piece, &mut |s| seen.push(s.cancel_requested));
        }
        assert_eq!(seen, [true]);
    }
}
