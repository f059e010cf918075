//! Starting runs: who may, what is refused, and that one key is one run.

use super::Works;
use crate::support::{Backend, on_both, run_of};
use axum::http::StatusCode;
use runboard::app::{agents, control, executions};
use runboard::domain::{Error, NewRun, Role, Scope, Status, Trigger};
use serde_json::json;

on_both!(
    a_start_is_a_queued_run_first,
    lesson_12_one_key_starts_one_run,
    what_can_not_be_started_is_said,
    a_run_of_runboard_is_not_ended_by_others,
    a_record_that_would_wait_for_nobody_is_refused,
);

async fn a_start_is_a_queued_run_first(backend: Backend) {
    let works = Works::new(backend).await;
    works.script("echo", "cat", json!({})).await;
    let id = works.start("echo", "hello").await;
    let run = works.run(&id).await;
    assert_eq!((run.summary.status, run.summary.triggered_by), (Status::Queued, Trigger::Manual));
    assert_eq!((run.summary.started_at, run.started_by.as_deref()), (None, Some("admin@example.com")));
    works.world.pass_ms(1_500);
    works.until_idle().await;
    let run = works.run(&id).await;
    assert_eq!((run.summary.status, run.response.as_deref()), (Status::Success, Some("hello")));
    assert_eq!((run.summary.queue_ms, run.summary.attempt), (Some(1_500), 1));
}

async fn lesson_12_one_key_starts_one_run(backend: Backend) {
    let works = Works::new(backend).await;
    works.script("echo", "cat", json!({})).await;
    let (_, token) = works.world.person("admin@example.com", Role::Admin, Scope::Write).await;
    let http = works.world.http();
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "press-1")];
    let body = r#"{"message":"hello","labels":{"env":"test"}}"#;
    let ask = || http.send("POST", "/api/agents/echo/run", &headers, body);
    let answers = futures::future::join_all((0..8).map(|_| ask())).await;
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
        assert_eq!(answer.json()["execution_id"], answers[0].json()["execution_id"]);
    }
    // The page's key, pressed twice at the same moment.
    let new = || NewRun { message: "from a page".into(), ..NewRun::default() };
    let press = || control::start_once(&works.world.admin, "echo", new(), "press-2".into());
    let pressed = futures::future::join_all((0..8).map(|_| press())).await;
    let pressed: Vec<_> = pressed.into_iter().map(|id| id.expect("started")).collect();
    assert!(pressed.iter().all(|id| *id == pressed[0]));
    let other = control::start_once(&works.world.admin, "echo", NewRun::default(), "press-2".into()).await;
    assert!(matches!(other, Err(Error::Invalid(_))), "{other:?}");
    assert_eq!(executions::recent(&works.world.admin, None).await.expect("a list").executions.len(), 2);
    works.until_idle().await;
    let first = answers[0].json()["execution_id"].as_str().expect("an id").to_owned();
    assert_eq!(works.run(&first).await.summary.labels["env"], "test");
}

async fn what_can_not_be_started_is_said(backend: Backend) {
    let works = Works::new(backend).await;
    let (world, http) = (&works.world, works.world.http());
    works.script("echo", "cat", json!({})).await;
    world.record(run_of("outside", "elsewhere")).await;
    let (_, admin) = world.person("admin@example.com", Role::Admin, Scope::Write).await;
    let (_, bo) = world.person("bo@example.com", Role::User, Scope::Write).await;
    let run = async |token: &str, agent: &str, body: &'static str| {
        let answer = http.post(token, &format!("/api/agents/{agent}/run"), body).await;
        (answer.status, answer.text)
    };
    let (status, text) = run(&admin, "outside", "{}").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(text.contains("its own process starts its runs"), "{text}");
    assert_eq!(run(&admin, "nobody", "{}").await.0, StatusCode::NOT_FOUND);
    assert_eq!(run(&bo, "echo", "{}").await.0, StatusCode::NOT_FOUND);
    agents::share(&world.admin, "echo", "bo@example.com", "view").await.expect("shared");
    assert_eq!(run(&bo, "echo", "{}").await.0, StatusCode::FORBIDDEN);
    agents::share(&world.admin, "echo", "bo@example.com", "operate").await.expect("shared");
    assert_eq!(run(&bo, "echo", "{}").await.0, StatusCode::ACCEPTED);
    assert_eq!(run(&bo, "echo", r#"{"colour":1}"#).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    // One that was there when it was deleted ends with the reason; a new one is refused.
    agents::delete(&world.admin, "echo").await.expect("deleted");
    assert_eq!(run(&admin, "echo", "{}").await.0, StatusCode::CONFLICT);
    works.until_idle().await;
    let left = executions::recent(&world.admin, None).await.expect("a list").executions;
    assert_eq!((left[0].agent_name.as_str(), left[0].status), ("echo", Status::Failed));
    assert!(left[0].error.as_deref().is_some_and(|e| e.contains("was deleted")), "{:?}", left[0].error);
}

async fn a_run_of_runboard_is_not_ended_by_others(backend: Backend) {
    let works = Works::new(backend).await;
    works.script("echo", "cat", json!({})).await;
    let id = works.start("echo", "m").await;
    let (_, token) = works.world.person("admin@example.com", Role::Admin, Scope::Write).await;
    let http = works.world.http();
    let path = format!("/api/executions/{id}");
    let refused = http.patch(&token, &path, r#"{"status":"success"}"#).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    works.until_idle().await;
    // What it cost may be noted when it has ended: Runboard does not know it of a command.
    assert_eq!(http.patch(&token, &path, r#"{"cost":0.25}"#).await.status, StatusCode::OK);
    let run = works.run(&id).await.summary;
    assert_eq!((run.status, run.cost), (Status::Success, Some(0.25)));
}

async fn a_record_that_would_wait_for_nobody_is_refused(backend: Backend) {
    let works = Works::new(backend).await;
    works.script("echo", "cat", json!({})).await;
    let (_, token) = works.world.person("admin@example.com", Role::Admin, Scope::Write).await;
    let http = works.world.http();
    let waits = json!({"agent_name": "echo", "message": "m", "status": "queued"});
    let refused = http.post(&token, "/api/executions", waits.to_string()).await;
    assert_eq!((refused.status, refused.fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["status".to_owned()]));
    assert!(refused.text.contains("/api/agents/echo/run"), "{}", refused.text);
    // What has ended, or is done elsewhere, is recorded as ever; so is one that waits for its own process.
    let lines = [
        json!({"agent_name": "echo", "message": "m", "status": "success", "response": "r"}),
        waits,
        json!({"agent_name": "echo", "message": "m", "error": "e"}),
        json!({"agent_name": "echo", "message": "m", "status": "running"}),
        json!({"agent_name": "outside", "message": "m", "status": "queued"}),
    ];
    let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let answer = http.post(&token, "/api/executions/batch", lines.join("\n")).await.json();
    let statuses: Vec<&serde_json::Value> =
        answer["results"].as_array().expect("lines").iter().map(|r| &r["status"]).collect();
    assert_eq!(json!(statuses), json!([201, 422, 201, 201, 201]), "{answer}");
}
