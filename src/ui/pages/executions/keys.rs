//! Both sides. The keyboard on the list; silent while typing and behind a dialog.

use crate::browser;
use crate::domain::ExecutionId;
use crate::ui::kit::follow;
use crate::ui::parts::runs::{ListActions, rows_below};
use crate::ui::parts::{StopRequest, use_stop};
use crate::ui::state::picks::{Picks, use_picks};
use crate::ui::state::runs::Runs;
use leptos::html;
use leptos::prelude::*;

/// What the keys work on.
#[derive(Clone, Copy)]
pub struct Keys {
    pub runs: Runs,
    pub actions: ListActions,
    pub area: NodeRef<html::Div>,
    /// The run in the drawer, which has `[` and `]` for itself.
    pub run: Memo<Option<String>>,
    pub refresh: Callback<()>,
    pub pause: Callback<()>,
    pub filters: FilterBarShown,
}

/// `/` search · `j` `k` move · Enter opens (the row's link has the focus) · `x` selects, with Shift up to here · `r`
/// refresh · `l` pause · `b` filter bar · `s` stop. `ui/parts/keys.rs` has those of every page.
pub fn listen(keys: &Keys) {
    let keys = *keys;
    let stop = use_stop();
    let picks = use_picks();
    follow(move || {
        browser::on_key(move |e| {
            if e.ctrl_key() || e.meta_key() || e.alt_key() || browser::typing() || browser::dialog_open() {
                return;
            }
            let closed = keys.run.with_untracked(Option::is_none);
            match e.key().as_str() {
                "/" => {
                    keys.filters.show();
                    browser::focus(".filters input[type=search]");
                }
                "j" => step(&keys, 1),
                "k" => step(&keys, -1),
                "]" if closed => step(&keys, 1),
                "[" if closed => step(&keys, -1),
                "r" => keys.refresh.run(()),
                "l" => keys.pause.run(()),
                "b" => keys.filters.toggle(),
                "s" => stop_selected(&keys, stop),
                "x" | "X" => select(picks, keys.actions, e.shift_key()),
                _ => return,
            }
            e.prevent_default();
        });
    });
}

fn select(picks: Option<Picks>, actions: ListActions, range: bool) {
    if let (Some(picks), Some(id)) = (picks, actions.selected.get_untracked()) {
        picks.toggle(&id, range);
    }
}

/// Asks before it stops the run in the drawer, or the one the keyboard is on.
fn stop_selected(keys: &Keys, stop: StopRequest) {
    let row = |id: &ExecutionId| keys.runs.list.with_untracked(|l| l.row(id));
    let run = keys.actions.selected.get_untracked().and_then(|id| row(&id)).map(|row| row.run.clone());
    match run {
        Some(run) if run.status.is_terminal() => keys.runs.said.set("This run has ended".to_owned()),
        Some(run) if run.cancel_requested => keys.runs.said.set("This run is already asked to stop".to_owned()),
        Some(run) => stop.ask(run),
        None => keys.runs.said.set("Select a run first".to_owned()),
    }
}

/// Whether the filter bar is on the page.
#[derive(Clone, Copy)]
pub struct FilterBarShown {
    hidden: RwSignal<bool>,
    said: RwSignal<String>,
}

impl FilterBarShown {
    pub fn new(said: RwSignal<String>) -> Self {
        Self { hidden: RwSignal::new(false), said }
    }

    pub fn hidden(self) -> bool {
        self.hidden.get()
    }

    /// The field is in the page at once, to take the focus.
    fn show(self) {
        if self.hidden.get_untracked() {
            self.toggle();
            browser::focus_later(".filters input[type=search]".to_owned());
        }
    }

    fn toggle(self) {
        self.hidden.update(|h| *h = !*h);
        let word = if self.hidden.get_untracked() { "Filters hidden" } else { "Filters shown" };
        self.said.set(word.to_owned());
    }
}

fn step(keys: &Keys, by: i64) {
    let Keys { runs, actions, area, .. } = *keys;
    let next: Option<(usize, ExecutionId)> = runs.list.with_untracked(|l| {
        let last = l.len().checked_sub(1)?;
        let here = actions.selected.get_untracked().and_then(|id| l.order().iter().position(|i| *i == id));
        let index = match (here, by > 0) {
            (None, _) => 0,
            (Some(i), true) => (i + 1).min(last),
            (Some(i), false) => i.saturating_sub(1),
        };
        Some((index, l.order()[index].clone()))
    });
    if let Some((index, id)) = next {
        browser::scroll_by(rows_below(area, index));
        browser::focus_soon(format!("[data-execution-id='{id}'] .message"));
        actions.selected.set(Some(id));
    }
}
