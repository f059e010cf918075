//! Agents: who makes, changes and deletes them, and what is kept of one that ran.

use crate::support::{Backend, Http, World, on_both};
use axum::http::StatusCode;
use runboard::app::{Caller, Config, agents};
use runboard::domain::{Role, Scope};
use serde_json::{Value, json};

on_both!(
    an_agent_is_made_read_changed_and_deleted,
    an_agent_with_runs_keeps_them_when_it_is_deleted,
    wrong_settings_are_named_by_field,
    secrets_are_refused_and_only_allowed_variables_are_named,
    commands_are_for_admins_where_the_operator_allows_them,
    only_operators_read_how_an_agent_runs,
    changes_at_the_same_moment_are_all_kept,
);

/// Where people who are no admins may use the key of `writer`.
async fn with_key(backend: Backend) -> World {
    let secret_env = vec!["LLM_API_KEY".to_owned()];
    World::with(backend, Config { requests_per_second: 0, secret_env, ..Config::default() }).await
}

async fn made(http: &Http, token: &str, agent: Value) -> (StatusCode, Value, Vec<String>) {
    let answer = http.post(token, "/api/agents", agent.to_string()).await;
    let fields = if answer.status == StatusCode::UNPROCESSABLE_ENTITY { answer.fields() } else { Vec::new() };
    (answer.status, answer.json(), fields)
}

fn writer(name: &str) -> Value {
    let config = json!({"base_url": "https://llm.example/v1", "model": "m", "api_key_env": "LLM_API_KEY"});
    json!({"name": name, "kind": "openai", "config": config})
}

