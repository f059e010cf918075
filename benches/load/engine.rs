//! Runs that Runboard does itself: how soon they begin, and a thousand of a model at once.

use crate::report::{Latencies, Report};
use crate::server::Server;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const STARTS: usize = 1_000;
const AT_ONCE: usize = 1_000;
/// A long answer: so many words, with so much time between.
const WORDS: usize = 40;
const BETWEEN: Duration = Duration::from_millis(250);

/// An OpenAI-compatible endpoint; the model `quick` answers at once, others take their time. Counts those it is at.
async fn endpoint(most: Arc<AtomicUsize>) -> String {
    let at = Arc::new(AtomicUsize::new(0));
    let complete = move |question: axum::Json<Value>| {
        let (at, most) = (at.clone(), most.clone());
        async move { answer(&question, at, most) }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let app = Router::new().route("/v1/chat/completions", post(complete));
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}/v1")
}

fn answer(question: &Value, at: Arc<AtomicUsize>, most: Arc<AtomicUsize>) -> Response {
    let quick = question["model"] == "quick";
    let now = at.fetch_add(1, Ordering::SeqCst) + 1;
    most.fetch_max(now, Ordering::SeqCst);
    let words = if quick { 1 } else { WORDS };
    let body = futures::stream::unfold(0, move |n| {
        let at = at.clone();
        async move {
            let event = if n < words {
                if !quick {
                    tokio::time::sleep(BETWEEN).await;
                }
                json!({"model": "m", "choices": [{"delta": {"content": format!("word {n} ")}}]}).to_string()
            } else if n == words {
                let usage = json!({"prompt_tokens": 100, "completion_tokens": words});
                json!({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": usage}).to_string()
            } else if n == words + 1 {
                at.fetch_sub(1, Ordering::SeqCst);
                "[DONE]".to_owned()
            } else {
                return None;
            };
            Some((Ok::<_, Infallible>(Bytes::from(format!("data: {event}\n\n"))), n + 1))
        }
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(body)).into_response()
}

pub async fn all(report: &mut Report) {
    let mut server = Server::new();
    server.start_with(&["--max-runs", "1100"]).await;
    let most = Arc::new(AtomicUsize::new(0));
    let base_url = endpoint(most.clone()).await;
    let mut wire = server.wire().await;
    for model in ["quick", "slow"] {
        let config = json!({"base_url": base_url, "model": model});
        let agent = json!({"name": model, "kind": "openai", "max_concurrency": 1_000, "config": config});
        let made = wire.send("POST", "/api/agents", "application/json", agent.to_string().as_bytes()).await;
        assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
    }
    starts(&server, report).await;
    thousand(&server, &most, report).await;
    server.stop();
}

/// One start after another, each followed until its answer is stored. What is measured is what the record says: from the
/// row of the queue to `running`.
async fn starts(server: &Server, report: &mut Report) {
    let mut wire = server.wire().await;
    let mut ids = Vec::new();
    for n in 0..STARTS {
        let body = json!({"message": format!("run {n}")}).to_string();
        let answer = wire.send("POST", "/api/agents/quick/run", "application/json", body.as_bytes()).await.json();
        ids.push(answer["execution_id"].as_str().expect("an id").to_owned());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    ended(server, "quick").await;
    let mut latencies = Latencies::default();
    for id in ids {
        let run = wire.get(&format!("/api/executions/{id}")).await.json();
        assert_eq!(run["status"], "success", "{run}");
        let at =
            |field: &str| chrono::DateTime::parse_from_rfc3339(run[field].as_str().expect("a time")).expect("a time");
        latencies.add((at("started_at") - at("queued_at")).to_std().expect("later"));
    }
    report.latencies("from the queue to running, 50 starts a second", &latencies, "");
}

async fn ended(server: &Server, agent: &str) {
    let mut wire = server.wire().await;
    loop {
        let path = format!("/api/executions?agent_name={agent}&status=queued,running&limit=1");
        if wire.get(&path).await.json()["executions"].as_array().expect("a list").is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// A thousand runs at once, each an answer of ten seconds in forty pieces that is written into the record as it comes.
async fn thousand(server: &Server, most: &AtomicUsize, report: &mut Report) {
    most.store(0, Ordering::SeqCst);
    let (memory, cpu) = (server.memory_mib(), server.cpu());
    let begun = Instant::now();
    let mut clients = Vec::new();
    for client in 0..8 {
        let mut wire = server.wire().await;
        clients.push(tokio::spawn(async move {
            for n in 0..AT_ONCE / 8 {
                let body = json!({"message": format!("run {client}-{n}")}).to_string();
                let answer = wire.send("POST", "/api/agents/slow/run", "application/json", body.as_bytes()).await;
                assert_eq!(answer.status, 202, "{}", String::from_utf8_lossy(&answer.body));
            }
        }));
    }
    for client in clients {
        client.await.expect("it ran");
    }
    let started = begun.elapsed();
    let mut peak = memory;
    let mut wire = server.wire().await;
    let left = "/api/executions?agent_name=slow&status=queued,running&limit=1";
    while !wire.get(left).await.json()["executions"].as_array().expect("a list").is_empty() {
        peak = peak.max(server.memory_mib());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let took = begun.elapsed();
    let cpu = server.cpu().saturating_sub(cpu);
    let path = "/api/executions/stats?last=all&agent_name=slow";
    let stats = wire.get(path).await.json();
    assert_eq!(stats["successful"], AT_ONCE, "{stats}");
    report.row(
        "1 000 runs of a model at once: answered together",
        most.load(Ordering::SeqCst).to_string(),
        "1 000",
        None,
    );
    report.row("the same: accepted within", format!("{:.1} s", started.as_secs_f64()), "", None);
    report.row("the same: all ended after (the answers take 10 s)", format!("{:.1} s", took.as_secs_f64()), "", None);
    report.row("the same: memory of the server, before and at most", format!("{memory} and {peak} MiB"), "", None);
    let cores = cpu.as_secs_f64() / took.as_secs_f64();
    report.row("the same: cores of the server, on average", format!("{cores:.2}"), "", None);
}
