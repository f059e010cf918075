//! What exporters are answered.

use super::made::{agent, by, model, send, span};
use super::samples::body;
use super::{JSON, PROTOBUF, ids_of, person, post};
use crate::support::{Answer, Backend, World, on_both};
use axum::body::Body;
use flate2::Compression;
use flate2::write::GzEncoder;
use runboard::domain::Role;
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _};
use std::io::Write as _;

on_both!(
    all_is_well_with_an_empty_answer,
    what_is_no_otlp_is_refused_as_exporters_expect,
    who_is_not_known_is_refused_in_the_encoding_of_the_request,
    bombs_are_refused,
    what_can_not_be_taken_is_said_and_the_rest_is_kept,
    a_key_for_idempotency_is_not_in_the_way,
);

fn packed(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).expect("packed");
    encoder.finish().expect("packed")
}

/// Code and message of a `google.rpc.Status` in JSON.
fn refused(answer: &Answer) -> (u16, i64) {
    let status = answer.json();
    assert!(!status["message"].as_str().unwrap_or_default().is_empty(), "{}", answer.text);
    (answer.status.as_u16(), status["code"].as_i64().expect("a code"))
}

async fn all_is_well_with_an_empty_answer(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    let spans = by("lib", &[agent(1, 0, None, "helper"), model(1, 1, Some(0), 10, 2)]).to_string();
    for (kind, pack) in [(JSON, false), ("application/json; charset=utf-8", true)] {
        let body = if pack { packed(spans.as_bytes()) } else { spans.clone().into() };
        let answer = post(&http, &token, "/v1/traces", kind, pack, body).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "{}"));
        assert_eq!(answer.headers["content-type"], JSON);
    }
    let (protobuf, _) = body("pydantic-ai/ok-1.pb");
    for path in ["/v1/traces", "/v1/logs", "/v1/metrics"] {
        let body = if path == "/v1/traces" { protobuf.clone() } else { Vec::new() };
        let answer = post(&http, &token, path, PROTOBUF, false, body).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""), "{path}");
        assert_eq!(answer.headers["content-type"], PROTOBUF);
    }
    assert_eq!(ids_of(&world, &who).await.len(), 2);
}

async fn what_is_no_otlp_is_refused_as_exporters_expect(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (_, token) = person(&world, "ann", Role::User).await;
    let spans = by("lib", &[agent(1, 0, None, "helper")]).to_string();
    let send =
        async |kind: &str, pack: bool, body: &[u8]| post(&http, &token, "/v1/traces", kind, pack, body.to_vec()).await;
    assert_eq!(refused(&send("text/plain", false, spans.as_bytes()).await), (415, 3));
    assert_eq!(refused(&send(JSON, false, b"{\"resourceSpans\": [").await), (400, 3));
    assert_eq!(refused(&send(JSON, true, spans.as_bytes()).await), (400, 3));
    let no_protobuf = send(PROTOBUF, false, b"\xff\xff\xff").await;
    assert_eq!(
        (no_protobuf.status.as_u16(), no_protobuf.headers["content-type"].as_bytes()),
        (400, PROTOBUF.as_bytes())
    );
    assert!(no_protobuf.text.starts_with("\u{8}\u{3}\u{12}"), "{}", no_protobuf.text);
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", JSON), ("content-encoding", "br")];
    assert_eq!(refused(&http.send("POST", "/v1/traces", &headers, spans.clone()).await), (415, 3));
    let nobody = http.send("POST", "/v1/traces", &[("content-type", JSON)], spans).await;
    assert_eq!(refused(&nobody), (401, 16));
    assert_eq!(http.get(&token, "/v1/traces").await.status, 405);
}

