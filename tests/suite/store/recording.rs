//! Recording: what is stored, what is refused, and that nothing takes effect twice or half.

use crate::support::{Backend, START, World, ended, on_both, run_of};
use runboard::app::record::{append_log, batch, create, heartbeat, patch, upsert_steps, upsert_tool_calls};
use runboard::app::{Claim, control, executions, parts};
use runboard::domain::{
    Error, ExecutionPatch, LogStream, NewExecution, NewLogLine, NewStep, NewToolCall, PartStatus, Status, Trigger,
};
use std::collections::BTreeMap;

on_both!(
    a_run_is_stored_whole_and_read_back,
    the_same_id_again_answers_the_stored_record,
    a_terminal_status_never_changes,
    lesson_9_a_late_success_does_not_overwrite_cancelled,
    a_bad_line_of_a_batch_never_loses_the_good_ones,
    stop_is_requested_once_and_reaches_children,
    log_lines_are_numbered_without_gaps,
    tool_calls_and_steps_are_upserts,
    heartbeats_tell_of_a_stop,
    a_claimed_key_takes_effect_once,
    a_failing_write_takes_back_only_itself,
    retries_count_on,
    cost_may_arrive_after_the_end,
    nul_bytes_do_no_harm,
);

fn status(status: Status) -> ExecutionPatch {
    ExecutionPatch { status: Some(status), ..ExecutionPatch::default() }
}

fn line(text: &str) -> NewLogLine {
    NewLogLine { ts: None, stream: LogStream::Stdout, text: text.to_owned(), seq: None }
}

async fn a_run_is_stored_whole_and_read_back(backend: Backend) {
    let world = World::new(backend).await;
    let long = "äöü ".repeat(1_000);
    let new = NewExecution {
        message: long.clone(),
        response: Some("short".into()),
        triggered_by: Some(Trigger::Cli),
        cost: Some(0.123_456_789),
        input_tokens: Some(5),
        metadata: Some(serde_json::json!({"a": [1, null, "ü"]})),
        labels: BTreeMap::from([("env".into(), "prod".into())]),
        ..ended("Market Researcher", Status::Success, 0, 1_500)
    };
    let (summary, created) = create(&world.admin, new).await.expect("recorded");
    assert!(created);
    assert_eq!(summary.agent_name, "market-researcher");
    assert_eq!(summary.agent_display_name, "Market Researcher");
    assert_eq!(summary.message.chars().count(), 200);
    assert_eq!((summary.cost, summary.total_tokens, summary.duration_ms), (Some(0.123_456_789), Some(5), Some(1_500)));
    let detail = executions::get(&world.admin, summary.id.as_str()).await.expect("found");
    assert_eq!(detail.summary.message, long);
    assert_eq!(detail.response.as_deref(), Some("short"));
    assert_eq!(detail.metadata, Some(serde_json::json!({"a": [1, null, "ü"]})));
    assert_eq!(detail.started_by.as_deref(), Some("admin@example.com"));
    assert_eq!(detail.summary.labels["env"], "prod");
}

async fn the_same_id_again_answers_the_stored_record(backend: Backend) {
    let world = World::new(backend).await;
    let first = world.record(run_of("a", "first")).await;
    let again = NewExecution { id: Some(first.id.clone()), ..run_of("a", "second") };
    let (stored, created) = create(&world.admin, again).await.expect("answered");
    assert_eq!((stored, created), (first, false));
}

async fn a_terminal_status_never_changes(backend: Backend) {
    let world = World::new(backend).await;
    for terminal in [Status::Success, Status::Failed, Status::Cancelled] {
        let run = world.record(run_of("a", "m")).await;
        patch(&world.admin, run.id.as_str(), status(terminal)).await.expect("ended");
        for next in Status::ALL.into_iter().filter(|s| *s != terminal) {
            let refused = patch(&world.admin, run.id.as_str(), status(next)).await;
            assert!(matches!(refused, Err(Error::Conflict(_))), "{terminal} → {next}");
        }
        let same = patch(&world.admin, run.id.as_str(), status(terminal)).await.expect("the same again is fine");
        assert_eq!(same.status, terminal);
    }
}

async fn lesson_9_a_late_success_does_not_overwrite_cancelled(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.record(run_of("a", "m")).await;
    control::terminate(&world.admin, run.id.as_str(), false).await.expect("asked");
    patch(&world.admin, run.id.as_str(), status(Status::Cancelled)).await.expect("confirmed");
    let late = patch(&world.admin, run.id.as_str(), status(Status::Success)).await;
    assert!(matches!(late, Err(Error::Conflict(text)) if text.contains("cancelled")));
    let stored = executions::summary(&world.admin, run.id.as_str()).await.expect("found");
    assert_eq!((stored.status, stored.cancel_requested), (Status::Cancelled, false));
    assert_eq!(stored.cancel_requested_by.as_deref(), Some("admin"));
}

