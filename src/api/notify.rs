//! Server. How a person is told of what concerns them, and what they were told.

use super::extract::{Auth, JsonBody, Pairs};
use super::problem::{ApiError, Problem};
use crate::app::notify;
use crate::domain::{DeliveryPage, NewNotifySettings, NotifySettings, SavedNotifySettings, Trial};
use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

type Answer<T> = Result<Json<T>, ApiError>;

/// How you are told. Of a webhook only scheme and host are answered.
#[utoipa::path(get, path = "/api/me/notifications", tag = "people",
    responses((status = 200, body = NotifySettings), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub async fn get_notifications(Auth(caller): Auth, pairs: Pairs) -> Answer<NotifySettings> {
    pairs.finish()?;
    Ok(Json(notify::get(&caller).await?))
}

/// Set how you are told; by a person signed in, or a token with scope `admin`. A new webhook's secret is answered this once.
#[utoipa::path(put, path = "/api/me/notifications", tag = "people", request_body = NewNotifySettings,
    responses((status = 200, body = SavedNotifySettings), (status = 403, body = Problem), (status = 422, body = Problem),
        (status = 409, body = Problem, description = "no webhook can be set on this server, and why")))]
pub async fn put_notifications(
    Auth(caller): Auth,
    JsonBody(new): JsonBody<NewNotifySettings>,
) -> Answer<SavedNotifySettings> {
    Ok(Json(notify::save(&caller, new).await?))
}

/// Send a message to your webhook now, and say what came of it.
#[utoipa::path(post, path = "/api/me/notifications/webhook/test", tag = "people",
    responses((status = 200, body = Trial), (status = 403, body = Problem), (status = 409, body = Problem), (status = 429, body = Problem)))]
pub async fn test_notification_webhook(Auth(caller): Auth) -> Answer<Trial> {
    Ok(Json(notify::test_webhook(&caller).await?))
}

/// Send a mail to yourself now, and say what came of it.
#[utoipa::path(post, path = "/api/me/notifications/mail/test", tag = "people",
    responses((status = 200, body = Trial), (status = 403, body = Problem), (status = 409, body = Problem), (status = 429, body = Problem)))]
pub async fn test_notification_mail(Auth(caller): Auth) -> Answer<Trial> {
    Ok(Json(notify::test_mail(&caller).await?))
}

#[derive(Serialize, ToSchema)]
pub struct WebhookSecret {
    /// Shown this once.
    pub secret: String,
}

/// Make a new secret for your webhook's signatures; the old one holds no more.
#[utoipa::path(post, path = "/api/me/notifications/webhook/secret", tag = "people",
    responses((status = 200, body = WebhookSecret), (status = 403, body = Problem), (status = 409, body = Problem)))]
pub async fn renew_webhook_secret(Auth(caller): Auth) -> Answer<WebhookSecret> {
    Ok(Json(WebhookSecret { secret: notify::renew_secret(&caller).await? }))
}

/// What you were told in the last 30 days, and what became of it; newest first.
#[utoipa::path(get, path = "/api/me/deliveries", tag = "people",
    params(("cursor" = Option<String>, Query), ("limit" = Option<i64>, Query, description = "1–200, default 50")),
    responses((status = 200, body = DeliveryPage), (status = 401, body = Problem), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn list_deliveries(Auth(caller): Auth, mut pairs: Pairs) -> Answer<DeliveryPage> {
    let cursor = pairs.take("cursor", "text")?;
    let limit = pairs.take("limit", "a whole number")?;
    pairs.finish()?;
    Ok(Json(notify::list(&caller, cursor, limit).await?))
}
