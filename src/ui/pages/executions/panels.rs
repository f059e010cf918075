//! Both sides. What floats over the list: the progress bar and the pill of new runs.

use crate::browser;
use crate::ui::kit::format::count;
use crate::ui::parts::runs::rows_below;
use crate::ui::state::list::ListState;
use crate::ui::state::runs::Runs;
use leptos::html;
use leptos::prelude::*;

#[component]
pub fn Progress(runs: Runs) -> impl IntoView {
    let busy = move || runs.loading.get() || runs.loading_more.get();
    move || busy().then(|| view! { <div class="progress" role="progressbar" aria-label="Loading"></div> })
}

/// "3 new": runs that came in while the reader had scrolled down.
#[component]
pub fn NewPill(runs: Runs, area: NodeRef<html::Div>) -> impl IntoView {
    let held = Memo::new(move |_| i64::try_from(runs.list.with(ListState::held)).unwrap_or(i64::MAX));
    let show = move |_| {
        runs.show_held();
        browser::scroll_by(rows_below(area, 0));
    };
    move || {
        (held.get() > 0).then(|| {
            view! {
                <div class="pill-place">
                    <button type="button" class="pill needs-js" on:click=show>{move || format!("{} new", count(held.get()))}</button>
                </div>
            }
        })
    }
}
