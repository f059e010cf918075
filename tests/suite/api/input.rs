//! Wrong input: each gets its 4xx, with the field named, and nothing is stored.

use super::server;
use axum::body::Body;
use axum::http::StatusCode;

#[tokio::test]
async fn wrong_list_parameters_are_named() {
    let (_world, http, token) = server().await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=ten", "limit"),
        ("offset=-1", "offset"),
        ("offset=10001", "offset"),
        ("offset=5&cursor=abc", "offset"),
        ("cursor=broken", "cursor"),
        ("cursor=%C3%A4", "cursor"),
        ("sort=colour", "sort"),
        ("status=done", "status"),
        ("status=failed,nope", "status"),
        ("triggered_by=cron", "triggered_by"),
        ("label=env", "label"),
        ("last=1y", "last"),
        ("last=24h&start_time=2026-01-01T00:00:00Z", "last"),
        ("start_time=yesterday", "start_time"),
        ("start_time=2026-01-02T00:00:00Z&end_time=2026-01-01T00:00:00Z", "start_time"),
        ("min_cost=-1", "min_cost"),
        ("max_tokens=1.5", "max_tokens"),
        ("has_error=yes", "has_error"),
        ("root_only=1", "root_only"),
        ("parent_id=x", "parent_id"),
        ("colour=red", "colour"),
        ("limit=5&limit=6", "limit"),
    ] {
        let answer = http.get(&token, &format!("/api/executions?{query}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(answer.fields().iter().any(|f| f == field), "{query}: {}", answer.text);
    }
    for (query, field) in [("hours=0", "hours"), ("hours=169", "hours"), ("colour=red", "colour")] {
        let answer = http.get(&token, &format!("/api/executions/stats?{query}")).await;
        assert_eq!((answer.status, answer.fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec![field.to_owned()]));
    }
}

#[tokio::test]
async fn a_cursor_of_another_filter_is_refused() {
    let (world, http, token) = server().await;
    for _ in 0..3 {
        world.record(crate::support::run_of("a", "m")).await;
    }
    let page = http.get(&token, "/api/executions?limit=1").await.json();
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    assert_eq!(http.get(&token, &format!("/api/executions?limit=2&cursor={cursor}")).await.status, StatusCode::OK);
    for query in ["status=running", "sort=cost"] {
        let answer = http.get(&token, &format!("/api/executions?{query}&cursor={cursor}")).await;
        assert_eq!((answer.status, answer.fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["cursor".to_owned()]));
    }
}

#[tokio::test]
async fn a_page_with_a_broken_cursor_shows_the_list_and_says_so() {
    let (world, http, token) = server().await;
    world.record(crate::support::run_of("a", "still to be seen")).await;
    let page = http.get(&token, "/executions?cursor=zz").await;
    assert_eq!(page.status, StatusCode::OK);
    for text in ["still to be seen", "“zz” is no place in this list"] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    assert!(!http.get(&token, "/executions").await.text.contains("no place in this list"));
}

#[tokio::test]
async fn wrong_records_are_refused_with_their_fields() {
    let (_world, http, token) = server().await;
    let long = format!(r#"{{"agent_name":"a","message":"{}"}}"#, "x".repeat((1 << 20) + 1));
    for (body, field) in [
        ("{}", "agent_name"),
        (r#"{"agent_name":""}"#, "agent_name"),
        ("{\"agent_name\":\"\u{3164}\"}", "agent_name"),
        (r#"{"agent_name":"a","id":"x"}"#, "id"),
        (r#"{"agent_name":"a","status":"done"}"#, "status"),
        (r#"{"agent_name":"a","triggered_by":"cron"}"#, "triggered_by"),
        (r#"{"agent_name":"a","cost":-1}"#, "cost"),
        (r#"{"agent_name":"a","input_tokens":-1}"#, "input_tokens"),
        (r#"{"agent_name":"a","started_at":"now"}"#, "started_at"),
        (r#"{"agent_name":"a","status":"running","completed_at":"2026-01-01T00:00:00Z"}"#, "completed_at"),
        (
            r#"{"agent_name":"a","started_at":"2026-01-02T00:00:00Z","completed_at":"2026-01-01T00:00:00Z"}"#,
            "completed_at",
        ),
        (r#"{"agent_name":"a","labels":{"":"x"}}"#, "labels"),
        (r#"{"agent_name":"a","colour":1}"#, "colour"),
        (r#"{"agent_name":"a""#, "body"),
        ("[]", "body"),
        (long.as_str(), "message"),
    ] {
        let answer = http.post(&token, "/api/executions", body.to_owned()).await;
        let short: String = body.chars().take(80).collect();
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{short}: {}", answer.text);
        assert_eq!(answer.fields(), [field], "{short}: {}", answer.text);
    }
    assert_eq!(http.get(&token, "/api/executions").await.json()["total_count"], 0);
}

#[tokio::test]
async fn a_body_over_the_limit_is_413() {
    let (_world, http, token) = server().await;
    for path in ["/api/executions", "/api/executions/batch"] {
        let answer = http.post(&token, path, vec![b' '; (8 << 20) + 1]).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        assert!(answer.text.contains("8388608"), "{}", answer.text);
    }
}

#[tokio::test]
async fn unknown_paths_and_ids_are_problems_under_api_and_pages_elsewhere() {
    let (_world, http, token) = server().await;
    for path in [
        "/api/nothing",
        "/api/executions/not-an-id",
        "/api/executions/0199a3f2-0000-7000-8000-000000000000",
        "/api/executions/0199a3f2-0000-7000-8000-000000000000/log",
        "/api/agents/nobody",
    ] {
        let answer = http.get(&token, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.json()["status"], 404, "{path}");
    }
    let page = http.get(&token, "/nothing-here").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.headers["content-type"].to_str().expect("text").starts_with("text/html"));
    let wrong_method = http.delete(&token, "/api/executions").await;
    assert_eq!(wrong_method.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(wrong_method.headers["content-type"], "application/problem+json");
    let problem = wrong_method.json();
    assert_eq!((&problem["status"], &problem["title"]), (&405.into(), &"Method not allowed".into()), "{problem}");
    assert_eq!(problem["type"], "urn:runboard:problem:method-not-allowed");
    assert!(wrong_method.headers["allow"].to_str().expect("text").contains("POST"));
}

#[tokio::test]
async fn what_a_page_sends_broken_is_its_own_fault() {
    let (_world, http, token) = server().await;
    let bearer = format!("Bearer {token}");
    let headers = |kind| [("authorization", bearer.as_str()), ("content-type", kind)];
    let (json, form) = ("application/json", "application/x-www-form-urlencoded");
    for (method, path, kind, body) in [
        ("POST", "/fn/save_view", json, &b"{\"new\":"[..]),
        ("POST", "/fn/save_view", json, &b"{\"new\":{\"name\":\"\xff\"}}"[..]),
        ("POST", "/fn/save_view", json, &b"{}"[..]),
        ("POST", "/fn/stop", form, &b""[..]),
        ("POST", "/fn/stop", form, &b"id=\xff"[..]),
        ("GET", "/fn/run", form, &b""[..]),
        ("GET", "/fn/log?id=x&after=soon", form, &b""[..]),
    ] {
        let answer = http.send(method, path, &headers(kind), body.to_vec()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", answer.text);
        assert!(answer.text.contains("can't be read"), "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn without_credentials_nothing_is_told() {
    let (_world, http, _) = server().await;
    for path in
        ["/api/executions", "/api/executions/stats", "/api/agents", "/api/me", "/api/tokens", "/api/users", "/ws"]
    {
        let answer = http.send("GET", path, &[], Body::empty()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        let wrong = http.get("rb_wrong", path).await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test]
async fn runs_is_another_word_for_executions() {
    let (_world, http, _) = server().await;
    let answer = http.send("GET", "/runs?status=failed", &[], Body::empty()).await;
    assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT);
    assert_eq!(answer.headers["location"], "/executions?status=failed");
}
