//! What is counted of spans that come in.

use super::made::{agent, model, send};
use super::person;
use crate::support::{Backend, Http, World, on_both};
use axum::body::Body;
use runboard::domain::Role;

on_both!(spans_and_the_runs_they_tell_of_are_counted);

/// taken, rejected, new runs, known runs, derivations.
async fn counted(http: &Http) -> Vec<u64> {
    let text = http.send("GET", "/metrics", &[], Body::empty()).await.text;
    let series = [
        "runboard_otlp_spans_total{result=\"taken\"} ",
        "runboard_otlp_spans_total{result=\"rejected\"} ",
        "runboard_otlp_runs_derived_total{result=\"new\"} ",
        "runboard_otlp_runs_derived_total{result=\"known\"} ",
        "runboard_otlp_derivation_seconds_count ",
    ];
    let value = |series| text.lines().find_map(|line| line.strip_prefix(series)?.parse().ok());
    series.map(|series| value(series).unwrap_or_else(|| panic!("{series} in\n{text}"))).into()
}

async fn spans_and_the_runs_they_tell_of_are_counted(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (_, token) = person(&world, "ann", Role::User).await;
    assert_eq!(counted(&http).await, [0, 0, 0, 0, 0]);
    let mut bad = model(1, 1, Some(0), 1, 1);
    bad["spanId"] = "abc".into();
    send(&http, &token, &[agent(1, 0, None, "helper"), bad]).await;
    assert_eq!(counted(&http).await, [1, 1, 1, 0, 1]);
    send(&http, &token, &[model(1, 2, Some(0), 1, 1)]).await;
    assert_eq!(counted(&http).await, [2, 1, 1, 1, 2]);
    // What is known already is taken in, and nothing follows from it.
    send(&http, &token, &[model(1, 2, Some(0), 1, 1)]).await;
    assert_eq!(counted(&http).await, [3, 1, 1, 1, 2]);
}
