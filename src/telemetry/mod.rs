//! Server. What Runboard tells of its own work: figures, and the spans that are exported. Every part may use it, and it
//! uses none.

mod figures;

pub use figures::{Counted, Figures, Held};

use tracing::{Level, Span};

/// The target of spans that are exported. Nothing else is, and logs don't show them unless they are asked to.
pub const SPANS: &str = "telemetry";
/// What these spans say they were made by: a server knows them by it when they are sent to itself.
pub const SCOPE: &str = "runboard.server";

/// Whether anybody takes spans in.
pub fn spans_wanted() -> bool {
    tracing::span_enabled!(target: SPANS, Level::INFO)
}

/// The span that this is done in, if it is one of those.
pub fn current_span() -> Span {
    let span = Span::current();
    if span.metadata().is_some_and(|m| m.target() == SPANS) { span } else { Span::none() }
}
