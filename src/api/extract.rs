//! Server. From a request to what a use case takes.

use super::problem::ApiError;
use crate::app::executions::ListRequest;
use crate::app::{App, Caller, RequestContext};
use crate::domain::{Dialect, Error, FieldError, Filter, filter};
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::IntoResponse as _;
use serde::de::DeserializeOwned;
use std::str::FromStr;

/// Bytes of a body.
pub const BODY_LIMIT: usize = 8 << 20;

/// The signed-in caller; 401 without one.
pub struct Auth(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for Auth {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let context = parts.extensions.get::<RequestContext>();
        context.and_then(|c| c.caller.clone()).map(Self).ok_or(ApiError(Error::Unauthenticated))
    }
}

/// The request's surroundings, signed in or not.
pub struct Context(pub RequestContext);

impl<S: Send + Sync> FromRequestParts<S> for Context {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let context = parts.extensions.get::<RequestContext>().cloned();
        context.map(Self).ok_or_else(|| ApiError(Error::Internal("no request context".to_owned())))
    }
}

/// The query string as pairs, for handlers that name every wrong one.
pub struct Pairs(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Pairs {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self(filter::parse_query(parts.uri.query().unwrap_or(""))))
    }
}

impl Pairs {
    /// Takes the only value of a parameter out.
    pub fn take<T: FromStr>(&mut self, name: &str, what: &str) -> Result<Option<T>, Error> {
        let mut values: Vec<String> = Vec::new();
        self.0.retain(|(n, v)| {
            if n == name {
                values.push(v.clone());
            }
            n != name
        });
        match values.as_slice() {
            [] => Ok(None),
            [one] => one.parse().map(Some).map_err(|_| Error::invalid(name, format!("`{one}` is not {what}"))),
            _ => Err(Error::invalid(name, "is given more than once")),
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }

    /// Refuses whatever was not taken.
    pub fn finish(self) -> Result<(), Error> {
        let unknown: Vec<FieldError> = self
            .0
            .into_iter()
            .map(|(field, _)| FieldError { field, message: "is not a parameter of this route".to_owned() })
            .collect();
        if unknown.is_empty() { Ok(()) } else { Err(Error::Invalid(unknown)) }
    }

    /// The rest as list filters.
    pub fn filter(self) -> Result<Filter, Error> {
        let pairs = self.0.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        let (filter, errors) = Filter::default().parse(pairs, Dialect::Api);
        if errors.is_empty() { Ok(filter) } else { Err(Error::Invalid(errors)) }
    }

    /// All of it as a list request.
    pub fn list_request(mut self) -> Result<ListRequest, Error> {
        let limit = self.take("limit", "a whole number")?;
        let offset = self.take("offset", "a whole number")?;
        let cursor: Option<String> = self.take("cursor", "text")?;
        let sort = self.take::<String>("sort", "text")?.map(|s| s.parse()).transpose()?.unwrap_or_default();
        Ok(ListRequest { limit, offset, cursor, sort, filter: self.filter()? })
    }
}

/// A JSON body; what does not fit is named by its path.
pub struct JsonBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;
    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = body(request, state).await?;
        parse_object(&bytes).map(Self).map_err(ApiError)
    }
}

/// The same, where no body says as much as an empty object.
pub struct JsonOrNothing<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for JsonOrNothing<T> {
    type Rejection = ApiError;
    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = body(request, state).await?;
        if bytes.is_empty() { Ok(Self(T::default())) } else { parse_object(&bytes).map(Self).map_err(ApiError) }
    }
}

/// The whole body, up to the limit.
pub async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiError> {
    Bytes::from_request(request, state).await.map_err(|e| {
        ApiError(if e.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
            Error::TooLarge(format!("a body has at most {BODY_LIMIT} bytes"))
        } else {
            Error::invalid("body", "could not be read")
        })
    })
}

/// A record: an object, not a list of its values in order, which serde would take too.
pub fn parse_object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    match bytes.iter().find(|b| !b.is_ascii_whitespace()) {
        None | Some(b'{') => parse(bytes),
        Some(_) => Err(Error::invalid("body", "must be a JSON object")),
    }
}

pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    // An absent body is an empty object: every field may be optional.
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut reader).map_err(|e| {
        let path = e.path().to_string();
        let message = e.into_inner().to_string();
        let named = message
            .split('`')
            .nth(1)
            .filter(|_| message.starts_with("missing field") || message.starts_with("unknown field"));
        let field = match (path.as_str(), named) {
            ("." | "?", Some(name)) => name.to_owned(),
            ("." | "?", None) => "body".to_owned(),
            (path, Some(name)) if !path.ends_with(name) => format!("{path}.{name}"),
            (path, _) => path.to_owned(),
        };
        Error::invalid(field, message)
    })?;
    reader.end().map_err(|e| Error::invalid("body", e.to_string()))?;
    Ok(parsed)
}

impl Context {
    pub fn app(&self) -> &App {
        &self.0.app
    }
}

#[cfg(test)]
mod tests {
    use super::parse_object;
    use crate::domain::{Error, ExecutionPatch, NewExecution};

    fn field<T: serde::de::DeserializeOwned>(body: &str) -> String {
        match parse_object::<T>(body.as_bytes()) {
            Err(Error::Invalid(e)) => e[0].field.clone(),
            Err(other) => other.to_string(),
            Ok(_) => String::new(),
        }
    }

    #[test]
    fn a_wrong_body_names_the_field() {
        assert_eq!(field::<ExecutionPatch>(r#"{"status":"done"}"#), "status");
        assert_eq!(field::<ExecutionPatch>(r#"{"colour":1}"#), "colour");
        assert_eq!(field::<NewExecution>("{}"), "agent_name");
        assert_eq!(field::<NewExecution>(r#"{"agent_name":"a","id":"x"}"#), "id");
        assert_eq!(field::<NewExecution>(r#"{"agent_name":"a","tool_calls":[{"name":"t"}]}"#), "tool_calls[0].call_id");
        assert_eq!(field::<NewExecution>("[1"), "body");
        assert_eq!(field::<ExecutionPatch>(r#"{"cost":1}"#), "");
        assert_eq!(field::<ExecutionPatch>("{} {}"), "body");
    }
}
