//! Server. A span, a log record, and where they came from, however they were sent.

use super::attributes::Attributes;
pub use crate::domain::span::Outcome;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr, sync::Arc};

/// Ids are bytes, written as hexadecimal digits; all zeros is no id.
macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
                let bytes: [u8; $len] = bytes.try_into().ok()?;
                (bytes != [0; $len]).then_some(Self(bytes))
            }
            pub const fn bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let digits = text.as_bytes();
                let mut bytes = [0; $len];
                if digits.len() != 2 * $len {
                    return Err(NotAnId);
                }
                for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
                    *byte = pair.iter().try_fold(0, |n, c| Some(n << 4 | digit(*c)?)).ok_or(NotAnId)?;
                }
                Self::from_bytes(&bytes).ok_or(NotAnId)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    };
}

hex_id!(
    /// What all spans of one piece of work share.
    TraceId, 16
);
hex_id!(
    /// One span within its trace.
    SpanId, 8
);

/// Wrong length, other characters, or nothing but zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct NotAnId;

fn digit(c: u8) -> Option<u8> {
    match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        b'A'..=b'F' => Some(c - b'A' + 10),
        _ => None,
    }
}

/// Who sent it: the process and the library. Shared by all spans they sent in one request, and the process by all
/// its libraries: a body may name thousands of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    #[serde(with = "shared")]
    pub resource: Arc<Attributes>,
    pub scope: String,
    pub scope_version: String,
}

/// Something that happened at one moment of a span.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Nanoseconds since 1970.
    pub time: u64,
    pub name: String,
    pub attributes: Attributes,
}

/// A span of the same or another trace that this one has to do with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    pub trace: TraceId,
    pub span: SpanId,
}

/// One piece of work. Times are nanoseconds since 1970, within what fits an `i64`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Span {
    pub trace: TraceId,
    pub id: SpanId,
    pub parent: Option<SpanId>,
    pub name: String,
    pub start: u64,
    /// Never before `start`: where clocks disagree the span has no length. None while it goes on.
    pub end: Option<u64>,
    pub outcome: Outcome,
    pub message: String,
    pub attributes: Attributes,
    pub events: Vec<Event>,
    pub links: Vec<Link>,
    #[serde(with = "shared")]
    pub origin: Arc<Origin>,
}

/// A log record. Only those that belong to a span say something about a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogRecord {
    pub trace: Option<TraceId>,
    pub span: Option<SpanId>,
    pub time: u64,
    pub name: String,
    pub body: super::Value,
    pub attributes: Attributes,
    #[serde(with = "shared")]
    pub origin: Arc<Origin>,
}

/// Serde leaves shared values to a feature that no other type here needs.
mod shared {
    use super::{Arc, Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<T: Serialize, S: Serializer>(value: &Arc<T>, s: S) -> Result<S::Ok, S::Error> {
        value.as_ref().serialize(s)
    }

    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<Arc<T>, D::Error> {
        T::deserialize(d).map(Arc::new)
    }
}
