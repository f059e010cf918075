//! Runs whose end the database does not take, for a reason that does not pass: they end all the same.

use super::{Works, another};
use crate::support::{Backend, on_both};
use runboard::domain::Status;
use serde_json::json;

on_both!(
    an_end_that_can_not_be_written_is_written_without_what_stands_in_its_way,
    a_run_whose_end_can_not_be_written_at_all_is_taken_up_when_its_lease_is_over,
    a_run_that_can_not_be_ended_stands_in_the_way_of_no_other,
);

const UNWRITTEN: &str = "internal error: how this run ended could not be written down; the server's log says why";

async fn an_end_that_can_not_be_written_is_written_without_what_stands_in_its_way(backend: Backend) {
    let works = Works::new(backend).await;
    let folder = tempfile::tempdir().expect("a folder");
    let go = folder.path().join("go");
    let script = format!("while [ ! -e '{}' ]; do sleep 0.02; done; exit 3", go.display());
    works.script("fails", &script, json!({"retry": {"attempts": 2, "backoff_s": 1, "on": ["exit"]}})).await;
    let id = works.start("fails", "").await;
    works.step().await;
    // What it ends with is read when it ends.
    works.world.sql("update agents set retry = '{' where name = 'fails'").await;
    std::fs::write(&go, "").expect("written");
    works.until_idle().await;
    let run = works.run(&id).await.summary;
    assert_eq!((run.status, run.error.as_deref()), (Status::Failed, Some(UNWRITTEN)));
}

/// Runs with this message can't end from now on.
async fn hold(works: &Works, backend: Backend, message: &str) {
    let wrong = format!("new.message = '{message}' and new.status in ('success', 'failed', 'cancelled')");
    let sql = match backend {
        Backend::Sqlite => {
            format!("create trigger hold before update on executions when {wrong} begin select raise(abort, 'no'); end")
        }
        Backend::Postgres => format!(
            "create function hold() returns trigger as $$ begin if {wrong} then raise exception 'no'; end if; \
             return new; end $$ language plpgsql; \
             create trigger hold before update on executions for each row execute function hold()"
        ),
    };
    works.world.sql(&sql).await;
}

async fn release(works: &Works, backend: Backend) {
    works
        .world
        .sql(match backend {
            Backend::Sqlite => "drop trigger hold",
            Backend::Postgres => "drop trigger hold on executions",
        })
        .await;
}

async fn a_run_whose_end_can_not_be_written_at_all_is_taken_up_when_its_lease_is_over(backend: Backend) {
    let works = Works::new(backend).await;
    works.script("echo", "cat", json!({})).await;
    hold(&works, backend, "stays").await;
    let id = works.start("echo", "stays").await;
    works.until_idle().await;
    release(&works, backend).await;
    works.until_idle().await;
    assert_eq!(works.status(&id).await, Status::Running, "its lease holds");
    works.world.pass_ms(20_000);
    works.until_idle().await;
    let run = works.run(&id).await.summary;
    assert_eq!((run.status, run.error.as_deref()), (Status::Failed, Some(UNWRITTEN)));
    let next = works.start("echo", "goes").await;
    works.until_idle().await;
    assert_eq!(works.status(&next).await, Status::Success, "its place is free again");
}

async fn a_run_that_can_not_be_ended_stands_in_the_way_of_no_other(backend: Backend) {
    let works = Works::new(backend).await;
    works.script("loops", "while :; do sleep 0.05; done", json!({"max_concurrency": 2})).await;
    let (held, other) = (works.start("loops", "stays").await, works.start("loops", "goes").await);
    works.step().await;
    hold(&works, backend, "stays").await;
    let (_, second) = another(&works).await;
    second.step().await.expect("a step");
    works.world.pass_ms(20_000);
    second.step().await.expect("a step");
    assert_eq!((works.status(&held).await, works.status(&other).await), (Status::Running, Status::Failed));
    release(&works, backend).await;
    second.step().await.expect("a step");
    let run = works.run(&held).await.summary;
    assert_eq!((run.status, run.error.as_deref()), (Status::Failed, Some(GONE)));
    works.engine.drain().await;
}

const GONE: &str = "interrupted: the server that did this run is gone";
