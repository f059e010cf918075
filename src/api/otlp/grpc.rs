//! Server. OTLP over gRPC. A request is one message, and so is its answer; what is in them is as over HTTP.
//!
//! tonic speaks gRPC to the outside, but the requests' messages are taken apart here: tonic would unpack them where other
//! requests wait for their turn, has one limit for packed and unpacked bytes, and says OUT_OF_RANGE to what is too long,
//! upon which exporters send it again and again.

use super::answer::{Refusal, Signal, partial_protobuf};
use super::take::{Sent, take};
use crate::api::extract::{BODY_LIMIT, body};
use crate::api::problem::ApiError;
use crate::app::App;
use crate::domain::Error;
use crate::otlp::{Encoding, Rejected};
use crate::server::authenticate::by_bearer;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use bytes::BufMut as _;
use tonic::codec::{EncodeBody, EncodeBuf, Encoder, SingleMessageCompressionOverride};
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};

/// Before each message: whether it is packed, and its length in four bytes.
const HEAD: usize = 5;

/// All methods. There is no page to browse them: they are OpenTelemetry's.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/opentelemetry.proto.collector.trace.v1.TraceService/Export", post(take_traces))
        .route("/opentelemetry.proto.collector.logs.v1.LogsService/Export", post(take_logs))
        .route("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", post(take_metrics))
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(HEAD + BODY_LIMIT))
        .with_state(app)
}

async fn take_traces(State(app): State<App>, request: Request) -> Response {
    answer(&app, Signal::Traces, request).await
}

async fn take_logs(State(app): State<App>, request: Request) -> Response {
    answer(&app, Signal::Logs, request).await
}

async fn take_metrics(State(app): State<App>, request: Request) -> Response {
    answer(&app, Signal::Metrics, request).await
}

async fn unknown() -> Response {
    refused(&Refusal::new(StatusCode::NOT_IMPLEMENTED, "only the Export methods of OTLP are served here"))
}

async fn answer(app: &App, signal: Signal, request: Request) -> Response {
    if !is_grpc(request.headers()) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    match export(app, signal, request).await {
        Ok(rejected) => taken(&rejected),
        Err(refusal) => refused(&refusal),
    }
}

async fn export(app: &App, signal: Signal, request: Request) -> Result<Rejected, Refusal> {
    // Before the body is read: nobody else's is kept in memory.
    let caller = by_bearer(app, request.headers()).await?;
    caller.writer()?;
    let gzip = is_gzip(request.headers())?;
    let frame = body(request, &()).await.map_err(|ApiError(e)| match e {
        Error::TooLarge(_) => Refusal::from(Error::TooLarge(format!("a message has at most {BODY_LIMIT} bytes"))),
        e => e.into(),
    })?;
    let (bytes, packed) = message(frame, gzip)?;
    take(&caller, signal, Sent { bytes, packed, encoding: Encoding::Protobuf }).await
}

/// `application/grpc`, alone or saying that its messages are protobuf.
fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    ["application/grpc", "application/grpc+proto"].iter().any(|known| essence.eq_ignore_ascii_case(known))
}

/// Whether messages that are packed are so with gzip.
fn is_gzip(headers: &HeaderMap) -> Result<bool, Refusal> {
    match headers.get("grpc-encoding").map(|v| v.to_str().unwrap_or_default().trim().to_lowercase()).as_deref() {
        None | Some("" | "identity") => Ok(false),
        Some("gzip") => Ok(true),
        Some(other) => Err(Refusal::new(
            StatusCode::NOT_IMPLEMENTED,
            format!("a message is sent as it is or as gzip, not as {other}"),
        )),
    }
}

