//! Both sides. What happened since somebody was here last.

use super::filter::{Choice, Filter, Range, Window};
use super::status::Status;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Counts go no further; it is shown as `99+`.
pub const SINCE_CAP: i64 = 100;

/// Runs that changed into a status while the reader was away. Each count is that of the list with the status,
/// `changed_after=seq`, `changed_before=back_seq` and `last=all`, up to 100.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Since {
    /// Sequence number of the last event before they left.
    pub seq: i64,
    /// When they left.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// Sequence number of the last event before they came back.
    pub back_seq: i64,
    pub success: i64,
    pub failed: i64,
    pub cancelled: i64,
    pub waiting: i64,
}

/// What the list's page says beside the rows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Beside {
    /// `None`: the reader was never here.
    pub since: Option<Since>,
    /// Ids and patterns of the failure groups in the filter.
    pub groups: Vec<(String, String)>,
    /// Runs that a link to a moment leaves out; `None`: too many to count.
    pub newer: Option<i64>,
}

impl Since {
    /// The runs it counts, newest first.
    pub fn filter(&self, status: &[Status]) -> Filter {
        Filter {
            status: Choice { include: status.to_vec(), exclude: Vec::new() },
            changed: Range { min: Some(self.seq), max: Some(self.back_seq) },
            window: Window::All,
            ..Filter::page_default()
        }
    }

    pub const fn is_quiet(&self) -> bool {
        self.success + self.failed + self.cancelled + self.waiting == 0
    }
}
