//! Server. The spans of a run.

use crate::api::extract::{Auth, Pairs};
use crate::api::problem::{ApiError, Problem};
use crate::app::otlp;
use crate::domain::{SpanDetail, SpanPage};
use axum::Json;
use axum::extract::Path;

/// The spans of a run in the order of their tree, without what they hold.
#[utoipa::path(get, path = "/api/executions/{id}/spans", tag = "executions",
    params(("id" = String, Path), ("cursor" = Option<String>, Query), ("limit" = Option<i64>, Query, description = "1–1 000, default 200")),
    responses((status = 200, body = SpanPage), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn list_spans(
    Auth(caller): Auth,
    Path(id): Path<String>,
    mut pairs: Pairs,
) -> Result<Json<SpanPage>, ApiError> {
    let (cursor, limit) = (pairs.take("cursor", "text")?, pairs.take("limit", "a whole number")?);
    pairs.finish()?;
    Ok(Json(otlp::spans(&caller, &id, cursor, limit).await?))
}

/// One span with all that was sent of it.
#[utoipa::path(get, path = "/api/executions/{id}/spans/{span_id}", tag = "executions",
    params(("id" = String, Path), ("span_id" = String, Path),
        ("trace_id" = Option<String>, Query, description = "where spans of two traces of the run have one id")),
    responses((status = 200, body = SpanDetail), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn get_span(
    Auth(caller): Auth,
    Path((id, span_id)): Path<(String, String)>,
    mut pairs: Pairs,
) -> Result<Json<SpanDetail>, ApiError> {
    let trace = pairs.take::<String>("trace_id", "text")?;
    pairs.finish()?;
    Ok(Json(otlp::span(&caller, &id, &span_id, trace.as_deref()).await?))
}
