//! An OpenAI-compatible endpoint on this machine. The model's name says how it behaves.

use axum::Json;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use futures::StreamExt as _;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

#[derive(Clone)]
pub struct Endpoint {
    pub base_url: String,
    /// What it was asked, with the key it was sent.
    pub asked: Arc<Mutex<Vec<(Value, String)>>>,
    /// Answers that wait go on when this turns true.
    pub go: watch::Sender<bool>,
    /// Answers that were not listened to until their end.
    pub aborted: watch::Sender<usize>,
}

impl Endpoint {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let endpoint = Self {
            base_url: format!("http://{address}/v1"),
            asked: Arc::default(),
            go: watch::Sender::new(false),
            aborted: watch::Sender::new(0),
        };
        let app = Router::new().route("/v1/chat/completions", post(complete)).with_state(endpoint.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        endpoint
    }

    /// Events, one after another; at an empty one it waits until it may go on.
    fn stream(&self, events: Vec<String>) -> Response {
        let unheard = Unheard(Some(self.aborted.clone()));
        let state = (events.into_iter(), self.go.subscribe(), unheard);
        let body = futures::stream::unfold(state, |(mut events, mut go, mut unheard)| async move {
            let Some(event) = events.next() else {
                drop(unheard.0.take());
                return None;
            };
            let event = if event.is_empty() {
                go.wait_for(|go| *go).await.expect("the endpoint");
                ": goes on\n\n".to_owned()
            } else {
                event
            };
            Some((Ok::<_, Infallible>(Bytes::from(event)), (events, go, unheard)))
        });
        ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(body.boxed())).into_response()
    }
}

/// Counts when it is dropped before the end.
struct Unheard(Option<watch::Sender<usize>>);

impl Drop for Unheard {
    fn drop(&mut self) {
        if let Some(aborted) = &self.0 {
            aborted.send_modify(|n| *n += 1);
        }
    }
}

fn event(value: &Value) -> String {
    format!("data: {value}\n\n")
}

fn text(text: &str) -> String {
    event(&json!({"model": "m-2026", "choices": [{"index": 0, "delta": {"content": text}}]}))
}

fn finish(reason: &str) -> String {
    event(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}))
}

fn usage() -> String {
    let details = json!({"cached_tokens": 40});
    event(
        &json!({"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 7, "prompt_tokens_details": details,
        "completion_tokens_details": {"reasoning_tokens": 3}, "cost": 0.0125}}),
    )
}

fn done() -> String {
    "data: [DONE]\n\n".to_owned()
}

async fn complete(State(endpoint): State<Endpoint>, headers: HeaderMap, Json(question): Json<Value>) -> Response {
    let key = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or("none").to_owned();
    let model = question["model"].as_str().unwrap_or("").to_owned();
    endpoint.asked.lock().expect("unpoisoned").push((question.clone(), key.clone()));
    match model.as_str() {
        "words" => {
            endpoint.stream(vec![text("Hello"), String::new(), text(", world"), finish("stop"), usage(), done()])
        }
        "hangs" => endpoint.stream(vec![text("Hello"), String::new()]),
        "half" => endpoint.stream(vec![text("Hello")]),
        "nonsense" => endpoint.stream(vec![text("Hello"), "data: <html>\n\n".to_owned(), done()]),
        "breaks" => endpoint.stream(vec![text("Hello"), event(&json!({"error": {"message": "overloaded"}}))]),
        "cut" => endpoint.stream(vec![text("Hello"), finish("length"), done()]),
        "filtered" => endpoint.stream(vec![text("Hel"), finish("content_filter"), done()]),
        "tools" => {
            let call = |call: Value| event(&json!({"choices": [{"delta": {"tool_calls": [call]}}]}));
            endpoint.stream(vec![
                call(json!({"index": 0, "id": "c1", "function": {"name": "web.search", "arguments": "{\"q\":"}})),
                call(json!({"index": 0, "function": {"arguments": "\"rust\"}"}})),
                finish("tool_calls"),
                done(),
            ])
        }
        // Says how many messages it was sent, and the last of them.
        "echo" => {
            let messages = question["messages"].as_array().expect("messages");
            let last = messages.last().and_then(|m| m["content"].as_str()).expect("a message");
            endpoint.stream(vec![text(&format!("{}: {last}", messages.len())), finish("stop"), usage(), done()])
        }
        "plain" => Json(json!({"model": "m", "choices": [{"message": {"content": "whole"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 5, "completion_tokens": 1}}))
        .into_response(),
        "page" => ([(header::CONTENT_TYPE, "text/html")], "<h1>Welcome</h1>").into_response(),
        "busy" => {
            let error = Json(json!({"error": {"message": "slow down"}}));
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "20")], error).into_response()
        }
        "away" => (StatusCode::INTERNAL_SERVER_ERROR, "it fell over").into_response(),
        "moved" => (StatusCode::FOUND, [(header::LOCATION, "http://169.254.169.254/")]).into_response(),
        _ => {
            let error = json!({"error": {"message": format!("incorrect key: {}", key.trim_start_matches("Bearer "))}});
            (StatusCode::UNAUTHORIZED, Json(error)).into_response()
        }
    }
}
