//! The server and its command line.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    runboard::cli::run().await
}
