//! A receiver of webhooks on this machine. Each path is one; how it answers can be changed.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

#[derive(Debug, Clone, Copy, Default)]
pub enum How {
    #[default]
    Takes,
    Answers(u16),
    /// Asks to be left alone for so many seconds.
    Busy(u32),
    Moved,
    /// Says nothing for ever.
    Hangs,
}

#[derive(Clone, Default)]
pub struct Receiver {
    address: String,
    how: Arc<Mutex<HashMap<String, How>>>,
    calls: Arc<Mutex<Vec<Call>>>,
}

#[derive(Debug, Clone)]
pub struct Call {
    pub name: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Call {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().expect("text")
    }

    /// As whoever receives it checks it.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let encoded = secret.strip_prefix("whsec_").expect("a secret of ours");
        let engine = base64::engine::general_purpose::STANDARD;
        let key = engine.decode(encoded).expect("base64");
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).expect("a key");
        let signed = format!("{}.{}.{}", self.header("webhook-id"), self.header("webhook-timestamp"), self.body);
        mac.update(signed.as_bytes());
        self.header("webhook-signature") == format!("v1,{}", engine.encode(mac.finalize().into_bytes()))
    }
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let receiver = Self { address, ..Self::default() };
        let app = Router::new().route("/{name}/{secret}", post(answer)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        receiver
    }

    /// The second part of the path is what nobody may learn.
    pub fn url(&self, name: &str) -> String {
        format!("{}/{name}/geheimnis", self.address)
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn does(&self, name: &str, how: How) {
        self.how.lock().expect("unpoisoned").insert(name.to_owned(), how);
    }

    pub fn calls(&self, name: &str) -> Vec<Call> {
        self.calls.lock().expect("unpoisoned").iter().filter(|c| c.name == name).cloned().collect()
    }

    pub fn all(&self) -> Vec<Call> {
        self.calls.lock().expect("unpoisoned").clone()
    }
}

async fn answer(
    State(receiver): State<Receiver>,
    Path((name, secret)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let how = receiver.how.lock().expect("unpoisoned").get(&name).copied().unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    receiver.calls.lock().expect("unpoisoned").push(Call { name, headers, body });
    match how {
        How::Takes => StatusCode::NO_CONTENT.into_response(),
        // Some repeat where they were asked.
        How::Answers(status) => {
            (StatusCode::from_u16(status).expect("a status"), format!("not today, {secret}\n")).into_response()
        }
        How::Busy(seconds) => {
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds.to_string())]).into_response()
        }
        How::Moved => (StatusCode::FOUND, [(header::LOCATION, receiver.url("elsewhere"))]).into_response(),
        How::Hangs => std::future::pending().await,
    }
}
