//! Server. What models cost.

use super::extract::{Auth, JsonBody, Pairs};
use super::problem::{ApiError, Problem};
use crate::app::otlp::prices;
use crate::domain::{Error, ModelPrice};
use axum::Json;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct PricesAnswer {
    pub prices: Vec<ModelPrice>,
    pub next_cursor: Option<String>,
}

/// What models cost, in USD for a million tokens: prices of this installation, then those that Runboard comes with.
#[utoipa::path(get, path = "/api/prices", tag = "prices",
    params(("cursor" = Option<String>, Query), ("limit" = Option<i64>, Query, description = "1–1 000, default 200")),
    responses((status = 200, body = PricesAnswer), (status = 401, body = Problem), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn list_prices(Auth(caller): Auth, mut pairs: Pairs) -> Result<Json<PricesAnswer>, ApiError> {
    let (cursor, limit) = (pairs.take("cursor", "text")?, pairs.take("limit", "a whole number")?);
    pairs.finish()?;
    let (prices, next_cursor) = prices::list(&caller, cursor, limit).await?;
    Ok(Json(PricesAnswer { prices, next_cursor }))
}

/// Give the price of a model, in place of the one for the same provider and time. For admins. A recorded run
/// keeps its cost until more spans of it come: then all of it is priced anew.
#[utoipa::path(put, path = "/api/prices", tag = "prices", request_body = ModelPrice,
    responses((status = 204), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn put_price(Auth(caller): Auth, JsonBody(price): JsonBody<ModelPrice>) -> Result<StatusCode, ApiError> {
    prices::put(&caller, price).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a price of this installation back; the one that Runboard comes with holds again. For admins.
#[utoipa::path(delete, path = "/api/prices", tag = "prices",
    params(("model" = String, Query), ("provider" = Option<String>, Query), ("from" = Option<String>, Query)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn delete_price(Auth(caller): Auth, mut pairs: Pairs) -> Result<StatusCode, ApiError> {
    let model: Option<String> = pairs.take("model", "text")?;
    let model = model.ok_or_else(|| Error::invalid("model", "is required"))?;
    let provider = pairs.take("provider", "text")?;
    let from: Option<String> = pairs.take("from", "a time")?;
    pairs.finish()?;
    let time = |text: String| {
        crate::domain::Timestamp::parse(&text).ok_or_else(|| Error::invalid("from", crate::domain::time::NO_TIME))
    };
    prices::remove(&caller, provider, model, from.map(time).transpose()?).await?;
    Ok(StatusCode::NO_CONTENT)
}
