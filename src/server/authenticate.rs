//! Server. Who sends this request: a bearer token, else the session cookie. Everything behind finds a
//! `RequestContext` among the request's extensions.

use super::router::{is_api, is_otlp};
use crate::api::otlp;
use crate::api::problem::ApiError;
use crate::app::{App, Caller, RequestContext, session};
use crate::domain::Error;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::net::SocketAddr;

/// The secret in the session cookie.
pub fn session_secret(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, value)| *name == session::COOKIE && !value.is_empty())
        .map(|(_, value)| value)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

pub async fn authenticate(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match context(&app, &parts).await {
        Ok(context) => {
            parts.extensions.insert(context);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(e) if is_otlp(parts.uri.path()) => otlp::refuse(e, &parts.headers),
        Err(e) => ApiError(e).into_response(),
    }
}

async fn context(app: &App, request: &Parts) -> Result<RequestContext, Error> {
    let headers = &request.headers;
    let address = request
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or_else(|| "local".to_owned(), |ConnectInfo(a)| a.ip().to_string());
    let secure = headers.get("x-forwarded-proto").is_some_and(|v| v == "https");
    let caller = if headers.contains_key(header::AUTHORIZATION) {
        Some(of_token(app, headers).await?)
    } else {
        // Also without a session: another site must not sign anybody in.
        if !matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS) {
            super::origin::check(headers, &app.config)?;
        }
        match session_secret(headers) {
            None => None,
            Some(secret) => app.by_session(secret).await?,
        }
    };
    if let Some(caller) = &caller
        && (is_api(request.uri.path()) || request.uri.path().starts_with("/fn/"))
    {
        not_too_many(app, caller)?;
    }
    Ok(RequestContext { app: app.clone(), caller, address, secure })
}

async fn of_token(app: &App, headers: &HeaderMap) -> Result<Caller, Error> {
    let token = bearer(headers).ok_or(Error::Unauthenticated)?;
    app.by_token(token).await?.ok_or(Error::Unauthenticated)
}

fn not_too_many(app: &App, caller: &Caller) -> Result<(), Error> {
    app.requests.check(&format!("{:?}", caller.credential))
}

/// Who sends a request where only tokens count, within their allowance.
pub async fn by_bearer(app: &App, headers: &HeaderMap) -> Result<Caller, Error> {
    let caller = of_token(app, headers).await?;
    not_too_many(app, &caller)?;
    Ok(caller)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        assert_eq!(session_secret(&headers), None);
        headers.append(header::COOKIE, "a=b; runboard_session=rbs_x; c=d".parse().expect("a header"));
        assert_eq!(session_secret(&headers), Some("rbs_x"));
    }

    #[test]
    fn only_bearer_tokens_count() {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, "Basic abc".parse().expect("a header"));
        assert_eq!(bearer(&headers), None);
        headers.insert(header::AUTHORIZATION, "bearer rb_x".parse().expect("a header"));
        assert_eq!(bearer(&headers), Some("rb_x"));
    }
}
