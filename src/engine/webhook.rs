//! Server. Agents that are a webhook: the message goes out as JSON, signed as Standard Webhooks say; the answer is the
//! end of the run, or the agent reports it later.

use super::job::{Failure, Job, Outcome};
use super::log::Log;
use super::outside::{self, Reach};
use super::{Engine, Halt, halt_after};
use crate::app::App;
use crate::auth::signature;
use crate::domain::{ExecutionPatch, Result, Status, WebhookConfig};
use crate::store::agents::AgentRow;
use reqwest::{Response, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::watch;

const ANSWER_BYTES: usize = 4 << 20;
const TEXT_BYTES: usize = 1 << 20;

/// What a webhook may answer; other fields are its own affair.
#[derive(Debug, Default, Deserialize)]
struct Answer {
    status: Option<Status>,
    response: Option<String>,
    error: Option<String>,
    cost: Option<f64>,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    cached_tokens: Option<i64>,
    reasoning_tokens: Option<i64>,
    model: Option<String>,
}

pub async fn run(
    engine: &Engine,
    job: &Job,
    config: &WebhookConfig,
    mut halted: watch::Receiver<Option<Halt>>,
) -> Result<Outcome> {
    tokio::select! {
        called = call(engine, job, config) => called,
        why = halt_after(&mut halted, None) => {
            let (log, written) = Log::start(engine, job);
            engine.told(job, why, &log, "the request was aborted").await;
            drop(log);
            if written.await.is_err() {
                tracing::error!(id = %job.id, "the writing of a log panicked");
            }
            Ok(Outcome::default())
        }
    }
}

async fn call(engine: &Engine, job: &Job, config: &WebhookConfig) -> Result<Outcome> {
    let payload = json!({
        "type": "run.started",
        "execution_id": job.id,
        "agent_name": job.agent.name,
        "message": job.message,
        "attempt": job.attempt,
        "thread_id": job.thread_id,
        "step": job.step,
        "memories": job.context.memories_as_json(),
        "before": job.context.before_as_json(),
    });
    let client = engine.0.clients.of(Reach::of(&engine.0.app, &job.agent).await?)?;
    Ok(match send(&engine.0.app, client, &job.agent, config, &job.message_id(), &payload).await? {
        Ok((response, secret)) => {
            answered(response, secret.as_deref(), outside::STALL).await.unwrap_or_else(Outcome::from)
        }
        Err(failure) => failure.into(),
    })
}

/// Sends a signed message under an id; the answer, if it is a good one, and the secret.
pub async fn send(
    app: &App,
    client: &reqwest::Client,
    agent: &AgentRow,
    config: &WebhookConfig,
    id: &str,
    payload: &Value,
) -> Result<Result<(Response, Option<String>), Failure>> {
    let reach = Reach::of(app, agent).await?;
    let prepared = outside::address(&config.url, reach)
        .and_then(|url| Ok((url, outside::secret(&app.config, reach, config.secret_env.as_deref())?)));
    let (url, secret) = match prepared {
        Ok(prepared) => prepared,
        Err(problem) => return Ok(Err(Failure::lasting(problem))),
    };
    let body = payload.to_string();
    let mut request = client.post(url).header(header::CONTENT_TYPE, "application/json");
    for (name, value) in signature::headers(secret.as_deref(), id, app.now(), &body)? {
        request = request.header(name, value);
    }
    Ok(match request.body(body).send().await {
        Ok(response) if response.status().is_success() => Ok((response, secret)),
        Ok(response) => {
            let failure = outside::refusal("webhook", response).await;
            Err(Failure { error: outside::without(&failure.error, secret.as_deref()), ..failure })
        }
        Err(e) => Err(outside::broken("webhook", &e)),
    })
}

/// What an answer says of the run: its end, or nothing yet. 202 is nothing yet, whatever else it says. A webhook may repeat
/// the secret its message was signed with; that is kept nowhere.
async fn answered(mut response: Response, secret: Option<&str>, stall: Duration) -> Result<Outcome, Failure> {
    if response.status() == StatusCode::ACCEPTED {
        return Ok(Outcome { reports_later: true, ..Outcome::default() });
    }
    let mut body = Vec::new();
    // The head of the answer is there: the rest of it is not worth the run's whole time.
    while let Some(chunk) = outside::next_within(stall, "webhook", &mut response).await? {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_BYTES {
            return Err(Failure::lasting("the webhook's answer is too long"));
        }
    }
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Outcome { reports_later: true, ..Outcome::default() });
    }
    let answer: Answer = serde_json::from_slice(&body).map_err(|e| {
        let shown: String = outside::redacted(&String::from_utf8_lossy(&body), secret).chars().take(200).collect();
        Failure::lasting(format!("the webhook answered what is no answer to a run ({e}): {shown}"))
    })?;
    outcome(answer, secret)
}

