//! Both sides. The head of the list: names of the columns, three of them sort.

use super::ListActions;
use super::layout::use_layout;
use crate::domain::{Column, Sort, SortField};
use crate::ui::kit::{attr_of, view_of};
use crate::ui::state::query::PageQuery;
use leptos::prelude::*;

#[component]
pub fn SortHead(query: Memo<PageQuery>, actions: ListActions) -> impl IntoView {
    let layout = use_layout();
    view! {
        <div class="row-head" role="group" aria-label="Columns and order">
            {super::pick::pick_all()}
            {view_of(move || layout.with(|l| l.cells.iter().map(|(column, class)| head(*column, class, query, actions)).collect::<Vec<_>>()))}
            <span></span>
        </div>
    }
}

fn head(column: Column, class: &str, query: Memo<PageQuery>, actions: ListActions) -> AnyView {
    // Room gives way as in the rows; what else a cell looks like is its own.
    let hide: Vec<_> = class.split(' ').filter(|c| c.starts_with("hide-")).collect();
    let class = format!("{}{}", if column.numeric() { "num " } else { "" }, hide.join(" "));
    let field = match column {
        Column::Started => SortField::StartedAt,
        Column::Duration => SortField::Duration,
        Column::Cost => SortField::Cost,
        _ => return view! { <span class=class>{column.title()}</span> }.into_any(),
    };
    view! { <SortBy field name=column.title() class query actions/> }.into_any()
}

/// A link, so that it works without JavaScript; a second press turns the order round.
#[component]
fn SortBy(
    field: SortField,
    name: &'static str,
    class: String,
    query: Memo<PageQuery>,
    actions: ListActions,
) -> impl IntoView {
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
        format!("Sort by {}{order}", name.to_ascii_lowercase())
    };
    if !actions.sortable {
        return view! { <span class=class>{name}</span> }.into_any();
    }
    view! {
        <a class=class class:on=attr_of(move || now().field == field) href=attr_of(href) prop:replace=true data-noscroll="" aria-label=attr_of(label)>
            {name}
            {view_of(arrow)}
        </a>
    }
    .into_any()
}
