//! Runs whose time has come.

use super::{Works, another};
use crate::support::{Backend, on_both, run_of};
use axum::http::StatusCode;
use runboard::app::{agents, executions, flows, schedules};
use runboard::domain::{Error, ExecutionSummary, Status, Trigger};
use serde_json::{Value, json};

on_both!(
    a_schedule_says_when_it_comes_and_comes,
    each_time_makes_one_run_however_many_servers_look,
    times_nobody_was_there_for_make_one_run,
    a_time_that_comes_during_a_run_is_skipped_or_waits,
    a_schedule_starts_a_flow_as_long_as_there_is_one,
    a_deleted_agent_has_no_times_ahead,
    a_schedule_is_set_by_who_may_and_only_where_runs_are_started_here,
);

/// `START` is 2026-09-21T14:13:20Z.
const EVERY_MINUTE: &str = "* * * * *";
const MINUTE_MS: i64 = 60_000;

async fn set(works: &Works, agent: &str, schedule: Value) {
    let new = serde_json::from_value(schedule).expect("a schedule");
    schedules::set(&works.world.admin, agent, new).await.expect("set");
}

async fn runs(works: &Works) -> Vec<ExecutionSummary> {
    executions::recent(&works.world.admin, None).await.expect("a list").executions
}

async fn a_schedule_says_when_it_comes_and_comes(backend: Backend) {
    let works = Works::new(backend).await;
    works.script("echo", "cat", json!({})).await;
    set(&works, "echo", json!({"cron": "0 9 * * *", "timezone": "Europe/Berlin", "message": "Good morning"})).await;
    let schedule = schedules::get(&works.world.admin, "echo").await.expect("a schedule");
    let next: Vec<String> = schedule.next_runs.iter().map(ToString::to_string).collect();
    assert_eq!((next.len(), next[0].as_str(), next[1].as_str()), (5, "2026-09-22T07:00:00Z", "2026-09-23T07:00:00Z"));
    let until = schedule.next_runs[0].millis_since(works.world.now());
    works.world.pass_ms(until - 1);
    works.until_idle().await;
    assert!(runs(&works).await.is_empty());
    works.world.pass_ms(1);
    works.until_idle().await;
    let all = runs(&works).await;
    assert_eq!((all.len(), all[0].status, all[0].triggered_by), (1, Status::Success, Trigger::Schedule));
    assert_eq!(all[0].message, "Good morning");
    // Switched off it comes no more, and says so.
    let off = json!({"cron": "0 9 * * *", "timezone": "Europe/Berlin", "enabled": false});
    set(&works, "echo", off).await;
    assert!(schedules::get(&works.world.admin, "echo").await.expect("a schedule").next_runs.is_empty());
    works.world.pass_ms(3 * 86_400_000);
    works.until_idle().await;
    assert_eq!(runs(&works).await.len(), 1);
}

async fn each_time_makes_one_run_however_many_servers_look(backend: Backend) {
    let works = Works::new(backend).await;
    let (_, second) = another(&works).await;
    works.script("echo", "cat", json!({"max_concurrency": 10})).await;
    set(&works, "echo", json!({"cron": EVERY_MINUTE, "timezone": "UTC", "overlap": "queue"})).await;
    for _ in 0..10 {
        works.world.pass_ms(MINUTE_MS);
        let (one, two) = tokio::join!(works.engine.step(), second.step());
        one.and(two).expect("steps");
        tokio::join!(works.engine.idle(), second.idle());
    }
    assert_eq!(runs(&works).await.len(), 10);
}

async fn times_nobody_was_there_for_make_one_run(backend: Backend) {
    let works = Works::new(backend).await;
    works.script("echo", "cat", json!({})).await;
    set(&works, "echo", json!({"cron": EVERY_MINUTE, "timezone": "UTC", "overlap": "queue"})).await;
    works.world.pass_ms(100 * MINUTE_MS);
    works.until_idle().await;
    works.until_idle().await;
    assert_eq!(runs(&works).await.len(), 1);
    works.world.pass_ms(MINUTE_MS);
    works.until_idle().await;
    assert_eq!(runs(&works).await.len(), 2);
}

async fn a_time_that_comes_during_a_run_is_skipped_or_waits(backend: Backend) {
    for (overlap, expected) in [("skip", 1), ("queue", 3)] {
        let works = Works::new(backend).await;
        works.script("loops", "while :; do sleep 0.05; done", json!({})).await;
        set(&works, "loops", json!({"cron": EVERY_MINUTE, "timezone": "UTC", "overlap": overlap})).await;
        for _ in 0..3 {
            works.world.pass_ms(MINUTE_MS);
            works.step().await;
        }
        let all = runs(&works).await;
        assert_eq!((all.len(), all.iter().filter(|r| r.status == Status::Running).count()), (expected, 1), "{overlap}");
        works.engine.drain().await;
    }
}

