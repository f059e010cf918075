//! Starting runs again: asked for, in bulk, and by themselves.

use super::Works;
use crate::support::{Backend, World, on_both, run_of};
use axum::http::StatusCode;
use runboard::app::bulk::{self, Target};
use runboard::app::executions;
use runboard::domain::{BulkAction, Error, ExecutionSummary, Reason, Role, Scope, Status, Trigger};
use serde_json::json;

on_both!(
    a_retry_is_a_new_run_linked_to_the_first,
    a_run_that_has_not_ended_or_runs_elsewhere_is_not_retried,
    runs_are_retried_in_bulk,
    a_failed_run_starts_again_by_itself_as_its_agent_wants,
    a_stopped_run_does_not_start_again_by_itself,
);

async fn retry(works: &Works, id: &str, body: &'static str) -> (StatusCode, serde_json::Value) {
    let (_, token) = works.world.person("admin@example.com", Role::Admin, Scope::Write).await;
    let answer = works.world.http().post(&token, &format!("/api/executions/{id}/retry"), body).await;
    (answer.status, answer.json())
}

async fn newest(world: &World) -> Vec<ExecutionSummary> {
    executions::recent(&world.admin, None).await.expect("a list").executions
}

async fn a_retry_is_a_new_run_linked_to_the_first(backend: Backend) {
    let works = Works::new(backend).await;
    works.script("echo", "cat", json!({})).await;
    let long = "word ".repeat(100);
    let first = works.start("echo", &long).await;
    works.until_idle().await;
    let (status, answer) = retry(&works, &first, "").await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    let second = answer["execution_id"].as_str().expect("an id").to_owned();
    works.until_idle().await;
    let run = works.run(&second).await;
    assert_eq!((run.summary.status, run.summary.attempt), (Status::Success, 2));
    assert_eq!((run.summary.message.as_str(), run.response.as_deref()), (long.as_str(), Some(long.trim_end())));
    assert_eq!(run.summary.retry_of.map(|id| id.to_string()), Some(first.clone()));
    assert_eq!(run.retry_chain.len(), 2);
    let (status, answer) = retry(&works, &second, r#"{"message":"edited"}"#).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    works.until_idle().await;
    let third = works.run(answer["execution_id"].as_str().expect("an id")).await;
    assert_eq!((third.summary.attempt, third.response.as_deref()), (3, Some("edited")));
    assert_eq!(retry(&works, &first, r#"{"from_step":1}"#).await.0, StatusCode::UNPROCESSABLE_ENTITY);
}

async fn a_run_that_has_not_ended_or_runs_elsewhere_is_not_retried(backend: Backend) {
    let works = Works::new(backend).await;
    works.script("echo", "cat", json!({})).await;
    let waits = works.start("echo", "m").await;
    let (status, answer) = retry(&works, &waits, "{}").await;
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");
    let elsewhere = works.world.record(run_of("outside", "m")).await;
    assert_eq!(retry(&works, elsewhere.id.as_str(), "{}").await.0, StatusCode::CONFLICT);
    let (bo, _) = works.world.person("bo@example.com", Role::User, Scope::Write).await;
    let hidden = runboard::app::control::retry(&bo, &waits, runboard::domain::Retry::default()).await;
    assert_eq!(hidden.err(), Some(Error::NotFound));
}

async fn runs_are_retried_in_bulk(backend: Backend) {
    let works = Works::new(backend).await;
    let admin = &works.world.admin;
    works.script("echo", "cat", json!({"max_concurrency": 10})).await;
    let mut ids = Vec::new();
    for n in 0..3 {
        ids.push(works.start("echo", &n.to_string()).await.parse().expect("an id"));
    }
    works.until_idle().await;
    let waits = works.start("echo", "waits").await.parse().expect("an id");
    let elsewhere = works.world.record(run_of("outside", "m")).await.id;
    ids.extend([waits, elsewhere]);
    let target = || Target::Ids(ids.clone());
    let plan = bulk::plan(admin, BulkAction::Retry, target()).await.expect("a plan");
    let left_out: Vec<Reason> = plan.excluded.iter().map(|(_, reason, _)| *reason).collect();
    assert_eq!((plan.counted.len(), left_out), (3, vec![Reason::Unfinished, Reason::NotStartedHere]));
    let (job, _) = bulk::start(admin, BulkAction::Retry, target(), None).await.expect("a job");
    bulk::work_off(&works.world.app).await.expect("worked");
    let job = bulk::get(admin, &job.id, None, None).await.expect("the job").0;
    assert_eq!((job.done, job.skipped, job.failed), (3, 0, 0));
    works.until_idle().await;
    let again = newest(&works.world).await.into_iter().filter(|r| r.attempt == 2 && r.status == Status::Success);
    assert_eq!(again.count(), 3);
}

async fn a_failed_run_starts_again_by_itself_as_its_agent_wants(backend: Backend) {
    let works = Works::new(backend).await;
    let policy = json!({"retry": {"attempts": 3, "backoff_s": 10, "on": ["exit"]}});
    works.script("flaky", "exit 7", policy).await;
    let first = works.start("flaky", "m").await;
    works.until_idle().await;
    assert_eq!(works.status(&first).await, Status::Failed);
    for (attempt, backoff_ms) in [(2, 10_000), (3, 20_000)] {
        let waits = newest(&works.world).await.into_iter().find(|r| r.attempt == attempt).expect("another run");
        assert_eq!((waits.status, waits.triggered_by), (Status::Queued, Trigger::Manual));
        works.world.pass_ms(backoff_ms - 1);
        works.until_idle().await;
        assert_eq!(works.status(waits.id.as_str()).await, Status::Queued, "attempt {attempt} begins too early");
        works.world.pass_ms(1);
        works.until_idle().await;
        assert_eq!(works.status(waits.id.as_str()).await, Status::Failed);
    }
    assert_eq!(newest(&works.world).await.len(), 3, "no more attempts than allowed");
    assert_eq!(works.run(&first).await.retry_chain.len(), 3);
}

async fn a_stopped_run_does_not_start_again_by_itself(backend: Backend) {
    let works = Works::new(backend).await;
    let policy = json!({"retry": {"attempts": 3, "backoff_s": 10, "on": ["exit", "timeout"]}});
    works.script("loops", "echo ready >&2; while :; do sleep 0.05; done", policy).await;
    let id = works.start("loops", "m").await;
    works.step().await;
    works.until_logged(&id, "ready").await;
    runboard::app::control::terminate(&works.world.admin, &id, false).await.expect("asked");
    works.until_idle().await;
    assert_eq!(works.status(&id).await, Status::Cancelled);
    assert_eq!(newest(&works.world).await.len(), 1);
}
