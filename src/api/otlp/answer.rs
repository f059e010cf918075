//! Server. What an exporter is answered: how much was taken, or why nothing was, in OTLP's own messages.

use crate::api::problem::status;
use crate::domain::Error;
use crate::otlp::{DecodeError, Rejected};
use axum::http::StatusCode;
use serde_json::json;

/// What is sent: what was rejected of it has a name of its own.
#[derive(Debug, Clone, Copy)]
pub enum Signal {
    Traces,
    Logs,
    Metrics,
}

/// An error, for HTTP and for gRPC.
#[derive(Debug)]
pub struct Refusal {
    pub status: StatusCode,
    pub text: String,
    /// Trying again after so many seconds is right.
    pub again_s: Option<u64>,
}

impl Refusal {
    pub fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), again_s: None }
    }

    /// The number that google.rpc, and with it gRPC, has for this.
    pub fn code(&self) -> u8 {
        match self.status {
            StatusCode::UNAUTHORIZED => 16,
            StatusCode::FORBIDDEN => 7,
            StatusCode::NOT_FOUND => 5,
            StatusCode::PAYLOAD_TOO_LARGE | StatusCode::TOO_MANY_REQUESTS => 8,
            StatusCode::NOT_IMPLEMENTED => 12,
            StatusCode::SERVICE_UNAVAILABLE => 14,
            StatusCode::INTERNAL_SERVER_ERROR => 13,
            _ => 3,
        }
    }

    /// `google.rpc.Status`.
    pub fn protobuf(&self) -> Vec<u8> {
        let mut status = Vec::new();
        number(&mut status, 1, self.code().into());
        text(&mut status, 2, self.text.as_bytes());
        if let Some(seconds) = self.again_s {
            text(&mut status, 3, &retry_info(seconds));
        }
        status
    }

    pub fn json(&self) -> Vec<u8> {
        json!({"code": self.code(), "message": self.text}).to_string().into()
    }
}

impl From<Error> for Refusal {
    fn from(e: Error) -> Self {
        // To an exporter what is wrong in a body is no business of single fields.
        let status = if matches!(e, Error::Invalid(_)) { StatusCode::BAD_REQUEST } else { status(&e) };
        let again_s = match e {
            Error::Unavailable(_) => Some(1),
            Error::TooMany { retry_after_s } => Some(retry_after_s),
            _ => None,
        };
        Self { status, text: e.to_string(), again_s }
    }
}

impl From<DecodeError> for Refusal {
    fn from(e: DecodeError) -> Self {
        let status = match e {
            DecodeError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            DecodeError::Unreadable(_) | DecodeError::NotGzip(_) => StatusCode::BAD_REQUEST,
        };
        Self::new(status, e.to_string())
    }
}

/// `Export…ServiceResponse`: empty when all was taken. It is the same for all signals.
pub fn partial_protobuf(rejected: &Rejected) -> Vec<u8> {
    let Some(message) = rejected.message() else { return Vec::new() };
    let mut inner = Vec::new();
    number(&mut inner, 1, rejected.count);
    text(&mut inner, 2, message.as_bytes());
    let mut outer = Vec::new();
    text(&mut outer, 1, &inner);
    outer
}

pub fn partial_json(signal: Signal, rejected: &Rejected) -> Vec<u8> {
    let Some(message) = rejected.message() else { return b"{}".to_vec() };
    let name = match signal {
        Signal::Traces => "rejectedSpans",
        Signal::Logs => "rejectedLogRecords",
        Signal::Metrics => "rejectedDataPoints",
    };
    // JSON of protobuf writes large numbers as texts.
    json!({"partialSuccess": {name: rejected.count.to_string(), "errorMessage": message}}).to_string().into()
}

/// `google.rpc.RetryInfo` in an `Any`: without it, exporters over gRPC don't try again what was too much.
fn retry_info(seconds: u64) -> Vec<u8> {
    let (mut delay, mut info, mut any) = (Vec::new(), Vec::new(), Vec::new());
    number(&mut delay, 1, seconds);
    text(&mut info, 1, &delay);
    text(&mut any, 1, b"type.googleapis.com/google.rpc.RetryInfo");
    text(&mut any, 2, &info);
    any
}

fn varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        let [low, ..] = n.to_le_bytes();
        out.push(low | 0x80);
        n >>= 7;
    }
    let [low, ..] = n.to_le_bytes();
    out.push(low);
}

fn number(out: &mut Vec<u8>, field: u8, n: u64) {
    out.push(field << 3);
    varint(out, n);
}

fn text(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(field << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_success_is_written_in_either_encoding() {
        let mut rejected = Rejected::default();
        assert_eq!(partial_protobuf(&rejected), b"");
        assert_eq!(partial_json(Signal::Traces, &rejected), b"{}");
        rejected.add_many(300, "no");
        assert_eq!(partial_protobuf(&rejected), [0x0a, 7, 0x08, 0xac, 0x02, 0x12, 2, b'n', b'o']);
        let read: serde_json::Value = serde_json::from_slice(&partial_json(Signal::Logs, &rejected)).expect("JSON");
        assert_eq!(read, json!({"partialSuccess": {"errorMessage": "no", "rejectedLogRecords": "300"}}));
    }

    #[test]
    fn what_is_to_be_tried_again_says_when() {
        let refused = Refusal::from(Error::TooMany { retry_after_s: 3 });
        let status = refused.protobuf();
        assert!(status.starts_with(&[0x08, 8, 0x12]));
        assert!(status.ends_with(b"/google.rpc.RetryInfo\x12\x04\x0a\x02\x08\x03"));
        let forbidden = Refusal::from(Error::Forbidden("no".to_owned()));
        assert_eq!(forbidden.protobuf(), [0x08, 7, 0x12, 2, b'n', b'o']);
    }
}
