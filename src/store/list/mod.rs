//! Server. Lists of executions: which index answers which filter, keyset pages, counts.

mod conditions;
mod page;
mod selection;

pub(super) use conditions::words;
pub use page::{After, among, count, explain, keys, page};
pub use selection::Selection;
