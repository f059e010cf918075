//! Both sides. What changes while a page is open. The files without signals are pure and tested natively.

pub mod clock;
pub mod link;
pub mod live;
pub mod session;
pub mod theme;
