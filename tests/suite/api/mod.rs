//! The HTTP interface: status codes, problem details, names of wrong fields.

mod bulk;
mod contract;
mod export;
mod flows;
mod hostile;
mod input;
mod session;
mod views;

use crate::support::{Backend, Http, World};
use runboard::domain::{Role, Scope};

/// A server and an admin's token.
async fn server() -> (World, Http, String) {
    let world = World::new(Backend::Sqlite).await;
    let http = world.http();
    let (_, token) = world.person("admin@example.com", Role::Admin, Scope::Admin).await;
    (world, http, token)
}
