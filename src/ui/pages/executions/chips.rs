//! Both sides. Active filters as chips, what was not understood, and how many runs there are.

use crate::browser::{self, LocalStyle};
use crate::ui::kit::format::{count, utc};
use crate::ui::kit::{Chip, ErrorChip, view_of};
use crate::ui::paths;
use crate::ui::state::beside::BesideList;
use crate::ui::state::chips::active_values;
use crate::ui::state::clock::use_clock;
use crate::ui::state::runs::Runs;
use crate::ui::state::url::PageUrl;
use leptos::prelude::*;

#[component]
pub fn Chips(
    url: PageUrl,
    runs: Runs,
    beside: BesideList,
    /// What the address says to go on from is no place in this list.
    bad_cursor: bool,
    #[prop(into)] on_pause: Callback<()>,
) -> impl IntoView {
    let paused = Memo::new(move |_| url.query.with(|q| q.paused));
    let clock = use_clock();
    let values = move || {
        url.query.with(|q| {
            let chips = active_values(&q.filter).into_iter().map(|value| {
                let href = paths::executions(&q.with_filter(value.without).address());
                view! { <Chip text=beside.named(value.text) href/> }
            });
            chips.collect::<Vec<_>>()
        })
    };
    let errors = move || {
        url.query.with(|q| {
            let chips = q.errors.iter().map(|error| {
                let href = paths::executions(&q.without_error(error).address());
                view! { <ErrorChip text=error.message.clone() href/> }
            });
            chips.collect::<Vec<_>>()
        })
    };
    let cursor = move || {
        url.query.with(|q| {
            let cursor = q.cursor.as_ref().filter(|_| bad_cursor)?;
            let text = format!("cursor: “{cursor}” is no place in this list; it begins at its top");
            Some(view! { <ErrorChip text href=paths::executions(&q.address())/> })
        })
    };
    let something = move || url.query.with(|q| !q.errors.is_empty() || !active_values(&q.filter).is_empty());
    let clear = move || {
        something().then(|| {
            let href = paths::executions(&url.query.with(|q| q.cleared().address()));
            view! { <a class="clear link" href=href prop:replace=true data-noscroll="">"Clear filters"</a> }
        })
    };
    let total = move || {
        let (total, capped) = runs.list.with(crate::ui::state::list::ListState::total);
        let word = if total == 1 { "run" } else { "runs" };
        format!("{}{} {word}", count(total), if capped { "+" } else { "" })
    };
    let as_of = move || {
        let at = runs.as_of.get();
        if clock.hydrated() { browser::local_time(at.millis(), LocalStyle::Second) } else { utc(at) }
    };
    view! {
        <div class="chips">
            {view_of(errors)}
            {cursor}
            {view_of(values)}
            {view_of(clear)}
            <span class="grow"></span>
            <span class="as-of">
                <super::panels::Pause paused toggle=on_pause/>
                <span>{view_of(total)} " · as of " {view_of(as_of)}</span>
            </span>
        </div>
    }
}
