//! Both sides. The pages: `pages` are routes, `parts` know the application, `kit` does not,
//! `state` holds what changes.

mod app;
pub mod kit;
pub mod pages;
pub mod parts;
pub mod paths;
pub mod state;

pub use app::{App, shell};
