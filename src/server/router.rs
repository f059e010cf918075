//! Server. The router: REST, live, pages, assets, and what every request passes on its way.

use super::metrics::{Metrics, measure};
use super::{assets, authenticate, headers, idempotency, pages};
use crate::api::problem::{self, ApiError};
use crate::api::{ApiState, extract::BODY_LIMIT, otlp};
use crate::app::App;
use crate::domain::Error;
use crate::live::Hub;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use std::path::PathBuf;
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate as _};

/// Answers problem+json instead of pages.
pub fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/") || path == "/ws" || is_otlp(path)
}

/// Answers what exporters understand: errors, too.
pub fn is_otlp(path: &str) -> bool {
    path.starts_with("/v1/")
}

pub fn router(app: App, hub: Hub, metrics: Metrics, site_root: Option<PathBuf>) -> Router {
    let in_flight = idempotency::InFlight::default();
    let compressed = DefaultPredicate::new().and(NotForContentType::const_new("application/wasm"));
    Router::new()
        .route("/runs", get(runs))
        .merge(crate::api::router(ApiState { hub, metrics: metrics.clone() }))
        .merge(pages::router())
        .layer(from_fn_with_state((app.clone(), in_flight), idempotency::once))
        .layer(from_fn_with_state(app, authenticate::authenticate))
        .layer(from_fn_with_state(Arc::new(site_root), static_files))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(CompressionLayer::new().compress_when(compressed))
        .layer(from_fn(problems))
        .layer(from_fn(headers::secure))
        .layer(from_fn_with_state(metrics, measure))
        .layer(CatchPanicLayer::custom(panicked))
}

/// `/runs` is another word for `/executions`.
async fn runs(request: Request) -> Redirect {
    let query = request.uri().query().map(|q| format!("?{q}")).unwrap_or_default();
    Redirect::permanent(&format!("/executions{query}"))
}

async fn static_files(State(root): State<Arc<Option<PathBuf>>>, request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        let path = request.uri().path().trim_start_matches('/');
        // Pages have no dot in their last segment, files do: only files are looked for.
        if path.rsplit('/').next().is_some_and(|name| name.contains('.'))
            && let Some(file) = assets::serve(path, request.headers(), root.as_deref())
        {
            return file;
        }
    }
    next.run(request).await
}

/// Whatever the framework refuses under an API path becomes problem+json too, or what exporters understand.
async fn problems(request: Request, next: Next) -> Response {
    let api = is_api(request.uri().path());
    let exporter = is_otlp(request.uri().path()).then(|| request.headers().clone());
    let refuse = |e: Error| match &exporter {
        Some(headers) => otlp::refuse(e, headers),
        None => ApiError(e).into_response(),
    };
    let response = next.run(request).await;
    let is_html = |r: &Response| {
        r.headers().get("content-type").and_then(|v| v.to_str().ok()).is_none_or(|t| t.starts_with("text/"))
    };
    if !api || !is_html(&response) {
        return response;
    }
    match response.status().as_u16() {
        404 => refuse(Error::NotFound),
        405 => method_not_allowed(&response),
        413 => refuse(Error::TooLarge(format!("a body has at most {BODY_LIMIT} bytes"))),
        400 | 415 | 422 => refuse(Error::invalid("request", "could not be read")),
        _ => response,
    }
}

fn method_not_allowed(original: &Response) -> Response {
    let mut response = problem::method_not_allowed();
    if let Some(allow) = original.headers().get("allow") {
        response.headers_mut().insert("allow", allow.clone());
    }
    response
}

fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let id = uuid::Uuid::now_v7().simple().to_string();
    tracing::error!(id, "a request panicked");
    ApiError(Error::Internal(id)).into_response()
}
