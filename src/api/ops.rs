//! Server. For whoever operates the server.

use super::extract::Context;
use super::problem::{ApiError, Problem};
use crate::app::{control, notify};
use crate::server::metrics::Metrics;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

/// The process is up.
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200)))]
pub async fn healthz() -> &'static str {
    "ok"
}

/// The database answers.
#[utoipa::path(get, path = "/readyz", tag = "operations", responses((status = 200), (status = 503, body = Problem)))]
pub async fn readyz(context: Context) -> Result<&'static str, ApiError> {
    crate::app::executions::database_answers(context.app()).await?;
    Ok("ready")
}

/// Prometheus metrics.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses((status = 200, content_type = "text/plain")))]
pub async fn metrics(context: Context, State(metrics): State<Metrics>) -> impl IntoResponse {
    // A database that is away has no say here: what the process itself knows is still told.
    let queue = control::waiting_and_working(context.app()).await.unwrap_or_else(|e| {
        tracing::warn!(error = %e, "the queue can't be measured");
        Vec::new()
    });
    let messages = notify::waiting(context.app()).await.unwrap_or_else(|e| {
        tracing::warn!(error = %e, "waiting messages can't be counted");
        Vec::new()
    });
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics.text(&queue, &messages))
}
