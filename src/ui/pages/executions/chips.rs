//! Both sides. Active filters as chips, what was not understood, and how many runs there are.

use crate::browser::{self, LocalStyle};
use crate::ui::kit::format::{count, utc};
use crate::ui::kit::{Chip, ErrorChip};
use crate::ui::paths;
use crate::ui::state::beside::BesideList;
use crate::ui::state::chips::active_values;
use crate::ui::state::clock::use_clock;
use crate::ui::state::query::PageQuery;
use crate::ui::state::runs::Runs;
use crate::ui::state::url::PageUrl;
use leptos::prelude::*;

#[component]
pub fn Chips(url: PageUrl, runs: Runs, beside: BesideList) -> impl IntoView {
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
        let error = |e: &crate::domain::FieldError| view! { <ErrorChip text=format!("{}: {}", e.field, e.message)/> };
        url.query.with(|q| q.errors.iter().map(error).collect::<Vec<_>>())
    };
    let something = move || url.query.with(|q| !q.errors.is_empty() || !active_values(&q.filter).is_empty());
    let clear = move || {
        something().then(|| {
            let href =
                paths::executions(&PageQuery { sort: url.query.with(|q| q.sort), ..PageQuery::default() }.address());
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
            {errors}
            {values}
            {clear}
            <span class="grow"></span>
            <span class="as-of">{total} " · as of " {as_of}</span>
        </div>
    }
}
