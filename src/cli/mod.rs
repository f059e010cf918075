//! Server. The command line.

pub mod client;
pub mod demo;
pub mod exec;

use crate::domain::{ExecutionId, Timestamp};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(name = "runboard", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a command as an execution.
    Exec(exec::ExecArgs),
}

pub async fn run() -> ExitCode {
    match Cli::parse().command {
        Command::Exec(args) => exec::run(args).await,
    }
}

fn now() -> Timestamp {
    Timestamp::from_micros(chrono::Utc::now().timestamp_micros())
}

fn new_id() -> ExecutionId {
    let id = uuid::Uuid::now_v7().to_string();
    id.parse().expect("a UUID is an execution id")
}
