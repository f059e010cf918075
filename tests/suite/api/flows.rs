//! Flows over HTTP: what is refused, and who sees them.

use super::server;
use crate::support::{Answer, Http};
use axum::http::StatusCode;
use runboard::app::agents;
use runboard::domain::{Role, Scope};
use serde_json::{Value, json};

async fn agent(http: &Http, token: &str) {
    let agent = json!({"name": "a", "kind": "openai", "config": {"base_url": "http://127.0.0.1:9/v1", "model": "m"}});
    let made = http.post(token, "/api/agents", agent.to_string()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
}

async fn make(http: &Http, token: &str, flow: &Value) -> Answer {
    http.post(token, "/api/task_flows", flow.to_string()).await
}

fn flow(name: &str) -> Value {
    let steps = json!([{"kind": "prompt", "title": "One", "prompt": "Say one"}]);
    json!({"name": name, "agent_name": "a", "steps": steps})
}

#[tokio::test]
async fn a_flow_is_made_changed_run_and_deleted() {
    let (_world, http, token) = server().await;
    agent(&http, &token).await;
    let made = make(&http, &token, &flow("Morning")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let made = made.json();
    assert_eq!(
        (&made["version"], &made["can_edit"], &made["on_interruption"]),
        (&json!(1), &json!(true), &json!("resume"))
    );
    let path = format!("/api/task_flows/{}", made["id"].as_str().expect("an id"));
    assert_eq!(http.get(&token, &path).await.json(), made);
    let taken = make(&http, &token, &flow(" Morning ")).await;
    assert_eq!((taken.status, taken.text.contains("already has a flow named Morning")), (StatusCode::CONFLICT, true));
    let changed = http.patch(&token, &path, json!({"name": "Evening", "version": 1}).to_string()).await.json();
    assert_eq!(
        (&changed["name"], &changed["version"], &changed["steps"]),
        (&json!("Evening"), &json!(2), &made["steps"])
    );
    assert_eq!(http.patch(&token, &path, json!({"version": 1}).to_string()).await.status, StatusCode::CONFLICT);
    assert_eq!(http.get(&token, &format!("{path}?version=1")).await.json()["name"], "Morning");
    assert_eq!(http.get(&token, &format!("{path}?version=9")).await.status, StatusCode::NOT_FOUND);
    let list = http.get(&token, "/api/task_flows?agent_name=a").await.json();
    assert_eq!(list, json!({"task_flows": [changed], "next_cursor": null}));

    let key = [("authorization", format!("Bearer {token}")), ("idempotency-key", "once".to_owned())];
    let headers: Vec<(&str, &str)> = key.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let run = async || http.send("POST", &format!("{path}/run"), &headers, "").await;
    let (first, second) = (run().await, run().await);
    assert_eq!((first.status, first.json()), (StatusCode::ACCEPTED, second.json()));
    let id = first.json()["execution_id"].as_str().expect("an id").to_owned();
    let detail = http.get(&token, &format!("/api/executions/{id}")).await.json();
    assert_eq!((&detail["flow"]["name"], &detail["flow"]["version"]), (&json!("Evening"), &json!(2)));
    assert_eq!(
        (&detail["flow_id"], &detail["steps_total"], &detail["message"]),
        (&made["id"], &json!(1), &json!("Evening"))
    );
    let others =
        http.post(&token, &format!("/api/executions/{id}/steps"), json!({"steps": [{"index": 0}]}).to_string()).await;
    assert_eq!(others.status, StatusCode::CONFLICT, "{}", others.text);
    let paused = http.post(&token, &format!("/api/executions/{id}/pause"), "").await;
    assert_eq!((paused.status, &paused.json()["status"]), (StatusCode::ACCEPTED, &json!("paused")));
    assert_eq!(http.post(&token, &format!("/api/executions/{id}/resume"), "").await.status, StatusCode::ACCEPTED);

    assert_eq!(http.delete(&token, &path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(http.get(&token, &path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(http.post(&token, &format!("{path}/run"), "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(http.get(&token, &format!("/api/executions/{id}")).await.json()["flow"]["name"], "Evening");
}

#[tokio::test]
async fn what_is_wrong_with_a_flow_is_named() {
    let (_world, http, token) = server().await;
    agent(&http, &token).await;
    let prompt = |title: &str, text: &str| json!({"kind": "prompt", "title": title, "prompt": text});
    for (name, steps, fields) in [
        ("", json!([prompt("One", "x")]), vec!["name"]),
        ("x", json!([]), vec!["steps"]),
        ("x", json!(vec![prompt("One", "x"); 101]), vec!["steps"]),
        ("x", json!([prompt("", "x"), prompt("Two", " ")]), vec!["steps[0].title", "steps[1].prompt"]),
        ("x", json!([{"kind": "webhook", "title": "Call", "url": "ftp://x"}]), vec!["steps[0].url"]),
        ("x", json!([{"kind": "approval", "title": "Ask"}]), vec!["steps[0].approvers"]),
        ("x", json!([{"kind": "question", "title": "Ask", "fields": []}]), vec!["steps[0].fields"]),
        ("x", json!([{"kind": "wish", "title": "Ask"}]), vec!["steps[0].kind"]),
        ("x", json!([{"kind": "prompt", "title": "One"}]), vec!["steps[0].prompt"]),
    ] {
        let answer = make(&http, &token, &json!({"name": name, "agent_name": "a", "steps": steps})).await;
        assert_eq!(
            (answer.status, answer.fields()),
            (StatusCode::UNPROCESSABLE_ENTITY, fields.iter().map(|f| (*f).to_owned()).collect()),
            "{}",
            answer.text
        );
    }
    // No commands on this server, and none of an external agent's.
    let command =
        json!({"name": "x", "agent_name": "a", "steps": [{"kind": "command", "title": "Run", "argv": ["ls"]}]});
    assert_eq!(make(&http, &token, &command).await.status, StatusCode::FORBIDDEN);
    http.post(&token, "/api/agents", json!({"name": "away", "kind": "external"}).to_string()).await;
    let mut away = flow("x");
    away["agent_name"] = json!("away");
    assert_eq!(make(&http, &token, &away).await.status, StatusCode::CONFLICT);
    away["agent_name"] = json!("nobody");
    assert_eq!(make(&http, &token, &away).await.status, StatusCode::NOT_FOUND);
    for path in ["/api/task_flows?limit=0", "/api/task_flows?colour=red", "/api/task_flows?cursor=x"] {
        assert_eq!(http.get(&token, path).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
    }
    for path in ["/api/task_flows/x", "/api/executions/x/pause", "/api/task_flows/x/run"] {
        assert_eq!(http.post(&token, path, "").await.status.as_u16() / 100, 4, "{path}");
    }
}

#[tokio::test]
async fn flows_are_for_those_who_operate_the_agent() {
    let (world, http, token) = server().await;
    agent(&http, &token).await;
    let made = make(&http, &token, &flow("Morning")).await.json();
    let path = format!("/api/task_flows/{}", made["id"].as_str().expect("an id"));
    let (_, bo) = world.person("bo@example.com", Role::User, Scope::Write).await;
    let (_, cy) = world.person("cy@example.com", Role::Client, Scope::Write).await;
    let seen = async |who: &str| {
        let list = http.get(who, "/api/task_flows").await;
        let one = http.get(who, &path).await;
        (list.status, one.status)
    };
    assert_eq!(seen(&bo).await, (StatusCode::OK, StatusCode::NOT_FOUND));
    assert_eq!(http.get(&bo, "/api/task_flows").await.json()["task_flows"], json!([]));
    assert_eq!(seen(&cy).await, (StatusCode::FORBIDDEN, StatusCode::NOT_FOUND));
    agents::share(&world.admin, "a", "bo@example.com", "view").await.expect("shared");
    assert_eq!(seen(&bo).await, (StatusCode::OK, StatusCode::NOT_FOUND), "a viewer sees what runs have done, not how");
    agents::share(&world.admin, "a", "bo@example.com", "operate").await.expect("shared");
    let mine = http.get(&bo, &path).await.json();
    assert_eq!((&mine["can_run"], &mine["can_edit"]), (&json!(true), &json!(false)));
    assert_eq!(http.post(&bo, &format!("{path}/run"), "").await.status, StatusCode::ACCEPTED);
    assert_eq!(http.patch(&bo, &path, json!({"name": "Mine"}).to_string()).await.status, StatusCode::FORBIDDEN);
    assert_eq!(http.delete(&bo, &path).await.status, StatusCode::FORBIDDEN);
    let (_, reader) = world.person("bo@example.com", Role::User, Scope::Read).await;
    assert_eq!(http.post(&reader, &format!("{path}/run"), "").await.status, StatusCode::FORBIDDEN);
}
