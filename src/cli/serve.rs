//! Server. `runboard serve`.

use super::local::DatabaseArgs;
use crate::app::Config;
use crate::app::notify::{self, MailConfig};
use crate::auth::seal::{self, Seal};
use crate::domain::{Error, Result};
use crate::server::{ServeOptions, serve, start_logging};
use clap::Args;
use std::env::VarError;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Address and port.
    #[arg(long, env = "RUNBOARD_LISTEN", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Address and port where OpenTelemetry's exporters send over gRPC: 127.0.0.1:4317. Without it they send over HTTP.
    #[arg(long, env = "RUNBOARD_OTLP_GRPC_LISTEN")]
    otlp_grpc_listen: Option<String>,
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
    /// A run told of in spans whose end never comes is taken to have ended after so many seconds without a new one.
    #[arg(long, env = "RUNBOARD_SPANS_QUIET_S", default_value_t = 600, value_parser = clap::value_parser!(i64).range(1..=604_800))]
    spans_quiet_s: i64,
    /// Where people reach this server, for links in messages: https://runboard.example.
    #[arg(long, env = "RUNBOARD_PUBLIC_URL")]
    public_url: Option<String>,
    /// Who mail is from: Runboard <runboard@example.com>. The mail server is RUNBOARD_SMTP_URL, which is not a flag
    /// because it may carry a password.
    #[arg(long, env = "RUNBOARD_MAIL_FROM")]
    mail_from: Option<String>,
}

/// The mail server: smtp://user:password@host:587, smtps://…
const SMTP_URL: &str = "RUNBOARD_SMTP_URL";

/// A variable that holds a secret: other people see a command's flags.
fn secret_variable(name: &str) -> Result<Option<String>> {
    match std::env::var(name) {
        Ok(text) => Ok(Some(text).filter(|text| !text.trim().is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Error::invalid(name, "is no text")),
    }
}

/// How people are told, as far as this is set.
fn telling(args: &ServeArgs) -> Result<Config> {
    let public_url = args.public_url.as_deref().filter(|text| !text.trim().is_empty()).map(notify::public_url);
    let public_url = public_url.transpose()?;
    let mail = secret_variable(SMTP_URL)?;
    let mail = mail.map(|url| MailConfig::parse(&url, args.mail_from.as_deref(), public_url.as_deref())).transpose()?;
    let key = secret_variable(seal::VARIABLE)?;
    let seal = Seal::of_database(&args.database.database_url, key.as_deref())?;
    match (&mail, &public_url) {
        (Some(mail), _) => tracing::info!(server = mail.server(), "mail is sent"),
        (None, Some(_)) => tracing::info!("no mail is sent: {SMTP_URL} is not set; people may set webhooks"),
        (None, None) => tracing::info!("nobody is told by mail or webhook: --public-url is not set"),
    }
    Ok(Config { public_url, mail, seal, ..Config::default() })
}

pub async fn run(args: ServeArgs) -> Result<()> {
    let exporter = start_logging()?;
    let served = serve_as_told(args).await;
    exporter.end().await;
    served
}

async fn serve_as_told(args: ServeArgs) -> Result<()> {
    let telling = telling(&args)?;
    let config = Config {
        sign_in_per_account: args.sign_in_per_account,
        sign_in_per_address: args.sign_in_per_address,
        requests_per_second: args.requests_per_second,
        allowed_origins: args.allowed_origins,
        allow_commands: args.allow_commands,
        secret_env: args.secret_env,
        max_runs: args.max_runs,
        otlp_quiet_s: args.spans_quiet_s,
        ..telling
    };
    serve(ServeOptions {
        listen: args.listen,
        otlp_grpc_listen: args.otlp_grpc_listen.filter(|address| !address.trim().is_empty()),
        database_url: args.database.database_url,
        site_root: args.site_root,
        config,
    })
    .await
}
