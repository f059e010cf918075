//! Runboard. Which side a folder runs on: B both, S server, W browser.

#[cfg(feature = "ssr")]
pub mod app;
#[cfg(feature = "ssr")]
pub mod cli;
pub mod domain; // B
pub mod server_fns; // B // S
