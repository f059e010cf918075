//! Server. The pages: Leptos routes, server functions, and the 404 page.

use super::headers::content_security_policy;
use crate::ui;
use axum::Router;
use axum::http::header;
use axum::routing::any;
use leptos::config::LeptosOptions;
use leptos::nonce::use_nonce;
use leptos::prelude::use_context;
use leptos_axum::{LeptosRoutes as _, ResponseOptions, generate_route_list, handle_server_fns};

/// What `cargo leptos` would set from Cargo.toml.
pub fn options() -> LeptosOptions {
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
        .route("/fn/{*name}", any(handle_server_fns))
        .leptos_routes_with_context(&options, generate_route_list(ui::App), page_context, shell)
        .fallback(not_found)
        .with_state(options)
}
