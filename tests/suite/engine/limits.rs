//! How many runs at once, how long, and by which server.

use super::{Works, another, until};
use crate::support::{Backend, on_both, run_of};
use runboard::app::{agents, control, executions, record, schedules};
use runboard::domain::{AgentPatch, Error, ExecutionPatch, NewExecution, NewRun, Retry, Status};
use serde_json::json;
use std::collections::HashSet;

on_both!(
    an_agent_runs_as_many_at_once_as_it_may,
    two_servers_do_each_run_once,
    no_agent_takes_all_places_of_a_server,
    a_thousand_runs_of_an_agent_wait_and_no_more,
    a_run_that_takes_too_long_is_ended,
    an_external_run_fails_at_its_agents_timeout_but_never_while_it_waits,
);

async fn an_agent_runs_as_many_at_once_as_it_may(backend: Backend) {
    let works = Works::new(backend).await;
    let folder = tempfile::tempdir().expect("a folder");
    let go = folder.path().join("go");
    let wait = format!("while [ ! -e '{}' ]; do sleep 0.02; done", go.display());
    works.script("two", &wait, json!({"max_concurrency": 2})).await;
    works.script("one", &wait, json!({})).await;
    let mut runs = Vec::new();
    for agent in ["two", "two", "two", "two", "one", "one"] {
        runs.push(works.start(agent, "").await);
    }
    works.step().await;
    works.step().await;
    let mut statuses = Vec::new();
    for id in &runs {
        statuses.push(works.status(id).await);
    }
    let (r, q) = (Status::Running, Status::Queued);
    assert_eq!(statuses, [r, r, q, q, r, q]);
    std::fs::write(&go, "").expect("written");
    works.until_idle().await;
    for id in &runs {
        assert_eq!(works.status(id).await, Status::Success);
    }
}

async fn two_servers_do_each_run_once(backend: Backend) {
    let works = Works::new(backend).await;
    let (_, second) = another(&works).await;
    let folder = tempfile::tempdir().expect("a folder");
    let done = folder.path().join("done");
    let script = format!("cat >> '{}'", done.display());
    works.script("many", &script, json!({"max_concurrency": 4})).await;
    let mut ids = HashSet::new();
    for n in 0..30 {
        ids.insert(works.start("many", &format!("{n}\n")).await);
    }
    let unfinished = async || {
        let mut left = 0;
        for id in &ids {
            left += usize::from(!works.status(id).await.is_terminal());
        }
        left
    };
    while unfinished().await > 0 {
        let (one, two) = tokio::join!(works.engine.step(), second.step());
        one.and(two).expect("steps");
        tokio::join!(works.engine.idle(), second.idle());
    }
    let done = std::fs::read_to_string(&done).expect("written");
    let mut done: Vec<u32> = done.lines().map(|n| n.parse().expect("a number")).collect();
    done.sort_unstable();
    assert_eq!(done, (0..30).collect::<Vec<_>>());
}

async fn a_run_that_takes_too_long_is_ended(backend: Backend) {
    let works = Works::new(backend).await;
    works.script("slow", "echo begun >&2; sleep 1000", json!({"timeout_s": 60})).await;
    let id = works.start("slow", "").await;
    works.step().await;
    works.until_logged(&id, "begun").await;
    works.world.pass_ms(59_000);
    works.step().await;
    assert_eq!(works.status(&id).await, Status::Running);
    works.world.pass_ms(1_000);
    works.until_idle().await;
    let run = works.run(&id).await.summary;
    assert_eq!((run.status, run.error.as_deref()), (Status::Failed, Some("timed out after 60 s")));
    assert_eq!(run.duration_ms, Some(60_000));
}

async fn an_external_run_fails_at_its_agents_timeout_but_never_while_it_waits(backend: Backend) {
    let works = Works::new(backend).await;
    let admin = &works.world.admin;
    let silent = works.world.record(run_of("outside", "silent")).await;
    let waiting = NewExecution { status: Some(Status::Waiting), ..run_of("outside", "waits for Ann") };
    let waiting = works.world.record(waiting).await;
    works.world.pass_ms(86_400_000);
    works.step().await;
    assert_eq!(works.status(silent.id.as_str()).await, Status::Running, "lesson 10: silence is not death");
    let patch = AgentPatch { timeout_s: Some(Some(60)), ..AgentPatch::default() };
    agents::change(admin, "outside", patch).await.expect("changed");
    works.world.pass_ms(20_000);
    works.step().await;
    let run = works.run(silent.id.as_str()).await.summary;
    let expected = "timed out after 60 s without an end being reported";
    assert_eq!((run.status, run.error.as_deref()), (Status::Failed, Some(expected)));
    assert_eq!(works.status(waiting.id.as_str()).await, Status::Waiting);
    let late = ExecutionPatch { status: Some(Status::Success), ..ExecutionPatch::default() };
    assert!(record::patch(admin, silent.id.as_str(), late).await.is_err(), "lesson 9");
}

async fn no_agent_takes_all_places_of_a_server(backend: Backend) {
    let works = Works::with(backend, |config| config.max_runs = 3).await;
    let wait = "while :; do sleep 0.05; done";
    works.script("greedy", wait, json!({"max_concurrency": 10})).await;
    works.script("modest", "cat", json!({})).await;
    for _ in 0..5 {
        works.start("greedy", "").await;
    }
    let running = async || {
        let all = executions::recent(&works.world.admin, None).await.expect("a list").executions;
        all.iter().filter(|r| r.status == Status::Running).count()
    };
    works.step().await;
    works.step().await;
    assert_eq!(running().await, 2);
    // Nothing to be done for the ones that wait: the writer has its peace.
    let written = *works.world.app.store.commits().borrow();
    works.step().await;
    assert_eq!(*works.world.app.store.commits().borrow(), written);
    let id = works.start("modest", "m").await;
    works.step().await;
    until("its end", async || works.status(&id).await == Status::Success).await;
    works.step().await;
    assert_eq!(running().await, 2);
    works.engine.drain().await;
}

async fn a_thousand_runs_of_an_agent_wait_and_no_more(backend: Backend) {
    let works = Works::new(backend).await;
    let admin = &works.world.admin;
    works.script("busy", "cat", json!({})).await;
    works.script("other", "cat", json!({})).await;
    let ended = works.start("busy", "m").await;
    works.until_idle().await;
    let schedule = json!({"cron": "* * * * *", "timezone": "UTC", "overlap": "queue"});
    schedules::set(admin, "busy", serde_json::from_value(schedule).expect("a schedule")).await.expect("set");
    futures::future::join_all((0..1_000).map(|_| works.start("busy", "m"))).await;
    let told = "the agent `busy` has 1000 runs waiting, and no more may; stop some first";
    let full = |answer| matches!(answer, Err(Error::Conflict(text)) if text == told);
    assert!(full(control::start(admin, "busy", NewRun::default()).await));
    assert!(full(control::retry(admin, &ended, Retry::default()).await));
    works.start("other", "m").await;
    // A time that comes then makes none, and it is noted why.
    works.engine.close();
    works.world.pass_ms(60_000);
    works.step().await;
    assert!(full(control::start(admin, "busy", NewRun::default()).await));
    let why = works.world.text("select reason from schedule_runs").await;
    assert_eq!(why.as_deref(), Some(told));
}
