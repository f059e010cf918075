//! Server. OTLP: what OpenTelemetry's exporters send, over HTTP and over gRPC, what they are answered, and the spans of
//! a run.

mod answer;
pub mod grpc;
pub mod http;
pub mod spans;
mod take;

pub use http::refuse;
