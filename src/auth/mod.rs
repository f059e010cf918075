//! Server. Secrets: passwords, sessions and tokens, of which only hashes are stored, those that are stored sealed, and
//! signatures.

pub mod password;
pub mod seal;
pub mod secret;
pub mod signature;
pub mod throttle;
