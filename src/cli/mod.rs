//! Server. The command line.

mod client;
mod demo;
mod exec;
mod export;
mod import;
mod local;
mod serve;

use crate::domain::{Error, ExecutionId, Result, Timestamp};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(name = "runboard", version, about = "Every run of every AI agent, live on one page.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve pages, API and sockets.
    Serve(serve::ServeArgs),
    /// People who may sign in.
    #[command(subcommand)]
    User(local::UserCommand),
    /// Tokens for programs.
    #[command(subcommand)]
    Token(local::TokenCommand),
    /// Run a command as an execution.
    Exec(exec::ExecArgs),
    /// Record NDJSON.
    Import(import::ImportArgs),
    /// Write executions as NDJSON.
    Export(export::ExportArgs),
    /// Fill the database with a fleet to look at.
    Demo(demo::DemoArgs),
    /// Bring the database to this version.
    Migrate(local::DatabaseArgs),
    /// Copy a SQLite database into one file, also while it is being served.
    Backup(local::BackupArgs),
}

/// Runs the command line; the exit code is the process's.
pub async fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(args) => serve::run(args).await,
        Command::User(command) => local::user(command).await,
        Command::Token(command) => local::token(command).await,
        Command::Exec(args) => return exec::run(args).await,
        Command::Import(args) => {
            return import::run(args).await.unwrap_or_else(|e| finish(Err(e)));
        }
        Command::Export(args) => export::run(args).await,
        Command::Demo(args) => demo::run(args).await,
        Command::Migrate(args) => local::migrate(args).await,
        Command::Backup(args) => local::backup(args).await,
    };
    finish(outcome)
}

/// Says what went wrong on stderr.
fn finish(outcome: Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("runboard: {}", sentence(&e));
            ExitCode::FAILURE
        }
    }
}

fn sentence(e: &Error) -> String {
    match e {
        Error::NotFound => "there is no such thing here".to_owned(),
        other => other.to_string(),
    }
}

fn now() -> Timestamp {
    Timestamp::from_micros(chrono::Utc::now().timestamp_micros())
}

fn new_id() -> ExecutionId {
    let id = uuid::Uuid::now_v7().to_string();
    id.parse().expect("a UUID is an execution id")
}
