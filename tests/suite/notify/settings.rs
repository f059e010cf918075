//! How somebody wants to be told, over the HTTP interface; and what is kept of secrets.

use super::receiver::Receiver;
use super::{Telling, config};
use crate::support::{Backend, World, on_both};
use axum::http::StatusCode;
use runboard::app::Config;
use runboard::auth::seal::Seal;
use runboard::domain::{Role, Scope};
use serde_json::{Value, json};

on_both!(
    settings_are_a_persons_own_and_show_no_secret,
    what_can_not_be_set_says_why,
    a_test_says_what_came_of_it,
    what_was_told_comes_in_pages,
);

const PATH: &str = "/api/me/notifications";

fn body(webhook: Value) -> String {
    let told = json!({"mail": true, "webhook": true});
    let mut body = json!({"waiting": told, "failed": {"mail": false, "webhook": true}, "budget": told});
    if webhook != json!("as it is") {
        body["webhook"] = webhook;
    }
    body.to_string()
}

async fn settings_are_a_persons_own_and_show_no_secret(backend: Backend) {
    let (world, receiver) = (World::with(backend, config()).await, Receiver::start().await);
    let http = world.http();
    let (_, ann) = world.person("ann@example.com", Role::Admin, Scope::Admin).await;
    let (_, bo) = world.person("bo@example.com", Role::Admin, Scope::Admin).await;
    let (_, reads) = world.person("ann@example.com", Role::Admin, Scope::Read).await;
    let (_, writes) = world.person("ann@example.com", Role::Admin, Scope::Write).await;
    let before = http.get(&ann, PATH).await.json();
    assert_eq!(
        (&before["waiting"], &before["failed"]["mail"]),
        (&json!({"mail": true, "webhook": true}), &json!(false))
    );
    assert_eq!(
        (&before["webhook"], &before["webhook_problem"], &before["mail"]),
        (&Value::Null, &Value::Null, &json!("ann@example.com"))
    );
    let url = receiver.url("ann");
    let saved = http.put(&ann, PATH, body(json!({"url": url, "format": "slack"}))).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
    let secret = saved.json()["secret"].as_str().expect("a secret").to_owned();
    let expected = json!({"address": receiver.address(), "format": "slack", "standing": "on", "note": null});
    assert_eq!(saved.json()["settings"]["webhook"], expected);
    // Nobody sees more of it afterwards, and nobody else sees that.
    for token in [&ann, &reads, &writes] {
        let shown = http.get(token, PATH).await;
        assert_eq!(shown.json()["webhook"], expected);
        assert!(!shown.text.contains("geheimnis") && !shown.text.contains(&secret), "{}", shown.text);
    }
    assert_eq!(http.get(&bo, PATH).await.json()["webhook"], Value::Null);
    // A change that says nothing of it, or only its format, leaves it and its secret.
    let format = json!({"format": "json"});
    for (webhook, shown) in [(json!("as it is"), "slack"), (format, "json")] {
        let saved = http.put(&ann, PATH, body(webhook)).await.json();
        assert_eq!((&saved["secret"], &saved["settings"]["webhook"]["format"]), (&Value::Null, &json!(shown)));
    }
    for token in [&reads, &writes] {
        for (method, path) in [("PUT", PATH), ("POST", "/api/me/notifications/webhook/secret")] {
            let bearer = format!("Bearer {token}");
            let refused = http.send(method, path, &[("authorization", &bearer)], body(json!(null))).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}: {}", refused.text);
        }
    }
    // What is answered with a secret is not kept for a request that comes twice.
    let bearer = format!("Bearer {ann}");
    let renew = async || {
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", "once")];
        http.send("POST", "/api/me/notifications/webhook/secret", &headers, "").await
    };
    let renewed = renew().await.json()["secret"].as_str().expect("a secret").to_owned();
    assert_ne!(renewed, secret);
    assert!(!renew().await.text.contains(&renewed));
    for (table, columns) in
        [("notify_settings", "webhook_url || ' ' || webhook_secret || ' ' || webhook_address"), ("idempotency", "body")]
    {
        let kept = world.text(&format!("select coalesce(max({columns}), '') from {table}")).await.unwrap_or_default();
        for hidden in ["geheimnis", secret.as_str(), renewed.as_str()] {
            assert!(!kept.contains(hidden), "{table}: {kept}");
        }
    }
    let taken = http.put(&ann, PATH, body(json!(null))).await.json();
    assert_eq!(taken["settings"]["webhook"], Value::Null);
    assert_eq!(http.post(&ann, "/api/me/notifications/webhook/secret", "").await.status, StatusCode::CONFLICT);
}

