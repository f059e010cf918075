//! Saved views: whose they are, who sees and who changes them.

use super::server;
use crate::support::{Answer, Http};
use axum::http::StatusCode;
use runboard::domain::{Role, Scope};
use serde_json::json;

async fn save(http: &Http, token: &str, body: serde_json::Value) -> Answer {
    http.post(token, "/api/views", body.to_string()).await
}

async fn names(http: &Http, token: &str) -> Vec<String> {
    let list = http.get(token, "/api/views").await.json();
    let views = list["views"].as_array().expect("a list").iter();
    views.map(|v| v["name"].as_str().expect("a name").to_owned()).collect()
}

fn path(answer: &Answer) -> String {
    format!("/api/views/{}", answer.json()["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn a_view_is_stored_in_normal_form_and_changed() {
    let (world, http, token) = server().await;
    let query = "?sort=-cost&q=status:failed+tax&last=24h&cols=message,cost";
    let made = save(&http, &token, json!({"name": " Failures ", "query": query})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let view = made.json();
    assert_eq!((&view["name"], &view["mine"], &view["default"]), (&json!("Failures"), &json!(true), &json!(false)));
    assert_eq!(view["query"], "status=failed&q=tax&sort=-cost&cols=message,cost");
    world.pass_ms(1_000);
    let body = json!({"name": "All failures", "query": "status=failed", "shared": true, "default": true});
    let changed = http.patch(&token, &path(&made), body.to_string()).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    let changed = changed.json();
    assert_eq!((&changed["query"], &changed["shared"]), (&json!("status=failed"), &json!(true)));
    assert_ne!(changed["updated_at"], changed["created_at"]);
    assert_eq!(http.get(&token, "/api/views").await.json()["views"], json!([changed]));
    assert_eq!(http.delete(&token, &path(&made)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(http.delete(&token, &path(&made)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(names(&http, &token).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_wrong_with_a_view_is_named() {
    let (_world, http, token) = server().await;
    for (body, field) in [
        (json!({"name": " "}), "name"),
        (json!({"name": "x".repeat(81)}), "name"),
        (json!({"name": "x", "query": "colour=red"}), "query"),
        (json!({"name": "x", "query": "q=colour:red"}), "query"),
        (json!({"name": "x", "query": "cols=size"}), "query"),
        (json!({"name": "x", "query": "status=failed&run=1"}), "query"),
        (json!({"query": ""}), "name"),
        (json!({"name": "x", "owner": "me"}), "owner"),
    ] {
        let answer = save(&http, &token, body.clone()).await;
        assert_eq!(
            (answer.status, answer.fields()),
            (StatusCode::UNPROCESSABLE_ENTITY, vec![field.to_owned()]),
            "{body}"
        );
    }
    assert_eq!(save(&http, &token, json!({"name": "x"})).await.status, StatusCode::CREATED);
    assert_eq!(save(&http, &token, json!({"name": "x"})).await.status, StatusCode::CONFLICT);
    let other = save(&http, &token, json!({"name": "y"})).await;
    assert_eq!(http.patch(&token, &path(&other), r#"{"name":"x"}"#).await.status, StatusCode::CONFLICT);
    assert_eq!(http.patch(&token, &path(&other), r#"{"name":"y"}"#).await.status, StatusCode::OK);
    assert_eq!(http.get(&token, "/api/views?limit=0").await.fields(), ["limit"]);
    assert_eq!(http.get(&token, "/api/views?cursor=x").await.fields(), ["cursor"]);
    assert_eq!(http.get(&token, "/api/views?page=2").await.fields(), ["page"]);
}

#[tokio::test]
async fn a_private_view_does_not_exist_for_others_and_a_shared_one_is_its_owners_to_change() {
    let (world, http, admin) = server().await;
    let (_, ann) = world.person("ann@example.com", Role::User, Scope::Write).await;
    let (_, bo) = world.person("bo@example.com", Role::User, Scope::Write).await;
    let (_, reader) = world.person("bo@example.com", Role::User, Scope::Read).await;
    let (_, client) = world.person("client@example.com", Role::Client, Scope::Write).await;
    let private = save(&http, &ann, json!({"name": "private"})).await;
    let shared = save(&http, &ann, json!({"name": "shared", "shared": true})).await;
    // A name is taken once per owner only.
    assert_eq!(save(&http, &bo, json!({"name": "private"})).await.status, StatusCode::CREATED);
    assert_eq!(names(&http, &ann).await, ["private", "shared"]);
    assert_eq!(names(&http, &bo).await, ["shared", "private"]);
    let of_bo = http.get(&bo, "/api/views").await.json();
    assert_eq!((&of_bo["views"][0]["mine"], &of_bo["views"][1]["mine"]), (&json!(false), &json!(true)));
    let rename = r#"{"name":"taken over"}"#;
    for stranger in [&bo, &admin] {
        assert_eq!(http.patch(stranger, &path(&private), rename).await.status, StatusCode::NOT_FOUND);
        assert_eq!(http.delete(stranger, &path(&private)).await.status, StatusCode::NOT_FOUND);
        assert_eq!(http.patch(stranger, &path(&private), r#"{"default":true}"#).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(http.patch(&bo, &path(&shared), rename).await.status, StatusCode::FORBIDDEN);
    assert_eq!(http.delete(&bo, &path(&shared)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(http.patch(&admin, &path(&shared), rename).await.status, StatusCode::OK);
    assert_eq!(names(&http, &bo).await, ["taken over", "private"]);
    assert_eq!(save(&http, &reader, json!({"name": "z"})).await.status, StatusCode::FORBIDDEN);
    assert_eq!(names(&http, &reader).await.len(), 2);
    assert_eq!(http.get(&client, "/api/views").await.status, StatusCode::FORBIDDEN);
    assert_eq!(save(&http, &client, json!({"name": "z"})).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn everybody_begins_with_a_view_of_their_own_choice() {
    let (world, http, ann) = server().await;
    let (_, bo) = world.person("bo@example.com", Role::User, Scope::Write).await;
    let first = save(&http, &ann, json!({"name": "first", "shared": true, "default": true})).await;
    let second = save(&http, &bo, json!({"name": "second"})).await;
    let default = async |token: &str| -> Vec<String> {
        let list = http.get(token, "/api/views").await.json();
        let chosen = list["views"].as_array().expect("a list").iter().filter(|v| v["default"] == true);
        chosen.map(|v| v["name"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!((default(&ann).await, default(&bo).await), (vec!["first".to_owned()], vec![]));
    let begin = r#"{"default":true}"#;
    assert_eq!(http.patch(&bo, &path(&first), begin).await.status, StatusCode::OK);
    assert_eq!(default(&bo).await, ["first"]);
    assert_eq!(http.patch(&bo, &path(&second), begin).await.status, StatusCode::OK);
    assert_eq!(default(&bo).await, ["second"]);
    // Not the default any more, so there is nothing to undo.
    assert_eq!(http.patch(&bo, &path(&first), r#"{"default":false}"#).await.status, StatusCode::OK);
    assert_eq!(default(&bo).await, ["second"]);
    assert_eq!(http.patch(&bo, &path(&first), begin).await.status, StatusCode::OK);
    assert_eq!(http.patch(&ann, &path(&first), r#"{"shared":false}"#).await.status, StatusCode::OK);
    assert_eq!((default(&ann).await, default(&bo).await), (vec!["first".to_owned()], vec![]));
}

#[tokio::test]
async fn views_come_in_pages_and_are_bounded() {
    let (_world, http, token) = server().await;
    for i in 0..200 {
        assert_eq!(save(&http, &token, json!({"name": format!("view {i}")})).await.status, StatusCode::CREATED);
    }
    assert_eq!(save(&http, &token, json!({"name": "one more"})).await.status, StatusCode::CONFLICT);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = http.get(&token, &format!("/api/views?limit=80{cursor}")).await.json();
        seen.extend(page["views"].as_array().expect("a list").iter().map(|v| v["name"].clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, (0..200).map(|i| json!(format!("view {i}"))).collect::<Vec<_>>());
}
