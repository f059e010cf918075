//! Server. What one span says, in whichever of the conventions it was written.
//!
//! `kind` tells what sort of work it is, `name` whose, `usage` what it took, `texts` what was asked and answered (`chat` finds it in JSON),
//! `tool` what a tool was given and gave, `error` what went wrong, `source` where it comes from.

pub mod chat;
pub mod error;
pub mod kind;
pub mod name;
pub mod source;
pub mod texts;
pub mod tool;
pub mod usage;

#[cfg(test)]
mod tests;

pub use kind::{Kind, kind};
pub use usage::{Usage, usage};