async fn an_agent_is_made_read_changed_and_deleted(backend: Backend) {
    let world = with_key(backend).await;
    let http = world.http();
    let (_, token) = world.person("ann@example.com", Role::User, Scope::Write).await;
    let (status, agent, _) = made(&http, &token, writer("writer")).await;
    assert_eq!(status, StatusCode::CREATED, "{agent}");
    assert_eq!((&agent["owner"], &agent["kind"]), (&json!("ann@example.com"), &json!("openai")));
    assert_eq!((&agent["max_concurrency"], &agent["timeout_s"]), (&json!(1), &json!(null)));
    assert_eq!(http.get(&token, "/api/agents/writer").await.json(), agent);
    assert_eq!(made(&http, &token, writer("writer")).await.0, StatusCode::CONFLICT);

    let retry = json!({"attempts": 3, "backoff_s": 5, "on": ["timeout", "rate_limited"]});
    let patch = json!({"timeout_s": 60, "retry": retry, "budget": {"usd_per_day": 2.5}, "description": "writes"});
    let changed = http.patch(&token, "/api/agents/writer", patch.to_string()).await.json();
    assert_eq!((&changed["timeout_s"], &changed["retry"]), (&json!(60), &retry));
    assert_eq!((&changed["budget"]["usd_per_day"], &changed["config"]), (&json!(2.5), &agent["config"]));
    let cleared = http.patch(&token, "/api/agents/writer", r#"{"timeout_s":null}"#).await.json();
    assert_eq!((&cleared["timeout_s"], &cleared["retry"]), (&json!(null), &retry));

    let (_, other) = world.person("bo@example.com", Role::User, Scope::Write).await;
    assert_eq!(http.delete(&other, "/api/agents/writer").await.status, StatusCode::NOT_FOUND);
    assert_eq!(http.delete(&token, "/api/agents/writer").await.status, StatusCode::NO_CONTENT);
    assert_eq!(http.get(&token, "/api/agents/writer").await.status, StatusCode::NOT_FOUND);
}

async fn an_agent_with_runs_keeps_them_when_it_is_deleted(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (_, token) = world.person("admin@example.com", Role::Admin, Scope::Admin).await;
    let run = world.record(crate::support::run_of("helper", "kept")).await;
    assert_eq!(http.delete(&token, "/api/agents/helper").await.status, StatusCode::NO_CONTENT);
    assert_eq!(http.get(&token, "/api/agents").await.json()["agents"], json!([]));
    let agent = http.get(&token, "/api/agents/helper?include=runs").await.json();
    assert!(agent["retired_at"].is_string(), "{agent}");
    assert_eq!(agent["runs"][0]["id"], run.id.as_str());
    let new = json!({"agent_name": "helper", "message": "late"}).to_string();
    let refused = http.post(&token, "/api/executions", new).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    assert!(refused.text.contains("was deleted"), "{}", refused.text);
    // What was under way when it was deleted may end.
    let end = http.patch(&token, &format!("/api/executions/{}", run.id), r#"{"status":"success"}"#).await;
    assert_eq!(end.status, StatusCode::OK, "{}", end.text);
    let external = json!({"name": "helper", "kind": "external"});
    assert_eq!(made(&http, &token, external).await.0, StatusCode::CONFLICT);
}

async fn wrong_settings_are_named_by_field(backend: Backend) {
    let world = with_key(backend).await;
    let http = world.http();
    let (_, token) = world.person("ann@example.com", Role::User, Scope::Write).await;
    let with = |field: &str, value: Value| {
        let mut agent = writer("x");
        agent[field] = value;
        agent
    };
    let cases = [
        (with("name", json!("Not A Slug")), "name"),
        (with("colour", json!(1)), "colour"),
        (with("max_concurrency", json!(0)), "max_concurrency"),
        (with("timeout_s", json!(-1)), "timeout_s"),
        (with("retry", json!({"attempts": 99, "backoff_s": 1, "on": ["exit"]})), "retry.attempts"),
        (with("budget", json!({"usd_per_day": 0})), "budget.usd_per_day"),
        (with("config", json!({"base_url": "https://llm.example"})), "config.model"),
        (with("config", json!({"base_url": "ftp://llm.example", "model": "m"})), "config.base_url"),
        (with("config", json!({"base_url": "http://169.254.169.254/", "model": "m"})), "config.base_url"),
        (with("config", json!({"base_url": "https://a:b@llm.example", "model": "m"})), "config.base_url"),
        (with("config", json!({"base_url": "https://llm.example", "model": "m", "key": "k"})), "config.key"),
        (json!({"name": "x", "kind": "external", "config": {"url": "https://a.example"}}), "config.url"),
    ];
    for (agent, field) in cases {
        let (status, answer, fields) = made(&http, &token, agent.clone()).await;
        assert_eq!((status, fields), (StatusCode::UNPROCESSABLE_ENTITY, vec![field.to_owned()]), "{agent}: {answer}");
    }
    assert_eq!(http.get(&token, "/api/agents").await.json()["agents"], json!([]));
}

async fn secrets_are_refused_and_only_allowed_variables_are_named(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (_, token) = world.person("ann@example.com", Role::User, Scope::Write).await;
    for wrong in ["sk-0123456789abcdef0123", "PATH", "RUNBOARD_API_KEY", "DATABASE_URL"] {
        let mut agent = writer("x");
        agent["config"]["api_key_env"] = json!(wrong);
        let (status, answer, fields) = made(&http, &token, agent).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert_eq!(fields, ["config.api_key_env"], "{wrong}");
        assert!(!answer.to_string().contains("0123456789abcdef"), "a refusal repeats the secret: {answer}");
    }
    // An agent sends its key wherever its owner says: what the operator has not named is for admins.
    assert_eq!(made(&http, &token, writer("x")).await.2, ["config.api_key_env"]);
    let (_, admin) = world.person("admin@example.com", Role::Admin, Scope::Write).await;
    assert_eq!(made(&http, &admin, writer("x")).await.0, StatusCode::CREATED);
}

async fn commands_are_for_admins_where_the_operator_allows_them(backend: Backend) {
    let agent = json!({"name": "lister", "kind": "command", "config": {"argv": ["ls", "-l"]}});
    for allow_commands in [false, true] {
        let world = World::with(backend, Config { requests_per_second: 0, allow_commands, ..Config::default() }).await;
        let http = world.http();
        let (_, user) = world.person("ann@example.com", Role::User, Scope::Admin).await;
        let (_, admin) = world.person("admin@example.com", Role::Admin, Scope::Admin).await;
        assert_eq!(made(&http, &user, agent.clone()).await.0, StatusCode::FORBIDDEN);
        let expected = if allow_commands { StatusCode::CREATED } else { StatusCode::FORBIDDEN };
        assert_eq!(made(&http, &admin, agent.clone()).await.0, expected);
    }
}

async fn only_operators_read_how_an_agent_runs(backend: Backend) {
    let world = with_key(backend).await;
    let http = world.http();
    let (_, token) = world.person("ann@example.com", Role::User, Scope::Write).await;
    let (_, bo) = world.person("bo@example.com", Role::User, Scope::Write).await;
    made(&http, &token, writer("writer")).await;
    let share = |access: &str| json!({"email": "bo@example.com", "access": access}).to_string();
    assert_eq!(http.post(&token, "/api/agents/writer/shares", share("view")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(http.get(&bo, "/api/agents/writer").await.json().get("config"), None);
    assert_eq!(http.patch(&bo, "/api/agents/writer", r#"{"timeout_s":5}"#).await.status, StatusCode::FORBIDDEN);
    assert_eq!(http.post(&token, "/api/agents/writer/shares", share("operate")).await.status, StatusCode::NO_CONTENT);
    assert!(http.get(&bo, "/api/agents/writer").await.json()["config"].is_object());
    let (_, client) = world.person("carl@example.com", Role::Client, Scope::Write).await;
    assert_eq!(made(&http, &client, writer("mine")).await.0, StatusCode::FORBIDDEN);
}

async fn changes_at_the_same_moment_are_all_kept(backend: Backend) {
    let world = with_key(backend).await;
    let (ann, token) = world.person("ann@example.com", Role::User, Scope::Write).await;
    assert_eq!(made(&world.http(), &token, writer("writer")).await.0, StatusCode::CREATED);
    // On PostgreSQL also through another server.
    let other = world.another_server().await.by_token(&token).await.expect("looked up").expect("valid");
    let ann = ann.refreshed().await.expect("looked up").unwrap_or(ann);
    let change = async |who: &Caller, patch: Value| {
        let patch = serde_json::from_value(patch).expect("a patch");
        agents::change(who, "writer", patch).await.expect("changed");
    };
    for n in 2..12 {
        let model = json!({"config": {"base_url": "https://llm.example/v1", "model": format!("m-{n}")}});
        tokio::join!(
            change(&ann, json!({"timeout_s": n})),
            change(&other, json!({"max_concurrency": n})),
            change(&ann, json!({"description": format!("the {n}th")})),
            change(&other, json!({"budget": {"usd_per_day": f64::from(n)}})),
            change(&ann, model),
        );
        let agent = world.http().get(&token, "/api/agents/writer").await.json();
        let kept = json!([agent["timeout_s"], agent["max_concurrency"], agent["description"]]);
        assert_eq!(kept, json!([n, n, format!("the {n}th")]));
        let kept = json!([agent["budget"]["usd_per_day"], agent["config"]["model"]]);
        assert_eq!(kept, json!([f64::from(n), format!("m-{n}")]));
    }
}
