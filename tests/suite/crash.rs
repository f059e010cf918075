//! Killing the real server at random moments: what it acknowledged is there, and nothing is half there.

use crate::process::{integrity, prepare, serve};
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const KILLS: usize = 200;

/// What the server has acknowledged: lines of a run's log, and whether it was ended.
#[derive(Default)]
struct Acknowledged(HashMap<String, (usize, bool)>);

async fn write(client: reqwest::Client, url: String, token: String, known: Arc<Mutex<Acknowledged>>) {
    for n in 0_u64.. {
        let id = uuid::Uuid::now_v7().to_string();
        let new =
            json!({"id": id, "agent_name": "crash", "message": format!("run {n}"), "labels": {"n": n.to_string()}});
        if !post(&client, &token, &format!("{url}/api/executions"), &new).await {
            return;
        }
        known.lock().expect("unpoisoned").0.insert(id.clone(), (0, false));
        for count in 1..=3 {
            let lines = json!({"lines": [{"stream": "stdout", "text": format!("line {count}")}]});
            if !post(&client, &token, &format!("{url}/api/executions/{id}/log"), &lines).await {
                return;
            }
            known.lock().expect("unpoisoned").0.insert(id.clone(), (count, false));
        }
        let done = client
            .patch(format!("{url}/api/executions/{id}"))
            .bearer_auth(&token)
            .json(&json!({"status": "success", "response": "done"}))
            .send()
            .await;
        if !done.is_ok_and(|a| a.status().is_success()) {
            return;
        }
        known.lock().expect("unpoisoned").0.insert(id.clone(), (3, true));
    }
}

async fn post(client: &reqwest::Client, token: &str, url: &str, body: &Value) -> bool {
    let answer = client.post(url).bearer_auth(token).json(body).send().await;
    // A connection that breaks is the kill; a refusal would be a fault.
    match answer {
        Ok(answer) if answer.status().is_success() => true,
        Ok(answer) => panic!("{}", answer.status()),
        Err(_) => false,
    }
}

async fn check(client: &reqwest::Client, url: &str, token: &str, known: &Acknowledged) {
    for (id, (lines, ended)) in &known.0 {
        let get = |path: String| async move {
            let answer = client.get(path).bearer_auth(token).send().await.expect("an answer");
            assert!(answer.status().is_success(), "{id}: {}", answer.status());
            answer.json::<Value>().await.expect("JSON")
        };
        let run = get(format!("{url}/api/executions/{id}")).await;
        assert!(!ended || run["status"] == "success", "{id}: an acknowledged end is gone");
        // Ended and answered are one write.
        assert_eq!(run["status"] == "success", run["response"] == "done", "{id}: half a write");
        assert!(run["labels"]["n"].is_string(), "{id}: half a run");
        let log = get(format!("{url}/api/executions/{id}/log")).await;
        let stored = log["lines"].as_array().expect("lines");
        assert!(stored.len() >= *lines, "{id}: {} of {lines} lines", stored.len());
        for (i, line) in stored.iter().enumerate() {
            assert_eq!(line["text"], format!("line {}", i + 1));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_kills_lose_nothing_acknowledged() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("sqlite://{}/crash.db", folder.path().display());
    let token = prepare(&database);
    let mut moments = rand::rngs::StdRng::seed_from_u64(7);
    let mut all = 0;
    for round in 0..KILLS {
        let (mut child, url) = serve(&database);
        let known = Arc::new(Mutex::new(Acknowledged::default()));
        let client = reqwest::Client::new();
        let writers: Vec<_> =
            (0..4).map(|_| tokio::spawn(write(client.clone(), url.clone(), token.clone(), known.clone()))).collect();
        // The kill is driven by progress, not by time alone: a random number of acknowledged writes.
        let enough = moments.random_range(1..60);
        let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
        while known.lock().expect("unpoisoned").0.len() < enough {
            assert!(tokio::time::Instant::now() < deadline, "the server makes no progress");
            tokio::task::yield_now().await;
        }
        child.0.kill().expect("killed");
        child.0.wait().expect("gone");
        for writer in writers {
            writer.await.expect("a writer ended well");
        }
        let known = std::mem::take(&mut *known.lock().expect("unpoisoned"));
        all += known.0.len();
        let (mut child, url) = serve(&database);
        check(&client, &url, &token, &known).await;
        let status = child.terminate();
        assert!(status.success(), "round {round}: {status}");
    }
    assert!(all > KILLS, "{all} runs were acknowledged");
    integrity(&folder.path().join("crash.db")).await;
}
