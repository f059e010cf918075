//! Server. The only place where an error becomes HTTP: RFC 9457 problem details.

use crate::domain::{Error, FieldError};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// What every refused request answers, as `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub title: &'static str,
    pub status: u16,
    pub detail: String,
    /// For wrong input: each wrong field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

pub struct ApiError(pub Error);

impl From<Error> for ApiError {
    fn from(e: Error) -> Self {
        Self(e)
    }
}

pub fn status(e: &Error) -> StatusCode {
    match e {
        Error::NotFound => StatusCode::NOT_FOUND,
        Error::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Conflict(_) => StatusCode::CONFLICT,
        Error::Unauthenticated | Error::WrongCredentials => StatusCode::UNAUTHORIZED,
        Error::Forbidden(_) => StatusCode::FORBIDDEN,
        Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        Error::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

const fn kind(e: &Error) -> (&'static str, &'static str) {
    match e {
        Error::NotFound => ("urn:runboard:problem:not-found", "Not found"),
        Error::Invalid(_) => ("urn:runboard:problem:invalid", "Invalid input"),
        Error::Conflict(_) => ("urn:runboard:problem:conflict", "Conflict"),
        Error::Unauthenticated => ("urn:runboard:problem:unauthenticated", "Not signed in"),
        Error::WrongCredentials => ("urn:runboard:problem:wrong-credentials", "Not signed in"),
        Error::Forbidden(_) => ("urn:runboard:problem:forbidden", "Not allowed"),
        Error::TooLarge(_) => ("urn:runboard:problem:too-large", "Too large"),
        Error::TooMany { .. } => ("urn:runboard:problem:too-many", "Too many requests"),
        Error::Unavailable(_) => ("urn:runboard:problem:unavailable", "Unavailable"),
        Error::Internal(_) => ("urn:runboard:problem:internal", "Internal error"),
    }
}

fn respond(
    status: StatusCode,
    (kind, title): (&'static str, &'static str),
    detail: String,
    errors: Vec<FieldError>,
) -> Response {
    let problem = Problem { kind, title, status: status.as_u16(), detail, errors };
    let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))];
    (status, json, axum::Json(problem)).into_response()
}

/// The path exists, but not for this method: a matter of HTTP alone, so no `Error`.
pub fn method_not_allowed() -> Response {
    let kind = ("urn:runboard:problem:method-not-allowed", "Method not allowed");
    respond(StatusCode::METHOD_NOT_ALLOWED, kind, "this path does not take that method".to_owned(), Vec::new())
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let errors = match &self.0 {
            Error::Invalid(errors) => errors.clone(),
            _ => Vec::new(),
        };
        let mut response = respond(status(&self.0), kind(&self.0), self.0.to_string(), errors);
        let headers = response.headers_mut();
        match &self.0 {
            Error::TooMany { retry_after_s } => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(*retry_after_s));
            }
            Error::Unavailable(_) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            Error::Unauthenticated => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}
