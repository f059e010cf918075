//! Both sides. The Leptos server functions: one per operation, a body is one call into `app/`.
//! They live under `/fn`, so they never collide with the REST paths, and take the same filter
//! (the page's query string) that the URL carries.

mod agents;
mod approvals;
mod bulk;
mod connect;
mod executions;
mod fleet;
mod flows;
mod notify;
mod run;
mod seen;
mod session;
mod text;
mod views;

pub use agents::*;
pub use approvals::*;
pub use bulk::*;
pub use connect::*;
pub use executions::*;
pub use fleet::*;
pub use flows::*;
pub use notify::*;
pub use run::*;
pub use seen::*;
pub use session::*;
pub use text::{Json, JsonText};
pub use views::*;

use crate::domain::Error;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};

/// Failures on the way (no network, an answer that can't be read) join the domain's errors.
impl FromServerFnError for Error {
    type Encoder = JsonText;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(text) => Self::Unavailable(format!("the server can't be reached: {text}")),
            ServerFnErrorErr::Args(text) => unreadable(&text),
            ServerFnErrorErr::MissingArg(name) => Self::invalid(name, "is missing"),
            // The server reads requests, the browser answers.
            ServerFnErrorErr::Deserialization(text) if !cfg!(target_family = "wasm") => unreadable(&text),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

fn unreadable(text: &str) -> Error {
    Error::invalid("request", format!("can't be read: {text}"))
}
