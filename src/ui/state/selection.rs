//! Both sides. Which runs the reader has selected: pure, so that it can be proved natively.
//!
//! A selection is a set of ids, or everything the filter matches as of an event. Nothing gets into it but by the
//! reader's hand: rows that come in, move or change leave it as it is.

use crate::domain::{BulkTarget, ExecutionId};
use std::collections::HashSet;

/// Everything that matched at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Everything {
    as_of: i64,
    total: i64,
    capped: bool,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    /// The selected runs; of everything, those that are loaded.
    ids: HashSet<ExecutionId>,
    everything: Option<Everything>,
    /// The loaded rows were selected all at once: more may be meant.
    at_once: bool,
    /// Where a range begins.
    anchor: Option<ExecutionId>,
}

/// How much of the loaded rows is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    None,
    Some,
    All,
}

impl Selection {
    pub fn contains(&self, id: &ExecutionId) -> bool {
        self.ids.contains(id)
    }

    pub fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.everything.is_none()
    }

    /// Were all loaded rows selected at once, and is everything that matches not selected yet?
    pub fn offers_everything(&self) -> bool {
        self.at_once && self.everything.is_none()
    }

    pub fn is_everything(&self) -> bool {
        self.everything.is_some()
    }

    /// How many, and whether that is only a lower bound.
    pub fn count(&self) -> (i64, bool) {
        match self.everything {
            Some(all) => (all.total, all.capped),
            None => (i64::try_from(self.ids.len()).unwrap_or(i64::MAX), false),
        }
    }

    /// One row, the other way round. Without one of them it is not everything any more, but the loaded rows.
    pub fn toggle(&mut self, id: &ExecutionId) {
        self.everything = None;
        self.at_once = false;
        if !self.ids.remove(id) {
            self.ids.insert(id.clone());
        }
        self.anchor = Some(id.clone());
    }

    /// From the row that was toggled last to this one, all as this one becomes.
    pub fn toggle_range(&mut self, order: &[ExecutionId], id: &ExecutionId) {
        let at = |wanted: &ExecutionId| order.iter().position(|i| i == wanted);
        let (Some(from), Some(to)) = (self.anchor.as_ref().and_then(at), at(id)) else { return self.toggle(id) };
        let on = !self.contains(id);
        self.everything = None;
        self.at_once = false;
        for id in &order[from.min(to)..=from.max(to)] {
            if on {
                self.ids.insert(id.clone());
            } else {
                self.ids.remove(id);
            }
        }
        self.anchor = Some(id.clone());
    }

    pub fn share(&self, order: &[ExecutionId]) -> Share {
        // Asked at each change of the list, however long that is, and mostly nothing is selected.
        if self.ids.is_empty() {
            return Share::None;
        }
        match order.iter().filter(|id| self.contains(id)).count() {
            0 => Share::None,
            n if n == order.len() => Share::All,
            _ => Share::Some,
        }
    }

    /// All loaded rows, or none.
    pub fn set_loaded(&mut self, order: &[ExecutionId], on: bool) {
        if on {
            self.everything = None;
            self.at_once = true;
            self.ids.extend(order.iter().cloned());
        } else {
            self.clear();
        }
    }

    /// Everything that matches now, loaded or not.
    pub fn set_everything(&mut self, order: &[ExecutionId], as_of: i64, (total, capped): (i64, bool)) {
        self.ids = order.iter().cloned().collect();
        self.everything = Some(Everything { as_of, total, capped });
    }

    /// Rows below the last one that was known are of everything too; rows above it are new.
    pub fn loaded_below(&mut self, order: &[ExecutionId]) {
        if self.everything.is_some()
            && let Some(last) = order.iter().rposition(|id| self.ids.contains(id))
        {
            self.ids.extend(order[last + 1..].iter().cloned());
        }
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// What to ask the server for; `query` is the page's.
    pub fn target(&self, query: String) -> BulkTarget {
        if let Some(all) = self.everything {
            return BulkTarget::Matching { query, as_of: all.as_of };
        }
        // Ids sort by creation: the newest first, as in the list.
        let mut ids: Vec<ExecutionId> = self.ids.iter().cloned().collect();
        ids.sort_unstable_by(|a, b| b.cmp(a));
        BulkTarget::Ids(ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ExecutionPage, FrameType, ServerFrame, Sort};
    use crate::ui::state::list::ListState;
    use crate::ui::state::sample::{id, run};

    fn ids(numbers: impl IntoIterator<Item = u64>) -> Vec<ExecutionId> {
        numbers.into_iter().map(id).collect()
    }

    fn selected(s: &Selection) -> Vec<ExecutionId> {
        match s.target(String::new()) {
            BulkTarget::Ids(ids) => ids,
            BulkTarget::Matching { .. } => panic!("everything"),
        }
    }

    #[test]
    fn rows_are_selected_one_by_one_and_in_ranges() {
        let order = ids((1..=9).rev());
        let mut s = Selection::default();
        s.toggle(&id(7));
        s.toggle_range(&order, &id(4));
        assert_eq!(selected(&s), ids([7, 6, 5, 4]));
        s.toggle(&id(6));
        s.toggle_range(&order, &id(5));
        assert_eq!(selected(&s), ids([7, 4]));
        assert_eq!((s.count(), s.share(&order)), ((2, false), Share::Some));
        s.toggle_range(&order, &id(9));
        assert_eq!(selected(&s), ids([9, 8, 7, 6, 5, 4]));
        s.clear();
        assert!(s.is_empty());
    }

    #[test]
    fn a_range_from_a_row_that_is_gone_is_one_row() {
        let mut s = Selection::default();
        s.toggle(&id(99));
        s.toggle_range(&ids([3, 2, 1]), &id(2));
        assert_eq!(selected(&s), ids([99, 2]));
    }

    #[test]
    fn all_loaded_rows_are_what_is_loaded_and_no_more() {
        let mut s = Selection::default();
        s.set_loaded(&ids([3, 2, 1]), true);
        assert_eq!(s.share(&ids([3, 2, 1])), Share::All);
        assert!(s.offers_everything());
        s.loaded_below(&ids([3, 2, 1, 0]));
        assert_eq!(s.share(&ids([3, 2, 1, 0])), Share::Some);
        s.set_loaded(&ids([3, 2, 1, 0]), false);
        assert!(s.is_empty());
    }

    #[test]
    fn everything_takes_in_what_is_loaded_below_and_nothing_new() {
        let mut s = Selection::default();
        s.set_everything(&ids([5, 4]), 70, (1_234, false));
        s.loaded_below(&ids([6, 5, 4, 3, 2]));
        assert!(s.contains(&id(2)) && s.contains(&id(3)) && !s.contains(&id(6)));
        assert_eq!((s.count(), s.is_everything()), ((1_234, false), true));
        let target = BulkTarget::Matching { query: "status=failed".to_owned(), as_of: 70 };
        assert_eq!(s.target("status=failed".to_owned()), target);
        // Without one of them it is the loaded ones.
        s.toggle(&id(4));
        assert_eq!(selected(&s), ids([5, 3, 2]));
        assert!(!s.offers_everything());
    }

    fn page(numbers: &[u64], as_of: i64) -> ExecutionPage {
        ExecutionPage {
            executions: numbers.iter().map(|n| run(*n, i64::try_from(*n).expect("small"))).collect(),
            next_cursor: None,
            has_more: false,
            total_count: numbers.len() as i64,
            total_is_capped: false,
            filters_applied: std::collections::BTreeMap::default(),
            as_of,
        }
    }

    #[test]
    fn lesson_13_live_updates_and_a_refetch_leave_the_selection_alone() {
        let mut list = ListState::new(Sort::default(), page(&[3, 2, 1], 10));
        let mut s = Selection::default();
        s.toggle(&id(2));
        let before = s.clone();
        for n in 0..50_u64 {
            let mut changed = run(n, i64::try_from(n).expect("small"));
            changed.version = 2;
            let frame = ServerFrame {
                seq: Some(11 + i64::try_from(n).expect("small")),
                execution: Some(Box::new(changed)),
                ..ServerFrame::plain(FrameType::ExecutionUpdated)
            };
            list.apply(&frame, true);
            s.loaded_below(list.order());
        }
        list.resync(page(&[60, 3, 2, 1], 90), true);
        s.loaded_below(list.order());
        assert_eq!(s, before);
    }
}
