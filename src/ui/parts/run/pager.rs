//! Both sides. A hundred rows at a time, so that ten thousand never stand in the page.

use crate::ui::kit::{Button, attr_of, format, view_of};
use leptos::prelude::*;

pub const PAGE: usize = 100;

/// `page` counts from 0; `known` are the rows that can be shown now, `more` whether the server has others.
#[component]
pub fn Pager(
    page: RwSignal<usize>,
    #[prop(into)] known: Signal<usize>,
    #[prop(into)] more: Signal<bool>,
    #[prop(into)] busy: Signal<bool>,
    /// All there are, as far as is known.
    #[prop(into)]
    total: Signal<i64>,
    /// Called with the page the reader wants.
    #[prop(into)]
    on_page: Callback<usize>,
) -> impl IntoView {
    let first = move || page.get() * PAGE;
    let last = move || (first() + PAGE).min(known.get());
    let at_end = Signal::derive(move || busy.get() || (last() >= known.get() && !more.get()));
    let at_start = Signal::derive(move || page.get() == 0);
    let needed = move || known.get() > PAGE || more.get();
    let number = |n: usize| format::count(i64::try_from(n).unwrap_or(i64::MAX));
    let text = move || {
        let all = total.get().max(i64::try_from(known.get()).unwrap_or(i64::MAX));
        // Fewer were counted than the server has: the number is a lower bound.
        let plus = if more.get() && all <= i64::try_from(known.get()).unwrap_or(i64::MAX) { "+" } else { "" };
        format!("{}–{} of {}{plus}", number(first() + 1), number(last()), format::count(all))
    };
    view! {
        <nav class="pager" aria-label="Pages" hidden=attr_of(move || !needed())>
            <Button small=true disabled=at_start on_press=move |_| on_page.run(page.get_untracked().saturating_sub(1))>
                "Previous"
            </Button>
            <span role="status">{view_of(text)}</span>
            <Button small=true disabled=at_end on_press=move |_| on_page.run(page.get_untracked() + 1)>"Next"</Button>
        </nav>
    }
}
