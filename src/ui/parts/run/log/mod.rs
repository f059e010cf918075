//! Both sides. The log of a run: live, of any length, a screenful in the page.

mod book;
mod hits;
mod line;
mod reader;
mod search;
mod tab;
mod window;

pub use tab::Log;
