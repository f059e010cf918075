//! What a hostile or broken client sends: refused with a word, bounded, and nobody else notices.

use super::server;
use crate::support::{Backend, World, run_of};
use runboard::domain::{Role, Scope};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn times_no_page_could_read_are_refused() {
    let (_world, http, token) = server().await;
    for (field, record) in [
        ("started_at", json!({"agent_name": "a", "started_at": "9999-12-31T23:59:59-12:00"})),
        ("started_at", json!({"agent_name": "a", "started_at": "0000-01-01T00:00:00+12:00"})),
        ("duration_ms", json!({"agent_name": "a", "started_at": "9999-12-31T00:00:00Z", "duration_ms": 1_000_000_000})),
    ] {
        let answer = http.post(&token, "/api/executions", record.to_string()).await;
        assert_eq!((answer.status.as_u16(), answer.fields()), (422, vec![field.to_owned()]), "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_at_the_ends_of_time_are_answered() {
    let (world, http, token) = server().await;
    let (first, latest) = ("1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z");
    for at in [first, latest] {
        let record = json!({"agent_name": "a", "status": "success", "started_at": at, "completed_at": at});
        assert_eq!(http.post(&token, "/api/executions", record.to_string()).await.status, 201);
    }
    let _ = world;
    for (window, runs) in [
        (format!("start_time={first}&end_time={latest}"), 2),
        (format!("start_time={latest}"), 1),
        (format!("end_time={first}"), 1),
        (format!("end_time={first}&include_unfinished=true"), 1),
        ("last=all".to_owned(), 2),
    ] {
        let list = http.get(&token, &format!("/api/executions?{window}")).await.json();
        assert_eq!(list["total_count"], runs, "{window}");
        let stats = http.get(&token, &format!("/api/executions/stats?{window}")).await.json();
        assert_eq!(stats["total_executions"], runs, "{window}: {stats}");
        for buckets in [1, 60, 500] {
            let answer = http.get(&token, &format!("/api/executions/timeline?{window}&buckets={buckets}")).await;
            assert_eq!(answer.status, 200, "{window}: {}", answer.text);
            assert!(!answer.text.contains("+10000") && !answer.text.contains("1969"), "{window}: {}", answer.text);
            let counts = answer.json()["buckets"].as_array().cloned().unwrap_or_default();
            let sum: i64 = counts.iter().filter_map(|b| b["by_status"]["success"].as_i64()).sum();
            assert_eq!(sum, runs, "{window}");
        }
    }
    for wrong in ["1969-12-31T23:59:59Z", "9999-12-31T23:59:59-01:00", "%2B10000-01-01T00:00:00Z"] {
        let answer = http.get(&token, &format!("/api/executions?start_time={wrong}")).await;
        assert_eq!(answer.fields(), ["start_time"]);
        assert!(answer.text.contains("1970 to 9999"), "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_can_not_make_itself_another_with_more() {
    let (world, http, admin) = server().await;
    world.record(run_of("a1", "seen")).await;
    let made = http.post(&admin, "/api/tokens", r#"{"name": "limited", "scope": "write", "agents": ["a1"]}"#).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let limited = made.json()["token"].as_str().expect("a token").to_owned();
    let (_, write) = world.person("admin@example.com", Role::Admin, Scope::Write).await;
    for token in [&limited, &write] {
        assert_eq!(http.post(token, "/api/tokens", r#"{"scope": "write"}"#).await.status, 403);
        let id = made.json()["id"].as_str().expect("an id").to_owned();
        assert_eq!(http.delete(token, &format!("/api/tokens/{id}")).await.status, 403);
    }
    assert_eq!(http.get(&limited, "/api/tokens").await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_never_kept_for_a_repeated_request() {
    let (world, http, admin) = server().await;
    let headers = [("authorization", format!("Bearer {admin}")), ("idempotency-key", "k".to_owned())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let first = http.send("POST", "/api/tokens", &headers, r#"{"name": "t"}"#).await;
    assert_eq!(first.status, 201, "{}", first.text);
    let again = http.send("POST", "/api/tokens", &headers, r#"{"name": "t"}"#).await;
    assert_eq!((again.status.as_u16(), again.json()), (200, json!({"already_applied": true})));
    let _ = world;
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_do_not_multiply() {
    let (world, http, token) = server().await;
    world.record(run_of("a", "m")).await;
    let many = |name: &str| {
        format!(
            "{name}={}",
            (0..200).map(|n| format!("0199a3f2-0000-7000-8000-{n:012x}")).collect::<Vec<_>>().join(",")
        )
    };
    let window = "start_time=2020-01-01T00:00:00Z&end_time=2021-01-01T00:00:00Z&include_unfinished=true";
    for query in [
        format!("{}&{}&{}", many("thread_id"), many("flow_id"), many("model")),
        format!("{}&{window}", many("thread_id")),
        format!("{}&{}&sort=-cost", many("parent_id"), many("retry_of")),
    ] {
        let answer = http.get(&token, &format!("/api/executions?{query}")).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["total_count"]), (200, &json!(0)), "{:.200}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_do_not_overflow() {
    let (_world, http, token) = server().await;
    let line = r#"{"agent_name": "a", "status": "success", "cost": 1000000, "duration_ms": 1000000000000}"#;
    let batch = http.post(&token, "/api/executions/batch", format!("{line}\n").repeat(9_500)).await;
    assert_eq!(batch.json()["accepted"], 9_500, "{}", batch.text);
    let stats = http.get(&token, "/api/executions/stats?last=all").await;
    assert_eq!((stats.status.as_u16(), &stats.json()["total_cost"]), (200, &json!(9.5e9)), "{}", stats.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_lines_count_too() {
    let (_world, http, token) = server().await;
    assert_eq!(http.post(&token, "/api/executions/batch", "x\n".repeat(10_001)).await.status, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_that_could_not_be_read_back_is_refused() {
    let (world, http, token) = server().await;
    let run = world.record(run_of("a", "m")).await;
    let nested = (0..100).fold(Value::Null, |inner, _| json!([inner]));
    let body = json!({"tool_calls": [{"call_id": "1", "name": "t", "arguments": nested}]}).to_string();
    let answer = http.post(&token, &format!("/api/executions/{}/tool-calls", run.id), body).await;
    assert_eq!((answer.status.as_u16(), answer.fields()), (422, vec!["tool_calls[0].arguments".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn made_up_methods_are_one_in_the_metrics() {
    let (_world, http, token) = server().await;
    for n in 0..5 {
        http.send(&format!("MADEUP{n}"), "/healthz", &[], "").await;
    }
    let metrics = http.get(&token, "/metrics").await.text;
    assert!(metrics.contains("other") && !metrics.contains("MADEUP"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_signed_in_by_another_site() {
    let (_world, http, _) = server().await;
    let headers = [("origin", "http://evil.example"), ("content-type", "application/json")];
    let body = r#"{"email": "admin@example.com", "password": "a long password"}"#;
    assert_eq!(http.send("POST", "/api/login", &headers, body).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn nul_characters_are_dropped_on_postgresql_as_on_sqlite() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let world = World::new(backend).await;
        let http = world.http();
        let (_, token) = world.person("admin@example.com", Role::Admin, Scope::Admin).await;
        let lines = [
            json!({"agent_name": "a", "message": "good"}),
            json!({"agent_name": "a", "model": "m\0", "thread_id": "t\0", "current_step": "\0s", "message": "n\0ul",
                "tool_calls": [{"call_id": "c\0", "name": "n\0", "error": "e\0"}], "steps": [{"index": 0, "title": "t\0"}]}),
        ];
        let body = lines.map(|line| line.to_string()).join("\n");
        let batch = http.post(&token, "/api/executions/batch", body).await;
        assert_eq!(batch.json()["accepted"], 2, "{backend:?}: {}", batch.text);
        for path in ["/api/executions?model=m%00", "/api/executions?tool=n%00", "/api/executions?agent_name=a%00"] {
            assert_eq!(http.get(&token, path).await.status, 200, "{backend:?} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_kept_to_their_last_digit() {
    // Spread over all magnitudes by a multiplier without a pattern.
    let spread = (1..500_u64).map(|n| f64::from_bits(n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).filter(|x| x.is_finite());
    let sent: Vec<f64> =
        [31.245_270_191_439_438, 121.487_919_511_619_45, 0.1 + 0.2].into_iter().chain(spread).collect();
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let world = World::new(backend).await;
        let http = world.http();
        let (_, token) = world.person("admin@example.com", Role::Admin, Scope::Admin).await;
        let run = world.record(run_of("a", "m")).await;
        let path = format!("/api/executions/{}/tool-calls", run.id);
        let body = json!({"tool_calls": [{"call_id": "1", "name": "t", "arguments": {"numbers": sent}}]}).to_string();
        assert_eq!(http.post(&token, &path, body).await.status, 200);
        let kept = &http.get(&token, &path).await.json()["tool_calls"][0]["arguments"]["numbers"];
        let kept: Vec<u64> =
            kept.as_array().expect("numbers").iter().filter_map(|n| n.as_f64().map(f64::to_bits)).collect();
        assert_eq!(kept, sent.iter().map(|n| n.to_bits()).collect::<Vec<_>>(), "{backend:?}");
    }
}