async fn a_bad_line_of_a_batch_never_loses_the_good_ones(backend: Backend) {
    let world = World::new(backend).await;
    let known = world.record(run_of("a", "known")).await;
    let twin: runboard::domain::ExecutionId = uuid::Uuid::now_v7().to_string().parse().expect("an id");
    let lines = vec![
        run_of("a", "good"),
        NewExecution { cost: Some(-1.0), ..run_of("a", "bad") },
        NewExecution { id: Some(known.id.clone()), ..run_of("a", "again") },
        NewExecution { id: Some(twin.clone()), ..run_of("b", "twin") },
        NewExecution { id: Some(twin), ..run_of("b", "twin again") },
        run_of("///", "no name"),
    ];
    let answers = batch(&world.admin, lines).await.expect("answered");
    let told: Vec<Option<bool>> = answers.iter().map(|a| a.as_ref().ok().map(|(_, created)| *created)).collect();
    assert_eq!(told, [Some(true), None, Some(false), Some(true), Some(false), None]);
    assert!(matches!(&answers[1], Err(Error::Invalid(e)) if e[0].field == "cost"));
    assert!(matches!(&answers[5], Err(Error::Invalid(e)) if e[0].field == "agent_name"));
    let all = executions::recent(&world.admin, None).await.expect("a list");
    assert_eq!(all.executions.len(), 3);
}

async fn stop_is_requested_once_and_reaches_children(backend: Backend) {
    let world = World::new(backend).await;
    let parent = world.record(run_of("a", "parent")).await;
    let child = world.record(NewExecution { parent_id: Some(parent.id.clone()), ..run_of("b", "child") }).await;
    assert_eq!(child.triggered_by, Trigger::Agent);
    let grandchild =
        world.record(NewExecution { parent_id: Some(child.id.clone()), ..run_of("b", "grandchild") }).await;
    let first = control::terminate(&world.admin, parent.id.as_str(), false).await.expect("asked");
    assert!(first.cancel_requested && first.status == Status::Running);
    let again = control::terminate(&world.admin, parent.id.as_str(), true).await.expect("asked again");
    assert_eq!(again.version, first.version);
    for id in [&child.id, &grandchild.id] {
        assert!(executions::summary(&world.admin, id.as_str()).await.expect("found").cancel_requested);
    }
    patch(&world.admin, parent.id.as_str(), status(Status::Cancelled)).await.expect("confirmed");
    let late = control::terminate(&world.admin, parent.id.as_str(), false).await;
    assert!(matches!(late, Err(Error::Conflict(_))));
    let detail = executions::get(&world.admin, parent.id.as_str()).await.expect("found");
    assert_eq!(detail.children.len(), 1);
}

async fn log_lines_are_numbered_without_gaps(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.record(run_of("a", "m")).await;
    let writes: Vec<_> = (0..20)
        .map(|i| {
            let (caller, id) = (world.admin.clone(), run.id.clone());
            tokio::spawn(async move {
                append_log(&caller, id.as_str(), (0..7).map(|j| line(&format!("{i}.{j}"))).collect()).await
            })
        })
        .collect();
    for write in writes {
        write.await.expect("ran").expect("stored");
    }
    let lines = parts::log(&world.admin, run.id.as_str(), 0, None).await.expect("a log");
    assert_eq!(lines.iter().map(|l| l.seq).collect::<Vec<_>>(), (1..=140).collect::<Vec<_>>());
    let rest = parts::log(&world.admin, run.id.as_str(), 135, Some(3)).await.expect("a log");
    assert_eq!(rest.iter().map(|l| l.seq).collect::<Vec<_>>(), [136, 137, 138]);
    let too_long = vec![line(&"x".repeat(65_537))];
    assert!(matches!(append_log(&world.admin, run.id.as_str(), too_long).await, Err(Error::Invalid(_))));
    let too_many = (0..1_001).map(|_| line("x")).collect();
    assert!(matches!(append_log(&world.admin, run.id.as_str(), too_many).await, Err(Error::TooLarge(_))));
}

async fn tool_calls_and_steps_are_upserts(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.record(run_of("a", "m")).await;
    let id = run.id.as_str();
    let nameless = NewToolCall { call_id: "1".into(), ..NewToolCall::default() };
    assert!(matches!(upsert_tool_calls(&world.admin, id, vec![nameless.clone()]).await, Err(Error::Invalid(_))));
    let start = NewToolCall {
        name: Some("web.search".into()),
        arguments: Some(serde_json::json!({"q": "x"})),
        started_at: Some(START),
        ..nameless.clone()
    };
    upsert_tool_calls(&world.admin, id, vec![start]).await.expect("started");
    let running = executions::summary(&world.admin, id).await.expect("found");
    assert_eq!((running.current_tool.as_deref(), running.tool_call_count), (Some("web.search"), 1));
    world.pass_ms(900);
    let finish = NewToolCall { result: Some(serde_json::json!("ok")), ..nameless };
    upsert_tool_calls(&world.admin, id, vec![finish]).await.expect("finished");
    let (calls, next) = parts::tool_calls(&world.admin, id, None, None).await.expect("calls");
    assert_eq!((calls.len(), next), (1, None));
    assert_eq!(
        (calls[0].status, calls[0].arguments.clone()),
        (PartStatus::Success, Some(serde_json::json!({"q": "x"})))
    );
    assert_eq!(calls[0].completed_at, Some(START.plus_millis(900)));

    let step =
        |index, status| NewStep { index, status: Some(status), title: Some(format!("T{index}")), ..NewStep::default() };
    let steps = vec![step(0, PartStatus::Success), step(1, PartStatus::Running)];
    upsert_steps(&world.admin, id, steps).await.expect("steps");
    let after = executions::summary(&world.admin, id).await.expect("found");
    assert_eq!((after.steps_done, after.current_step.as_deref(), after.current_tool), (1, Some("T1"), None));
}

