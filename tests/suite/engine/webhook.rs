//! Agents that are a webhook, against one that the tests start.

use super::{Works, until};
use crate::support::{Backend, on_both};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use runboard::app::control;
use runboard::domain::{Role, Scope, Status};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

on_both!(
    an_answer_is_the_end_of_the_run,
    an_agent_may_report_later,
    accepted_is_no_end_whatever_else_it_says,
    what_a_webhook_answers_is_kept_without_its_secret,
    one_that_never_reports_fails_at_its_timeout,
    one_that_waits_for_a_person_takes_as_long_as_the_person,
    what_goes_wrong_is_said_in_words,
    an_agent_is_tried_out_without_a_run,
);

type Calls = Arc<Mutex<Vec<(HeaderMap, String)>>>;

async fn hook() -> (String, Calls) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let calls = Calls::default();
    let app = Router::new().route("/{kind}", post(answer)).with_state(calls.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (format!("http://{address}"), calls)
}

async fn answer(State(calls): State<Calls>, Path(kind): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    calls.lock().expect("unpoisoned").push((headers, String::from_utf8_lossy(&body).into_owned()));
    match kind.as_str() {
        "answers" => axum::Json(json!({"response": "done", "cost": 0.5, "input_tokens": 3, "own": 1})).into_response(),
        "fails" => axum::Json(json!({"status": "failed", "error": "no stock", "response": "tried"})).into_response(),
        "later" => StatusCode::ACCEPTED.into_response(),
        "thanks" => (StatusCode::ACCEPTED, "Thank you!").into_response(),
        "begun" => {
            (StatusCode::ACCEPTED, axum::Json(json!({"response": "begun", "status": "success"}))).into_response()
        }
        "tells" => {
            let secret = std::env::var("PATH").expect("a path");
            axum::Json(json!({"response": format!("I was told {secret}!"), "status": "failed", "error": secret}))
                .into_response()
        }
        "text" => ([(header::CONTENT_TYPE, "text/plain")], "OK").into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "closed for today").into_response(),
    }
}

/// `PATH` stands for a secret: every process has it, and a test can't set another.
async fn works(backend: Backend) -> Works {
    Works::with(backend, |config| config.secret_env = vec!["PATH".to_owned()]).await
}

fn agent(name: &str, url: &str) -> Value {
    json!({"name": name, "kind": "webhook", "config": {"url": format!("{url}/{name}")}})
}

async fn an_answer_is_the_end_of_the_run(backend: Backend) {
    let (works, (url, calls)) = (works(backend).await, hook().await);
    let mut agent = agent("answers", &url);
    agent["config"]["secret_env"] = json!("PATH");
    works.agent(agent, json!({})).await;
    let id = works.start("answers", "Count the stock").await;
    works.until_idle().await;
    let run = works.run(&id).await;
    assert_eq!((run.summary.status, run.response.as_deref()), (Status::Success, Some("done")));
    assert_eq!((run.summary.cost, run.summary.input_tokens), (Some(0.5), Some(3)));
    let (headers, body) = calls.lock().expect("unpoisoned")[0].clone();
    let sent: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((&sent["execution_id"], &sent["message"]), (&json!(id), &json!("Count the stock")));
    // As whoever receives it checks it.
    let of = |name: &str| headers[name].to_str().expect("text").to_owned();
    assert_eq!(of("webhook-timestamp"), (works.world.now().millis() / 1_000).to_string());
    let secret = std::env::var("PATH").expect("a path");
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(format!("{}.{}.{body}", of("webhook-id"), of("webhook-timestamp")).as_bytes());
    let expected = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    assert_eq!((of("webhook-id"), of("webhook-signature")), (id, format!("v1,{expected}")));
}

