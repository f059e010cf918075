//! Stands in for the server: keeps what it is told; can be away, slow of memory or unwilling.

use super::LONG;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;
use tokio::time::timeout;

#[derive(Default, Clone)]
pub struct World {
    pub created: Vec<Value>,
    pub lines: Vec<(String, String)>,
    pub bytes: usize,
    pub end: Option<Value>,
    pub keys: HashSet<String>,
    /// Answer every request with this and do nothing.
    pub refuse: Option<u16>,
    /// Do what is asked and answer 502, this many times: the answer that gets lost.
    pub lose_answers: u32,
    pub cancel: bool,
}

/// Stands in for the server: keeps what it is told.
#[derive(Clone)]
pub struct Fake {
    pub world: Arc<Mutex<World>>,
    changed: watch::Sender<()>,
}

impl Fake {
    pub fn new() -> Self {
        Self { world: Arc::default(), changed: watch::Sender::new(()) }
    }

    pub async fn listen(&self, address: SocketAddr) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind(address).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let app = Router::new().fallback(answer).with_state(self.clone());
        let app = app.layer(axum::extract::DefaultBodyLimit::max(8 << 20));
        tokio::spawn(async move { axum::serve(listener, app).await });
        address
    }

    pub async fn start() -> (Self, SocketAddr) {
        let fake = Self::new();
        let address = fake.listen(([127, 0, 0, 1], 0).into()).await;
        (fake, address)
    }

    pub fn change(&self, f: impl FnOnce(&mut World)) {
        f(&mut self.world.lock().expect("lock"));
        self.changed.send_replace(());
    }

    pub fn ask<T>(&self, f: impl FnOnce(&World) -> T) -> T {
        f(&self.world.lock().expect("lock"))
    }

    pub fn look(&self) -> World {
        self.ask(Clone::clone)
    }

    pub async fn until(&self, what: &str, holds: impl Fn(&World) -> bool) {
        let mut changed = self.changed.subscribe();
        let wait = async {
            while !holds(&self.world.lock().expect("lock")) {
                changed.changed().await.expect("a change");
            }
        };
        timeout(LONG, wait).await.unwrap_or_else(|_| panic!("never happened: {what}"));
    }

    pub fn texts(&self, stream: &str) -> Vec<String> {
        self.look().lines.into_iter().filter(|(s, _)| s == stream).map(|(_, text)| text).collect()
    }

    pub fn end(&self, field: &str) -> Value {
        self.look().end.expect("an end")[field].clone()
    }
}

async fn answer(State(fake): State<Fake>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(status) = fake.ask(|w| w.refuse) {
        let problem = json!({"title": "No", "detail": "not now"});
        return (StatusCode::from_u16(status).expect("a status"), problem.to_string()).into_response();
    }
    let path = uri.path().to_owned();
    if path.ends_with("/stream") {
        let mut changed = fake.changed.subscribe();
        changed.mark_changed();
        let events = tokio_stream::wrappers::WatchStream::from_changes(changed)
            .filter_map(move |()| std::future::ready(fake.ask(|w| w.cancel).then(summary)));
        return Sse::new(events.map(|s| Event::default().event("status").json_data(s))).into_response();
    }
    let key = headers.get("idempotency-key").map(|k| k.to_str().expect("a key").to_owned());
    let seen = key.is_some_and(|key| !fake.world.lock().expect("lock").keys.insert(key));
    let body: Value = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).expect("JSON") };
    let mut lost = false;
    fake.change(|world| {
        if path.ends_with("/log") && !seen {
            let lines = body["lines"].as_array().expect("lines");
            assert!(lines.len() <= 1_000);
            let text = |line: &Value, field: &str| line[field].as_str().expect("text").to_owned();
            world.bytes += lines.iter().map(|l| text(l, "text").len()).sum::<usize>();
            if world.lines.len() < 10_000 {
                world.lines.extend(lines.iter().map(|l| (text(l, "stream"), text(l, "text"))));
            }
        } else if method == Method::PATCH {
            world.end = Some(body.clone());
        } else if method == Method::POST && path == "/api/executions" && !seen {
            world.created.push(body.clone());
        }
        if world.lose_answers > 0 && !path.ends_with("/heartbeat") {
            world.lose_answers -= 1;
            lost = true;
        }
    });
    if lost {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    axum::Json(json!({"cancel_requested": fake.ask(|w| w.cancel)})).into_response()
}

fn summary() -> Value {
    json!({
        "id": "01990000-0000-7000-8000-000000000001", "agent_name": "a", "agent_display_name": "a",
        "status": "running", "triggered_by": "cli", "message": "m", "response_preview": null, "error": null,
        "has_error": false, "queued_at": "2026-01-01T00:00:00Z", "started_at": null, "completed_at": null,
        "duration_ms": null, "queue_ms": null, "cost": null, "input_tokens": null, "output_tokens": null,
        "total_tokens": null, "model": null, "tool_call_count": 0, "steps_done": 0, "steps_total": null,
        "current_step": null, "waiting_on": null, "thread_id": null, "flow_id": null, "parent_id": null,
        "retry_of": null, "attempt": 1, "labels": {}, "cancel_requested": true, "version": 2,
        "updated_at": "2026-01-01T00:00:00Z"
    })
}
