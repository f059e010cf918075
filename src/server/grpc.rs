//! Server. The second port, where OTLP comes over gRPC: HTTP/2 alone, and nothing else is served there.

use crate::api::otlp::grpc;
use crate::app::App;
use crate::domain::{Error, Result};
use axum::response::Response;
use std::time::Duration;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tower_http::catch_panic::CatchPanicLayer;

/// Requests at once on one connection; an exporter has one, and each may take 64 MiB unpacked.
const AT_ONCE: u32 = 32;
/// After so long without a word, a connection is asked whether anybody is there.
const QUIET: Duration = Duration::from_mins(1);

/// Serves until it is told to stop, then lets requests in flight finish.
pub async fn serve(listener: TcpListener, app: App, stop: impl Future<Output = ()>) -> Result<()> {
    let service = grpc::router(app).layer(CatchPanicLayer::custom(panicked));
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let server = Server::builder().max_concurrent_streams(AT_ONCE).http2_keepalive_interval(Some(QUIET));
    let ended = server.serve_with_incoming_shutdown(service, incoming, stop).await;
    ended.map_err(|e| Error::Unavailable(e.to_string()))
}

fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let id = uuid::Uuid::now_v7().simple().to_string();
    tracing::error!(id, "a request over gRPC panicked");
    grpc::refused(&Error::Internal(id).into())
}
