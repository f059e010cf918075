//! Server. The pages: Leptos routes, server functions, and the 404 page.

use super::headers::content_security_policy;
use crate::api::problem::{self, ApiError};
use crate::domain::Error;
use crate::ui;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use leptos::config::LeptosOptions;
use leptos::nonce::use_nonce;
use leptos::prelude::use_context;
use leptos_axum::{LeptosRoutes as _, ResponseOptions, generate_route_list};

/// What `cargo leptos` would set from Cargo.toml.
fn options() -> LeptosOptions {
    LeptosOptions::builder().output_name("runboard").site_pkg_dir("pkg").build()
}

/// Into every page's context, before it is rendered.
fn page_context() {
    let Some(response) = use_context::<ResponseOptions>() else { return };
    let nonce = use_nonce().map(|n| n.to_string());
    if let Ok(policy) = content_security_policy(nonce.as_deref()).parse() {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// Routes of the pages and server functions; anything else becomes the 404 page.
pub fn router() -> Router {
    let options = options();
    let shell = {
        let options = options.clone();
        move || ui::shell(options.clone())
    };
    let not_found = leptos_axum::render_app_async_with_context(page_context, shell.clone());
    Router::new()
        .leptos_routes_with_context(&options, generate_route_list(ui::App), page_context, shell)
        .fallback(not_found)
        .layer(from_fn(honest_status))
        .with_state(options)
}

/// Leptos answers every error of a server function with 500; the error itself knows better.
async fn honest_status(request: Request, next: Next) -> Response {
    let server_function = request.uri().path().starts_with("/fn/");
    let response = next.run(request).await;
    if !server_function || response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let bytes = match to_bytes(body, 64 << 10).await {
        Ok(bytes) => bytes,
        Err(e) => return ApiError(Error::Internal(e.to_string())).into_response(),
    };
    if let Ok(error) = serde_json::from_slice::<Error>(&bytes) {
        parts.status = problem::status(&error);
    }
    Response::from_parts(parts, Body::from(bytes))
}
