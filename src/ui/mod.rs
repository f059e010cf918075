//! Both sides. The pages: `pages` are routes, `parts` know the application, `kit` does not,
//! `state` holds what changes.

mod app;
pub mod kit;
mod late;
pub mod pages;
pub mod parts;
pub mod paths;
pub mod state;

pub use app::{App, shell};
pub use late::load_shown;
