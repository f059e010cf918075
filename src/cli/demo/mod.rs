//! Server. `runboard demo`.

mod agents;
mod dice;
pub mod fleet;
mod story;
