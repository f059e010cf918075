//! Server. Flows, and pausing what goes through them.

use super::executions::{Started, StartedAnswer};
use super::extract::{Auth, JsonBody, JsonOrNothing, Pairs};
use super::problem::{ApiError, Problem};
use crate::app::{control, flows};
use crate::domain::{ExecutionSummary, Flow, FlowPatch, NewFlow, NewFlowRun};
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct FlowsAnswer {
    pub task_flows: Vec<Flow>,
    pub next_cursor: Option<String>,
}

/// The flows of agents you operate, by name.
#[utoipa::path(get, path = "/api/task_flows", tag = "flows",
    params(("agent_name" = Option<String>, Query), ("cursor" = Option<String>, Query),
        ("limit" = Option<i64>, Query, description = "1–200, default 50")),
    responses((status = 200, body = FlowsAnswer), (status = 404, body = Problem, description = "no such agent"),
        (status = 422, body = Problem)))]
pub async fn list_flows(Auth(caller): Auth, mut pairs: Pairs) -> Result<Json<FlowsAnswer>, ApiError> {
    let (agent, cursor) = (pairs.take::<String>("agent_name", "text")?, pairs.take::<String>("cursor", "text")?);
    let limit = pairs.take("limit", "a whole number")?.unwrap_or(50);
    pairs.finish()?;
    let (task_flows, next_cursor) = flows::list(&caller, agent.as_deref(), cursor, limit).await?;
    Ok(Json(FlowsAnswer { task_flows, next_cursor }))
}

/// Make a flow of an agent. For the agent's owner and admins; steps of kind `command` are for admins only.
#[utoipa::path(post, path = "/api/task_flows", tag = "flows", request_body = NewFlow,
    responses((status = 201, body = Flow), (status = 403, body = Problem), (status = 404, body = Problem, description = "no such agent"),
        (status = 409, body = Problem, description = "the agent has a flow of this name, or its own process starts its runs"),
        (status = 422, body = Problem)))]
pub async fn create_flow(
    Auth(caller): Auth,
    JsonBody(new): JsonBody<NewFlow>,
) -> Result<(StatusCode, Json<Flow>), ApiError> {
    Ok((StatusCode::CREATED, Json(flows::create(&caller, new).await?)))
}

/// A flow, in its newest version or an older one.
#[utoipa::path(get, path = "/api/task_flows/{id}", tag = "flows",
    params(("id" = String, Path), ("version" = Option<i64>, Query)),
    responses((status = 200, body = Flow), (status = 404, body = Problem)))]
pub async fn get_flow(Auth(caller): Auth, Path(id): Path<String>, mut pairs: Pairs) -> Result<Json<Flow>, ApiError> {
    let version = pairs.take("version", "a whole number")?;
    pairs.finish()?;
    Ok(Json(flows::get(&caller, &id, version).await?))
}

/// Change a flow: absent fields stay. It is a new version; runs that go on keep theirs.
#[utoipa::path(patch, path = "/api/task_flows/{id}", tag = "flows", params(("id" = String, Path)), request_body = FlowPatch,
    responses((status = 200, body = Flow), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "the name is taken, or `version` is not the newest: it says who changed it and when"),
        (status = 422, body = Problem)))]
pub async fn patch_flow(
    Auth(caller): Auth,
    Path(id): Path<String>,
    JsonBody(patch): JsonBody<FlowPatch>,
) -> Result<Json<Flow>, ApiError> {
    Ok(Json(flows::change(&caller, &id, patch).await?))
}

/// Delete a flow. Its runs stay, and those that go on go on.
#[utoipa::path(delete, path = "/api/task_flows/{id}", tag = "flows", params(("id" = String, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn delete_flow(Auth(caller): Auth, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    flows::delete(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Start a run of a flow in its newest version. The same `Idempotency-Key` starts one run.
#[utoipa::path(post, path = "/api/task_flows/{id}/run", tag = "flows", params(("id" = String, Path)),
    request_body = Option<NewFlowRun>,
    responses((status = 202, body = Started), (status = 404, body = Problem), (status = 422, body = Problem),
        (status = 409, body = Problem, description = "the agent takes no runs now")))]
pub async fn run_flow(
    Auth(caller): Auth,
    Path(id): Path<String>,
    JsonOrNothing(run): JsonOrNothing<NewFlowRun>,
) -> StartedAnswer {
    let execution_id = control::start_flow(&caller, &id, run).await?;
    Ok((StatusCode::ACCEPTED, Json(Started { execution_id })))
}

/// Let a run of a flow pause: at once if it waits for its turn, else when its step is done.
#[utoipa::path(post, path = "/api/executions/{id}/pause", tag = "executions", params(("id" = String, Path)),
    responses((status = 202, body = ExecutionSummary), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "it has ended, or does no flow")))]
pub async fn pause_execution(
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<ExecutionSummary>), ApiError> {
    Ok((StatusCode::ACCEPTED, Json(control::pause(&caller, &id).await?)))
}

/// Let a paused run go on, from the step after the last one that was done.
#[utoipa::path(post, path = "/api/executions/{id}/resume", tag = "executions", params(("id" = String, Path)),
    responses((status = 202, body = ExecutionSummary), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "it has ended, waits for a person, or does no flow")))]
pub async fn resume_execution(
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<ExecutionSummary>), ApiError> {
    Ok((StatusCode::ACCEPTED, Json(control::resume(&caller, &id).await?)))
}
