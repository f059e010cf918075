//! Both sides. The tool calls of a run as a waterfall on its time axis.

mod axis;
mod body;
mod pages;
mod row;
mod tab;

pub use axis::{Axis, ToolSpan};
pub use tab::Calls;
