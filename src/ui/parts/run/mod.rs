//! Both sides. One run in full, in the drawer and on its own page.

mod calls;
mod json;
mod log;
mod rows;
