//! Both sides. The words and rules of Runboard: no I/O, no clock reads.

pub mod access;
pub mod agent;
pub mod columns;
pub mod error;
pub mod event;
pub mod execution;
pub mod filter;
pub mod id;
pub mod list_query;
pub mod page;
pub mod parts;
pub mod stats;
pub mod status;
pub mod time;
pub mod view;

pub use access::{Me, Role, Scope};
pub use agent::{AgentKind, AgentSummary};
pub use columns::{Column, Columns};
pub use error::{Error, FieldError, Result};
pub use event::{ClientFrame, EventKind, FrameType, ServerFrame, Topic};
pub use execution::{ExecutionDetail, ExecutionPatch, ExecutionSummary, Interaction, NewExecution, RunLink};
pub use filter::{Choice, Dialect, Filter, Label, Range, Window};
pub use id::ExecutionId;
pub use list_query::{ListQuery, QueryError};
pub use page::{ExecutionPage, Sort, SortField};
pub use parts::{LogLine, LogStream, NewLogLine, NewStep, NewToolCall, PartStatus, Step, ToolCall};
pub use stats::{AgentStats, Stats};
pub use status::{Status, Trigger};
pub use time::Timestamp;
pub use view::View;
