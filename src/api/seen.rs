//! Server. Failures in groups, and what happened while somebody was away.

use super::executions::ListFilters;
use super::extract::{Auth, JsonBody, Pairs};
use super::problem::{ApiError, Problem};
use crate::app::{failures, marks};
use crate::domain::{FailureGroups, Since};
use axum::Json;
use serde::Deserialize;
use utoipa::ToSchema;

type Answer<T> = Result<Json<T>, ApiError>;

/// Failures under a filter, grouped by what their errors have in common; the groups with the most runs first.
#[utoipa::path(get, path = "/api/executions/failure-groups", tag = "executions",
    params(("limit" = Option<i64>, Query, description = "1–100, default 50"), ListFilters),
    responses((status = 200, body = FailureGroups), (status = 401, body = Problem), (status = 422, body = Problem)))]
pub async fn failure_groups(Auth(caller): Auth, mut pairs: Pairs) -> Answer<FailureGroups> {
    let limit = pairs.take("limit", "a whole number")?;
    Ok(Json(failures::groups(&caller, &pairs.filter()?, limit).await?))
}

/// What happened while the caller was away; `null` when they were never here.
#[utoipa::path(get, path = "/api/me/mark", tag = "people",
    responses((status = 200, body = Option<Since>), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub async fn get_mark(Auth(caller): Auth, pairs: Pairs) -> Answer<Option<Since>> {
    pairs.finish()?;
    Ok(Json(marks::since(&caller).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// Sequence number of the last event that was seen; absent: all of them.
    pub seq: Option<i64>,
}

/// Everything up to an event is seen. An absence begins ten minutes after the last sign of the reader, which this is.
#[utoipa::path(put, path = "/api/me/mark", tag = "people", request_body = Mark,
    responses((status = 200, body = Since), (status = 401, body = Problem), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn put_mark(Auth(caller): Auth, JsonBody(mark): JsonBody<Mark>) -> Answer<Since> {
    Ok(Json(marks::seen(&caller, mark.seq).await?))
}
