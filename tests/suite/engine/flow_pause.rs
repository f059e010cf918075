//! Flows between their steps: pausing, a budget that is spent, servers that go away.

use super::flow::prompt;
use super::{Works, another, looks_on};
use crate::support::{Backend, on_both};
use runboard::app::{control, flows};
use runboard::domain::{FlowPatch, OnInterruption, PartStatus, Status};
use serde_json::json;
use std::path::Path;

on_both!(
    a_pause_takes_effect_between_steps,
    a_run_that_waits_for_its_turn_pauses_at_once,
    a_spent_budget_pauses_a_flow_until_it_may_go_on,
    a_server_that_is_gone_loses_no_finished_step,
    a_flow_that_may_not_be_taken_up_again_has_failed,
    a_server_that_ends_leaves_its_flows_to_the_next,
);

/// Each prompt waits for a file of its own name, and counts when it is done.
async fn gated(works: &Works, folder: &Path) -> String {
    let script = format!(
        "word=$(cat | tail -n 1); echo \"at $word\" >&2; while [ ! -e '{0}'/$word ]; do sleep 0.02; done; \
         echo $word >> '{0}'/done; echo $word",
        folder.display()
    );
    works.script("gated", &script, json!({})).await;
    works.flow("gated", json!([prompt("One", "one"), prompt("Two", "two"), prompt("Three", "three")])).await
}

fn open(folder: &Path, words: &[&str]) {
    for word in words {
        std::fs::write(folder.join(word), "").expect("written");
    }
}

/// A run that has done its first step and is at the second.
async fn at_two(works: &Works, folder: &Path, flow: &str) -> String {
    open(folder, &["one"]);
    let id = works.start_flow(flow, None).await;
    works.step().await;
    works.until_logged(&id, "at two").await;
    id
}

fn done(folder: &Path) -> Vec<String> {
    std::fs::read_to_string(folder.join("done")).unwrap_or_default().lines().map(str::to_owned).collect()
}

async fn a_pause_takes_effect_between_steps(backend: Backend) {
    let works = Works::new(backend).await;
    let folder = tempfile::tempdir().expect("a folder");
    let flow = gated(&works, folder.path()).await;
    let id = works.start_flow(&flow, None).await;
    works.step().await;
    works.until_logged(&id, "at one").await;
    control::pause(&works.world.admin, &id).await.expect("asked");
    let run = works.run(&id).await;
    assert_eq!((run.summary.status, run.flow.expect("a flow").pause_requested), (Status::Running, true));
    open(folder.path(), &["one"]);
    works.engine.idle().await;
    let run = works.run(&id).await;
    assert_eq!((run.summary.status, run.summary.steps_done), (Status::Paused, 1));
    assert!(!run.flow.expect("a flow").pause_requested);
    // Nobody is at it: another run of the agent has the place, and no time counts.
    let other = works.start("gated", "two").await;
    works.step().await;
    works.until_logged(&other, "at two").await;
    open(folder.path(), &["two"]);
    works.until_idle().await;
    works.world.pass_ms(7_200_000);
    works.until_idle().await;
    assert_eq!((works.status(&other).await, works.status(&id).await), (Status::Success, Status::Paused));
    control::resume(&works.world.admin, &id).await.expect("asked");
    open(folder.path(), &["three"]);
    works.until_idle().await;
    assert_eq!(works.status(&id).await, Status::Success);
    assert_eq!(done(folder.path()), ["one", "two", "two", "three"]);
    let ended = control::pause(&works.world.admin, &id).await.expect_err("it has ended").to_string();
    assert_eq!(ended, "the run has already ended: success");
}

async fn a_run_that_waits_for_its_turn_pauses_at_once(backend: Backend) {
    let works = Works::new(backend).await;
    let folder = tempfile::tempdir().expect("a folder");
    let flow = gated(&works, folder.path()).await;
    open(folder.path(), &["one", "two", "three"]);
    let id = works.start_flow(&flow, None).await;
    assert_eq!(control::pause(&works.world.admin, &id).await.expect("paused").status, Status::Paused);
    works.until_idle().await;
    assert_eq!((works.status(&id).await, done(folder.path()).len()), (Status::Paused, 0));
    control::resume(&works.world.admin, &id).await.expect("asked");
    works.until_idle().await;
    assert_eq!(works.status(&id).await, Status::Success);
    // A paused run can be stopped; a run without a flow can't pause.
    let id = works.start_flow(&flow, None).await;
    control::pause(&works.world.admin, &id).await.expect("paused");
    control::terminate(&works.world.admin, &id, false).await.expect("stopped");
    assert_eq!(works.status(&id).await, Status::Cancelled);
    let plain = works.start("gated", "one").await;
    let refused = control::pause(&works.world.admin, &plain).await.expect_err("no flow").to_string();
    assert_eq!(refused, "only runs of a flow that Runboard does can pause");
}

