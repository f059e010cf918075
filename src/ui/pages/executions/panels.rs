//! Both sides. What floats over the list: the progress bar and the pill of new runs.

use crate::browser;
use crate::ui::kit::format::{count, plural};
use crate::ui::kit::{Icon, act, view_of};
use crate::ui::parts::runs::rows_below;
use crate::ui::state::list::ListState;
use crate::ui::state::runs::Runs;
use leptos::ev::MouseEvent;
use leptos::html;
use leptos::prelude::*;

#[component]
pub fn Progress(runs: Runs) -> impl IntoView {
    let busy = move || runs.loading.get() || runs.loading_more.get();
    view_of(move || busy().then(|| view! { <div class="progress" role="progressbar" aria-label="Loading"></div> }))
}

/// "3 new": runs that came in while the reader had scrolled down. "3 updates": what the reader holds back.
#[component]
pub fn NewPill(runs: Runs, area: NodeRef<html::Div>) -> impl IntoView {
    let held = Memo::new(move |_| runs.list.with(ListState::held));
    let waiting = Memo::new(move |_| {
        let (n, any) = runs.waiting.with(|w| (w.len(), !w.is_empty()));
        any.then(|| i64::try_from(n).unwrap_or(i64::MAX))
    });
    let words = move || match (waiting.get(), held.get()) {
        (Some(0), _) => "Updates".to_owned(),
        (Some(n), _) => plural(n, "update", "updates"),
        (None, (n, more)) => {
            format!("{}{} new", count(i64::try_from(n).unwrap_or(i64::MAX)), if more { "+" } else { "" })
        }
    };
    let show = move |_| {
        runs.release();
        runs.show_held();
        browser::scroll_by(rows_below(area, 0));
    };
    view_of(move || {
        (held.get().0 > 0 || waiting.get().is_some()).then(|| {
            view! {
                <div class="pill-place">
                    <button type="button" class="pill needs-js" on:click=show>{view_of(words)}</button>
                </div>
            }
        })
    })
}

/// Whether news are held back, and the way there and back.
#[component]
pub fn Pause(paused: Memo<bool>, #[prop(into)] toggle: Callback<()>) -> impl IntoView {
    view! {
        <Show when=move || paused.get()><strong class="paused"><Icon name="paused"/>"Paused"</strong></Show>
        <button type="button" class="btn quiet small needs-js" on:click=act(move |_: MouseEvent| toggle.run(()))>
            {view_of(move || if paused.get() { "Resume" } else { "Pause" })}
            <kbd class="desktop-only" aria-hidden="true">"l"</kbd>
        </button>
    }
}