async fn who_is_not_known_is_refused_in_the_encoding_of_the_request(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    for path in ["/v1/traces", "/v1/logs", "/v1/metrics"] {
        let json = post(&http, "rb_wrong", path, "application/json; charset=utf-8", false, b"{}".to_vec()).await;
        assert_eq!((refused(&json), json.headers["content-type"].as_bytes()), ((401, 16), JSON.as_bytes()));
        let protobuf = post(&http, "rb_wrong", path, PROTOBUF, false, Vec::new()).await;
        assert_eq!(
            (protobuf.status.as_u16(), protobuf.headers["content-type"].as_bytes()),
            (401, PROTOBUF.as_bytes()),
            "{path}"
        );
        assert!(protobuf.text.starts_with("\u{8}\u{10}\u{12}"), "{}", protobuf.text);
        for answer in [json, protobuf] {
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
    }
    let other = http.get("rb_wrong", "/api/me").await;
    assert_eq!(other.headers["content-type"], "application/problem+json");
    let nowhere = post(&http, "rb_wrong", "/v1/profiles", JSON, false, Vec::new()).await;
    assert_eq!(refused(&nowhere), (401, 16));
}

async fn bombs_are_refused(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    let bomb = packed(&vec![b' '; 70 << 20]);
    assert!(bomb.len() < 1 << 20);
    let answer = post(&http, &token, "/v1/traces", JSON, true, bomb).await;
    assert_eq!(refused(&answer), (413, 8));
    let answer = post(&http, &token, "/v1/traces", JSON, false, vec![b' '; (8 << 20) + 1]).await;
    assert_eq!(refused(&answer), (413, 8));
    // What nobody knows is passed over, however deep it goes.
    let nested = format!("{}{}", "{\"resourceSpans\":[".repeat(100_000), "]}".repeat(100_000));
    let answer = post(&http, &token, "/v1/traces", JSON, false, nested.into()).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "{}"));
    let deep =
        format!(r#"{}{{"intValue":1}}{}"#, r#"{"arrayValue":{"values":["#.repeat(100_000), "]}}".repeat(100_000));
    let mut spans = by("lib", &[agent(1, 0, None, "helper")]);
    spans["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"] = json!([{"key": "deep", "value": "HERE"}]);
    let deep = spans.to_string().replace(r#""HERE""#, &deep);
    let answer = post(&http, &token, "/v1/traces", JSON, false, deep.into()).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["partialSuccess"]["rejectedSpans"]), (200, &json!("1")));
    assert_eq!(ids_of(&world, &who).await.len(), 0);
}

async fn what_can_not_be_taken_is_said_and_the_rest_is_kept(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    let mut bad = model(1, 1, Some(0), 1, 1);
    bad["spanId"] = "abc".into();
    let answer = send(&http, &token, &[agent(1, 0, None, "helper"), bad]).await;
    let partial = &answer.json()["partialSuccess"];
    assert_eq!(partial["rejectedSpans"], "1", "{partial}");
    assert!(!partial["errorMessage"].as_str().unwrap_or_default().is_empty());
    assert_eq!(ids_of(&world, &who).await.len(), 1);
}

async fn a_key_for_idempotency_is_not_in_the_way(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    let (body, _) = body("pydantic-ai/ok-1.pb");
    let bearer = format!("Bearer {token}");
    for _ in 0..2 {
        let headers =
            [("authorization", bearer.as_str()), ("content-type", PROTOBUF), ("idempotency-key", "the same each time")];
        let answer = http.send("POST", "/v1/traces", &headers, Body::from(body.clone())).await;
        assert_eq!((answer.status.as_u16(), answer.headers["content-type"].as_bytes()), (200, PROTOBUF.as_bytes()));
    }
    assert_eq!(ids_of(&world, &who).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_to_be_tried_again() {
    let world = World::new(Backend::Sqlite).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    let mut other = sqlx::SqliteConnection::connect(&world.database.url).await.expect("a second connection");
    other.execute("begin immediate").await.expect("locked");
    let spans: [Value; 1] = [span(1, 0, None, "work", &json!({"gen_ai.operation.name": "invoke_agent"}))];
    let body = || by("lib", &spans).to_string().into_bytes();
    let answer = post(&http, &token, "/v1/traces", JSON, false, body()).await;
    assert_eq!(refused(&answer), (503, 14));
    assert!(answer.headers.contains_key("retry-after"));
    other.execute("rollback").await.expect("unlocked");
    assert_eq!(post(&http, &token, "/v1/traces", JSON, false, body()).await.status, 200);
    assert_eq!(ids_of(&world, &who).await.len(), 1);
}

#[tokio::test]
async fn exporters_are_told_when_to_come_back() {
    let config = runboard::app::Config { requests_per_second: 1, ..runboard::app::Config::default() };
    let world = World::with(Backend::Sqlite, config).await;
    let http = world.http();
    let (_, token) = person(&world, "ann", Role::User).await;
    for kind in [JSON, PROTOBUF] {
        let mut too_many = None;
        for _ in 0..10 {
            let body = if kind == JSON { b"{}".to_vec() } else { Vec::new() };
            let answer = post(&http, &token, "/v1/metrics", kind, false, body).await;
            too_many = too_many.or(Some(answer).filter(|answer| answer.status == 429));
        }
        let answer = too_many.expect("ten at once are too many");
        assert_eq!(answer.headers["content-type"], kind);
        assert!(answer.headers["retry-after"].to_str().is_ok_and(|s| s.parse::<u64>().is_ok_and(|s| s > 0)));
        if kind == JSON {
            assert_eq!(refused(&answer), (429, 8));
        } else {
            assert!(answer.text.starts_with("\u{8}\u{8}\u{12}"), "{}", answer.text);
        }
    }
}
