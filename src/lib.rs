//! Runboard. Which side a folder runs on: B both, S server, W browser.

#[cfg(feature = "ssr")]
pub mod app; // S
#[cfg(feature = "ssr")]
pub mod auth; // S
pub mod domain; // B
pub mod server_fns; // B
#[cfg(feature = "ssr")]
pub mod store; // S