fn outcome(answer: Answer, secret: Option<&str>) -> Result<Outcome, Failure> {
    let bounded = |text: String| bounded(outside::redacted(&text, secret));
    let count = |n: Option<i64>| n.filter(|n| (0..=1_000_000_000_000).contains(n));
    let reports_later = match answer.status {
        Some(status) => !status.is_terminal(),
        None => answer.response.is_none() && answer.error.is_none(),
    };
    let failed = !reports_later
        && (answer.status == Some(Status::Failed) || (answer.status.is_none() && answer.error.is_some()));
    if answer.status == Some(Status::Cancelled) {
        return Err(Failure::lasting("the webhook cancelled the run"));
    }
    let failure = failed.then(|| {
        let error = answer.error.clone().unwrap_or_else(|| "the webhook gave no reason".to_owned());
        Failure::lasting(bounded(error))
    });
    let patch = ExecutionPatch {
        response: answer.response.map(bounded),
        cost: answer.cost.filter(|c| c.is_finite() && (0.0..=1_000_000.0).contains(c)),
        input_tokens: count(answer.input_tokens),
        output_tokens: count(answer.output_tokens),
        cached_tokens: count(answer.cached_tokens),
        reasoning_tokens: count(answer.reasoning_tokens),
        model: answer.model.map(|m| outside::redacted(&m, secret).chars().take(200).collect()),
        ..ExecutionPatch::default()
    };
    Ok(Outcome { failure, patch, reports_later, parked: false })
}

fn bounded(mut text: String) -> String {
    if text.len() > TEXT_BYTES {
        text.truncate(text.floor_char_boundary(TEXT_BYTES - 64));
        text.push_str("\n[The rest is not kept.]");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RetryOn;
    use futures::StreamExt as _;

    #[test]
    fn an_answer_without_an_end_is_reported_later() {
        let of = |text: &str| outcome(serde_json::from_str(text).expect("an answer"), None).expect("an outcome");
        assert!(of("{}").reports_later && of(r#"{"status":"running","response":"so far"}"#).reports_later);
        assert!(!of(r#"{"response":"done"}"#).reports_later && of(r#"{"response":"done"}"#).failure.is_none());
        assert_eq!(of(r#"{"error":"no"}"#).failure.map(|f| f.error).as_deref(), Some("no"));
        assert!(of(r#"{"status":"failed"}"#).failure.is_some());
    }
    /// An answer with these pieces of a body, which then goes on without end.
    fn stalls(pieces: &'static [&'static str]) -> Response {
        let begun = pieces.iter().map(|piece| Ok::<_, std::convert::Infallible>(*piece));
        let body = futures::stream::iter(begun).chain(futures::stream::pending());
        axum::http::Response::new(reqwest::Body::wrap_stream(body)).into()
    }

    #[tokio::test]
    async fn a_body_that_stalls_ends_with_a_failure() {
        for pieces in [&[][..], &["{\"response\":", "\"half"][..]] {
            let failure = answered(stalls(pieces), None, Duration::from_millis(20)).await.expect_err("a failure");
            assert!(failure.error.starts_with("the webhook said nothing for "), "{}", failure.error);
            assert_eq!(failure.kind, Some(RetryOn::Timeout));
        }
    }

    #[tokio::test]
    async fn what_a_webhook_says_is_without_its_secret() {
        let of = async |body: &'static str| {
            let response = axum::http::Response::new(body);
            answered(response.into(), Some("whsec_0123456789"), outside::STALL).await
        };
        let good =
            of(r#"{"response":"I know whsec_0123456789","model":"whsec_0123456789"}"#).await.expect("an outcome");
        assert_eq!((good.patch.response.as_deref(), good.patch.model.as_deref()), (Some("I know …"), Some("…")));
        let failed = of(r#"{"error":"no key whsec_0123456789"}"#).await.expect("an outcome");
        assert_eq!(failed.failure.map(|f| f.error).as_deref(), Some("no key …"));
        let odd = of("whsec_0123456789 is my secret").await.expect_err("no answer");
        assert!(odd.error.ends_with(": … is my secret"), "{}", odd.error);
    }
}
