//! Both sides. The spans of a run as a waterfall: agents, model calls, tools, and what lies between.

mod body;
mod row;
mod tab;

pub use tab::Trace;
