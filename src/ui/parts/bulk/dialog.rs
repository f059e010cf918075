//! Both sides. The dialog: the question with its dry run, then the job, or the jobs of late.

use super::{job, question, recent};
use crate::browser;
use crate::ui::kit::{ErrorNote, act, follow, view_of};
use crate::ui::state::bulk::{Bulk, Shown};
use leptos::ev::Event;
use leptos::html;
use leptos::prelude::*;

pub fn dialog(bulk: Bulk) -> AnyView {
    let dialog = NodeRef::<html::Dialog>::new();
    let shown = Memo::new(move |_| bulk.shown.get());
    follow(move || {
        if shown.get() == Shown::Nothing {
            browser::close_dialog(dialog);
        } else {
            browser::open_dialog(dialog);
        }
    });
    let close = Callback::new(move |()| browser::close_dialog(dialog));
    let body = move || match shown.get() {
        Shown::Nothing => ().into_any(),
        Shown::Question => question::view(bulk, close),
        Shown::Job => job::view(bulk, close),
        Shown::Recent => recent::view(bulk, close),
    };
    view! {
        <dialog node_ref=dialog class="bulk" aria-labelledby="bulk-title" on:close=act(move |_: Event| bulk.closed())>
            {view_of(body)}
            {view_of(move || (shown.get() != Shown::Nothing).then(|| bulk.problem.get()).flatten().map(|text| view! { <ErrorNote message=text/> }))}
        </dialog>
    }
    .into_any()
}
