//! Both sides. Who is signed in, loaded once per page load.

use crate::domain::{Error, Me};
use crate::server_fns::Session;
use leptos::prelude::*;

/// In context on every page.
pub type SessionResource = Resource<Result<Session, Error>>;

pub fn use_session() -> SessionResource {
    expect_context()
}

/// The signed-in person; in context below `Signed`.
pub fn use_me() -> Me {
    expect_context()
}
