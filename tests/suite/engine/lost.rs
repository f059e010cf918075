//! Servers that go away: at once, for a while, or as asked.

use super::{Works, another, until};
use crate::support::{Backend, on_both};
use runboard::domain::Status;
use runboard::engine::Engine;
use runboard::process::leftover;
use serde_json::json;

on_both!(
    lesson_9_runs_of_a_server_that_is_gone_have_failed,
    a_sign_of_life_keeps_a_run,
    a_clock_that_jumps_ends_nothing,
    a_server_that_ends_waits_a_moment_and_then_ends_its_runs,
);

const LOOP: &str = "echo ready >&2; trap 'exit 0' TERM; while :; do sleep 0.05; done";

/// A run that goes on, and a second server.
async fn at_work(backend: Backend) -> (Works, String, Engine) {
    let works = Works::new(backend).await;
    works.script("loops", LOOP, json!({})).await;
    let id = works.start("loops", "").await;
    works.step().await;
    works.until_logged(&id, "ready").await;
    let (_, other) = another(&works).await;
    // It begins to watch.
    other.step().await.expect("a step");
    (works, id, other)
}

async fn lesson_9_runs_of_a_server_that_is_gone_have_failed(backend: Backend) {
    let (works, id, other) = at_work(backend).await;
    works.world.pass_ms(19_000);
    other.step().await.expect("a step");
    assert_eq!(works.status(&id).await, Status::Running, "its lease holds");
    works.world.pass_ms(1_000);
    other.step().await.expect("a step");
    let run = works.run(&id).await.summary;
    assert_eq!(run.status, Status::Failed);
    assert_eq!(run.error.as_deref(), Some("interrupted: the server that did this run is gone"));
    until("its process is ended", async || leftover::of_run(&id).is_empty()).await;
    // The server was only slow. What its process came to does not count any more.
    works.engine.idle().await;
    assert_eq!(works.run(&id).await.summary, run);
}

async fn a_sign_of_life_keeps_a_run(backend: Backend) {
    let (works, id, other) = at_work(backend).await;
    for _ in 0..20 {
        works.world.pass_ms(6_000);
        works.step().await;
        other.step().await.expect("a step");
    }
    assert_eq!(works.status(&id).await, Status::Running);
    works.engine.drain().await;
}

async fn a_clock_that_jumps_ends_nothing(backend: Backend) {
    let (works, id, other) = at_work(backend).await;
    for jump in [7_200_000, -14_400_000, 7_200_000] {
        works.world.jump_ms(jump);
        for _ in 0..5 {
            works.world.pass_ms(6_000);
            works.step().await;
            other.step().await.expect("a step");
        }
        assert_eq!(works.status(&id).await, Status::Running, "after a jump of {jump} ms");
    }
    // Its hour passes all the same.
    works.world.pass_ms(3_600_000);
    works.until_idle().await;
    assert_eq!(works.run(&id).await.summary.error.as_deref(), Some("timed out after 3600 s"));
}

async fn a_server_that_ends_waits_a_moment_and_then_ends_its_runs(backend: Backend) {
    let works = Works::new(backend).await;
    works.script("loops", LOOP, json!({"max_concurrency": 1})).await;
    let (id, waits) = (works.start("loops", "").await, works.start("loops", "").await);
    works.step().await;
    works.until_logged(&id, "ready").await;
    works.engine.drain().await;
    let run = works.run(&id).await.summary;
    assert_eq!((run.status, run.error.as_deref()), (Status::Failed, Some("interrupted: the server was stopped")));
    assert!(leftover::of_run(&id).is_empty());
    works.step().await;
    assert_eq!(works.status(&waits).await, Status::Queued, "a server that ends takes no more");
    let (_, other) = another(&works).await;
    other.step().await.expect("a step");
    assert_eq!(works.status(&waits).await, Status::Running);
    other.drain().await;
}
