//! Both sides. The head of the list: names of the columns, three of them sort.

use super::ListActions;
use crate::domain::{Sort, SortField};
use crate::ui::state::query::PageQuery;
use leptos::prelude::*;

#[component]
pub fn SortHead(query: Memo<PageQuery>, actions: ListActions) -> impl IntoView {
    view! {
        <div class="row-head" role="group" aria-label="Columns and order">
            {super::pick::pick_all()}
            <span>"Status"</span>
            <span>"Agent"</span>
            <span>"Message"</span>
            <span>"Trigger"</span>
            <SortBy field=SortField::StartedAt name="Started" query actions/>
            <SortBy field=SortField::Duration name="Duration" query actions/>
            <span class="num">"Tokens"</span>
            <SortBy field=SortField::Cost name="Cost" query actions/>
            <span></span>
        </div>
    }
}

/// A link, so that it works without JavaScript; a second press turns the order round.
#[component]
fn SortBy(field: SortField, name: &'static str, query: Memo<PageQuery>, actions: ListActions) -> impl IntoView {
    let now = move || query.with(|q| q.sort);
    let next = move || Sort { field, descending: now().field != field || !now().descending };
    let href = move || actions.address(&PageQuery { sort: next(), run: None, ..query.get() });
    let arrow = move || (now().field == field).then(|| if now().descending { " ↓" } else { " ↑" });
    let label = move || {
        let order = match (now().field == field, now().descending) {
            (false, _) => "",
            (true, true) => ", now highest or newest first",
            (true, false) => ", now lowest or oldest first",
        };
        format!("Sort by {}{order}", name.to_lowercase())
    };
    if !actions.sortable {
        return view! { <span class="num">{name}</span> }.into_any();
    }
    view! {
        <a class="num" class:on=move || now().field == field href=href prop:replace=true data-noscroll="" aria-label=label>
            {name}
            {arrow}
        </a>
    }
    .into_any()
}
