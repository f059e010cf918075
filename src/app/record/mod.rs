//! Server. Recording executions: what programs report about their runs.

mod create;
mod parts;
mod patch;

pub(super) use create::{agent, insert, prepared};
pub use create::{batch, create};
pub use parts::{append_log, upsert_steps, upsert_tool_calls};
pub(crate) use patch::{change, tell, time_anew};
pub use patch::{heartbeat, patch};

/// Bytes of error and other texts PostgreSQL can hold: it has no NUL.
pub(super) fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
