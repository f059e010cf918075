//! Killing the real server at random moments: what it acknowledged is there, and nothing is half there.

use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const BINARY: &str = env!("CARGO_BIN_EXE_runboard");
const KILLS: usize = 200;

fn command(database: &str) -> Command {
    let mut command = Command::new(BINARY);
    command.env("RUNBOARD_DATABASE_URL", database).env("RUST_LOG", "error");
    command
}

fn output(command: &mut Command) -> String {
    let output = command.stderr(Stdio::inherit()).output().expect("it runs");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

/// A token of a new admin.
fn prepare(database: &str) -> String {
    output(command(database).args(["user", "add", "ann@example.com", "--role", "admin"]));
    output(command(database).args(["token", "create", "--user", "ann@example.com", "--scope", "write"]))
}

/// The server and where it listens.
fn serve(database: &str) -> (Child, String) {
    let mut child = command(database)
        .args(["serve", "--listen", "127.0.0.1:0", "--requests-per-second", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().expect("its output"));
    stdout.read_line(&mut line).expect("a line");
    let url = line.trim().rsplit(' ').next().expect("a URL").to_owned();
    assert!(url.starts_with("http://"), "{line}");
    (child, url)
}

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
        child.kill().expect("killed");
        child.wait().expect("gone");
        for writer in writers {
            writer.await.expect("a writer ended well");
        }
        let known = std::mem::take(&mut *known.lock().expect("unpoisoned"));
        all += known.0.len();
        let (mut child, url) = serve(&database);
        check(&client, &url, &token, &known).await;
        terminate(&mut child, round);
    }
    assert!(all > KILLS, "{all} runs were acknowledged");
    integrity(&folder.path().join("crash.db")).await;
}

/// SIGTERM ends the server with exit code 0.
fn terminate(child: &mut Child, round: usize) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    let status = child.wait().expect("gone");
    assert!(status.success(), "round {round}: {status}");
}

/// The file is sound after all of it.
async fn integrity(file: &Path) {
    use sqlx::Connection as _;
    let url = format!("sqlite://{}", file.display());
    let mut c = sqlx::SqliteConnection::connect(&url).await.expect("opened");
    let (verdict,): (String,) = sqlx::query_as("pragma integrity_check").fetch_one(&mut c).await.expect("checked");
    assert_eq!(verdict, "ok");
}
