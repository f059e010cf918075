//! Server. OpenTelemetry in: what agents' libraries send, and the runs it tells of. No I/O, no clock.
//!
//! `decode` reads bodies, `conventions` reads one span, `derive` makes runs of all spans of a trace.

pub mod attributes;
pub mod conventions;
pub mod decode;
pub mod derive;
pub mod model;
pub mod price;

pub use attributes::{Attributes, Value};
pub use decode::{DecodeError, Decoded, Encoding, Limits, Rejected};
pub use derive::{DerivedRun, derive};
pub use model::{Event, Link, LogRecord, Origin, Outcome, Span, SpanId, TraceId};
