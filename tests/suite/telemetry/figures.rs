//! What `/metrics` counts. Each test has a server of its own, so the figures are of nobody else.

use crate::engine::Works;
use crate::live::{Socket, listen};
use crate::support::{Backend, Http, World, on_both, run_of};
use axum::body::Body;
use runboard::app::record;
use runboard::domain::{ExecutionPatch, Role, Scope, Status};
use serde_json::json;

on_both!(
    requests_are_counted_by_the_templates_of_their_routes,
    writes_are_counted_by_what_became_of_them,
    a_run_is_counted_while_it_goes_on_and_by_how_long_it_waited,
    messages_that_wait_are_counted_by_channel,
);

async fn metrics(http: &Http) -> String {
    http.send("GET", "/metrics", &[], Body::empty()).await.text
}

/// A series' value.
fn value(text: &str, series: &str) -> u64 {
    let value = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok());
    value.unwrap_or_else(|| panic!("{series} in\n{text}"))
}

async fn requests_are_counted_by_the_templates_of_their_routes(backend: Backend) {
    let world = World::new(backend).await;
    let (_, token) = world.person("admin@example.com", Role::Admin, Scope::Admin).await;
    let http = world.http();
    let run = world.record(run_of("a", "m")).await;
    let other = uuid::Uuid::now_v7();
    http.get(&token, &format!("/api/executions/{}", run.id)).await;
    http.get(&token, &format!("/api/executions/{other}")).await;
    http.get(&token, "/api/made/up").await;
    http.send("GET", "/pkg/made-up.js", &[], Body::empty()).await;
    let text = metrics(&http).await;
    let of = |status: u16| {
        format!("runboard_http_requests_total{{method=\"GET\",route=\"/api/executions/{{id}}\",status=\"{status}\"}}")
    };
    assert_eq!((value(&text, &of(200)), value(&text, &of(404))), (1, 1));
    let series = "runboard_http_request_seconds_count{method=\"GET\",route=\"/api/executions/{id}\"}";
    assert_eq!(value(&text, series), 2);
    for made_up in [run.id.as_str(), &other.to_string(), "made/up", "made-up"] {
        assert!(!text.contains(made_up), "{made_up} in\n{text}");
    }
}

async fn writes_are_counted_by_what_became_of_them(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let kept = "runboard_writer_jobs_total{result=\"kept\"}";
    let refused = "runboard_writer_jobs_total{result=\"refused\"}";
    let before = metrics(&http).await;
    world.record(run_of("a", "m")).await;
    let patch = ExecutionPatch { status: Some(Status::Success), ..ExecutionPatch::default() };
    let nobody = record::patch(&world.admin, &uuid::Uuid::now_v7().to_string(), patch).await;
    assert!(nobody.is_err());
    let after = metrics(&http).await;
    let grew = |series: &str| value(&after, series) - value(&before, series);
    assert_eq!((grew(kept), grew(refused)), (1, 1));
    assert_eq!(grew("runboard_writer_transactions_total{result=\"ok\"}"), 2);
    assert_eq!(grew("runboard_writer_transaction_seconds_count"), 2);
    assert_eq!(value(&after, "runboard_writer_waiting_jobs"), 0);
}

async fn a_run_is_counted_while_it_goes_on_and_by_how_long_it_waited(backend: Backend) {
    let works = Works::new(backend).await;
    let http = works.world.http();
    works.script("waits", "echo ready >&2; cat > /dev/null; while :; do sleep 0.1; done", json!({})).await;
    works.script("echo", "cat", json!({})).await;
    let id = works.start("waits", "m").await;
    works.step().await;
    works.until_logged(&id, "ready").await;
    let text = metrics(&http).await;
    assert_eq!(value(&text, "runboard_engine_runs"), 1);
    assert_eq!(value(&text, "runboard_queue_runs{state=\"working\"}"), 1);
    works.start("echo", "m").await;
    assert_eq!(value(&metrics(&http).await, "runboard_queue_runs{state=\"ready\"}"), 1);
    works.world.pass_ms(2_000);
    works.step().await;
    works.engine.drain().await;
    let text = metrics(&http).await;
    assert_eq!(value(&text, "runboard_engine_runs"), 0);
    assert_eq!(value(&text, "runboard_engine_start_seconds_count"), 2);
    assert_eq!(value(&text, "runboard_engine_start_seconds_sum"), 2);
}

async fn messages_that_wait_are_counted_by_channel(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    for (id, channel, state) in [("1", "webhook", "waiting"), ("2", "webhook", "waiting"), ("3", "mail", "sent")] {
        let columns = "id, user_key, channel, kind, title, payload, link, state, next_at, created_at";
        let user = world.admin.user_key;
        let values = format!("'{id}', {user}, '{channel}', 'failed', 't', '{{}}', '/', '{state}', 0, 0");
        world.sql(&format!("insert into deliveries ({columns}) values ({values})")).await;
    }
    let text = metrics(&http).await;
    assert_eq!(value(&text, "runboard_deliveries_waiting{channel=\"webhook\"}"), 2);
    assert_eq!(value(&text, "runboard_deliveries_waiting{channel=\"mail\"}"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_and_what_they_are_sent_are_counted() {
    let world = World::new(Backend::Sqlite).await;
    let http = world.http();
    let address = listen(&http).await;
    let (_, token) = world.person("admin@example.com", Role::Admin, Scope::Admin).await;
    let mut socket = Socket::open(address, &token).await;
    socket.subscribe(json!({"op": "subscribe", "topic": "executions"})).await;
    world.record(run_of("a", "m")).await;
    socket.hear().await.expect("an event");
    let text = metrics(&http).await;
    assert_eq!(value(&text, "runboard_sockets"), 1);
    assert_eq!(value(&text, "runboard_socket_frames_sent_total"), 2);
    assert_eq!(value(&text, "runboard_socket_batches_dropped_total"), 0);
}
