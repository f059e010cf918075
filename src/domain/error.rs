//! Both sides. The one error type; `api/problem.rs` is the only place that turns it into HTTP.

use serde::{Deserialize, Serialize};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One wrong input value: which field, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FieldError {
    pub field: String,
    pub message: String,
}

/// Everything that can go wrong, in terms a caller can act on. Causes are logged where they
/// happen, once; what is carried here is safe to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Error {
    /// Does not exist, or is outside the caller's access: the two are never told apart.
    #[error("not found")]
    NotFound,
    #[error("{}", describe(.0))]
    Invalid(Vec<FieldError>),
    /// The state does not allow it (any more); says what the state is.
    #[error("{0}")]
    Conflict(String),
    #[error("sign in first")]
    Unauthenticated,
    #[error("e-mail or password is wrong")]
    WrongCredentials,
    #[error("{0}")]
    Forbidden(String),
    #[error("too large: {0}")]
    TooLarge(String),
    #[error("too many requests, try again in {retry_after_s} s")]
    TooMany { retry_after_s: u64 },
    /// The database is busy, full or away; nothing was stored; trying again is right.
    #[error("{0}")]
    Unavailable(String),
    #[error("something went wrong here; the server's log has it under {0}")]
    Internal(String),
}

impl Error {
    /// A single wrong field.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { field: field.into(), message: message.into() }])
    }
}

fn describe(errors: &[FieldError]) -> String {
    let parts: Vec<String> = errors.iter().map(|e| format!("{}: {}", e.field, e.message)).collect();
    parts.join("; ")
}

/// A message as a page shows it: what stands in backticks comes in quotation marks.
pub fn readable(message: &str) -> String {
    let parts: Vec<&str> = message.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return message.to_owned();
    }
    let quoted = parts.iter().enumerate();
    quoted.map(|(i, part)| if i % 2 == 1 { format!("“{part}”") } else { (*part).to_owned() }).collect()
}
