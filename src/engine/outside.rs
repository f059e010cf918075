//! Server. What agents' requests to others have in common: their secrets, their answers, and what goes wrong.

use super::job::Failure;
use crate::app::outside::deepest;
pub use crate::app::outside::{Clients, Reach, address, client, message, redacted, without};
use crate::app::{Config, agent_check};
use crate::domain::RetryOn;
use axum::body::Bytes;
use reqwest::{Response, StatusCode, header};
use serde_json::Value;
use std::time::Duration;

/// Nothing more came for so long: the other side is taken to be gone. Before an answer begins, only the run's own time
/// ends the waiting: a model may think for longer.
pub const STALL: Duration = Duration::from_mins(5);
/// Read of an answer that is an error.
const ERROR_BYTES: usize = 64 << 10;

/// The secret an agent's requests carry, by the name of its variable.
pub fn secret(config: &Config, reach: Reach, name: Option<&str>) -> Result<Option<String>, String> {
    let Some(name) = name else { return Ok(None) };
    match agent_check::variable_value(config, name, reach == Reach::Inside).and_then(|v| v.into_string().ok()) {
        Some(secret) => Ok(Some(secret)),
        None => Err(format!("the variable {name} is not set here, or may not be used by this agent")),
    }
}

/// What went wrong on the way, in the words of its deepest cause. `who`: endpoint or webhook.
pub fn broken(who: &str, error: &reqwest::Error) -> Failure {
    let cause = deepest(error);
    let what = if error.is_connect() { "can't be reached" } else { "broke off" };
    let kind = if error.is_timeout() && !error.is_connect() { RetryOn::Timeout } else { RetryOn::Unavailable };
    Failure::of(format!("the {who} {what}: {cause}"), kind)
}

/// The next piece of an answer, `None` at its end. `begun`: something of it has come already.
pub async fn next(who: &str, response: &mut Response, begun: bool) -> Result<Option<Bytes>, Failure> {
    if begun { next_within(STALL, who, response).await } else { read(who, response).await }
}

/// The same, unless it does not come in time.
pub async fn next_within(time: Duration, who: &str, response: &mut Response) -> Result<Option<Bytes>, Failure> {
    tokio::time::timeout(time, read(who, response)).await.unwrap_or_else(|_| {
        Err(Failure::of(format!("the {who} said nothing for {} s", time.as_secs()), RetryOn::Timeout))
    })
}

async fn read(who: &str, response: &mut Response) -> Result<Option<Bytes>, Failure> {
    response.chunk().await.map_err(|e| broken(who, &e))
}

/// Why it did not do what it was asked, and whether asking again later is of use. To be shown by way of `without`.
pub async fn refusal(who: &str, mut response: Response) -> Failure {
    let status = response.status();
    let wait = response.headers().get(header::RETRY_AFTER).and_then(|v| v.to_str().ok());
    let wait_s = wait.and_then(|v| v.trim().parse().ok());
    let mut body = Vec::new();
    // An error's text is there at once, or not worth the wait.
    while let Ok(Some(chunk)) = next(who, &mut response, true).await {
        body.extend_from_slice(&chunk);
        if body.len() > ERROR_BYTES {
            break;
        }
    }
    let said = match serde_json::from_slice::<Value>(&body) {
        Ok(value) => message(&value),
        Err(_) => String::from_utf8_lossy(&body).trim().to_owned(),
    };
    let said = if said.is_empty() { said } else { format!(": {said}") };
    let error = format!("the {who} answered {status}{said}");
    match status {
        StatusCode::TOO_MANY_REQUESTS => Failure { wait_s, ..Failure::of(error, RetryOn::RateLimited) },
        StatusCode::REQUEST_TIMEOUT => Failure::of(error, RetryOn::Timeout),
        s if s.is_server_error() => Failure { wait_s, ..Failure::of(error, RetryOn::Unavailable) },
        s if s.is_redirection() => Failure::lasting(format!("the {who} answered {status}; redirects are not followed")),
        _ => Failure::lasting(error),
    }
}
