//! What api.md promises, from a client's side.

use super::server;
use crate::support::{Backend, World};
use axum::body::Body;
use axum::http::StatusCode;
use runboard::domain::{Role, Scope};
use serde_json::json;

#[tokio::test]
async fn a_run_goes_from_create_to_success() {
    let (_world, http, token) = server().await;
    let created = http.post(&token, "/api/executions", r#"{"agent_name":"build","message":"compile"}"#).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    let run = created.json();
    assert_eq!((&run["status"], &run["triggered_by"], &run["cost"]), (&json!("running"), &json!("api"), &json!(null)));
    let path = format!("/api/executions/{}", run["id"].as_str().expect("an id"));
    let again = http.post(&token, "/api/executions", format!(r#"{{"id":{},"agent_name":"build"}}"#, run["id"])).await;
    assert_eq!((again.status, again.json()), (StatusCode::OK, run.clone()));

    let log = http.post(&token, &format!("{path}/log"), r#"{"lines":[{"stream":"stdout","text":"hello"}]}"#).await;
    assert_eq!((log.status, log.json()["last_seq"].as_i64()), (StatusCode::OK, Some(1)));
    let call = r#"{"call_id":"1","name":"web.search","arguments":{"q":"x"}}"#;
    assert_eq!(http.post(&token, &format!("{path}/tool-calls"), call).await.status, StatusCode::OK);
    let step = r#"{"steps":[{"index":0,"title":"Plan","status":"success"}]}"#;
    assert_eq!(http.post(&token, &format!("{path}/steps"), step).await.status, StatusCode::OK);
    assert_eq!(http.post(&token, &format!("{path}/heartbeat"), "").await.json(), json!({"cancel_requested": false}));
    let stop = http.post(&token, &format!("{path}/terminate"), "").await;
    assert_eq!((stop.status, &stop.json()["cancel_requested"]), (StatusCode::ACCEPTED, &json!(true)));
    let done = http.patch(&token, &path, r#"{"status":"completed","response":"ok","cost":0.02}"#).await;
    assert_eq!((done.status, &done.json()["status"]), (StatusCode::OK, &json!("success")));
    let late = http.patch(&token, &path, r#"{"status":"failed"}"#).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert_eq!(late.headers["content-type"], "application/problem+json");

    let detail = http.get(&token, &path).await.json();
    assert_eq!(
        (&detail["response"], &detail["tool_call_count"], &detail["steps_done"]),
        (&json!("ok"), &json!(1), &json!(1))
    );
    assert_eq!(http.get(&token, &path.replace("executions", "runs")).await.json(), detail);
    assert_eq!(http.get(&token, &format!("{path}/log")).await.json()["lines"][0]["text"], "hello");
    assert_eq!(http.get(&token, &format!("{path}/tool-calls")).await.json()["tool_calls"][0]["name"], "web.search");
    assert_eq!(http.get(&token, &format!("{path}/steps")).await.json()["steps"][0]["title"], "Plan");
    let list = http.get(&token, "/api/executions?status=success&search=COMP").await.json();
    assert_eq!((&list["total_count"], &list["has_more"]), (&json!(1), &json!(false)));
    assert_eq!(list["filters_applied"], json!({"status": "success", "search": "COMP"}));
    assert!(list["executions"][0].get("response").is_none());
}

#[tokio::test]
async fn a_batch_answers_line_by_line() {
    let (_world, http, token) = server().await;
    let body = "{\"agent_name\":\"a\",\"status\":\"success\",\"duration_ms\":5,\"log\":[{\"stream\":\"stdout\",\"text\":\"x\"}]}\n\
                {\"agent_name\":\"a\",\"status\":\"nope\"}\n\nnot json\n{\"agent_name\":\"b\",\"error\":\"boom\"}\n";
    let answer = http.post(&token, "/api/executions/batch", body).await;
    assert_eq!(answer.status, StatusCode::OK);
    let answer = answer.json();
    assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(2), &json!(2)));
    let lines: Vec<_> = answer["results"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|r| (r["line"].as_i64(), r["status"].as_i64()))
        .collect();
    assert_eq!(lines, [(Some(1), Some(201)), (Some(2), Some(422)), (Some(4), Some(422)), (Some(5), Some(201))]);
    assert_eq!(answer["results"][1]["errors"][0]["field"], "status");
}

#[tokio::test]
async fn an_idempotency_key_makes_one_run() {
    let (world, http, token) = server().await;
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k1")];
    let body = r#"{"agent_name":"a"}"#;
    let sends = (0..10).map(|_| http.send("POST", "/api/executions", &headers, body));
    let answers = futures::future::join_all(sends).await;
    assert!(answers.iter().all(|a| a.status == StatusCode::CREATED && a.text == answers[0].text));
    let other = http.send("POST", "/api/executions", &headers, r#"{"agent_name":"b"}"#).await;
    assert_eq!((other.status, other.fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["Idempotency-Key".to_owned()]));
    assert_eq!(http.get(&token, "/api/executions").await.json()["total_count"], 1);
    // A refused request does not use the key up.
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k2")];
    assert_eq!(http.send("POST", "/api/executions", &headers, "{}").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(http.send("POST", "/api/executions", &headers, body).await.status, StatusCode::CREATED);
    // After 24 hours it is forgotten.
    world.pass_ms(86_400_001);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k1")];
    let fresh = http.send("POST", "/api/executions", &headers, body).await;
    assert!(fresh.status == StatusCode::CREATED && fresh.text != answers[0].text);
}

#[tokio::test]
async fn agents_have_their_own_routes() {
    let (_world, http, token) = server().await;
    let run = http.post(&token, "/api/executions", r#"{"agent_name":"Ruby Agent"}"#).await.json();
    let id = run["id"].as_str().expect("an id");
    let agents = http.get(&token, "/api/agents").await.json();
    assert_eq!(
        (&agents["agents"][0]["name"], &agents["agents"][0]["kind"]),
        (&json!("ruby-agent"), &json!("external"))
    );
    let with_runs = http.get(&token, "/api/agents/ruby-agent?include=runs").await.json();
    assert_eq!(with_runs["runs"][0]["id"], id);
    assert_eq!(http.get(&token, "/api/agents/ruby-agent/runs?limit=5").await.json()["runs"][0]["id"], id);
    assert_eq!(http.get(&token, "/api/agents/ruby-agent/executions").await.json()["executions"][0]["id"], id);
    assert_eq!(http.get(&token, &format!("/api/agents/ruby-agent/executions/{id}")).await.json()["id"], id);
    assert_eq!(http.get(&token, &format!("/api/agents/other/executions/{id}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(http.get(&token, "/api/agents/execution-stats").await.json()["running"], 1);
    let stop = http.post(&token, &format!("/api/agents/ruby-agent/executions/{id}/terminate"), "").await;
    assert_eq!(stop.status, StatusCode::ACCEPTED);
    assert_eq!(http.get(&token, "/api/executions/active").await.json()["executions"][0]["id"], id);
}

#[tokio::test]
async fn the_openapi_document_is_the_one_in_the_repository() {
    let document = runboard::api::openapi().to_pretty_json().expect("written") + "\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path, &document).expect("written");
    }
    let stored = std::fs::read_to_string(path).expect("docs/openapi.json");
    assert!(
        stored == document,
        "docs/openapi.json is not what the code says; run: UPDATE_OPENAPI=1 cargo test --release --features ssr openapi"
    );
}

#[tokio::test]
async fn the_api_describes_itself_without_another_host() {
    let (_world, http, token) = server().await;
    let served = http.get(&token, "/api/openapi.json").await.json();
    assert_eq!(served["openapi"].as_str().map(|v| &v[..2]), Some("3."));
    let page = http.get(&token, "/api/docs/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.text.contains("src=\"http") && !page.text.contains("href=\"http"));
}

#[tokio::test]
async fn operators_can_ask_whether_it_is_well() {
    let (_world, http, _) = server().await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        let answer = http.send("GET", path, &[], Body::empty()).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
    }
    assert!(http.send("GET", "/metrics", &[], Body::empty()).await.text.contains("runboard_http_requests_total"));
}

#[tokio::test]
async fn shares_are_managed_by_the_owner() {
    let (world, http, token) = server().await;
    http.post(&token, "/api/executions", r#"{"agent_name":"helper"}"#).await;
    let (_, bo) = world.person("bo@example.com", Role::User, Scope::Write).await;
    assert_eq!(http.get(&bo, "/api/agents/helper").await.status, StatusCode::NOT_FOUND);
    let share = r#"{"email":"Bo@example.com","access":"view"}"#;
    assert_eq!(http.post(&token, "/api/agents/helper/shares", share).await.status, StatusCode::NO_CONTENT);
    assert_eq!(http.get(&bo, "/api/agents/helper").await.status, StatusCode::OK);
    assert_eq!(http.get(&bo, "/api/agents/helper/shares").await.status, StatusCode::FORBIDDEN);
    let listed = http.get(&token, "/api/agents/helper/shares").await.json();
    assert_eq!(listed["shares"], json!([{"email": "bo@example.com", "access": "view"}]));
    assert_eq!(http.delete(&token, "/api/agents/helper/shares/bo@example.com").await.status, StatusCode::NO_CONTENT);
    assert_eq!(http.get(&bo, "/api/agents/helper").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn requests_beyond_the_rate_are_told_when_to_come_back() {
    let config = runboard::app::Config { requests_per_second: 1, ..runboard::app::Config::default() };
    let world = World::with(Backend::Sqlite, config).await;
    let http = world.http();
    let (_, token) = world.person("admin@example.com", Role::Admin, Scope::Read).await;
    let mut refused = None;
    for _ in 0..10 {
        let answer = http.get(&token, "/api/me").await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(answer);
        }
    }
    let refused = refused.expect("ten at once are too many");
    assert!(refused.headers.contains_key("retry-after"));
}
