//! What goes wrong around the server: a locked database, a disk with no space left, a copy taken while it works,
//! an end in the middle of it.

use crate::process::{SERVE, command, integrity, output, prepare, serve, started};
use crate::support::{Backend, World, run_of};
use futures::StreamExt as _;
use runboard::domain::{Role, Scope};
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _};
use std::process::Command;
use std::time::{Duration, Instant};

async fn post(client: &reqwest::Client, url: &str, token: &str, message: &str) -> (u16, Value) {
    let new = json!({"agent_name": "fault", "message": message});
    let request = client.post(format!("{url}/api/executions")).bearer_auth(token).json(&new);
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

async fn total(client: &reqwest::Client, url: &str, token: &str) -> i64 {
    let answer = client.get(format!("{url}/api/executions")).bearer_auth(token).send().await.expect("an answer");
    assert!(answer.status().is_success(), "{}", answer.status());
    answer.json::<Value>().await.expect("JSON")["total_count"].as_i64().expect("a count")
}

fn client() -> reqwest::Client {
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::new()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_database_is_unavailable_to_writers_only_and_only_while_it_is_locked() {
    let world = World::new(Backend::Sqlite).await;
    let http = world.http();
    let (_, token) = world.person("admin@example.com", Role::Admin, Scope::Admin).await;
    world.record(run_of("a", "before")).await;

    let mut other = sqlx::SqliteConnection::connect(&world.database.url).await.expect("a second connection");
    other.execute("begin immediate").await.expect("locked");
    let refused = http.post(&token, "/api/executions", r#"{"agent_name": "a", "message": "during"}"#).await;
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(http.get(&token, "/api/executions").await.json()["total_count"], 1);

    other.execute("rollback").await.expect("unlocked");
    let stored = http.post(&token, "/api/executions", r#"{"agent_name": "a", "message": "after"}"#).await;
    assert_eq!(stored.status, 201, "{}", stored.text);
    assert_eq!(http.get(&token, "/api/executions").await.json()["total_count"], 2);
}

/// No file of the server may grow beyond a limit, which is then lifted: to it, a disk that was full and is no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_writes_loses_nothing_and_heals_without_a_restart() {
    let client = client();
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("sqlite://{}/full.db", folder.path().display());
    let token = prepare(&database);
    let mut limited = Command::new("sh");
    // In blocks of 512 bytes; the signal would end a program that does not expect it.
    limited.args(["-c", r#"trap "" XFSZ; ulimit -S -f 3000; exec "$0" "$@""#]).args([env!("CARGO_BIN_EXE_runboard")]);
    limited.args(SERVE).env("RUNBOARD_DATABASE_URL", &database).env("RUST_LOG", "warn");
    let (mut child, url) = started(&mut limited);

    let text = "x".repeat(100_000);
    let mut stored = 0;
    let refusal = loop {
        let (status, answer) = post(&client, &url, &token, &text).await;
        if status != 201 {
            break (status, answer);
        }
        stored += 1;
        assert!(stored < 1_000, "the disk never fills");
    };
    assert_eq!(refusal.0, 503, "{}", refusal.1);
    assert!(stored > 0);
    assert_eq!(total(&client, &url, &token).await, stored, "what was stored is still read");

    let lifted = Command::new("prlimit").args(["--pid", &child.0.id().to_string(), "--fsize=unlimited"]).status();
    assert!(lifted.expect("prlimit").success());
    let (status, answer) = post(&client, &url, &token, "there is space again").await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(total(&client, &url, &token).await, stored + 1);
    assert!(child.terminate().success());
    integrity(&folder.path().join("full.db")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_beside_a_working_server_is_whole() {
    let client = client();
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("sqlite://{}/live.db", folder.path().display());
    let token = prepare(&database);
    let (mut child, url) = serve(&database);
    for n in 0..50 {
        assert_eq!(post(&client, &url, &token, &format!("before {n}")).await.0, 201);
    }
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let writing = tokio::spawn({
        let (client, url, token) = (client.clone(), url.clone(), token.clone());
        async move {
            let mut written = 0;
            while stopped.try_recv().is_err() {
                assert_eq!(post(&client, &url, &token, "meanwhile").await.0, 201);
                written += 1;
            }
            written
        }
    });
    let copy = folder.path().join("copy.db");
    let file = copy.display().to_string();
    let backup = tokio::task::spawn_blocking(move || output(command(&database).args(["backup", &file])));
    backup.await.expect("the backup");
    stop.send(()).expect("still writing");
    let written = writing.await.expect("written");
    assert!(written > 0);
    assert!(child.terminate().success());

    integrity(&copy).await;
    let (mut child, url) = serve(&format!("sqlite://{}", copy.display()));
    let copied = total(&client, &url, &token).await;
    assert!((50..=50 + written).contains(&copied), "{copied} of 50 and {written} runs");
    assert!(child.terminate().success());
}

/// An idle connection, a socket's worth of streams and a request on its way: none of them keeps the server.
#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_streams_and_idle_connections_at_once() {
    let client = client();
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("sqlite://{}/end.db", folder.path().display());
    let token = prepare(&database);
    let (mut child, url) = serve(&database);
    let idle = tokio::net::TcpStream::connect(url.trim_start_matches("http://")).await.expect("connected");
    let (_, run) = post(&client, &url, &token, "streamed").await;
    let stream = format!("{url}/api/executions/{}/stream", run["id"].as_str().expect("an id"));
    let stream = client.get(stream).bearer_auth(&token).send().await.expect("a stream");
    let mut stream = stream.bytes_stream();
    assert!(stream.next().await.is_some_and(|part| part.is_ok()));

    let begun = Instant::now();
    let ended = tokio::task::spawn_blocking(move || child.terminate()).await.expect("ended");
    assert!(ended.success());
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    while let Some(part) = stream.next().await {
        if part.is_err() {
            break;
        }
    }
    drop(idle);
}
