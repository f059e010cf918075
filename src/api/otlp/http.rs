//! Server. OTLP over HTTP: in protobuf or JSON, plain or packed. Answers are as exporters expect them, errors too: a
//! `Status`, in the encoding of the request.

use super::answer::{Refusal, Signal, partial_json, partial_protobuf};
use super::take::{Sent, take};
use crate::api::extract::{Context, body};
use crate::api::problem::ApiError;
use crate::app::Caller;
use crate::domain::Error;
use crate::otlp::{Encoding, Rejected};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

/// Take in spans: each trace of an agent becomes an execution, which is there as soon as its first span is, and ends with
/// its root. The same spans again change nothing. What was not taken is said in `partial_success`.
#[utoipa::path(post, path = "/v1/traces", tag = "otlp",
    request_body(content = Vec<u8>, content_type = "application/x-protobuf", description = "an ExportTraceServiceRequest, \
        as protobuf or JSON, plain or gzip"),
    responses((status = 200, description = "an ExportTraceServiceResponse in the encoding of the request"),
        (status = 400), (status = 401), (status = 403), (status = 413), (status = 415), (status = 503)))]
pub async fn take_traces(Context(context): Context, request: Request) -> Response {
    answer(context.caller, Signal::Traces, request).await
}

/// Take in log records. What belongs to a span may hold what was said; the rest is not kept.
#[utoipa::path(post, path = "/v1/logs", tag = "otlp",
    request_body(content = Vec<u8>, content_type = "application/x-protobuf", description = "an ExportLogsServiceRequest"),
    responses((status = 200, description = "an ExportLogsServiceResponse in the encoding of the request"),
        (status = 400), (status = 401), (status = 403), (status = 413), (status = 415), (status = 503)))]
pub async fn take_logs(Context(context): Context, request: Request) -> Response {
    answer(context.caller, Signal::Logs, request).await
}

/// Exporters send metrics beside traces: they are accepted and not kept.
#[utoipa::path(post, path = "/v1/metrics", tag = "otlp",
    request_body(content = Vec<u8>, content_type = "application/x-protobuf", description = "an ExportMetricsServiceRequest"),
    responses((status = 200, description = "an ExportMetricsServiceResponse in the encoding of the request"),
        (status = 401), (status = 403), (status = 413), (status = 415)))]
pub async fn take_metrics(Context(context): Context, request: Request) -> Response {
    answer(context.caller, Signal::Metrics, request).await
}

async fn answer(caller: Option<Caller>, signal: Signal, request: Request) -> Response {
    let kind = encoding_of(request.headers());
    let encoding = kind.unwrap_or(Encoding::Json);
    let rejected = match (caller, kind) {
        (None, _) => Err(Error::Unauthenticated.into()),
        (Some(_), None) => {
            Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send application/x-protobuf or application/json"))
        }
        (Some(caller), Some(encoding)) => read(&caller, signal, encoding, request).await,
    };
    match rejected {
        Ok(rejected) => in_encoding(StatusCode::OK, encoding, partial(signal, encoding, &rejected)),
        Err(refusal) => refused(&refusal, encoding),
    }
}

fn encoding_of(headers: &HeaderMap) -> Option<Encoding> {
    headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).and_then(Encoding::of)
}

/// What stands before these paths refuses as they do. `headers`: the request's.
pub fn refuse(e: Error, headers: &HeaderMap) -> Response {
    refused(&e.into(), encoding_of(headers).unwrap_or(Encoding::Json))
}

async fn read(caller: &Caller, signal: Signal, encoding: Encoding, request: Request) -> Result<Rejected, Refusal> {
    caller.writer()?;
    let packed = is_packed(request.headers())?;
    let bytes = body(request, &()).await.map_err(|ApiError(e)| Refusal::from(e))?;
    take(caller, signal, Sent { bytes, packed, encoding }).await
}

fn is_packed(headers: &HeaderMap) -> Result<bool, Refusal> {
    match headers.get(header::CONTENT_ENCODING).map(|v| v.to_str().unwrap_or_default().trim().to_lowercase()).as_deref()
    {
        None | Some("" | "identity") => Ok(false),
        Some("gzip") => Ok(true),
        Some(other) => Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("a body is sent as it is or as gzip, not as {other}"),
        )),
    }
}

fn in_encoding(status: StatusCode, encoding: Encoding, body: Vec<u8>) -> Response {
    let kind = match encoding {
        Encoding::Protobuf => "application/x-protobuf",
        Encoding::Json => "application/json",
    };
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static(kind))], body).into_response()
}

fn partial(signal: Signal, encoding: Encoding, rejected: &Rejected) -> Vec<u8> {
    match encoding {
        Encoding::Protobuf => partial_protobuf(rejected),
        Encoding::Json => partial_json(signal, rejected),
    }
}

fn refused(refusal: &Refusal, encoding: Encoding) -> Response {
    let body = match encoding {
        Encoding::Protobuf => refusal.protobuf(),
        Encoding::Json => refusal.json(),
    };
    let mut response = in_encoding(refusal.status, encoding, body);
    if let Some(seconds) = refusal.again_s {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if refusal.status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
