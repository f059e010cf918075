//! Bulk actions as a client sees them.

use super::server;
use crate::support::run_of;
use axum::http::StatusCode;
use runboard::app::bulk;
use runboard::domain::{Role, Scope};
use serde_json::json;

const BULK: &str = "/api/executions/bulk";

#[tokio::test]
async fn a_dry_run_then_a_job_with_its_results() {
    let (world, http, token) = server().await;
    let going = world.record(run_of("a", "going")).await.id;
    let over = world.record(crate::support::ended("a", runboard::domain::Status::Success, 0, 5)).await.id;
    let list = http.get(&token, "/api/executions").await.json();
    let later = world.record(run_of("a", "later")).await.id;
    let asked = json!({"action": "terminate", "filter": {"agent_name": ["a"]}, "as_of": list["as_of"]});

    let mut dry = asked.clone();
    dry["dry_run"] = json!(true);
    let answer = http.post(&token, BULK, dry.to_string()).await;
    let excluded = json!([{"id": over, "reason": "already ended"}]);
    let wanted = json!({"id": null, "action": "terminate", "counted": 1, "excluded": excluded, "ids": [going]});
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, wanted));
    assert_eq!(http.get(&token, "/api/bulk").await.json(), json!({"jobs": [], "next_cursor": null}));

    let answer = http.post(&token, BULK, asked.to_string()).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    let made = answer.json();
    let id = made["id"].as_str().expect("an id");
    assert_eq!(made, json!({"id": id, "action": "terminate", "counted": 1, "excluded": excluded}));
    bulk::work_off(&world.app).await.expect("worked");

    let job = http.get(&token, &format!("/api/bulk/{id}")).await.json();
    assert_eq!((&job["state"], &job["done"], &job["excluded_count"]), (&json!("done"), &json!(1), &json!(1)));
    let results = json!([
        {"id": going, "result": "done", "reason": null},
        {"id": over, "result": "excluded", "reason": "already ended"},
    ]);
    assert_eq!((&job["results"], &job["next_cursor"]), (&results, &json!(null)));
    let page = http.get(&token, &format!("/api/bulk/{id}?limit=1")).await.json();
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    let rest = http.get(&token, &format!("/api/bulk/{id}?cursor={cursor}")).await.json();
    assert_eq!((&page["results"][0], &rest["results"][0]), (&results[0], &results[1]));
    assert_eq!(http.get(&token, "/api/bulk").await.json()["jobs"][0]["created_by"], "admin@example.com");
    let later = http.get(&token, &format!("/api/executions/{later}")).await.json();
    assert_eq!(later["cancel_requested"], false);
    let aborted = http.post(&token, &format!("/api/bulk/{id}/abort"), "").await;
    assert_eq!(aborted.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn wrong_requests_are_named_and_make_no_job() {
    let (world, http, token) = server().await;
    let id = world.record(run_of("a", "m")).await.id;
    let many: Vec<String> = (0..10_001).map(|_| uuid::Uuid::now_v7().to_string()).collect();
    for (body, field) in [
        (json!({}), "action"),
        (json!({"action": "pause", "ids": [id]}), "action"),
        (json!({"action": "terminate"}), "ids"),
        (json!({"action": "terminate", "ids": []}), "ids"),
        (json!({"action": "terminate", "ids": [id, "x"]}), "ids[1]"),
        (json!({"action": "terminate", "ids": many}), "ids"),
        (json!({"action": "terminate", "ids": [id], "filter": {}}), "filter"),
        (json!({"action": "terminate", "ids": [id], "as_of": 1}), "as_of"),
        (json!({"action": "terminate", "filter": {"status": "done"}}), "filter.status"),
        (json!({"action": "terminate", "filter": {"colour": "red"}}), "filter.colour"),
        (json!({"action": "terminate", "filter": {}, "as_of": 1_000}), "as_of"),
        (json!({"action": "terminate", "filter": {}, "as_of": "now"}), "as_of"),
        (json!({"action": "terminate", "filter": [], "as_of": 1}), "filter"),
        (json!({"action": "terminate", "ids": [id], "colour": 1}), "colour"),
    ] {
        let answer = http.post(&token, BULK, body.to_string()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}: {}", answer.text);
        assert_eq!(answer.fields(), [field], "{}", answer.text);
    }
    assert_eq!(http.get(&token, "/api/bulk").await.json()["jobs"], json!([]));
    for path in ["/api/bulk/x", "/api/bulk/0199a3f2-0000-7000-8000-00000000c41e"] {
        assert_eq!(http.get(&token, path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(http.post(&token, &format!("{path}/abort"), "").await.status, StatusCode::NOT_FOUND);
    }
    for query in ["limit=0", "limit=201", "cursor=x", "colour=1"] {
        assert_eq!(http.get(&token, &format!("/api/bulk?{query}")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(http.get(&token, &format!("/api/executions/{id}")).await.json()["cancel_requested"], false);
}

#[tokio::test]
async fn who_may_only_read_or_see_their_agents_has_no_bulk_actions() {
    let (world, http, _) = server().await;
    let id = world.record(run_of("helper", "m")).await.id;
    let (_, client) = world.person("carl@example.com", Role::Client, Scope::Write).await;
    runboard::app::agents::share(&world.admin, "helper", "carl@example.com", "operate").await.expect("shared");
    let (_, reader) = world.person("admin@example.com", Role::Admin, Scope::Read).await;
    let body = json!({"action": "terminate", "ids": [id]}).to_string();
    for token in [&client, &reader] {
        assert_eq!(http.post(token, BULK, body.clone()).await.status, StatusCode::FORBIDDEN);
        let dry = json!({"action": "terminate", "ids": [id], "dry_run": true}).to_string();
        assert_eq!(http.post(token, BULK, dry).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(http.get(&client, "/api/bulk").await.status, StatusCode::FORBIDDEN);
    assert_eq!(http.get(&reader, "/api/bulk").await.status, StatusCode::OK);
    let nobody = http.send("POST", BULK, &[], body).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn lesson_12_an_idempotency_key_makes_one_job() {
    let (world, http, token) = server().await;
    let id = world.record(run_of("a", "m")).await.id;
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "b1")];
    let body = json!({"action": "terminate", "ids": [id]}).to_string();
    let sends = (0..10).map(|_| http.send("POST", BULK, &headers, body.clone()));
    let answers = futures::future::join_all(sends).await;
    assert!(answers.iter().all(|a| a.status == StatusCode::ACCEPTED && a.text == answers[0].text));
    assert_eq!(http.get(&token, "/api/bulk").await.json()["jobs"].as_array().expect("a list").len(), 1);
}

/// The job as the server runs it: made over HTTP, done by the worker, told to whoever watches.
#[tokio::test(flavor = "multi_thread")]
async fn the_worker_wakes_for_a_job() {
    let (world, http, token) = server().await;
    let worker = tokio::spawn(bulk::work(world.app.clone()));
    for round in 1..=2 {
        let id = world.record(run_of("a", "m")).await.id;
        let body = json!({"action": "terminate", "ids": [id]}).to_string();
        let job = http.post(&token, BULK, body).await.json();
        let path = format!("/api/bulk/{}", job["id"].as_str().expect("an id"));
        let mut commits = world.app.store.commits();
        while http.get(&token, &path).await.json()["state"] != "done" {
            commits.changed().await.expect("the store goes on");
        }
        let run = http.get(&token, &format!("/api/executions/{id}")).await.json();
        assert_eq!(run["cancel_requested"], true, "round {round}");
    }
    worker.abort();
}
