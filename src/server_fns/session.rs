//! Both sides. Who is signed in, signing in and out, first start.

use super::text::Json;
use crate::domain::{Error, Me};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};

/// What every page's frame needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// `None`: not signed in.
    pub me: Option<Me>,
    /// No user exists yet: `/setup` makes the first one.
    pub needs_setup: bool,
    /// Unfinished runs the viewer may see, for the badges in the navigation.
    pub running: i64,
    pub waiting: i64,
    /// Approvals and questions that wait for the viewer.
    pub waits_for_me: i64,
    /// The server's clock, milliseconds since 1970.
    pub now_ms: i64,
    /// Sequence number of the newest event: where the live flow takes over from the server's HTML.
    pub as_of: i64,
}

#[server(prefix = "/fn", endpoint = "session", input = GetUrl, output = Json)]
pub async fn load_session() -> Result<Session, Error> {
    crate::app::session::describe().await
}

/// Signs in and goes to `next` (a path of this site). Works as a plain form too.
#[server(prefix = "/fn", endpoint = "sign_in", output = Json)]
pub async fn sign_in(email: String, password: String, next: Option<String>) -> Result<(), Error> {
    crate::app::session::sign_in_page(email, password, next).await
}

#[server(prefix = "/fn", endpoint = "sign_out", output = Json)]
pub async fn sign_out() -> Result<(), Error> {
    crate::app::session::sign_out_page().await
}

/// Makes the first admin, with the code printed when the server first started.
#[server(prefix = "/fn", endpoint = "set_up", output = Json)]
pub async fn set_up(code: String, display_name: String, email: String, password: String) -> Result<(), Error> {
    crate::app::session::set_up_page(code, display_name, email, password).await
}
