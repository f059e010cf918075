//! Both sides. Spans of a run as its page and the API show them.

use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a span is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum SpanClass {
    Agent,
    Llm,
    Tool,
    Retrieval,
    Other,
}

impl SpanClass {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Llm => "llm",
            Self::Tool => "tool",
            Self::Retrieval => "retrieval",
            Self::Other => "other",
        }
    }
}

/// The status of a span. Unset on an ended span means that nothing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Outcome {
    Unset,
    Ok,
    Error,
}

/// A part of a run's spans, parents before their children.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SpanPage {
    pub spans: Vec<SpanRow>,
    /// Of the whole run.
    pub total: i64,
    pub next_cursor: Option<String>,
}

/// One bar of the waterfall.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SpanRow {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// `null` where it is a root, or its parent has not come.
    pub parent_span_id: Option<String>,
    /// 0 for a root.
    pub depth: u32,
    pub class: SpanClass,
    pub name: String,
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub started_at: Timestamp,
    /// `null` while it goes on.
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub completed_at: Option<Timestamp>,
    pub outcome: Outcome,
    pub model: Option<String>,
    pub input_tokens: Option<i64>,
    pub output_tokens: Option<i64>,
    /// Its tokens are part of the run's: it repeats no other span's.
    pub counted: bool,
}

impl SpanRow {
    /// Unique within a run, whose spans may be of several traces.
    pub fn id(&self) -> String {
        format!("{}{}", self.trace_id, self.span_id)
    }
}

/// A span with all that was sent of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SpanDetail {
    pub trace_id: String,
    pub span_id: String,
    pub name: String,
    pub status_message: Option<String>,
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub attributes: Value,
    /// `{time, name, attributes}` each.
    #[cfg_attr(feature = "ssr", schema(value_type = Vec<Object>))]
    pub events: Vec<Value>,
    /// `{trace_id, span_id}` each.
    #[cfg_attr(feature = "ssr", schema(value_type = Vec<Object>))]
    pub links: Vec<Value>,
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub resource: Value,
    /// The library that sent it.
    pub scope: String,
    pub scope_version: String,
}

/// What is known beside its record of a run that was told of in spans: `otlp` in its metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ToldInSpans {
    /// `message` or `response`, where the emitter records no content.
    pub not_recorded: Vec<String>,
    /// Models that have no price.
    pub unpriced: Vec<String>,
    /// `received`, or `inferred` where nobody said that it ended. `None` while it goes on.
    pub end: Option<String>,
}

impl ToldInSpans {
    /// `None` of any other run.
    pub fn of(metadata: Option<&Value>) -> Option<Self> {
        let told = metadata?.get("otlp")?;
        Self::deserialize(told).ok()
    }

    pub fn lacks(&self, part: &str) -> bool {
        self.not_recorded.iter().any(|name| name == part)
    }

    pub fn end_inferred(&self) -> bool {
        self.end.as_deref() == Some("inferred")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_run_that_was_told_of_in_spans_says_what_is_absent() {
        let told =
            ToldInSpans::of(Some(&json!({"otlp": {"not_recorded": ["message"], "end": "inferred", "spans": 3}})));
        let told = told.unwrap_or_default();
        assert!(told.lacks("message") && !told.lacks("response") && told.end_inferred());
        assert_eq!(ToldInSpans::of(Some(&json!({"mine": 1}))), None);
        assert_eq!(ToldInSpans::of(Some(&json!({"otlp": "of somebody else's making"}))), None);
        assert_eq!(ToldInSpans::of(None), None);
    }
}
