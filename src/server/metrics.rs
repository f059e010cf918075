//! Server. What Prometheus reads.

use crate::live::Hub;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use prometheus::{Encoder as _, Histogram, HistogramOpts, IntCounterVec, Opts, Registry, TextEncoder};
use std::sync::Arc;
use std::time::Instant;

const QUEUE: &str = "# HELP runboard_queue_runs Runs that Runboard does itself and that have not ended: ready (wait for their turn), \
    working, away (others report), parked (paused, or wait for a person).\n# TYPE runboard_queue_runs gauge\n";

#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    hub: Hub,
    registry: Registry,
    requests: Option<IntCounterVec>,
    seconds: Option<Histogram>,
}

impl Metrics {
    pub fn new(hub: Hub) -> Self {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new("runboard_http_requests_total", "Requests answered, by status."),
            &["method", "status"],
        )
        .ok();
        let seconds = Histogram::with_opts(HistogramOpts::new(
            "runboard_http_request_seconds",
            "Time to the answer's first byte.",
        ))
        .ok();
        for collector in [
            requests.clone().map(|c| Box::new(c) as Box<dyn prometheus::core::Collector>),
            seconds.clone().map(|c| Box::new(c) as Box<dyn prometheus::core::Collector>),
        ]
        .into_iter()
        .flatten()
        {
            if let Err(e) = registry.register(collector) {
                tracing::error!(error = %e, "a metric can't be registered");
            }
        }
        Self(Arc::new(Inner { hub, registry, requests, seconds }))
    }

    /// `queue`: how many runs stand where in it.
    pub fn text(&self, queue: &[(String, i64)]) -> String {
        let mut bytes = Vec::new();
        if let Err(e) = TextEncoder::new().encode(&self.0.registry.gather(), &mut bytes) {
            tracing::error!(error = %e, "metrics can't be written");
        }
        let listeners = self.0.hub.listeners();
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        text.push_str(
            "# HELP runboard_live_listeners Open sockets and streams.\n# TYPE runboard_live_listeners gauge\n",
        );
        let queue = queue.iter().map(|(state, runs)| format!("runboard_queue_runs{{state=\"{state}\"}} {runs}\n"));
        text.extend([format!("runboard_live_listeners {listeners}\n"), QUEUE.to_owned()].into_iter().chain(queue));
        text
    }
}

pub async fn measure(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    // Anybody can make up methods, and each would be remembered.
    let method = match request.method().as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known.to_owned(),
        _ => "other".to_owned(),
    };
    let response = next.run(request).await;
    if let Some(requests) = &metrics.0.requests {
        requests.with_label_values(&[method.as_str(), response.status().as_str()]).inc();
    }
    if let Some(seconds) = &metrics.0.seconds {
        seconds.observe(begun.elapsed().as_secs_f64());
    }
    response
}