async fn an_agent_may_report_later(backend: Backend) {
    let (works, (url, _)) = (works(backend).await, hook().await);
    works.agent(agent("later", &url), json!({})).await;
    let (id, next) = (works.start("later", "m").await, works.start("later", "m").await);
    works.until_idle().await;
    // It is at it, so the next one waits; no worker is held.
    assert_eq!((works.status(&id).await, works.status(&next).await), (Status::Running, Status::Queued));
    let (_, token) = works.world.person("admin@example.com", Role::Admin, Scope::Write).await;
    let http = works.world.http();
    let path = format!("/api/executions/{id}");
    control::terminate(&works.world.admin, &id, false).await.expect("asked");
    let told = http.patch(&token, &path, r#"{"current_step":"counting"}"#).await;
    assert_eq!(told.json()["cancel_requested"], true);
    assert!(works.run(&id).await.stop.expect("a stop").acknowledged_at.is_some());
    let end = http.patch(&token, &path, r#"{"status":"cancelled","response":"half"}"#).await;
    assert_eq!(end.status, StatusCode::OK, "{}", end.text);
    works.until_idle().await;
    assert_eq!((works.status(&id).await, works.status(&next).await), (Status::Cancelled, Status::Running));
    assert_eq!(http.patch(&token, &path, r#"{"status":"success"}"#).await.status, StatusCode::CONFLICT);
}

async fn one_that_never_reports_fails_at_its_timeout(backend: Backend) {
    let (works, (url, _)) = (works(backend).await, hook().await);
    works.agent(agent("later", &url), json!({"timeout_s": 60})).await;
    let id = works.start("later", "m").await;
    works.until_idle().await;
    works.world.pass_ms(59_999);
    works.until_idle().await;
    assert_eq!(works.status(&id).await, Status::Running);
    works.world.pass_ms(1);
    until("its end", async || {
        works.step().await;
        works.status(&id).await == Status::Failed
    })
    .await;
    let error = works.run(&id).await.summary.error;
    assert_eq!(error.as_deref(), Some("timed out after 60 s without an end being reported"));
}

async fn what_goes_wrong_is_said_in_words(backend: Backend) {
    let (works, (url, _)) = (works(backend).await, hook().await);
    let cases = [
        ("fails", "no stock", Some("tried")),
        ("closed", "the webhook answered 503 Service Unavailable: closed for today", None),
        ("text", "the webhook answered what is no answer to a run", None),
    ];
    for (name, error, response) in cases {
        works.agent(agent(name, &url), json!({})).await;
        let id = works.start(name, "m").await;
        works.until_idle().await;
        let run = works.run(&id).await;
        let told = run.summary.error.unwrap_or_default();
        assert!(run.summary.status == Status::Failed && told.starts_with(error), "{name}: {told}");
        assert_eq!(run.response.as_deref(), response, "{name}");
    }
}

async fn an_agent_is_tried_out_without_a_run(backend: Backend) {
    let (works, (url, calls)) = (works(backend).await, hook().await);
    works.agent(agent("answers", &url), json!({})).await;
    works.agent(agent("closed", &url), json!({})).await;
    works.script("script", "exit 1", json!({})).await;
    let missing = json!({"name": "missing", "kind": "command", "config": {"argv": ["no-such-program"]}});
    works.agent(missing, json!({})).await;
    let (_, token) = works.world.person("admin@example.com", Role::Admin, Scope::Write).await;
    let http = works.world.http();
    for (name, ok, detail) in [
        ("answers", true, "the webhook answered 200 OK"),
        ("closed", false, "the webhook answered 503 Service Unavailable: closed for today"),
        ("script", true, "the program is /"),
        ("missing", false, "no-such-program: command not found"),
    ] {
        let answer = http.post(&token, &format!("/api/agents/{name}/test"), "").await.json();
        let told = answer["detail"].as_str().unwrap_or_default();
        assert!(answer["ok"] == ok && told.starts_with(detail), "{name}: {answer}");
    }
    assert_eq!(calls.lock().expect("unpoisoned").len(), 2);
    assert!(runboard::app::executions::recent(&works.world.admin, None).await.expect("a list").executions.is_empty());
}

async fn accepted_is_no_end_whatever_else_it_says(backend: Backend) {
    let (works, (url, _)) = (works(backend).await, hook().await);
    for name in ["later", "thanks", "begun"] {
        works.agent(agent(name, &url), json!({})).await;
        let id = works.start(name, "m").await;
        works.until_idle().await;
        let run = works.run(&id).await;
        assert_eq!((run.summary.status, run.response, run.summary.error), (Status::Running, None, None), "{name}");
        let (_, token) = works.world.person("admin@example.com", Role::Admin, Scope::Write).await;
        let end = r#"{"status":"success","response":"done"}"#;
        let end = works.world.http().patch(&token, &format!("/api/executions/{id}"), end).await;
        assert_eq!(end.status, StatusCode::OK, "{}", end.text);
    }
}

async fn what_a_webhook_answers_is_kept_without_its_secret(backend: Backend) {
    let (works, (url, _)) = (works(backend).await, hook().await);
    let mut agent = agent("tells", &url);
    agent["config"]["secret_env"] = json!("PATH");
    works.agent(agent, json!({})).await;
    let id = works.start("tells", "m").await;
    works.until_idle().await;
    let run = works.run(&id).await;
    assert_eq!((run.response.as_deref(), run.summary.error.as_deref()), (Some("I was told …!"), Some("…")));
}

async fn one_that_waits_for_a_person_takes_as_long_as_the_person(backend: Backend) {
    let (works, (url, _)) = (works(backend).await, hook().await);
    works.agent(agent("later", &url), json!({"timeout_s": 60, "max_concurrency": 2})).await;
    let (id, stopped) = (works.start("later", "m").await, works.start("later", "m").await);
    works.until_idle().await;
    let (_, token) = works.world.person("admin@example.com", Role::Admin, Scope::Write).await;
    let http = works.world.http();
    let report = async |id: &str, status: &str| {
        let body = json!({"status": status}).to_string();
        let answer = http.patch(&token, &format!("/api/executions/{id}"), body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    };
    report(&id, "waiting").await;
    report(&stopped, "waiting").await;
    works.world.pass_ms(86_400_000);
    works.step().await;
    assert_eq!((works.status(&id).await, works.status(&stopped).await), (Status::Waiting, Status::Waiting));
    // Nobody waits for the answer any more.
    control::terminate(&works.world.admin, &stopped, false).await.expect("asked");
    works.world.pass_ms(59_999);
    works.step().await;
    assert_eq!(works.status(&stopped).await, Status::Waiting, "it has the time to confirm");
    works.world.pass_ms(1);
    works.step().await;
    assert_eq!((works.status(&stopped).await, works.status(&id).await), (Status::Failed, Status::Waiting));
    report(&id, "running").await;
    works.world.pass_ms(59_999);
    works.step().await;
    assert_eq!(works.status(&id).await, Status::Running, "its time began anew");
    works.world.pass_ms(1);
    works.step().await;
    assert_eq!(works.status(&id).await, Status::Failed);
}