/// The only message of a request, and whether it is packed.
fn message(mut frame: Bytes, gzip: bool) -> Result<(Bytes, bool), Refusal> {
    let wrong = |text: &str| Err(Refusal::new(StatusCode::BAD_REQUEST, text));
    let Some([flag, length @ ..]) = frame.first_chunk::<HEAD>().copied() else {
        return wrong("the request holds no message");
    };
    let message = frame.split_off(HEAD);
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > message.len() {
        return wrong("the message ends before its length");
    }
    if length < message.len() {
        return wrong("the request holds more than one message");
    }
    match (flag, gzip) {
        (0, _) => Ok((message, false)),
        (1, true) => Ok((message, true)),
        (1, false) => wrong("the message is packed, but grpc-encoding does not say how"),
        _ => wrong("the message is neither plain nor packed"),
    }
}

/// An `Export…ServiceResponse` as the only message.
fn taken(rejected: &Rejected) -> Response {
    let message = tokio_stream::once(Ok(Bytes::from(partial_protobuf(rejected))));
    let body = EncodeBody::new_server(Plain, message, None, SingleMessageCompressionOverride::default(), None);
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"))], Body::new(body)).into_response()
}

/// The message is written already.
struct Plain;

impl Encoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(message);
        Ok(())
    }
}

/// An error as gRPC has it: in the headers of an answer without a message.
pub fn refused(refusal: &Refusal) -> Response {
    let mut metadata = MetadataMap::new();
    let mut details = Bytes::new();
    if let Some(seconds) = refusal.again_s {
        // For OTLP's exporters, which read the details, and for gRPC's own way of trying again.
        details = refusal.protobuf().into();
        metadata.insert("grpc-retry-pushback-ms", MetadataValue::from(seconds.saturating_mul(1_000)));
    }
    if refusal.status == StatusCode::NOT_IMPLEMENTED {
        metadata.insert("grpc-accept-encoding", MetadataValue::from_static("gzip,identity"));
    }
    let code = Code::from_i32(refusal.code().into());
    Status::with_details_and_metadata(code, refusal.text.as_str(), details, metadata).into_http()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(frame: &'static [u8], gzip: bool) -> Option<u8> {
        message(Bytes::from_static(frame), gzip).err().map(|refusal| refusal.code())
    }

    #[test]
    fn a_request_holds_one_whole_message() {
        let whole = |frame: &'static [u8]| message(Bytes::from_static(frame), true).ok();
        assert_eq!(whole(b"\0\0\0\0\x02hi"), Some((Bytes::from_static(b"hi"), false)));
        assert_eq!(whole(b"\x01\0\0\0\x02hi"), Some((Bytes::from_static(b"hi"), true)));
        assert_eq!(whole(b"\0\0\0\0\0"), Some((Bytes::new(), false)));
        for broken in
            [&b""[..], b"\0\0\0\0", b"\0\0\0\0\x03hi", b"\0\0\0\0\x01hi", b"\x02\0\0\0\0", b"\0\xff\xff\xff\xff"]
        {
            assert_eq!(code(broken, true), Some(3), "{broken:?}");
        }
        assert_eq!(code(b"\x01\0\0\0\x02hi", false), Some(3));
    }

    #[test]
    fn only_gzip_is_known() {
        let of = |encoding: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-encoding", HeaderValue::from_static(encoding));
            is_gzip(&headers).map_err(|refusal| refusal.code())
        };
        assert_eq!((of("identity"), of("gzip"), of("zstd")), (Ok(false), Ok(true), Err(12)));
        assert!(is_gzip(&HeaderMap::new()).is_ok_and(|gzip| !gzip));
    }

    #[test]
    fn who_is_to_try_again_is_told_when() {
        let header = |response: &Response, name: &str| response.headers().get(name).cloned();
        let away = refused(&Error::Unavailable("the database is away".to_owned()).into());
        assert_eq!(header(&away, "grpc-status"), Some(HeaderValue::from_static("14")));
        assert_eq!(header(&away, "grpc-retry-pushback-ms"), Some(HeaderValue::from_static("1000")));
        assert!(header(&away, "grpc-status-details-bin").is_some());
        let large = refused(&Error::TooLarge("no".to_owned()).into());
        assert_eq!(header(&large, "grpc-status"), Some(HeaderValue::from_static("8")));
        assert_eq!((header(&large, "grpc-retry-pushback-ms"), header(&large, "grpc-status-details-bin")), (None, None));
    }
}