async fn heartbeats_tell_of_a_stop(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.record(run_of("a", "m")).await;
    assert_eq!(run.heartbeat_at, None);
    assert_eq!(heartbeat(&world.admin, run.id.as_str()).await, Ok((false, Vec::new())));
    control::terminate(&world.admin, run.id.as_str(), false).await.expect("asked");
    world.pass_ms(1_000);
    assert_eq!(heartbeat(&world.admin, run.id.as_str()).await, Ok((true, Vec::new())));
    let stored = executions::summary(&world.admin, run.id.as_str()).await.expect("found");
    assert_eq!(stored.heartbeat_at, Some(START.plus_millis(1_000)));
}

async fn a_claimed_key_takes_effect_once(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.record(run_of("a", "m")).await;
    let mut caller = world.admin.clone();
    caller.claim = Some(Claim { key: "k".into(), request: "r".into() });
    let writes: Vec<_> = (0..20)
        .map(|_| {
            let (caller, id) = (caller.clone(), run.id.clone());
            tokio::spawn(async move { append_log(&caller, id.as_str(), vec![line("once")]).await })
        })
        .collect();
    let mut stored = 0;
    for write in writes {
        match write.await.expect("ran") {
            Ok(_) => stored += 1,
            Err(e) => assert!(matches!(e, Error::Conflict(_)), "{e:?}"),
        }
    }
    assert_eq!(stored, 1);
    assert_eq!(parts::log(&world.admin, run.id.as_str(), 0, None).await.expect("a log").len(), 1);
}

async fn a_failing_write_takes_back_only_itself(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.record(run_of("a", "m")).await;
    let id = run.id.to_string();
    let fails = world.app.store.write::<(), _>(|tx| {
        Box::pin(async move {
            runboard::store::settings::set(tx, "half", "written").await?;
            Err(Error::Conflict("on purpose".into()))
        })
    });
    let panics = world.app.store.write::<(), _>(|tx| {
        Box::pin(async move {
            runboard::store::settings::set(tx, "panicked", "written").await?;
            panic!("on purpose")
        })
    });
    let works = patch(&world.admin, &id, status(Status::Success));
    let (failed, panicked, worked) = tokio::join!(fails, panics, works);
    assert!(matches!(failed, Err(Error::Conflict(_))) && matches!(panicked, Err(Error::Internal(_))));
    assert_eq!(worked.expect("stored").status, Status::Success);
    for name in ["half", "panicked"] {
        assert_eq!(runboard::store::settings::get(&mut world.app.store.read(), name).await, Ok(None));
    }
}

async fn retries_count_on(backend: Backend) {
    let world = World::new(backend).await;
    let first = world.record(ended("a", Status::Failed, 0, 1)).await;
    let second =
        world.record(NewExecution { retry_of: Some(first.id.clone()), ..ended("a", Status::Failed, 1, 1) }).await;
    let third = world.record(NewExecution { retry_of: Some(second.id.clone()), ..run_of("a", "m") }).await;
    assert_eq!((second.attempt, third.attempt), (2, 3));
    let detail = executions::get(&world.admin, second.id.as_str()).await.expect("found");
    let chain: Vec<_> = detail.retry_chain.iter().map(|l| l.id.clone()).collect();
    assert_eq!(chain, [first.id, second.id, third.id]);
}

async fn cost_may_arrive_after_the_end(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.record(ended("a", Status::Success, 0, 1)).await;
    let late = ExecutionPatch { cost: Some(0.5), output_tokens: Some(7), ..ExecutionPatch::default() };
    let stored = patch(&world.admin, run.id.as_str(), late).await.expect("stored");
    assert_eq!((stored.cost, stored.total_tokens, stored.version), (Some(0.5), Some(7), run.version + 1));
}

async fn nul_bytes_do_no_harm(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.record(NewExecution { response: Some("a\0b".into()), ..run_of("a", "x\0y") }).await;
    assert_eq!(run.message, "x\u{fffd}y");
    append_log(&world.admin, run.id.as_str(), vec![line("l\0l")]).await.expect("stored");
    let error = ExecutionPatch { error: Some("e\0e".into()), ..ExecutionPatch::default() };
    assert_eq!(patch(&world.admin, run.id.as_str(), error).await.expect("stored").error.as_deref(), Some("e\u{fffd}e"));
}