async fn what_can_not_be_set_says_why(backend: Backend) {
    let world = World::with(backend, config()).await;
    let http = world.http();
    let (_, user) = world.person("bo@example.com", Role::User, Scope::Admin).await;
    let (_, admin) = world.person("admin@example.com", Role::Admin, Scope::Admin).await;
    for (token, url) in [
        (&user, "http://127.0.0.1/geheimnis"),
        (&user, "http://[::1]/geheimnis"),
        (&user, "https://10.1.2.3/geheimnis"),
        (&admin, "http://169.254.169.254/geheimnis"),
        (&admin, "ftp://example.com/geheimnis"),
        (&admin, "geheimnis"),
        (&admin, &format!("https://example.com/{}", "geheimnis".repeat(300))),
    ] {
        let refused = http.put(token, PATH, body(json!({"url": url}))).await;
        assert_eq!(
            (refused.status, refused.fields()),
            (StatusCode::UNPROCESSABLE_ENTITY, vec!["webhook.url".to_owned()])
        );
        assert!(!refused.text.contains("geheimnis"), "{}", refused.text);
    }
    let missing = http.put(&admin, PATH, body(json!({"format": "slack"}))).await;
    assert_eq!(missing.fields(), ["webhook.url"]);
    let odd = http.put(&admin, PATH, body(json!({"url": "https://example.com", "format": "teams"}))).await;
    assert_eq!(odd.fields(), ["webhook.format"]);
    let unknown = http.put(&admin, PATH, r#"{"waiting":{"mail":true,"webhook":true,"sms":true}}"#).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Where the server lacks something, it says what.
    for (config, needs) in [
        (Config { public_url: None, ..config() }, "RUNBOARD_PUBLIC_URL"),
        (Config { seal: Seal::default(), ..config() }, "RUNBOARD_SECRET_KEY"),
    ] {
        let world = World::with(backend, config).await;
        let (http, (_, token)) = (world.http(), world.person("admin@example.com", Role::Admin, Scope::Admin).await);
        let settings = http.get(&token, PATH).await.json();
        assert!(settings["webhook_problem"].as_str().is_some_and(|p| p.contains(needs)), "{settings}");
        let refused = http.put(&token, PATH, body(json!({"url": "https://example.com/geheimnis"}))).await;
        assert!(refused.status == StatusCode::CONFLICT && refused.text.contains(needs), "{}", refused.text);
        assert_eq!(http.put(&token, PATH, body(json!("as it is"))).await.status, StatusCode::OK);
    }
}

async fn a_test_says_what_came_of_it(backend: Backend) {
    let t = Telling::new(backend).await;
    let (_, token) = t.world.person("admin@example.com", Role::Admin, Scope::Write).await;
    let http = t.world.http();
    let path = "/api/me/notifications/webhook/test";
    let test = http.post(&token, path, "").await.json();
    assert_eq!((&test["ok"], &test["detail"]), (&json!(true), &json!("the webhook took it")));
    let call = t.receiver.calls("ann").pop().expect("a call");
    assert!(call.is_signed_with(&t.secret));
    assert_eq!(
        (&call.json()["kind"], &call.json()["link"]),
        (&json!("test"), &json!("https://board.example/settings/notifications"))
    );
    t.receiver.does("ann", super::receiver::How::Answers(404));
    let test = http.post(&token, path, "").await.json();
    assert_eq!(test["detail"], "the webhook answered 404 Not Found: not today, …");
    for _ in 0..3 {
        assert_eq!(http.post(&token, path, "").await.status, StatusCode::OK);
    }
    assert_eq!(http.post(&token, path, "").await.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(t.told().await.is_empty(), "a test is no news");
    let (_, reads) = t.world.person("admin@example.com", Role::Admin, Scope::Read).await;
    assert_eq!(http.post(&reads, path, "").await.status, StatusCode::FORBIDDEN);
}

async fn what_was_told_comes_in_pages(backend: Backend) {
    let t = Telling::new(backend).await;
    for n in 0..5 {
        t.fails("builder", &format!("{n}")).await;
    }
    let http = t.world.http();
    let (_, token) = t.world.person("admin@example.com", Role::Admin, Scope::Read).await;
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = http.get(&token, &format!("/api/me/deliveries?limit=2{cursor}")).await.json();
        let found = page["deliveries"].as_array().expect("a list").clone();
        assert!(found.len() == 2 || page["next_cursor"].is_null());
        ids.extend(found.iter().map(|d| d["id"].as_str().expect("an id").to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let all: Vec<_> = t.told().await.into_iter().rev().map(|d| d.id).collect();
    assert_eq!(ids, all);
    let first = &http.get(&token, "/api/me/deliveries?limit=1").await.json()["deliveries"][0];
    assert_eq!(
        (&first["state"], &first["channel"], &first["attempts"]),
        (&json!("waiting"), &json!("webhook"), &json!(0))
    );
    assert_eq!(http.get(&token, "/api/me/deliveries?limit=201").await.fields(), ["limit"]);
    assert_eq!(http.get(&token, "/api/me/deliveries?cursor=x").await.fields(), ["cursor"]);
    let (_, bo) = t.world.person("bo@example.com", Role::User, Scope::Read).await;
    assert_eq!(http.get(&bo, "/api/me/deliveries").await.json()["deliveries"], json!([]));
}
