//! Server. `runboard serve`.

use super::local::DatabaseArgs;
use crate::app::Config;
use crate::domain::Result;
use crate::server::{ServeOptions, serve, start_logging};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Address and port.
    #[arg(long, env = "RUNBOARD_LISTEN", default_value = "127.0.0.1:8080")]
    listen: String,
    #[command(flatten)]
    database: DatabaseArgs,
    /// Serve the site from this folder instead of the one inside the binary.
    #[arg(long, env = "RUNBOARD_SITE_ROOT")]
    site_root: Option<PathBuf>,
    /// Sign-in attempts a minute for one account; 0: no limit.
    #[arg(long, env = "RUNBOARD_SIGN_IN_PER_ACCOUNT", default_value_t = 10)]
    sign_in_per_account: u32,
    /// Sign-in attempts a minute from one address; 0: no limit.
    #[arg(long, env = "RUNBOARD_SIGN_IN_PER_ADDRESS", default_value_t = 30)]
    sign_in_per_address: u32,
    /// API requests a second for one token or session, with bursts of twice that; 0: no limit.
    #[arg(long, env = "RUNBOARD_REQUESTS_PER_SECOND", default_value_t = 300)]
    requests_per_second: u32,
    /// Another origin that may open sockets and send cookies, e.g. behind a proxy that changes the host.
    #[arg(long = "allowed-origin", env = "RUNBOARD_ALLOWED_ORIGINS", value_delimiter = ',')]
    allowed_origins: Vec<String>,
    /// Let admins make agents that run programs on this machine.
    #[arg(long, env = "RUNBOARD_ALLOW_COMMANDS")]
    allow_commands: bool,
    /// Environment variables whose values everybody's agents may use; by default those named `…_API_KEY` or `…_SECRET`,
    /// for agents of admins.
    #[arg(long, env = "RUNBOARD_SECRET_ENV", value_delimiter = ',')]
    secret_env: Vec<String>,
    /// Runs this server does at once; others wait for their turn.
    #[arg(long, env = "RUNBOARD_MAX_RUNS", default_value_t = 16)]
    max_runs: usize,
}

pub async fn run(args: ServeArgs) -> Result<()> {
    start_logging();
    let config = Config {
        sign_in_per_account: args.sign_in_per_account,
        sign_in_per_address: args.sign_in_per_address,
        requests_per_second: args.requests_per_second,
        allowed_origins: args.allowed_origins,
        allow_commands: args.allow_commands,
        secret_env: args.secret_env,
        max_runs: args.max_runs,
        ..Config::default()
    };
    serve(ServeOptions {
        listen: args.listen,
        database_url: args.database.database_url,
        site_root: args.site_root,
        config,
    })
    .await
}
