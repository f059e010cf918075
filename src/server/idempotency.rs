//! Server. `Idempotency-Key` on every POST: the same key again answers what the first request answered.
//! The claim itself is made in the transaction of the change (`Caller::write`); this keeps the answer.

use crate::api::extract::BODY_LIMIT;
use crate::api::problem::ApiError;
use crate::app::{App, Claim, RequestContext};
use crate::auth::secret;
use crate::domain::{Error, Result};
use crate::store::idempotency::{self as rows, Kept};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Keys being answered: a second request with one waits for the first.
#[derive(Clone, Default)]
pub struct InFlight(Arc<Mutex<HashMap<(i64, String), Turn>>>);

/// How the paths begin whose answers may hold a secret.
const SECRETS: [&str; 4] =
    ["/api/tokens", "/api/me/notifications", "/fn/set_notifications", "/fn/renew_webhook_secret"];

type Turn = Arc<tokio::sync::Mutex<()>>;

impl InFlight {
    fn of(&self, key: &(i64, String)) -> Turn {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, lock| Arc::strong_count(lock) > 1);
        all.entry(key.clone()).or_default().clone()
    }
}

pub async fn once(State((app, in_flight)): State<(App, InFlight)>, request: Request, next: Next) -> Response {
    let key = request.headers().get("idempotency-key").cloned();
    let caller = request.extensions().get::<RequestContext>().and_then(|c| c.caller.clone());
    match (key, caller) {
        // Spans have ids of their own, and answers to them are no JSON.
        _ if request.uri().path().starts_with("/v1/") => next.run(request).await,
        (Some(key), Some(caller)) if request.method() == Method::POST => {
            let user = caller.user_key;
            // In a task of its own: a client that hangs up and asks again finds the answer.
            let answered = tokio::spawn(async move { answer(&app, &in_flight, user, &key, request, next).await });
            let stopped = |_| Err(Error::Internal("an answer".to_owned()));
            answered.await.unwrap_or_else(stopped).unwrap_or_else(|e| ApiError(e).into_response())
        }
        _ => next.run(request).await,
    }
}

async fn answer(
    app: &App,
    in_flight: &InFlight,
    user: i64,
    key: &HeaderValue,
    request: Request,
    next: Next,
) -> Result<Response> {
    let key = key.to_str().ok().filter(|k| (1..=255).contains(&k.len()));
    let key = key.ok_or_else(|| Error::invalid("Idempotency-Key", "must be 1 to 255 visible characters"))?.to_owned();
    let lock = in_flight.of(&(user, key.clone()));
    let _turn = lock.lock().await;

    let (mut parts, body) = request.into_parts();
    let too_large = |_| Error::TooLarge(format!("a body has at most {BODY_LIMIT} bytes"));
    let body = to_bytes(body, BODY_LIMIT).await.map_err(too_large)?;
    let path = parts.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let fingerprint = secret::fingerprint(&[path.as_bytes(), &body]);
    if let Some(kept) = rows::find(&mut app.store.read(), user, &key, app.now().plus_secs(-86_400)).await? {
        return replay(&kept, &fingerprint);
    }
    if let Some(context) = parts.extensions.get_mut::<RequestContext>()
        && let Some(caller) = &mut context.caller
    {
        caller.claim = Some(Claim { key: key.clone(), request: fingerprint.clone() });
    }
    // What this answers is a secret: only that it was done is remembered.
    let secret = SECRETS.iter().any(|begin| path.starts_with(begin));
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if secret || !response.status().is_success() {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body: Bytes = to_bytes(body, usize::MAX).await.map_err(|e| Error::Internal(e.to_string()))?;
    let kept = Kept {
        request: fingerprint,
        status: i64::from(parts.status.as_u16()),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let now = app.now();
    let outcome =
        app.store.write(move |tx| Box::pin(async move { rows::keep(tx, user, &key, &kept, now).await })).await;
    if let Err(e) = outcome {
        // The change stands and its key is taken; only the words of the answer are lost.
        tracing::warn!(error = %e, "an answer could not be kept");
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn replay(kept: &Kept, fingerprint: &str) -> Result<Response> {
    if kept.request != fingerprint {
        return Err(Error::invalid("Idempotency-Key", "was used for another request"));
    }
    // Status 0: the change was made, but the server stopped before it could keep its answer.
    let status = u16::try_from(kept.status).ok().and_then(|s| StatusCode::from_u16(s).ok()).unwrap_or(StatusCode::OK);
    let body = if kept.status == 0 { r#"{"already_applied":true}"#.to_owned() } else { kept.body.clone() };
    let mut response = (status, body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    Ok(response)
}
