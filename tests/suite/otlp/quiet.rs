//! Runs whose end never comes, and ends that come after all.

use super::made::{agent, failed, model, send};
use super::{only, person};
use crate::support::{Backend, World, on_both};
use runboard::app::{housekeeping, otlp};
use runboard::domain::Role;

on_both!(
    a_run_that_falls_silent_fails_and_says_that_this_follows_from_silence,
    a_run_that_goes_on_is_not_taken_to_have_ended,
    an_end_that_comes_after_all_holds,
    two_servers_look_at_the_same_traces,
    traces_of_no_run_are_forgotten_some_at_a_time,
);

async fn a_run_that_falls_silent_fails_and_says_that_this_follows_from_silence(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    send(&http, &token, &[failed(model(1, 1, Some(0), 10, 1), "429")]).await;
    world.pass_ms(599_999);
    otlp::step(&world.app).await.expect("looked");
    assert_eq!(only(&world, &who).await["status"], "running");
    world.pass_ms(1);
    otlp::step(&world.app).await.expect("looked");
    let run = only(&world, &who).await;
    assert_eq!((run["status"].as_str(), run["error"].as_str()), (Some("failed"), Some("no end received")));
    assert_eq!(run["metadata"]["otlp"]["end"], "inferred");
    assert_eq!(run["duration_ms"], 1_000, "it ends with the last that was heard of it");
    assert_eq!(
        world.text("select cast(count(*) as text) from traces where due_at is not null").await.as_deref(),
        Some("0")
    );
}

async fn a_run_that_goes_on_is_not_taken_to_have_ended(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    for n in 1..=4 {
        send(&http, &token, &[model(1, n, Some(0), 10, 1)]).await;
        world.pass_ms(599_999);
        otlp::step(&world.app).await.expect("looked");
        assert_eq!(only(&world, &who).await["status"], "running");
    }
}

async fn an_end_that_comes_after_all_holds(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    send(&http, &token, &[failed(model(1, 1, Some(0), 10, 1), "429")]).await;
    world.pass_ms(600_000);
    otlp::step(&world.app).await.expect("looked");
    assert_eq!(only(&world, &who).await["status"], "failed");
    send(&http, &token, &[model(1, 2, Some(0), 10, 1), agent(1, 0, None, "helper")]).await;
    let run = only(&world, &who).await;
    assert_eq!((run["status"].as_str(), run["error"].as_str()), (Some("success"), None));
    assert_eq!(run["metadata"]["otlp"]["end"], "received");
    assert!(run["error_group"].is_null(), "{run}");
}

async fn two_servers_look_at_the_same_traces(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    send(&http, &token, &[model(1, 1, Some(0), 10, 1)]).await;
    let other = world.another_server().await;
    world.pass_ms(600_000);
    let (one, two) = tokio::join!(otlp::step(&world.app), otlp::step(&other));
    // On SQLite one may have to wait for the other for too long; then it looks again.
    assert!(one.is_ok() || two.is_ok(), "{one:?} {two:?}");
    assert_eq!(only(&world, &who).await["status"], "failed");
    let ends = world.text("select cast(count(*) as text) from events where kind = 'failed'").await;
    assert_eq!(ends.as_deref(), Some("1"));
}

async fn traces_of_no_run_are_forgotten_some_at_a_time(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    send(&http, &token, &[agent(1, 0, None, "helper")]).await;
    let add = async |name: &str, count: i64, received: i64, spans: i64| {
        let values = format!("{}, '{name}' || i, '', 0, 0, {received}, {received}, {spans}", who.user_key);
        let sql = format!(
            "insert into traces (user_key, trace_id, service, starts_at, ends_at, first_received_at, last_received_at, \
             span_count) with recursive n (i) as (select 1 union all select i + 1 from n where i < {count}) \
             select {values} from n"
        );
        world.sql(&sql).await;
    };
    let left = async || {
        housekeeping::tidy(&world.app).await.expect("tidied");
        let sql = "select cast(count(*) as text) from traces where last_received_at < 10";
        world.text(sql).await.and_then(|n| n.parse::<i64>().ok()).expect("a count")
    };
    // Small ones by their number, large ones by their spans: one a job, until there were 100 000 of them.
    add("small", 10_600, 1, 1).await;
    assert_eq!((left().await, left().await), (600, 0));
    add("large", 9, 1, 15_000).await;
    add("last", 1, 2, 90_000).await;
    assert_eq!((left().await, left().await), (3, 0));
    // What came within a day is kept, and a run's trace for as long as the run.
    add("recent", 3, world.now().plus_secs(-86_000).micros(), 1).await;
    world.pass_ms(2 * 86_400_000);
    add("today", 3, world.now().plus_secs(-86_000).micros(), 1).await;
    assert_eq!(left().await, 0);
    let all = world.text("select cast(count(*) as text) from traces").await;
    assert_eq!(all.as_deref(), Some("4"));
}
