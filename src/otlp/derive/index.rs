//! Server. By what spans are to be found again: which traces must be derived together.

use super::calls::is_own_report;
use crate::otlp::conventions::usage::response_id;
use crate::otlp::conventions::{Kind, kind, source};
use crate::otlp::model::Span;

/// What a store should index a span by, besides its trace. Traces with the same conversation, or with the same
/// answer, are to be given to `derive` together; so are traces of one service whose calls lie within each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Service and conversation, of spans outside of any agent, too: what they belong to shows in the trace.
    pub conversation: Option<(String, String)>,
    /// The provider's id of a model's answer.
    pub response_id: Option<String>,
    /// A library's own report of a call, which another one's span around it may tell of, too.
    pub own_report: bool,
}

pub fn found_by(span: &Span) -> Found {
    let service = || source::service(&span.origin).unwrap_or_default().to_owned();
    let is_call = kind(span) == Kind::Model;
    Found {
        conversation: source::session(span).map(|id| (service(), id)),
        response_id: response_id(span).filter(|_| is_call).map(str::to_owned),
        own_report: is_call && is_own_report(span),
    }
}
