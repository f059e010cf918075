//! Server. Secrets: passwords, sessions and tokens. Only hashes of them are ever stored.

pub mod password;
pub mod secret;
pub mod throttle;
