//! Agents that may spend so much and no more.

use super::Works;
use crate::support::{Backend, on_both};
use axum::http::StatusCode;
use runboard::app::bulk::{self, Target};
use runboard::app::{agents, control, record};
use runboard::domain::{BudgetLevel, BulkAction, Error, ExecutionPatch, NewRun, Reason, Role, Scope, Status};
use runboard::engine::trial;
use serde_json::json;

on_both!(
    an_agent_that_has_spent_its_budget_is_paused_until_the_day_is_over,
    what_a_run_costs_is_said_by_who_does_it,
    agents_are_tried_out_ten_times_a_minute_by_each_person,
);

async fn an_agent_that_has_spent_its_budget_is_paused_until_the_day_is_over(backend: Backend) {
    let works = Works::new(backend).await;
    let admin = &works.world.admin;
    works.script("dear", "cat", json!({"budget": {"usd_per_day": 1.0}})).await;
    let level = async || {
        let state = agents::detail(admin, "dear").await.expect("an agent").budget_state.expect("a budget");
        state.day.expect("a day").level
    };
    let spend = async |usd: f64| {
        let id = works.start("dear", "m").await;
        works.until_idle().await;
        let cost = ExecutionPatch { cost: Some(usd), ..ExecutionPatch::default() };
        record::patch(admin, &id, cost).await.expect("noted");
    };
    assert_eq!(level().await, BudgetLevel::Fine);
    spend(0.8).await;
    assert_eq!(level().await, BudgetLevel::Warn);
    let waits = works.start("dear", "already waiting").await;
    works.until_idle().await;
    assert_eq!(works.status(&waits).await, Status::Success, "a warning pauses nothing");
    // One waits while another spends the rest.
    let last = works.start("dear", "m").await;
    let rest = ExecutionPatch { cost: Some(0.2), ..ExecutionPatch::default() };
    record::patch(admin, &waits, rest).await.expect("noted");
    works.until_idle().await;
    assert_eq!((level().await, works.status(&last).await), (BudgetLevel::Spent, Status::Queued));
    match control::start(admin, "dear", NewRun::default()).await {
        Err(Error::Conflict(text)) => assert!(text.contains("has spent 1.00 of its 1.00 USD"), "{text}"),
        other => panic!("{other:?}"),
    }
    match trial::test(admin, "dear").await {
        Err(Error::Conflict(text)) => assert!(text.contains("has spent"), "{text}"),
        other => panic!("{other:?}"),
    }
    // Nobody is asked for a place in the writer's queue for as long as it waits.
    let written = *works.world.app.store.commits().borrow();
    for _ in 0..5 {
        works.step().await;
    }
    assert_eq!(*works.world.app.store.commits().borrow(), written);
    // In bulk the same is refused, and it is said why.
    let again = Target::Ids(vec![waits.parse().expect("an id")]);
    let (job, _) = bulk::start(admin, BulkAction::Retry, again, None).await.expect("a job");
    bulk::work_off(&works.world.app).await.expect("worked");
    let (job, rows, _) = bulk::get(admin, &job.id, None, None).await.expect("the job");
    assert_eq!((job.skipped, rows[0].reason.as_deref()), (1, Some(Reason::NoRoom.as_str())));
    // `START` is 14:13:20 UTC.
    works.world.pass_ms(10 * 3_600_000);
    works.until_idle().await;
    assert_eq!((works.status(&last).await, level().await), (Status::Success, BudgetLevel::Fine));
}

async fn what_a_run_costs_is_said_by_who_does_it(backend: Backend) {
    let works = Works::new(backend).await;
    works.script("loops", "while :; do sleep 0.05; done", json!({})).await;
    let (runs, waits) = (works.start("loops", "m").await, works.start("loops", "m").await);
    works.step().await;
    let (_, token) = works.world.person("admin@example.com", Role::Admin, Scope::Write).await;
    let http = works.world.http();
    // A command says itself what it spends, and where it is. It never becomes less.
    let path = format!("/api/executions/{runs}");
    for (report, expected) in [
        (json!({"cost": 0.5, "input_tokens": 10, "model": "m"}), StatusCode::OK),
        (json!({"cost": 0.75, "current_step": "reads", "context_used": 7}), StatusCode::OK),
        (json!({"cost": 0.6}), StatusCode::CONFLICT),
        (json!({"input_tokens": 9}), StatusCode::CONFLICT),
        (json!({"response": "made up"}), StatusCode::CONFLICT),
        (json!({"error": "made up", "cost": 1.0}), StatusCode::CONFLICT),
    ] {
        let answer = http.patch(&token, &path, report.to_string()).await;
        assert_eq!(answer.status, expected, "{report}: {}", answer.text);
    }
    let run = works.run(&runs).await;
    assert_eq!((run.summary.cost, run.summary.input_tokens, run.response), (Some(0.75), Some(10), None));
    {
        let path = format!("/api/executions/{waits}");
        for report in [
            json!({"cost": 0.0}),
            json!({"input_tokens": 1}),
            json!({"output_tokens": 1}),
            json!({"model": "m"}),
            json!({"response": "made up"}),
            json!({"error": "made up"}),
            json!({"current_step": "made up"}),
            json!({"labels": {"a": "b"}, "cost": 1.0}),
        ] {
            let refused = http.patch(&token, &path, report.to_string()).await;
            assert_eq!(refused.status, StatusCode::CONFLICT, "{report}: {}", refused.text);
        }
        let labelled = http.patch(&token, &path, r#"{"labels":{"ticket":"7"}}"#).await;
        assert_eq!(labelled.json()["labels"]["ticket"], "7", "{}", labelled.text);
        let run = works.run(&waits).await;
        assert_eq!((run.summary.cost, run.summary.model, run.response), (None, None, None));
    }
    works.engine.drain().await;
}

async fn agents_are_tried_out_ten_times_a_minute_by_each_person(backend: Backend) {
    let works = Works::new(backend).await;
    works.script("echo", "cat", json!({})).await;
    let (_, admin) = works.world.person("admin@example.com", Role::Admin, Scope::Write).await;
    let (_, bo) = works.world.person("bo@example.com", Role::Admin, Scope::Write).await;
    let http = works.world.http();
    let test = async |token: &str| http.post(token, "/api/agents/echo/test", "").await;
    for _ in 0..10 {
        assert_eq!(test(&admin).await.status, StatusCode::OK);
    }
    let refused = test(&admin).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{}", refused.text);
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(test(&bo).await.status, StatusCode::OK);
}
