//! Server. Spans made for tests.

use crate::otlp::attributes::Value;
use crate::otlp::model::{Event, Link, Origin, Outcome, Span, SpanId, TraceId};
use crate::otlp::{DerivedRun, derive};
use std::sync::Arc;

const START: u64 = 1_795_000_000_000_000_000;

pub fn trace(n: u8) -> TraceId {
    TraceId::from_bytes(&[n; 16]).expect("an id")
}

pub fn id(n: u32) -> SpanId {
    SpanId::from_bytes(&(u64::from(n) + 1).to_be_bytes()).expect("an id")
}

/// A span of trace 1 that starts `n` milliseconds after the first, and lasts one.
pub fn span(n: u32, parent: Option<u32>, name: &str) -> Span {
    let start = START + u64::from(n) * 1_000_000;
    Span {
        trace: trace(1),
        id: id(n),
        parent: parent.map(id),
        name: name.to_owned(),
        start,
        end: Some(start + 1_000_000),
        outcome: Outcome::Unset,
        message: String::new(),
        attributes: Vec::new().into(),
        events: Vec::new(),
        links: Vec::new(),
        origin: origin(&[("service.name", "shop")], "lib"),
    }
}

pub fn origin(resource: &[(&str, &str)], scope: &str) -> Arc<Origin> {
    let pairs: Vec<(String, Value)> =
        resource.iter().map(|(k, v)| ((*k).to_owned(), Value::Text((*v).to_owned()))).collect();
    Arc::new(Origin { resource: Arc::new(pairs.into()), scope: scope.to_owned(), scope_version: String::new() })
}

/// An agent's, a model's and a tool's span in OpenTelemetry's words.
pub fn agent(n: u32, parent: Option<u32>, name: &str) -> Span {
    span(n, parent, name).with("gen_ai.operation.name", "invoke_agent").with("gen_ai.agent.name", name)
}

pub fn model(n: u32, parent: Option<u32>, input: i64, output: i64) -> Span {
    let span = span(n, parent, "chat gpt").with("gen_ai.operation.name", "chat").with("gen_ai.request.model", "gpt");
    span.with("gen_ai.usage.input_tokens", input).with("gen_ai.usage.output_tokens", output)
}

pub fn tool(n: u32, parent: Option<u32>, name: &str) -> Span {
    span(n, parent, name).with("gen_ai.operation.name", "execute_tool").with("gen_ai.tool.name", name)
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}

impl From<f64> for Value {
    fn from(n: f64) -> Self {
        Self::Double(n)
    }
}

impl Span {
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        let mut pairs: Vec<(String, Value)> = self.attributes.iter().map(|(k, v)| (k.to_owned(), v.clone())).collect();
        pairs.push((key.to_owned(), value.into()));
        self.attributes = pairs.into();
        self
    }

    pub fn failed(mut self, message: &str) -> Self {
        self.outcome = Outcome::Error;
        self.message = message.to_owned();
        self
    }

    pub fn lasting(mut self, ms: u64) -> Self {
        self.end = Some(self.start + ms * 1_000_000);
        self
    }

    pub fn under_way(mut self) -> Self {
        self.end = None;
        self
    }

    pub fn of(mut self, n: u8) -> Self {
        self.trace = trace(n);
        self
    }

    pub fn by(mut self, scope: &str) -> Self {
        self.origin = origin(&[("service.name", "shop")], scope);
        self
    }

    pub fn event(mut self, name: &str, pairs: &[(&str, &str)]) -> Self {
        let attributes: Vec<(String, Value)> = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).into())).collect();
        self.events.push(Event { time: self.start, name: name.to_owned(), attributes: attributes.into() });
        self
    }

    pub fn linked(mut self, to: u8) -> Self {
        self.links.push(Link { trace: trace(to), span: id(0) });
        self
    }
}

/// The one run that these spans are.
#[track_caller]
pub fn run(spans: &[Span]) -> DerivedRun {
    let mut runs = derive(spans, &[]);
    assert_eq!(runs.len(), 1, "one run");
    runs.remove(0)
}

pub fn tokens(run: &DerivedRun) -> (Option<i64>, Option<i64>) {
    (run.usage.input, run.usage.output)
}
