//! Server. What an operator can set.

use super::notify::MailConfig;
use crate::auth::seal::Seal;
use crate::domain::Timestamp;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where time comes from: the system in service, the test in tests.
#[derive(Clone)]
pub struct Clock {
    /// The clock on the wall, which somebody may set.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// How much time has passed since some moment: never goes back, never jumps.
    pub passed: Arc<dyn Fn() -> Duration + Send + Sync>,
}

/// The system's clock.
pub fn system_clock() -> Clock {
    let begun = Instant::now();
    Clock {
        now: Arc::new(|| Timestamp::from_micros(chrono::Utc::now().timestamp_micros())),
        passed: Arc::new(move || begun.elapsed()),
    }
}

#[derive(Debug, Clone)]
pub struct Config {
    /// Rate limits; 0 switches one off.
    pub sign_in_per_account: u32,
    pub sign_in_per_address: u32,
    pub requests_per_second: u32,
    /// How long a sign-in lasts.
    pub session_days: i64,
    /// Events kept for sockets that come back.
    pub events_kept: i64,
    pub events_kept_hours: i64,
    /// How often another process's writes are looked for.
    pub poll_ms: u64,
    /// Origins, beside the server's own, that may open sockets and send cookies.
    pub allowed_origins: Vec<String>,
    /// Whether admins may make agents that run programs on this machine.
    pub allow_commands: bool,
    /// Environment variables that agents may use; empty: those named `…_API_KEY` or `…_SECRET`.
    pub secret_env: Vec<String>,
    /// Runs this server does at once.
    pub max_runs: usize,
    /// Between SIGTERM and SIGKILL.
    pub kill_after_ms: u64,
    /// How long runs may go on when the server is asked to end.
    pub drain_ms: u64,
    /// Where people reach this server, without a slash at the end.
    pub public_url: Option<String>,
    /// How mail is sent, if it is.
    pub mail: Option<MailConfig>,
    /// For secrets that must be read again.
    pub seal: Seal,
    /// How long a webhook of a person may take.
    pub notify_timeout_ms: u64,
    /// A run of spans whose end does not come is taken to have ended when nothing came for so long.
    pub otlp_quiet_s: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            sign_in_per_account: 10,
            sign_in_per_address: 30,
            requests_per_second: 300,
            session_days: 30,
            events_kept: 200_000,
            events_kept_hours: 24,
            poll_ms: 250,
            allowed_origins: Vec::new(),
            allow_commands: false,
            secret_env: Vec::new(),
            max_runs: 16,
            kill_after_ms: 10_000,
            drain_ms: 5_000,
            public_url: None,
            mail: None,
            seal: Seal::default(),
            notify_timeout_ms: 10_000,
            otlp_quiet_s: 600,
        }
    }
}
