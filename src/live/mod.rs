//! Server. What changes, as it changes: the hub follows the outbox, sockets and streams follow the hub.

mod hub;
mod socket;
mod stream;
mod subscription;

pub use hub::{Change, Hub};
pub use socket::serve_socket;
pub use stream::follow;
