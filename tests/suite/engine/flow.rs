//! Flows: one step after another, with what came before; what failed is taken up from there.

use super::Works;
use super::endpoint::Endpoint;
use crate::support::{Backend, on_both};
use runboard::app::{control, flows, memories};
use runboard::domain::{FlowPatch, FlowStep, PartStatus, Retry, Status};
use serde_json::{Value, json};

on_both!(
    a_flow_goes_step_by_step,
    a_step_of_another_kind_reads_what_came_before_it,
    a_failed_step_is_done_again_by_a_retry_from_there,
    a_flow_that_fails_is_started_again_by_itself_where_it_failed,
    a_run_keeps_the_version_it_began_with,
    a_stopped_flow_keeps_what_it_has_done,
);

pub fn prompt(title: &str, text: &str) -> Value {
    json!({"kind": "prompt", "title": title, "prompt": text})
}

async fn a_flow_goes_step_by_step(backend: Backend) {
    let works = Works::new(backend).await;
    let endpoint = Endpoint::start().await;
    let config = json!({"base_url": endpoint.base_url, "model": "echo", "system_prompt": "Be kind"});
    works.agent(json!({"name": "echo", "kind": "openai", "config": config}), json!({})).await;
    memories::put(&works.world.admin, "echo", "tone", "short".to_owned()).await.expect("noted");
    let steps = json!([prompt("One", "Say one"), prompt("Two", "Say two"), prompt("Three", "Say three")]);
    let flow = works.flow("echo", steps).await;
    let id = works.start_flow(&flow, Some("About Rust")).await;
    let waiting = works.run(&id).await;
    assert_eq!(
        (waiting.summary.status, waiting.summary.steps_done, waiting.summary.steps_total),
        (Status::Queued, 0, Some(3))
    );
    works.until_idle().await;
    let run = works.run(&id).await;
    let s = &run.summary;
    assert_eq!(
        (s.status, s.steps_done, s.steps_total, s.current_step.as_deref()),
        (Status::Success, 3, Some(3), Some("Three"))
    );
    // Three answers of 100 tokens in, 7 out, 0.0125 USD.
    assert_eq!(
        (s.input_tokens, s.output_tokens, s.cost, run.cached_tokens),
        (Some(300), Some(21), Some(0.0375), Some(120))
    );
    assert_eq!((run.response.as_deref(), s.message.as_str()), (Some("6: Say three"), "About Rust"));
    let ok = |title: &str, input: &str, output: &str| {
        (title.to_owned(), PartStatus::Success, input.to_owned(), output.to_owned())
    };
    let expected = [
        ok("One", "Say one\n\nAbout Rust", "2: Say one\n\nAbout Rust"),
        ok("Two", "Say two", "4: Say two"),
        ok("Three", "Say three", "6: Say three"),
    ];
    assert_eq!(works.steps(&id).await, expected);
    let of = run.flow.expect("a flow");
    assert_eq!((of.id.as_str(), of.version, of.steps.len(), of.pause_requested), (flow.as_str(), 1, 3, false));
    let asked = endpoint.asked.lock().expect("unpoisoned");
    assert_eq!(asked[2].0["messages"][0]["content"], "Be kind\n\nWhat you remember:\n- tone: short");
    let roles: Vec<&str> = asked[2].0["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .map(|m| m["role"].as_str().expect("a role"))
        .collect();
    assert_eq!(roles, ["system", "user", "assistant", "user", "assistant", "user"]);
}

async fn a_step_of_another_kind_reads_what_came_before_it(backend: Backend) {
    let works = Works::new(backend).await;
    works.script("shouts", "tr a-z A-Z", json!({})).await;
    let steps = json!([
        prompt("Shout", "say it"),
        {"kind": "command", "title": "Count", "argv": ["wc", "-c"]},
        {"kind": "command", "title": "Fail", "argv": ["sh", "-c", "echo no >&2; exit 3"]},
    ]);
    let flow = works.flow("shouts", steps).await;
    let id = works.start_flow(&flow, None).await;
    works.until_idle().await;
    let steps = works.steps(&id).await;
    assert_eq!((steps[0].3.as_str(), steps[1].2.as_str(), steps[1].3.trim()), ("SAY IT", "SAY IT", "6"));
    assert_eq!((steps[2].1, steps[2].3.as_str()), (PartStatus::Failed, "-"));
    let run = works.run(&id).await.summary;
    assert_eq!(run.error.as_deref(), Some("step 3 of 3, Fail: exit status 3: no"));
    assert_eq!((run.status, run.steps_done, run.message.as_str()), (Status::Failed, 2, "shouts's flow"));
}

/// Answers its prompt and counts, but fails at "Two" as long as `broken` is there.
async fn breakable(works: &Works, folder: &std::path::Path, more: Value) -> String {
    let (broken, count) = (folder.join("broken"), folder.join("count"));
    std::fs::write(&broken, "").expect("written");
    let script = format!(
        "text=$(cat); echo x >> '{}'; case \"$text\" in *two) [ -e '{}' ] && exit 1;; esac; echo \"$text\" | tail -n 1",
        count.display(),
        broken.display()
    );
    works.script("breaks", &script, more).await;
    works.flow("breaks", json!([prompt("One", "one"), prompt("Two", "two"), prompt("Three", "three")])).await
}

fn lines(folder: &std::path::Path) -> usize {
    std::fs::read_to_string(folder.join("count")).expect("read").lines().count()
}

async fn a_failed_step_is_done_again_by_a_retry_from_there(backend: Backend) {
    let works = Works::new(backend).await;
    let folder = tempfile::tempdir().expect("a folder");
    let flow = breakable(&works, folder.path(), json!({})).await;
    let id = works.start_flow(&flow, Some("about\none")).await;
    works.until_idle().await;
    assert_eq!((works.status(&id).await, lines(folder.path())), (Status::Failed, 2));
    let retry = async |how: Retry| control::retry(&works.world.admin, &id, how).await;
    let too_far = retry(Retry { from_step: Some(2), ..Retry::default() }).await.expect_err("not so far");
    assert_eq!(too_far.to_string(), "from_step: must be from 0 to 1: the steps before it have succeeded");
    std::fs::remove_file(folder.path().join("broken")).expect("mended");
    works.world.pass_ms(1_000);
    let again = retry(Retry { from_step: Some(1), ..Retry::default() }).await.expect("started").to_string();
    works.until_idle().await;
    let run = works.run(&again).await.summary;
    assert_eq!((run.status, run.attempt, run.steps_done), (Status::Success, 2, 3));
    assert_eq!((run.retry_of.map(|id| id.to_string()), lines(folder.path())), (Some(id.clone()), 4));
    let outputs: Vec<String> = works.steps(&again).await.into_iter().map(|s| s.3).collect();
    assert_eq!(outputs, ["one", "two", "three"]);
    assert_eq!(works.steps(&again).await[1].2, "two", "the message went with the first prompt");
    let nothing = control::retry(&works.world.admin, &again, Retry { from_step: Some(3), ..Retry::default() }).await;
    assert_eq!(
        nothing.expect_err("nothing is left").to_string(),
        "from_step: must be from 0 to 2: the steps before it have succeeded"
    );
    // From the beginning when no step is named.
    let whole = retry(Retry::default()).await.expect("started").to_string();
    works.until_idle().await;
    assert_eq!((works.status(&whole).await, lines(folder.path())), (Status::Success, 7));
}

async fn a_flow_that_fails_is_started_again_by_itself_where_it_failed(backend: Backend) {
    let works = Works::new(backend).await;
    let folder = tempfile::tempdir().expect("a folder");
    let policy = json!({"retry": {"attempts": 2, "backoff_s": 1, "on": ["exit"]}});
    let flow = breakable(&works, folder.path(), policy).await;
    let first = works.start_flow(&flow, None).await;
    works.until_idle().await;
    std::fs::remove_file(folder.path().join("broken")).expect("mended");
    works.world.pass_ms(1_000);
    works.until_idle().await;
    let chain = works.run(&first).await.retry_chain;
    let second = works.run(chain.last().expect("a retry").id.as_str()).await.summary;
    assert_eq!((second.status, second.steps_done, lines(folder.path())), (Status::Success, 3, 4));
}

async fn a_run_keeps_the_version_it_began_with(backend: Backend) {
    let works = Works::new(backend).await;
    works.script("says", "cat | tail -n 1", json!({})).await;
    let flow = works.flow("says", json!([prompt("One", "one"), prompt("Two", "two")])).await;
    let id = works.start_flow(&flow, None).await;
    let steps = vec![FlowStep::Prompt { title: "Other".to_owned(), prompt: "other".to_owned() }];
    let patch = FlowPatch { steps: Some(steps), version: Some(1), ..FlowPatch::default() };
    let changed = flows::change(&works.world.admin, &flow, patch.clone()).await.expect("changed");
    assert_eq!(changed.version, 2);
    let late = flows::change(&works.world.admin, &flow, patch).await.expect_err("too late").to_string();
    assert!(late.starts_with("admin@example.com changed this flow at "), "{late}");
    works.until_idle().await;
    let run = works.run(&id).await;
    let outputs: Vec<String> = works.steps(&id).await.into_iter().map(|s| s.3).collect();
    assert_eq!((outputs, run.flow.expect("a flow").version), (vec!["one".to_owned(), "two".to_owned()], 1));
    assert_eq!(flows::get(&works.world.admin, &flow, Some(1)).await.expect("version 1").steps.len(), 2);
    flows::delete(&works.world.admin, &flow).await.expect("deleted");
    assert!(flows::get(&works.world.admin, &flow, None).await.is_err());
    assert_eq!(works.run(&id).await.flow.expect("still known").name, "says's flow");
    // A retry is of the same flow in the same version.
    let again = control::retry(&works.world.admin, &id, Retry::default()).await.expect("started").to_string();
    works.until_idle().await;
    assert_eq!(works.run(&again).await.summary.steps_done, 2);
}

async fn a_stopped_flow_keeps_what_it_has_done(backend: Backend) {
    let works = Works::new(backend).await;
    let script = "case \"$(cat)\" in *two) echo ready >&2; while :; do sleep 0.05; done;; *) echo done;; esac";
    works.script("hangs", script, json!({})).await;
    let flow = works.flow("hangs", json!([prompt("One", "one"), prompt("Two", "two"), prompt("Three", "three")])).await;
    let id = works.start_flow(&flow, None).await;
    works.step().await;
    works.until_logged(&id, "ready").await;
    control::terminate(&works.world.admin, &id, false).await.expect("asked");
    works.until_idle().await;
    let run = works.run(&id).await;
    assert_eq!((run.summary.status, run.summary.steps_done), (Status::Cancelled, 1));
    assert!(run.stop.expect("a stop").acknowledged_at.is_some());
    let statuses: Vec<PartStatus> = works.steps(&id).await.into_iter().map(|s| s.1).collect();
    assert_eq!(statuses, [PartStatus::Success, PartStatus::Failed]);
}
