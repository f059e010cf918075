//! Much at once: it takes a bounded time, and what is not kept is said.

use super::made::{agent, by, model, send, trace};
use super::{JSON, all_recorded, ids_of, only, person, post};
use crate::support::{Backend, World, on_both};
use flate2::Compression;
use flate2::write::GzEncoder;
use runboard::app::otlp;
use runboard::domain::Role;
use serde_json::Value;
use std::io::Write as _;
use std::time::{Duration, Instant};

on_both!(
    a_hundred_thousand_spans_in_one_request,
    a_large_run_is_derived_now_and_then_and_in_the_end_whole,
    many_small_runs_in_one_request,
);

fn packed(spans: &[Value]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(by("lib", spans).to_string().as_bytes()).expect("packed");
    encoder.finish().expect("packed")
}

async fn a_hundred_thousand_spans_in_one_request(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    // Without much in each, so that they fit into one body.
    let mut spans = vec![agent(1, 0, None, "huge")];
    spans.extend((1..100_000).map(|n| super::made::span(1, n, Some(0), "work", &serde_json::json!({}))));
    let begun = Instant::now();
    let answer = post(&http, &token, "/v1/traces", JSON, true, packed(&spans)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(begun.elapsed() < Duration::from_mins(1), "{:?}", begun.elapsed());
    assert_eq!(answer.json()["partialSuccess"]["rejectedSpans"], "80000", "{}", answer.text);
    let kept = world.text("select cast(count(*) as text) from spans").await;
    assert_eq!(kept.as_deref(), Some("20000"));
    assert_eq!(ids_of(&world, &who).await.len(), 1);
}

async fn a_large_run_is_derived_now_and_then_and_in_the_end_whole(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    let batch = |from: u32| (from..from + 600).map(|n| model(1, n, Some(0), 1, 1)).collect::<Vec<_>>();
    send(&http, &token, &batch(1)).await;
    assert_eq!(only(&world, &who).await["input_tokens"], 600, "at once at first");
    send(&http, &token, &batch(601)).await;
    assert_eq!(only(&world, &who).await["input_tokens"], 600, "then it is left alone for a moment");
    otlp::step(&world.app).await.expect("looked");
    assert_eq!(only(&world, &who).await["input_tokens"], 600);
    world.pass_ms(1_000);
    otlp::step(&world.app).await.expect("looked");
    assert_eq!(only(&world, &who).await["input_tokens"], 1_200);
}

async fn many_small_runs_in_one_request(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    let spans: Vec<Value> = (0..3_000).map(|n| agent(n, n, None, "small")).collect();
    let begun = Instant::now();
    let answer = post(&http, &token, "/v1/traces", JSON, true, packed(&spans)).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "{}"));
    assert!(begun.elapsed() < Duration::from_mins(1), "{:?}", begun.elapsed());
    let now = ids_of(&world, &who).await.len();
    assert!((1_000..=3_000).contains(&now), "those that are waited for: {now}");
    while ids_of(&world, &who).await.len() < 3_000 {
        let before = ids_of(&world, &who).await.len();
        otlp::step(&world.app).await.expect("looked");
        assert!(ids_of(&world, &who).await.len() > before, "each look goes on");
    }
    let last = all_recorded(&world, &who).await.pop().expect("a run");
    assert_eq!(
        (last["status"].as_str(), &last["metadata"]["otlp"]["traces"][0]),
        (Some("success"), &trace(2_999).into())
    );
}
