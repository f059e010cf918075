//! Stopping runs that Runboard does itself: at once while they wait, and for certain while they run.

use super::{Works, until};
use crate::support::{Backend, on_both};
use runboard::app::control;
use runboard::domain::{Error, NewRun, Status};
use runboard::process::leftover;
use serde_json::json;

on_both!(
    a_run_that_waits_is_stopped_at_once,
    a_command_is_asked_to_end_and_the_record_says_when,
    a_command_that_ignores_the_request_and_what_it_forked_are_killed,
    what_left_the_group_ends_with_the_run,
    a_stop_reaches_sub_runs,
    a_run_that_ends_well_after_its_stop_is_cancelled,
);

async fn a_run_that_waits_is_stopped_at_once(backend: Backend) {
    let works = Works::new(backend).await;
    works.script("echo", "cat", json!({})).await;
    let id = works.start("echo", "m").await;
    let stopped = control::terminate(&works.world.admin, &id, false).await.expect("stopped");
    assert_eq!((stopped.status, stopped.started_at), (Status::Cancelled, None));
    works.until_idle().await;
    assert_eq!(works.status(&id).await, Status::Cancelled);
    let again = control::terminate(&works.world.admin, &id, false).await;
    assert!(matches!(again, Err(Error::Conflict(_))));
}

async fn a_command_is_asked_to_end_and_the_record_says_when(backend: Backend) {
    let works = Works::new(backend).await;
    let script = "trap 'echo bye; exit 0' TERM; echo ready >&2; while :; do sleep 0.05; done";
    works.script("polite", script, json!({})).await;
    let id = works.start("polite", "").await;
    works.step().await;
    works.until_logged(&id, "ready").await;
    // As the engine writes down what an answer has cost so far.
    let spent = async |input: i64, nanos: i64| {
        let sql = format!("update executions set input_tokens = {input}, cost_nanos = {nanos} where id = '{id}'");
        works.world.sql(&sql).await;
    };
    spent(100, 500_000_000).await;
    let asked_at = works.world.now();
    let asked = control::terminate(&works.world.admin, &id, false).await.expect("asked");
    assert_eq!((asked.status, asked.cancel_requested), (Status::Running, true));
    spent(160, 750_000_000).await;
    works.world.pass_ms(2_000);
    works.until_idle().await;
    let run = works.run(&id).await;
    // It went on to say goodbye with exit code 0, and is cancelled all the same.
    assert_eq!((run.summary.status, run.response.as_deref()), (Status::Cancelled, Some("bye")));
    assert_eq!((run.summary.error.as_deref(), run.summary.cost), (None, Some(0.75)));
    let stop = run.stop.expect("a stop");
    assert_eq!((stop.requested_at, stop.requested_by.as_deref()), (asked_at, Some("admin")));
    assert_eq!((stop.acknowledged_at, stop.confirmed_at), (Some(works.world.now()), Some(works.world.now())));
    assert_eq!((stop.input_tokens_at_request, stop.cost_at_request), (Some(100), Some(0.5)));
    assert!(works.log(&id).await.iter().any(|l| l.text == "stop requested: SIGTERM sent"));
}

async fn a_command_that_ignores_the_request_and_what_it_forked_are_killed(backend: Backend) {
    let works = Works::new(backend).await;
    let script =
        "trap '' TERM; (trap '' TERM; while :; do sleep 0.1; done) & echo ready >&2; while :; do sleep 0.1; done";
    works.script("deaf", script, json!({})).await;
    let id = works.start("deaf", "").await;
    works.step().await;
    works.until_logged(&id, "ready").await;
    assert!(leftover::of_run(&id).len() >= 2);
    control::terminate(&works.world.admin, &id, false).await.expect("asked");
    works.until_idle().await;
    assert_eq!(works.status(&id).await, Status::Cancelled);
    assert!(works.log(&id).await.iter().any(|l| l.text == "still running: SIGKILL sent"));
    until("the whole group is gone", async || leftover::of_run(&id).is_empty()).await;
}

async fn what_left_the_group_ends_with_the_run(backend: Backend) {
    let works = Works::new(backend).await;
    let deaf = r#"setsid sh -c 'trap "" TERM; echo ready >&2; while :; do sleep 0.1; done' & wait"#;
    works.script("stopped", deaf, json!({})).await;
    let id = works.start("stopped", "").await;
    works.step().await;
    works.until_logged(&id, "ready").await;
    control::terminate(&works.world.admin, &id, false).await.expect("asked");
    works.until_idle().await;
    assert_eq!(works.status(&id).await, Status::Cancelled);
    until("what left is gone", async || leftover::of_run(&id).is_empty()).await;

    works.script("ends", "setsid sleep 1000 & echo done", json!({})).await;
    let id = works.start("ends", "").await;
    works.until_idle().await;
    let run = works.run(&id).await;
    assert_eq!((run.summary.status, run.response.as_deref()), (Status::Success, Some("done")));
    until("what left is gone", async || leftover::of_run(&id).is_empty()).await;
}

async fn a_stop_reaches_sub_runs(backend: Backend) {
    let works = Works::new(backend).await;
    works.script("loops", "echo ready >&2; while :; do sleep 0.05; done", json!({"max_concurrency": 2})).await;
    let parent = works.start("loops", "").await;
    let child = NewRun { parent_id: Some(parent.parse().expect("an id")), ..NewRun::default() };
    let child = control::start(&works.world.admin, "loops", child).await.expect("started").to_string();
    works.step().await;
    works.until_logged(&parent, "ready").await;
    works.until_logged(&child, "ready").await;
    control::terminate(&works.world.admin, &parent, true).await.expect("asked");
    works.until_idle().await;
    assert_eq!((works.status(&parent).await, works.status(&child).await), (Status::Cancelled, Status::Cancelled));
}

async fn a_run_that_ends_well_after_its_stop_is_cancelled(backend: Backend) {
    let works = Works::new(backend).await;
    let folder = tempfile::tempdir().expect("a folder");
    let go = folder.path().join("go");
    let script = format!("echo ready >&2; while [ ! -e '{}' ]; do sleep 0.02; done; echo late success", go.display());
    works.script("late", &script, json!({})).await;
    let id = works.start("late", "").await;
    works.step().await;
    works.until_logged(&id, "ready").await;
    // Asked, and it ends by itself before the engine has told it.
    control::terminate(&works.world.admin, &id, false).await.expect("asked");
    std::fs::write(&go, "").expect("written");
    works.engine.idle().await;
    let run = works.run(&id).await;
    assert_eq!((run.summary.status, run.response.as_deref()), (Status::Cancelled, Some("late success")));
}
