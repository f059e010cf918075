//! Server. Wiring: configuration, router, middleware, start and stop.

pub mod assets;
pub mod authenticate;
pub mod grpc;
pub mod headers;
pub mod idempotency;
pub mod metrics;
pub mod origin;
mod pages;
pub mod router;
mod serve;
mod spans;

pub use serve::{ServeOptions, open_app, serve, start_logging};
pub use spans::Exporter;
