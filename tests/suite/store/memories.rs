//! Notes on agents: who writes and reads them, and how many there may be.

use crate::support::{Answer, Backend, Http, World, on_both, run_of};
use axum::http::StatusCode;
use runboard::domain::{Role, Scope};
use runboard::store::{agents, memories};
use serde_json::json;

on_both!(
    a_note_is_written_changed_listed_and_deleted,
    notes_are_their_agents_owners_to_write_and_operators_to_read,
    an_agent_has_fifty_notes_at_most_and_each_has_its_size,
    notes_go_with_their_agent,
);

async fn put(http: &Http, token: &str, path: &str, content: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    http.send("PUT", path, &[("authorization", &bearer)], json!({"content": content}).to_string()).await
}

async fn owner(world: &World, http: &Http) -> String {
    let (_, token) = world.person("ann@example.com", Role::User, Scope::Write).await;
    let agent = json!({"name": "writer", "kind": "external"}).to_string();
    assert_eq!(http.post(&token, "/api/agents", agent).await.status, StatusCode::CREATED);
    token
}

async fn a_note_is_written_changed_listed_and_deleted(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let token = owner(&world, &http).await;
    let path = "/api/agents/writer/memories";
    assert_eq!(http.get(&token, path).await.json(), json!({"memories": [], "next_cursor": null}));
    let tone = put(&http, &token, &format!("{path}/tone"), "Be brief.").await;
    assert_eq!((tone.status, &tone.json()["content"]), (StatusCode::OK, &json!("Be brief.")));
    world.pass_ms(1_000);
    let changed = put(&http, &token, &format!("{path}/tone"), "Be kind.").await.json();
    assert_eq!((&changed["name"], &changed["content"]), (&json!("tone"), &json!("Be kind.")));
    assert_ne!(changed["updated_at"], tone.json()["updated_at"]);
    // The same order on both databases, and names are no paths.
    for name in ["Zone", "a%2Fb%20c", "%C3%84rger"] {
        assert_eq!(put(&http, &token, &format!("{path}/{name}"), "x").await.status, StatusCode::OK, "{name}");
    }
    let list = http.get(&token, path).await.json();
    let names: Vec<_> = list["memories"].as_array().expect("a list").iter().map(|m| m["name"].as_str()).collect();
    assert_eq!(names, [Some("Zone"), Some("a/b c"), Some("tone"), Some("Ärger")]);
    assert_eq!(list["memories"][2], changed);
    assert_eq!(http.delete(&token, &format!("{path}/a%2Fb%20c")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(http.delete(&token, &format!("{path}/a%2Fb%20c")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(http.get(&token, path).await.json()["memories"].as_array().map(Vec::len), Some(3));
}

async fn notes_are_their_agents_owners_to_write_and_operators_to_read(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let token = owner(&world, &http).await;
    let (list, note) = ("/api/agents/writer/memories", "/api/agents/writer/memories/tone");
    put(&http, &token, note, "Be brief.").await;
    let (_, bo) = world.person("bo@example.com", Role::User, Scope::Write).await;
    let all = async || {
        let written = put(&http, &bo, note, "Be rude.").await.status;
        [http.get(&bo, list).await.status, written, http.delete(&bo, note).await.status].map(|s| s.as_u16())
    };
    assert_eq!(all().await, [404, 404, 404]);
    for (access, expected) in [("view", [403, 403, 403]), ("operate", [200, 403, 403])] {
        let share = json!({"email": "bo@example.com", "access": access}).to_string();
        assert_eq!(http.post(&token, "/api/agents/writer/shares", share).await.status, StatusCode::NO_CONTENT);
        assert_eq!(all().await, expected, "{access}");
    }
    let (_, reads) = world.person("ann@example.com", Role::User, Scope::Read).await;
    assert_eq!(http.get(&reads, list).await.status, StatusCode::OK);
    assert_eq!(put(&http, &reads, note, "x").await.status, StatusCode::FORBIDDEN);
    let (_, admin) = world.person("admin@example.com", Role::Admin, Scope::Admin).await;
    assert_eq!(put(&http, &admin, note, "Be exact.").await.status, StatusCode::OK);
    assert_eq!(http.get(&token, list).await.json()["memories"][0]["content"], "Be exact.");
}

async fn an_agent_has_fifty_notes_at_most_and_each_has_its_size(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let token = owner(&world, &http).await;
    let path = |name: &str| format!("/api/agents/writer/memories/{name}");
    for (name, content, field) in [
        ("x".repeat(81), "x".to_owned(), "name"),
        ("%20x".to_owned(), "x".to_owned(), "name"),
        ("x".to_owned(), " ".to_owned(), "content"),
        ("x".to_owned(), "x".repeat(8 * 1024 + 1), "content"),
    ] {
        let answer = put(&http, &token, &path(&name), &content).await;
        assert_eq!((answer.status, answer.fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec![field.to_owned()]));
    }
    // All at once: what is counted is counted in the write.
    let answers = futures::future::join_all((0..60).map(|i| {
        let (http, token, path) = (http.clone(), token.clone(), path(&format!("note-{i}")));
        async move { put(&http, &token, &path, "x").await.status }
    }))
    .await;
    assert_eq!(answers.iter().filter(|s| **s == StatusCode::OK).count(), 50);
    assert_eq!(answers.iter().filter(|s| **s == StatusCode::CONFLICT).count(), 10);
    let list = http.get(&token, "/api/agents/writer/memories").await.json();
    let name = list["memories"][0]["name"].as_str().expect("a name").to_owned();
    assert_eq!(put(&http, &token, &path(&name), "Changed").await.status, StatusCode::OK);
}

async fn notes_go_with_their_agent(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let token = owner(&world, &http).await;
    let note = "/api/agents/writer/memories/tone";
    put(&http, &token, note, "Be brief.").await;
    let key = agents::by_name(&mut world.app.store.read(), "writer").await.expect("read").expect("an agent").key;
    assert_eq!(memories::of(&mut world.app.store.read(), key).await.expect("read").len(), 1);
    assert_eq!(http.delete(&token, "/api/agents/writer").await.status, StatusCode::NO_CONTENT);
    assert_eq!(memories::of(&mut world.app.store.read(), key).await.expect("read"), []);
    // One that ran is retired, and keeps what belongs to its runs.
    world.record(run_of("helper", "kept")).await;
    let (_, admin) = world.person("admin@example.com", Role::Admin, Scope::Admin).await;
    let note = "/api/agents/helper/memories/tone";
    put(&http, &admin, note, "Be brief.").await;
    assert_eq!(http.delete(&admin, "/api/agents/helper").await.status, StatusCode::NO_CONTENT);
    assert_eq!(http.get(&admin, "/api/agents/helper/memories").await.json()["memories"][0]["name"], "tone");
}
