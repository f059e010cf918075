//! Server. Bodies of OTLP/HTTP into spans and log records. Nothing a body holds makes it panic or take much more
//! memory than the body itself; what is wrong with one span is no harm to the others.
//!
//! Protobuf is read by a small reader of our own (`wire`), not by `opentelemetry-proto` or derived `prost` messages:
//! those build the whole tree before anything can be counted (8 MiB of empty attributes become half a gigabyte of
//! structs), and one wrong byte in one span costs the request. JSON is read by serde, each span by itself.

mod fit;
mod gunzip;
mod json;
mod protobuf;
#[cfg(test)]
mod tests;
mod wire;

use super::model::{LogRecord, Span};
pub use gunzip::gunzip;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    /// By the content type, without its parameters.
    pub fn of(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/x-protobuf")
            || essence.eq_ignore_ascii_case("application/protobuf")
        {
            return Some(Self::Protobuf);
        }
        essence.eq_ignore_ascii_case("application/json").then_some(Self::Json)
    }
}

/// How much of a request is taken. What is beyond is left out and said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Spans or log records of one request; those beyond are rejected.
    pub items: usize,
    pub attributes: usize,
    pub events: usize,
    pub links: usize,
    /// Of one text; longer ones are cut with a mark.
    pub text_bytes: usize,
    /// Of all texts of one span together.
    pub item_bytes: usize,
    /// Values within the attributes of one span, however they are nested.
    pub values: usize,
    /// Lists in lists; a span with deeper ones is rejected.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            items: 200_000,
            attributes: 2_000,
            events: 2_000,
            links: 200,
            text_bytes: 1 << 20,
            item_bytes: 4 << 20,
            values: 50_000,
            // As deep as serde_json goes: there each level of OTLP's JSON takes four of its 128.
            depth: 30,
        }
    }
}

/// A body that cannot be read at all. An exporter must not send it again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("the body is no OTLP: {0}")]
    Unreadable(String),
    #[error("the body is more than {limit} bytes once unpacked")]
    TooLarge { limit: usize },
    #[error("the body is no gzip: {0}")]
    NotGzip(String),
}

/// How many were not taken, and why: OTLP's partial success.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rejected {
    pub count: u64,
    reasons: Vec<String>,
}

impl Rejected {
    /// Reasons that are told; more of them help nobody.
    const TOLD: usize = 5;

    pub fn add(&mut self, reason: impl Into<String>) {
        self.add_many(1, reason);
    }

    pub fn add_many(&mut self, count: u64, reason: impl Into<String>) {
        if count == 0 {
            return;
        }
        self.count += count;
        let reason = reason.into();
        if self.reasons.len() < Self::TOLD && !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    /// For `error_message`; none when all were taken.
    pub fn message(&self) -> Option<String> {
        (self.count > 0).then(|| self.reasons.join("; "))
    }
}

/// What a body held.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded<T> {
    pub items: Vec<T>,
    pub rejected: Rejected,
}

impl<T> Decoded<T> {
    fn new() -> Self {
        Self { items: Vec::new(), rejected: Rejected::default() }
    }

    fn take(&mut self, item: Result<T, String>, limits: &Limits) {
        match item {
            Ok(_) if self.items.len() >= limits.items => {
                self.rejected.add(format!("more than {} in one request", limits.items));
            }
            Ok(item) => self.items.push(item),
            Err(reason) => self.rejected.add(reason),
        }
    }
}

/// The body of `/v1/traces`.
pub fn traces(body: &[u8], encoding: Encoding, limits: &Limits) -> Result<Decoded<Span>, DecodeError> {
    match encoding {
        Encoding::Protobuf => protobuf::read(body, limits, protobuf::span),
        Encoding::Json => json::traces(body, limits),
    }
}

/// The body of `/v1/logs`.
pub fn logs(body: &[u8], encoding: Encoding, limits: &Limits) -> Result<Decoded<LogRecord>, DecodeError> {
    match encoding {
        Encoding::Protobuf => protobuf::read(body, limits, protobuf::log_record),
        Encoding::Json => json::logs(body, limits),
    }
}
