//! Both sides. One run in full, in the drawer and on its own page.

mod asks;
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
mod pairs;
mod part;
mod related;
mod rows;
mod state;
mod steps;
mod tabs;
mod text;
mod trace;

pub use body::RunView;
pub use pairs::pairs;
pub use part::{First, Opening, open_run, open_with_page};
pub use state::Place;
pub use tabs::Tab;
pub use text::titled;
