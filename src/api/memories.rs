//! Server. What agents are reminded of.

use super::extract::{Auth, JsonBody};
use super::problem::{ApiError, Problem};
use crate::app::memories;
use crate::domain::{Memory, MemoryContent};
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct MemoriesAnswer {
    pub memories: Vec<Memory>,
    pub next_cursor: Option<String>,
}

/// The notes that are given to the agent's prompts, by name: all of them, at most 50. For those who operate it.
#[utoipa::path(get, path = "/api/agents/{name}/memories", tag = "agents", params(("name" = String, Path)),
    responses((status = 200, body = MemoriesAnswer), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn list_memories(Auth(caller): Auth, Path(name): Path<String>) -> Result<Json<MemoriesAnswer>, ApiError> {
    let memories = memories::list(&caller, &name).await?;
    Ok(Json(MemoriesAnswer { memories, next_cursor: None }))
}

/// Write a note, instead of the one of its name. For the agent's owner and admins.
#[utoipa::path(put, path = "/api/agents/{name}/memories/{memory}", tag = "agents", request_body = MemoryContent,
    params(("name" = String, Path), ("memory" = String, Path, description = "1 to 80 characters")),
    responses((status = 200, body = Memory), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem),
        (status = 409, body = Problem, description = "the agent has 50 of them")))]
pub async fn put_memory(
    Auth(caller): Auth,
    Path((name, memory)): Path<(String, String)>,
    JsonBody(new): JsonBody<MemoryContent>,
) -> Result<Json<Memory>, ApiError> {
    Ok(Json(memories::put(&caller, &name, &memory, new.content).await?))
}

/// Delete a note.
#[utoipa::path(delete, path = "/api/agents/{name}/memories/{memory}", tag = "agents",
    params(("name" = String, Path), ("memory" = String, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn delete_memory(
    Auth(caller): Auth,
    Path((name, memory)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    memories::delete(&caller, &name, &memory).await?;
    Ok(StatusCode::NO_CONTENT)
}
