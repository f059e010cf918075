//! Both sides. Which stretches of the tool calls were read, and which to read again when the run moved on.

use crate::server_fns::ToolCallPage;

/// One page as it was read: the cursor it was asked for with, and the calls it held.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Read {
    cursor: Option<String>,
    ids: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pages {
    reads: Vec<Read>,
    next: Option<String>,
}

/// Pages read again per change at most: the last one, and those with a call that was still running.
const AGAIN: usize = 3;

impl Pages {
    pub fn new(page: &ToolCallPage) -> Self {
        let mut pages = Self::default();
        pages.read(None, page);
        pages
    }

    /// Notes what the page asked for with `cursor` held.
    pub fn read(&mut self, cursor: Option<String>, page: &ToolCallPage) {
        let ids = page.tool_calls.iter().map(|listed| listed.call.call_id.clone()).collect();
        let at = self.reads.iter().position(|read| read.cursor == cursor);
        let last = at.is_none_or(|at| at + 1 == self.reads.len());
        match at {
            Some(at) => self.reads[at].ids = ids,
            None => self.reads.push(Read { cursor, ids }),
        }
        if last {
            self.next.clone_from(&page.next_cursor);
        }
    }

    /// Where the calls not read yet begin.
    pub fn next(&self) -> Option<String> {
        self.next.clone()
    }

    /// The cursors to ask again, given which calls are still running as far as is known here.
    pub fn stale(&self, running: impl Fn(&String) -> bool) -> Vec<Option<String>> {
        let Some((last, earlier)) = self.reads.split_last() else { return Vec::new() };
        let open = earlier.iter().rev().filter(|read| read.ids.iter().any(&running)).take(AGAIN - 1);
        open.chain([last]).map(|read| read.cursor.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ListedCall, PartStatus, Timestamp, ToolCall};

    fn page(ids: &[&str], next: Option<&str>) -> ToolCallPage {
        let call = |id: &&str| {
            let call = ToolCall {
                call_id: (*id).to_owned(),
                name: "t".to_owned(),
                arguments: None,
                result: None,
                error: None,
                status: PartStatus::Success,
                started_at: Timestamp::from_millis(0),
                completed_at: None,
                parent_call_id: None,
            };
            ListedCall { call, left_out: 0 }
        };
        ToolCallPage { tool_calls: ids.iter().map(call).collect(), next_cursor: next.map(str::to_owned) }
    }
    fn three() -> Pages {
        let mut pages = Pages::new(&page(&["a", "b"], Some("2")));
        pages.read(Some("2".to_owned()), &page(&["c", "d"], Some("4")));
        pages.read(Some("4".to_owned()), &page(&["e"], None));
        pages
    }

    #[test]
    fn the_last_page_is_always_read_again() {
        assert_eq!(three().stale(|_| false), [Some("4".to_owned())]);
    }

    #[test]
    fn a_page_with_a_running_call_is_read_again_too() {
        assert_eq!(three().stale(|id| id == "b"), [None, Some("4".to_owned())]);
    }

    #[test]
    fn reading_an_earlier_page_again_does_not_move_the_end() {
        let mut pages = three();
        pages.read(None, &page(&["a", "b"], Some("2")));
        assert_eq!(pages.next(), None);
        pages.read(Some("4".to_owned()), &page(&["e", "f"], Some("6")));
        assert_eq!(pages.next().as_deref(), Some("6"));
    }
}