async fn a_spent_budget_pauses_a_flow_until_it_may_go_on(backend: Backend) {
    let works = Works::new(backend).await;
    let endpoint = super::endpoint::Endpoint::start().await;
    let config = json!({"base_url": endpoint.base_url, "model": "echo"});
    // An answer costs 0.0125 USD.
    let agent = json!({"name": "echo", "kind": "openai", "config": config});
    works.agent(agent, json!({"budget": {"usd_per_day": 0.02}})).await;
    let steps: Vec<_> = ["One", "Two", "Three", "Four", "Five"].map(|title| prompt(title, title)).to_vec();
    let flow = works.flow("echo", json!(steps)).await;
    let id = works.start_flow(&flow, None).await;
    works.until_idle().await;
    let run = works.run(&id).await.summary;
    assert_eq!((run.status, run.steps_done, run.cost), (Status::Paused, 2, Some(0.025)));
    let log = works.log(&id).await;
    let said = &log.last().expect("a line").text;
    assert!(said.starts_with("the agent `echo` has spent 0.03 of its 0.02 USD and is paused until "), "{said}");
    // Each day has its own; what the flow spends counts on the day it spends it.
    works.world.pass_ms(86_400_000);
    works.until_idle().await;
    let run = works.run(&id).await.summary;
    assert_eq!((run.status, run.steps_done), (Status::Paused, 4));
    works.world.pass_ms(86_400_000);
    works.until_idle().await;
    let run = works.run(&id).await.summary;
    assert_eq!((run.status, run.steps_done, run.cost), (Status::Success, 5, Some(0.0625)));
}

async fn a_server_that_is_gone_loses_no_finished_step(backend: Backend) {
    let works = Works::new(backend).await;
    let folder = tempfile::tempdir().expect("a folder");
    let flow = gated(&works, folder.path()).await;
    let id = at_two(&works, folder.path(), &flow).await;
    // The first server gives no more signs of life; the second takes the run up.
    let (_, second) = another(&works).await;
    second.step().await.expect("a step");
    looks_on(&works, &second, 20).await;
    assert_eq!((works.run(&id).await.summary.status, works.steps(&id).await.len()), (Status::Running, 2));
    open(folder.path(), &["two", "three"]);
    looks_on(&works, &second, 3).await;
    second.idle().await;
    let run = works.run(&id).await.summary;
    assert_eq!((run.status, run.steps_done), (Status::Success, 3));
    // The first hears that the run is not its own any more, and says nothing.
    works.until_idle().await;
    assert_eq!(works.run(&id).await.summary.version, run.version);
    assert_eq!(done(folder.path()).iter().filter(|word| *word == "one").count(), 1, "{:?}", done(folder.path()));
    let said = "the server that did this run is gone; the flow goes on after step 1";
    assert!(works.log(&id).await.iter().any(|line| line.text == said));
}

async fn a_flow_that_may_not_be_taken_up_again_has_failed(backend: Backend) {
    let works = Works::new(backend).await;
    let folder = tempfile::tempdir().expect("a folder");
    let flow = gated(&works, folder.path()).await;
    let patch = FlowPatch { on_interruption: Some(OnInterruption::Fail), ..FlowPatch::default() };
    flows::change(&works.world.admin, &flow, patch).await.expect("changed");
    let id = at_two(&works, folder.path(), &flow).await;
    let (_, second) = another(&works).await;
    second.step().await.expect("a step");
    looks_on(&works, &second, 20).await;
    let run = works.run(&id).await.summary;
    let error = "interrupted: the server that did this run is gone";
    assert_eq!((run.status, run.steps_done, run.error.as_deref()), (Status::Failed, 1, Some(error)));
    assert_eq!(works.steps(&id).await[1].1, PartStatus::Failed);
    open(folder.path(), &["two", "three"]);
    works.until_idle().await;
    assert_eq!(works.status(&id).await, Status::Failed);
}

async fn a_server_that_ends_leaves_its_flows_to_the_next(backend: Backend) {
    let works = Works::new(backend).await;
    let folder = tempfile::tempdir().expect("a folder");
    let flow = gated(&works, folder.path()).await;
    let id = at_two(&works, folder.path(), &flow).await;
    works.engine.drain().await;
    let run = works.run(&id).await.summary;
    assert_eq!((run.status, run.steps_done), (Status::Running, 1));
    open(folder.path(), &["two", "three"]);
    let (_, second) = another(&works).await;
    second.step().await.expect("a step");
    second.idle().await;
    assert_eq!(
        (works.status(&id).await, done(folder.path())),
        (Status::Success, ["one", "two", "three"].map(str::to_owned).to_vec())
    );
}
