//! Both sides. A list of runs: cards, rows, and what stands where there are none.

mod actions;
mod cards;
mod cells;
mod empty;
mod head;
mod layout;
mod list;
mod pick;
mod row;

pub use actions::{copy_link, row_menu};
pub use cards::Cards;
pub use cells::{AsksOf, FilterBy};
pub use empty::{NoRuns, ways_out};
pub use head::SortHead;
pub use layout::{Layout, ShownLayout};
pub use list::{RunList, rows_below};
pub use pick::PickHead;
pub use row::RunRow;

use crate::domain::ExecutionId;
use crate::ui::state::query::PageQuery;
use leptos::prelude::*;

/// What rows may do on the page they are on.
#[derive(Clone, Copy)]
pub struct ListActions {
    /// Opens a run over the list; without it a row leads to the run's own page.
    pub open: Option<Callback<ExecutionId>>,
    /// Can the reader order this list?
    pub sortable: bool,
    /// The row the keyboard is on.
    pub selected: RwSignal<Option<ExecutionId>>,
    /// Where the list's own addresses lead: `/executions` or an agent's page.
    pub base: StoredValue<String>,
}

impl ListActions {
    /// The address of this list under another query, for links that work without JavaScript.
    pub fn address(self, query: &PageQuery) -> String {
        self.base.with_value(|base| crate::ui::paths::with_query(base, &query.address()))
    }
}
