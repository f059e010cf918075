//! Server. What Prometheus reads, and the counting of requests.

use super::spans;
use crate::live::Hub;
use crate::telemetry::Figures;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use std::time::Instant;
use tracing::Instrument as _;

const LISTENERS: &str =
    "# HELP runboard_live_listeners Open sockets and streams.\n# TYPE runboard_live_listeners gauge\n";
const QUEUE: &str = "# HELP runboard_queue_runs Runs that Runboard does itself and that have not ended: ready (wait for their turn), \
    working, away (others report), parked (paused, or wait for a person).\n# TYPE runboard_queue_runs gauge\n";
const DELIVERIES: &str = "# HELP runboard_deliveries_waiting Messages to people that are not sent yet, by channel.\n\
    # TYPE runboard_deliveries_waiting gauge\n";
/// Requests for files, and for what is not there: anybody can make up paths, and each would be remembered.
const NO_ROUTE: &str = "none";

#[derive(Clone)]
pub struct Metrics {
    hub: Hub,
    figures: Figures,
}

impl Metrics {
    pub fn new(hub: Hub) -> Self {
        Self { figures: hub.figures().clone(), hub }
    }

    /// `queue`: how many runs stand where in it. `messages`: how many wait to be sent by which channel.
    pub fn text(&self, queue: &[(String, i64)], messages: &[(String, i64)]) -> String {
        let mut text = self.figures.text();
        let queue = queue.iter().map(|(state, runs)| format!("runboard_queue_runs{{state=\"{state}\"}} {runs}\n"));
        let messages = messages
            .iter()
            .map(|(channel, waiting)| format!("runboard_deliveries_waiting{{channel=\"{channel}\"}} {waiting}\n"));
        text.extend([LISTENERS.to_owned(), format!("runboard_live_listeners {}\n", self.hub.listeners())]);
        text.extend([QUEUE.to_owned()].into_iter().chain(queue));
        text.extend([DELIVERIES.to_owned()].into_iter().chain(messages));
        text
    }
}

/// Counts a request and tells of it, by the template of its route.
pub async fn measure(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    // Anybody can make up methods, and each would be remembered.
    let method = match request.method().as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known.to_owned(),
        _ => "other".to_owned(),
    };
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let span = spans::of_request(&method, route.as_deref(), request.uri().path(), request.headers());
    let response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    metrics.figures.answered(&method, route.as_deref().unwrap_or(NO_ROUTE), status.as_str(), begun.elapsed());
    spans::answered(&span, status.as_u16());
    response
}
