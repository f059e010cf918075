//! Both sides. One run in full, in the drawer and on its own page.

mod body;
mod calls;
mod change;
mod facts;
mod header;
mod heading;
mod json;
mod log;
mod overview;
mod pager;
mod part;
mod related;
mod rows;
mod state;
mod steps;
mod tabs;
mod text;

pub use body::RunView;
pub use part::{Opened, open_run};
pub use state::Place;
pub use tabs::Tab;
