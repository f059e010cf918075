//! Server. Spans of the server's own work, sent to an OpenTelemetry collector. The standard variables say where to and
//! which; without an endpoint among them there are none.

use crate::domain::{Error, Result};
use crate::telemetry::{SCOPE, SPANS};
use axum::http::{HeaderMap, Request, Response};
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Key, KeyValue};
use opentelemetry_http::{Bytes, HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracerProvider, Tracer};
use std::time::Duration;
use tokio::runtime::Handle;
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Span, Subscriber};
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt as _};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{FilterFn, Filtered, filter_fn};
use tracing_subscriber::registry::LookupSpan;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const PROTOCOLS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
const TIMEOUTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
const TIMEOUT_MS: u64 = 10_000;
/// An answer is a few bytes; more of it is not read.
const ANSWER: usize = 64 << 10;
/// How long the last spans may take when the server ends.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Sends spans until it is ended.
pub struct Exporter(Option<SdkTracerProvider>);

/// What takes spans in.
pub type SpanLayer<S> = Filtered<OpenTelemetryLayer<S, Tracer>, FilterFn, S>;

impl Exporter {
    /// As the variables say. Call it within the runtime that is to send.
    pub fn from_environment() -> Result<Self> {
        let off = variable("OTEL_SDK_DISABLED").is_some_and(|v| v.eq_ignore_ascii_case("true"))
            || variable("OTEL_TRACES_EXPORTER").is_some_and(|v| v == "none");
        let Some(name) = [TRACES_ENDPOINT, ENDPOINT].into_iter().find(|name| variable(name).is_some() && !off) else {
            return Ok(Self(None));
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client::new()?)
            .with_protocol(Protocol::HttpBinary)
            .build()
            .map_err(|e| Error::invalid(name, format!("traces can't be exported there: {e}")))?;
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource()).build();
        Ok(Self(Some(provider)))
    }

    /// Where somebody wants spans.
    pub fn layer<S: Subscriber + for<'s> LookupSpan<'s>>(&self) -> Option<SpanLayer<S>> {
        let tracer = self.0.as_ref()?.tracer(SCOPE);
        let ours = filter_fn(is_ours as fn(&Metadata<'_>) -> bool).with_max_level_hint(LevelFilter::INFO);
        let layer = tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false);
        Some(layer.with_target(false).with_tracked_inactivity(false).with_filter(ours))
    }

    /// To the log, once there is one.
    pub fn announce(&self) {
        if self.0.is_none() {
            return;
        }
        tracing::info!("traces of this server are exported");
        if let Some(other) = PROTOCOLS.iter().find_map(|name| variable(name)).filter(|p| p != "http/protobuf") {
            tracing::warn!("traces are exported as http/protobuf, not as {other}");
        }
    }

    /// Sends what is left.
    pub async fn end(self) {
        let Some(provider) = self.0 else { return };
        // It waits for a thread of its own, which needs this runtime to send.
        let ended = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST_WORDS)).await;
        if let Err(e) = ended.map_err(|e| e.to_string()).and_then(|sent| sent.map_err(|e| e.to_string())) {
            tracing::warn!(error = e, "the last spans could not be exported");
        }
    }
}

/// What is logged while a span goes on may tell of anything: only spans made for this purpose pass.
fn is_ours(what: &Metadata<'_>) -> bool {
    what.is_span() && what.target() == SPANS
}

/// Set to something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Who sends: named by `OTEL_SERVICE_NAME` or `OTEL_RESOURCE_ATTRIBUTES`, else `runboard`.
fn resource() -> Resource {
    let said = Resource::builder().build();
    let name = said.get(&Key::new("service.name")).map(|name| name.to_string());
    let builder = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    match name.filter(|name| !name.is_empty() && !name.starts_with("unknown_service")) {
        Some(_) => builder.build(),
        None => builder.with_service_name("runboard").build(),
    }
}

/// The exporter's thread knows no runtime; requests are made in the server's.
#[derive(Debug)]
struct Client {
    http: reqwest::Client,
    runtime: Handle,
}

impl Client {
    fn new() -> Result<Self> {
        // Installed already: that is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let ms = TIMEOUTS.iter().find_map(|name| variable(name)?.parse().ok()).unwrap_or(TIMEOUT_MS);
        let http = reqwest::Client::builder()
            // Headers with tokens in them go where the operator said, and nowhere else.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_millis(ms))
            .build()
            .map_err(|e| Error::Unavailable(format!("no HTTP client: {e}")))?;
        Ok(Self { http, runtime: Handle::current() })
    }
}

#[async_trait::async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let http = self.http.clone();
        self.runtime.spawn(async move { send(&http, request).await }).await?
    }
}

async fn send(http: &reqwest::Client, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let mut answer = http.execute(request.try_into()?).await?;
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if bytes.len() + chunk.len() > ANSWER {
            return Err("the collector's answer is too long".into());
        }
        bytes.extend_from_slice(&chunk);
    }
    let mut response = Response::new(Bytes::from(bytes));
    *response.status_mut() = answer.status();
    std::mem::swap(response.headers_mut(), answer.headers_mut());
    Ok(response)
}

/// A request's headers, as far as they say what it is part of.
struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(axum::http::HeaderName::as_str).collect()
    }
}

/// Whether there is to be a span of a request. Spans that come in must make none, or a server that exports to itself would
/// do so for ever; probes tell nothing.
fn is_told(path: &str) -> bool {
    !path.starts_with("/v1/") && !matches!(path, "/healthz" | "/readyz" | "/metrics")
}

/// The span of a request, as part of what its `traceparent` names.
pub fn of_request(method: &str, route: Option<&str>, path: &str, headers: &HeaderMap) -> Span {
    if !is_told(path) {
        return Span::none();
    }
    let name = route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
    let span = tracing::info_span!(
        target: SPANS,
        parent: None,
        "request",
        otel.name = name,
        otel.kind = "server",
        otel.status_code = tracing::field::Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = tracing::field::Empty,
    );
    if !span.is_disabled() {
        // Without a layer that takes spans in there is nobody to tell.
        span.set_parent(TraceContextPropagator::new().extract(&Headers(headers))).ok();
    }
    span
}

/// How a request was answered.
pub fn answered(span: &Span, status: u16) {
    span.record("http.response.status_code", i64::from(status));
    if status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}
