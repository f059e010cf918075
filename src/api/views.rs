//! Server. Saved views.

use super::extract::{Auth, JsonBody, Pairs};
use super::problem::{ApiError, Problem};
use crate::app::views;
use crate::domain::view::{NewView, View, ViewPage, ViewPatch};
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;

/// Your views and those shared with you, oldest first.
#[utoipa::path(get, path = "/api/views", tag = "views",
    params(("cursor" = Option<String>, Query), ("limit" = Option<i64>, Query, description = "1 to 200, 200 without")),
    responses((status = 200, body = ViewPage), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn list_views(Auth(caller): Auth, mut pairs: Pairs) -> Result<Json<ViewPage>, ApiError> {
    let cursor = pairs.take::<String>("cursor", "text")?;
    let limit = pairs.take("limit", "a whole number")?;
    pairs.finish()?;
    Ok(Json(views::list(&caller, cursor.as_deref(), limit).await?))
}

/// Save a view.
#[utoipa::path(post, path = "/api/views", tag = "views", request_body = NewView,
    responses((status = 201, body = View), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn create_view(
    Auth(caller): Auth,
    JsonBody(new): JsonBody<NewView>,
) -> Result<(StatusCode, Json<View>), ApiError> {
    Ok((StatusCode::CREATED, Json(views::create(&caller, new).await?)))
}

/// Rename, share or change a view, or begin with it.
#[utoipa::path(patch, path = "/api/views/{id}", tag = "views", params(("id" = String, Path)), request_body = ViewPatch,
    responses((status = 200, body = View), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn patch_view(
    Auth(caller): Auth,
    Path(id): Path<String>,
    JsonBody(patch): JsonBody<ViewPatch>,
) -> Result<Json<View>, ApiError> {
    Ok(Json(views::patch(&caller, &id, patch).await?))
}

/// Delete a view.
#[utoipa::path(delete, path = "/api/views/{id}", tag = "views", params(("id" = String, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn delete_view(Auth(caller): Auth, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    views::delete(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
