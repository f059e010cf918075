//! Both sides. One run in a list; patched in place.

use super::ListActions;
use super::actions::RowActions;
use super::cells::Cells;
use super::layout::use_layout;
use crate::domain::ExecutionId;
use crate::ui::kit::{attr_of, view_of};
use crate::ui::state::clock::use_clock;
use crate::ui::state::list::{ListState, Row};
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use std::sync::Arc;

/// A press that goes where the page wants; with a key held, or another button, it is the browser's.
pub fn plain_click(e: &MouseEvent) -> bool {
    e.button() == 0 && !e.ctrl_key() && !e.meta_key() && !e.shift_key() && !e.alt_key()
}

/// A row changes only when its run does: two shares of one row are the same row.
#[derive(Clone)]
struct Same(Arc<Row>);

impl PartialEq for Same {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

#[component]
pub fn RunRow(id: ExecutionId, list: RwSignal<ListState>, actions: ListActions) -> impl IntoView {
    let clock = use_clock();
    let row = {
        let id = id.clone();
        // A row that has just been taken out keeps its last state until its element is gone.
        Memo::new(move |last: Option<&Option<Same>>| {
            list.with(|l| l.row(&id)).map(Same).or_else(|| last.cloned().flatten())
        })
    };
    let Some(first) = row.get_untracked() else { return ().into_any() };
    let first = StoredValue::new(first);
    let row = Signal::derive(move || row.get().unwrap_or_else(|| first.get_value()).0);
    let status = Signal::derive(move || row.with(|r| r.run.status));
    let open = {
        let id = id.clone();
        Callback::new(move |e: MouseEvent| {
            if let (true, Some(open)) = (plain_click(&e), actions.open) {
                e.prevent_default();
                open.run(id.clone());
            }
        })
    };
    let selected = {
        let id = id.clone();
        move || actions.selected.with(|s| s.as_ref() == Some(&id))
    };
    let cells = Cells::new(row, clock, open);
    let layout = use_layout();
    view! {
        <li
            class="row"
            class:left=attr_of(move || row.with(|r| r.left))
            class:fresh=attr_of(move || row.with(|r| r.fresh))
            class:selected=selected
            data-execution-id=id.to_string()
            data-status=attr_of(move || status.get().as_str())
        >
            {super::pick::pick(&id, row, actions.selected)}
            {view_of(move || layout.with(|l| l.cells.iter().map(|(column, class)| cells.cell(*column, class)).collect::<Vec<_>>()))}
            <RowActions row actions/>
        </li>
    }
    .into_any()
}
