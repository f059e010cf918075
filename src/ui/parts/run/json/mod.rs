//! Both sides. JSON for reading: a tree for arguments and results, and the whole record as text.

mod shape;
mod tab;
mod tree;

pub use shape::{cut, pretty};
pub use tab::JsonTab;
pub use tree::JsonTree;
