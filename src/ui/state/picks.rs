//! Both sides. The selection of a page's list, as its rows and the bar below share it.

use super::query::PageQuery;
use super::runs::Runs;
use super::selection::{Selection, Share};
use crate::domain::{BulkTarget, ExecutionId};
use crate::ui::kit::format::{count, plural};
use leptos::prelude::*;

/// In context where rows can be selected.
#[derive(Clone, Copy)]
pub struct Picks {
    /// Kept aside, because it is large and this is handed around.
    runs: StoredValue<Runs>,
    pub selection: RwSignal<Selection>,
    /// On phones the boxes are shown when they are asked for.
    pub shown: RwSignal<bool>,
}

/// `None` on pages whose rows can't be selected.
pub fn use_picks() -> Option<Picks> {
    use_context()
}

impl Picks {
    pub fn provide(runs: Runs) -> Self {
        let (kept, none) = (StoredValue::new(runs), Selection::default());
        let picks = Self { runs: kept, selection: RwSignal::new(none), shown: RwSignal::new(false) };
        provide_context(picks);
        // Other rows: what was selected among the old ones could not be seen any more.
        let filter = Memo::new(move |_| runs.query().with(|q| q.filter.page_query()));
        let cleared = move || {
            if !picks.selection.with_untracked(Selection::is_empty) {
                picks.selection.update(Selection::clear);
                runs.said.set("The filter changed, so the selection is cleared".to_owned());
            }
        };
        Effect::watch(move || filter.get(), move |_, _, _| cleared(), false);
        let len = Memo::new(move |_| runs.list.with(super::list::ListState::len));
        let grown = move || {
            if picks.selection.with_untracked(Selection::is_everything) {
                runs.list.with_untracked(|l| picks.selection.update(|s| s.loaded_below(l.order())));
            }
        };
        Effect::watch(move || len.get(), move |_, _, _| grown(), false);
        picks
    }

    /// One row; with `range` all from the last one to it.
    pub fn toggle(self, id: &ExecutionId, range: bool) {
        if range {
            self.runs().list.with_untracked(|l| self.selection.update(|s| s.toggle_range(l.order(), id)));
        } else {
            self.selection.update(|s| s.toggle(id));
        }
        self.say();
    }

    pub fn set_loaded(self, on: bool) {
        self.runs().list.with_untracked(|l| self.selection.update(|s| s.set_loaded(l.order(), on)));
        self.say();
    }

    /// Everything the filter matches as of what the list knows.
    pub fn set_everything(self) {
        let set = |s: &mut Selection| {
            self.runs().list.with_untracked(|l| s.set_everything(l.order(), l.as_of(), l.total()));
        };
        self.selection.update(set);
        self.say();
    }

    pub fn clear(self) {
        self.selection.update(Selection::clear);
        self.say();
    }

    pub fn share(self) -> Share {
        self.runs().list.with(|l| self.selection.with(|s| s.share(l.order())))
    }

    /// What else could be selected after all loaded rows: everything that matches.
    pub fn more(self) -> Option<String> {
        let below = self.runs().list.with(|l| l.next_cursor().is_some());
        let (total, capped) = self.runs().list.with(super::list::ListState::total);
        let offered = below && self.selection.with(Selection::offers_everything);
        offered.then(|| format!("All {}{} matching", count(total), if capped { "+" } else { "" }))
    }

    /// `3 selected`.
    pub fn words(self) -> String {
        self.selection.with(|s| {
            let (n, capped) = s.count();
            match (s.is_everything(), capped) {
                (true, capped) => format!("All {}{} matching selected", count(n), if capped { "+" } else { "" }),
                (false, _) => format!("{} selected", count(n)),
            }
        })
    }

    fn say(self) {
        let words = untrack(|| self.words());
        let none = self.selection.with_untracked(Selection::is_empty);
        self.runs().said.set(if none { "Nothing selected".to_owned() } else { words });
    }

    pub fn target(self) -> BulkTarget {
        let query = self.runs().query().with_untracked(PageQuery::list);
        self.selection.with_untracked(|s| s.target(query))
    }

    pub fn runs(self) -> Runs {
        self.runs.get_value()
    }
}

/// `Stop 3 runs`.
pub fn verb_of(verb: &str, n: i64) -> String {
    format!("{verb} {}", plural(n, "run", "runs"))
}
