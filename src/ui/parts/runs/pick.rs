//! Both sides. The boxes that select rows. They lie in the row's own margin, so that nothing moves for them.

use crate::domain::ExecutionId;
use crate::ui::kit::{Button, act, attr_of, view_of};
use crate::ui::state::list::Row;
use crate::ui::state::picks::{Picks, use_picks};
use crate::ui::state::selection::{Selection, Share};
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use std::sync::Arc;

/// The box of one row; nothing where rows can't be selected.
pub fn pick(id: &ExecutionId, row: Signal<Arc<Row>>, keyboard: RwSignal<Option<ExecutionId>>) -> AnyView {
    let Some(picks) = use_picks() else { return ().into_any() };
    let id = id.clone();
    let on = {
        let id = id.clone();
        Memo::new(move |_| picks.selection.with(|s| s.contains(&id)))
    };
    let label = move || row.with(|r| format!("Select {}: {}", r.run.agent_display_name, r.run.message));
    let press = move |e: leptos::ev::MouseEvent| {
        picks.toggle(&id, e.shift_key());
        // The keyboard goes on from here.
        keyboard.set(Some(id.clone()));
    };
    view! {
        <label class="pick needs-js">
            <input type="checkbox" autocomplete="off" aria-label=attr_of(label) prop:checked=attr_of(move || on.get()) on:click=press/>
        </label>
    }
    .into_any()
}

/// The box of all loaded rows, in the head of the list.
pub fn pick_all() -> AnyView {
    let Some(picks) = use_picks() else { return ().into_any() };
    box_of_all(picks)
}

fn box_of_all(picks: Picks) -> AnyView {
    let share = Memo::new(move |_| picks.share());
    view! {
        <label class="pick needs-js">
            <input type="checkbox" autocomplete="off" aria-label="Select all loaded runs" prop:checked=attr_of(move || share.get() == Share::All)
                prop:indeterminate=attr_of(move || share.get() == Share::Some) on:click=act(move |_: MouseEvent| picks.set_loaded(share.get_untracked() != Share::All))/>
        </label>
    }
    .into_any()
}

/// On phones: turns the boxes on and off.
#[component]
pub fn PickHead(picks: Picks) -> impl IntoView {
    let shown = picks.shown;
    let press = move |_| {
        if shown.get_untracked() && !picks.selection.with_untracked(Selection::is_empty) {
            picks.clear();
        }
        shown.update(|s| *s = !*s);
    };
    let word = move || if shown.get() { "Done" } else { "Select" };
    view! {
        <div class="pick-head phone-only">
            {view_of(move || shown.get().then(|| box_of_all(picks)))}
            {view_of(move || shown.get().then(|| view! { <span class="muted">"All loaded"</span> }))}
            <span class="grow"></span>
            <Button on_press=press>{view_of(word)}</Button>
        </div>
    }
}
