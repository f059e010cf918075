//! Both sides. The keyboard on the list; silent while typing and behind a dialog.

use crate::browser;
use crate::domain::ExecutionId;
use crate::ui::parts::runs::{ListActions, rows_below};
use crate::ui::state::picks::{Picks, use_picks};
use crate::ui::state::runs::Runs;
use leptos::html;
use leptos::prelude::*;

/// `/` search · `j` `k` move · Enter opens (the row's link has the focus) · `x` selects, with Shift up to here · `r` refresh.
pub fn listen(runs: Runs, actions: ListActions, area: NodeRef<html::Div>, refresh: Callback<()>) {
    let picks = use_picks();
    Effect::new(move || {
        browser::on_key(move |e| {
            if e.ctrl_key() || e.meta_key() || e.alt_key() || browser::typing() || browser::dialog_open() {
                return;
            }
            match e.key().as_str() {
                "/" => browser::focus(".filters input[type=search]"),
                "j" => step(runs, actions, area, 1),
                "k" => step(runs, actions, area, -1),
                "r" => refresh.run(()),
                "x" | "X" => select(picks, actions, e.shift_key()),
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

fn step(runs: Runs, actions: ListActions, area: NodeRef<html::Div>, by: i64) {
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
