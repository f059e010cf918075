#[tokio::main]
async fn main() -> std::process::ExitCode {
    runboard::cli::run().await
}
