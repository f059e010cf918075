//! Changes that come together in one text frame.

use super::{Socket, end, start};
use crate::support::run_of;
use runboard::app::record;
use runboard::domain::{ExecutionPatch, Status};
use serde_json::{Value, json};
use std::collections::HashMap;
use tokio_tungstenite::tungstenite::Error as SocketError;

#[tokio::test(flavor = "multi_thread")]
async fn gathered_changes_are_lines_of_one_frame_with_the_newest_of_each_run() {
    let (world, _http, address, token) = start().await;
    let url = format!("ws://{address}/ws?gather_ms=1000");
    let mut socket = Socket::try_open_at(&url, &token, None).await.expect("a socket");
    socket.subscribe(json!({"op": "subscribe", "topic": "executions"})).await;
    let first = world.record(run_of("a", "first")).await;
    // Nothing was told before: this comes at once.
    assert_eq!(socket.hear().await.expect("an event")["execution"]["id"], first.id.as_str());

    let other = world.record(run_of("a", "other")).await;
    for n in 0..50 {
        for run in [&first, &other] {
            let patch = ExecutionPatch { current_step: Some(format!("step {n}")), ..ExecutionPatch::default() };
            record::patch(&world.admin, run.id.as_str(), patch).await.expect("patched");
        }
    }
    end(&world, other.id.as_str(), Status::Failed).await;
    let (mut frames, mut last) = (0, HashMap::new());
    while last.get(other.id.as_str()).is_none_or(|run: &Value| run["execution"]["status"] != "failed") {
        let text = socket.text().await.expect("an event");
        frames += 1;
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let by_id: HashMap<_, _> = lines
            .iter()
            .map(|line| (line["execution"]["id"].as_str().expect("an id").to_owned(), line.clone()))
            .collect();
        assert_eq!(by_id.len(), lines.len(), "a run twice in one frame: {text}");
        last.extend(by_id);
    }
    assert_eq!(last[first.id.as_str()]["execution"]["current_step"], "step 49");
    assert_eq!(last[other.id.as_str()]["type"], "execution_failed");
    assert!(frames < 50, "{frames} frames for 102 changes");

    // What is asked is answered after what happened before it, gathered or not.
    let run = world.record(run_of("a", "before the ping")).await;
    let told = loop {
        let frames = socket.all_so_far().await;
        if !frames.is_empty() {
            break frames;
        }
    };
    assert_eq!(told[0]["execution"]["id"], run.id.as_str());
    for wrong in ["0", "1001", "soon"] {
        let url = format!("ws://{address}/ws?gather_ms={wrong}");
        let refused = Socket::try_open_at(&url, &token, None).await.err().expect("refused");
        assert!(matches!(&refused, SocketError::Http(answer) if answer.status() == 422), "{refused}");
    }
}