async fn a_schedule_is_set_by_who_may_and_only_where_runs_are_started_here(backend: Backend) {
    use runboard::domain::{Role, Scope};
    let works = Works::new(backend).await;
    let http = works.world.http();
    works.script("echo", "cat", json!({})).await;
    works.world.record(run_of("outside", "m")).await;
    let (_, admin) = works.world.person("admin@example.com", Role::Admin, Scope::Write).await;
    let (_, bo) = works.world.person("bo@example.com", Role::User, Scope::Write).await;
    let good = json!({"cron": "0 9 * * 1-5", "timezone": "UTC"});
    let put = async |token: &str, agent: &str, body: &Value| {
        let headers = [("authorization", format!("Bearer {token}"))];
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        http.send("PUT", &format!("/api/agents/{agent}/schedule"), &headers, body.to_string()).await
    };
    assert_eq!(put(&admin, "outside", &good).await.status, StatusCode::CONFLICT);
    assert_eq!(put(&bo, "echo", &good).await.status, StatusCode::NOT_FOUND);
    runboard::app::agents::share(&works.world.admin, "echo", "bo@example.com", "operate").await.expect("shared");
    assert_eq!(put(&bo, "echo", &good).await.status, StatusCode::FORBIDDEN);
    assert_eq!(put(&admin, "echo", &json!({"cron": "x", "timezone": "y"})).await.fields(), ["cron", "timezone"]);
    assert_eq!(put(&admin, "echo", &json!({"cron": "0 0 30 2 *", "timezone": "UTC"})).await.fields(), ["cron"]);
    let set = put(&admin, "echo", &good).await;
    assert_eq!((set.status, &set.json()["overlap"]), (StatusCode::OK, &json!("skip")));
    assert_eq!(http.get(&bo, "/api/agents/echo/schedule").await.status, StatusCode::OK);
    assert_eq!(http.delete(&admin, "/api/agents/echo/schedule").await.status, StatusCode::NO_CONTENT);
    assert_eq!(http.get(&admin, "/api/agents/echo/schedule").await.status, StatusCode::NOT_FOUND);
}

async fn a_deleted_agent_has_no_times_ahead(backend: Backend) {
    let works = Works::new(backend).await;
    let admin = &works.world.admin;
    works.script("echo", "cat", json!({})).await;
    works.start("echo", "m").await;
    works.until_idle().await;
    set(&works, "echo", json!({"cron": "@hourly", "timezone": "UTC"})).await;
    assert_eq!(schedules::get(admin, "echo").await.expect("a schedule").next_runs.len(), 5);
    agents::delete(admin, "echo").await.expect("deleted");
    let schedule = schedules::get(admin, "echo").await.expect("a schedule");
    assert!(schedule.enabled && schedule.next_runs.is_empty(), "{schedule:?}");
    assert_eq!(works.world.text("select cast(next_at as text) from schedules").await, None);
    // Nor if an earlier version left it a time.
    works.world.sql("update schedules set next_at = 0").await;
    works.world.pass_ms(86_400_000);
    works.until_idle().await;
    let seen = works.world.text("select cast(count(*) as text) from schedule_runs").await;
    assert_eq!((runs(&works).await.len(), seen.as_deref()), (1, Some("0")));
    let late = json!({"cron": EVERY_MINUTE, "timezone": "UTC"});
    let late = schedules::set(admin, "echo", serde_json::from_value(late).expect("a schedule")).await;
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
}

async fn a_schedule_starts_a_flow_as_long_as_there_is_one(backend: Backend) {
    let works = Works::new(backend).await;
    works.script("echo", "cat", json!({})).await;
    works.script("other", "cat", json!({})).await;
    let flow = works.flow("echo", json!([{"kind": "prompt", "title": "One", "prompt": "one"}])).await;
    let schedule = json!({"cron": EVERY_MINUTE, "timezone": "UTC", "flow_id": flow});
    let wrong =
        schedules::set(&works.world.admin, "other", serde_json::from_value(schedule.clone()).expect("a schedule"));
    assert_eq!(wrong.await.expect_err("not its flow").to_string(), "flow_id: is not a flow of this agent");
    set(&works, "echo", schedule).await;
    works.world.pass_ms(MINUTE_MS);
    works.until_idle().await;
    let all = runs(&works).await;
    let told = (all[0].status, all[0].triggered_by, all[0].steps_done, all[0].message.as_str());
    assert_eq!((all.len(), told), (1, (Status::Success, Trigger::Schedule, 1, "echo's flow")));
    flows::delete(&works.world.admin, &flow).await.expect("deleted");
    works.world.pass_ms(MINUTE_MS);
    works.until_idle().await;
    assert_eq!(runs(&works).await.len(), 1);
}
