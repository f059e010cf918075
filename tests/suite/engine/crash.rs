//! The real server, killed while it does a run.

use crate::process::{SERVE, command, prepare, serve, started};
use serde_json::{Value, json};

async fn post(url: &str, token: &str, body: &Value) -> Value {
    let answer = reqwest::Client::new().post(url).bearer_auth(token).json(body).send().await.expect("an answer");
    assert!(answer.status().is_success(), "{}", answer.status());
    answer.json().await.expect("JSON")
}

/// The run's stream until it says `wanted`.
pub async fn follow(url: &str, token: &str, id: &str, wanted: &str) -> String {
    let stream = format!("{url}/api/executions/{id}/stream");
    let mut answer = reqwest::Client::new().get(stream).bearer_auth(token).send().await.expect("a stream");
    let mut text = String::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        text.push_str(&String::from_utf8_lossy(&chunk));
        if text.contains(wanted) {
            break;
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_leaves_no_run_running() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("sqlite://{}/crash.db", folder.path().display());
    prepare(&database);
    let admin = ["token", "create", "--user", "ann@example.com", "--scope", "admin"];
    let token = crate::process::output(command(&database).args(admin));
    let with_commands = || started(command(&database).args(SERVE).arg("--allow-commands"));
    let (mut server, url) = with_commands();
    let agent = json!({"name": "loops", "kind": "command", "config": {"argv": ["sh", "-c", "echo ready >&2; while :; do sleep 0.1; done"]}});
    post(&format!("{url}/api/agents"), &token, &agent).await;
    let run = post(&format!("{url}/api/agents/loops/run"), &token, &json!({"message": "m"})).await;
    let id = run["execution_id"].as_str().expect("an id").to_owned();
    follow(&url, &token, &id, "ready").await;
    server.0.kill().expect("killed");
    server.0.wait().expect("gone");
    assert!(!runboard::process::leftover::of_run(&id).is_empty(), "the command went on");
    let (mut server, url) = with_commands();
    let told = follow(&url, &token, &id, "event: end").await;
    assert!(told.contains("interrupted: the server that did this run is gone"), "{told}");
    super::until("what it left is ended", async || runboard::process::leftover::of_run(&id).is_empty()).await;

    // And one that is asked to end does so well, with the run's end written down.
    let run = post(&format!("{url}/api/agents/loops/run"), &token, &json!({"message": "m"})).await;
    let id = run["execution_id"].as_str().expect("an id").to_owned();
    follow(&url, &token, &id, "ready").await;
    assert!(server.terminate().success());
    assert!(runboard::process::leftover::of_run(&id).is_empty());
    let (_server, url) = serve(&database);
    let told = follow(&url, &token, &id, "event: end").await;
    assert!(told.contains("interrupted: the server was stopped"), "{told}");
}
