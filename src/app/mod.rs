//! Server. The use cases: authorise, validate, store (the row and its event in one transaction).
//! REST handlers, server functions and the command line call these and hold no logic of their own.

pub mod access;
pub(crate) mod addresses;
pub(crate) mod agent_check;
pub mod agent_form;
pub mod agents;
pub mod budgets;
pub mod bulk;
pub mod compare;
pub mod config;
pub mod connect;
pub mod control;
pub mod cursor;
pub mod executions;
pub mod export;
pub mod failures;
pub mod flows;
pub mod housekeeping;
pub mod interactions;
mod markdown;
pub mod marks;
pub mod memories;
pub mod notify;
pub mod numbers;
pub mod otlp;
pub(crate) mod outside;
pub mod parts;
pub mod reading;
pub mod record;
pub mod schedules;
mod secret_like;
pub mod session;
pub mod tokens;
pub mod users;
mod validate;
pub mod views;

pub use access::{Caller, Claim};
pub use config::{Clock, Config};

use crate::auth::throttle::Throttle;
use crate::domain::{Error, Result, Timestamp};
use crate::store::Store;
use leptos::prelude::use_context;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often a person may try agents out.
const TRIALS_PER_MINUTE: u32 = 10;
/// How often a person may have a message sent to try it out.
const MESSAGE_TRIALS_PER_MINUTE: u32 = 5;

/// Everything a request needs. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

pub struct Inner {
    pub store: Store,
    pub config: Config,
    clock: Clock,
    access: access::Cache,
    /// Counts changes to who may see what; sockets look again when it moves.
    access_changes: watch::Sender<u64>,
    numbers: numbers::Cache,
    counts: executions::CountCache,
    pub bulk: bulk::Desk,
    /// Wakes this server's engine.
    pub bell: control::Bell,
    exports: export::Places,
    sign_in_account: Throttle<String>,
    sign_in_address: Throttle<String>,
    pub requests: Throttle<String>,
    /// Agents tried out, by person: each asks somebody else's endpoint, and may cost.
    pub trials: Throttle<i64>,
    /// Messages tried out, by person.
    message_trials: Throttle<i64>,
    /// This server's part in telling people.
    notify: notify::Desk,
    trees: otlp::Trees,
}

impl std::ops::Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    pub fn new(store: Store, config: Config, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            store,
            clock,
            access: access::Cache::default(),
            access_changes: watch::Sender::new(0),
            numbers: numbers::Cache::default(),
            counts: executions::CountCache::default(),
            bulk: bulk::Desk::default(),
            bell: control::Bell::default(),
            exports: export::Places::default(),
            sign_in_account: Throttle::per_minute(config.sign_in_per_account),
            sign_in_address: Throttle::per_minute(config.sign_in_per_address),
            requests: Throttle::per_second(config.requests_per_second),
            trials: Throttle::per_minute(TRIALS_PER_MINUTE),
            message_trials: Throttle::per_minute(MESSAGE_TRIALS_PER_MINUTE),
            notify: notify::Desk::default(),
            trees: otlp::Trees::default(),
            config,
        }))
    }

    pub fn now(&self) -> Timestamp {
        (self.clock.now)()
    }

    /// Time that has passed since some moment, whatever the clock on the wall is set to.
    pub fn passed(&self) -> Duration {
        (self.clock.passed)()
    }

    /// Somebody's access changed: forget what is known about everybody's.
    pub(crate) fn access_changed(&self) {
        self.access_changes.send_modify(|n| *n += 1);
    }

    pub fn access_changes(&self) -> watch::Receiver<u64> {
        self.access_changes.subscribe()
    }
}

/// What the router puts among a request's extensions.
#[derive(Clone)]
pub struct RequestContext {
    pub app: App,
    pub caller: Option<Caller>,
    /// The client's address, for throttling.
    pub address: String,
    /// Behind TLS: cookies are marked `Secure`.
    pub secure: bool,
}

fn context() -> Result<RequestContext> {
    use_context::<axum::http::request::Parts>()
        .and_then(|parts| parts.extensions.get::<RequestContext>().cloned())
        .ok_or_else(|| Error::Internal("no request".to_owned()))
}

/// Who asks, in a server function.
#[expect(clippy::unused_async, reason = "server functions await it like every other use case")]
pub async fn caller() -> Result<Caller> {
    context()?.caller.ok_or(Error::Unauthenticated)
}
