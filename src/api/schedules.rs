//! Server. When agents run by themselves.

use super::extract::{Auth, JsonBody};
use super::problem::{ApiError, Problem};
use crate::app::schedules;
use crate::domain::{NewSchedule, Schedule};
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;

/// When the agent runs by itself, with the next five times.
#[utoipa::path(get, path = "/api/agents/{name}/schedule", tag = "agents", params(("name" = String, Path)),
    responses((status = 200, body = Schedule), (status = 404, body = Problem)))]
pub async fn get_schedule(Auth(caller): Auth, Path(name): Path<String>) -> Result<Json<Schedule>, ApiError> {
    Ok(Json(schedules::get(&caller, &name).await?))
}

/// Let the agent run by itself, instead of when it did before. For its owner and admins.
#[utoipa::path(put, path = "/api/agents/{name}/schedule", tag = "agents", params(("name" = String, Path)), request_body = NewSchedule,
    responses((status = 200, body = Schedule), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem),
        (status = 409, body = Problem, description = "the agent's own process starts its runs, or the agent was deleted")))]
pub async fn put_schedule(
    Auth(caller): Auth,
    Path(name): Path<String>,
    JsonBody(new): JsonBody<NewSchedule>,
) -> Result<Json<Schedule>, ApiError> {
    Ok(Json(schedules::set(&caller, &name, new).await?))
}

/// Let the agent run by itself no more.
#[utoipa::path(delete, path = "/api/agents/{name}/schedule", tag = "agents", params(("name" = String, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn delete_schedule(Auth(caller): Auth, Path(name): Path<String>) -> Result<StatusCode, ApiError> {
    schedules::remove(&caller, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
