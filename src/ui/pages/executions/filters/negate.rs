//! Both sides. "not" beside a value: every run but those with it.

use crate::domain::{Choice, Filter};
use crate::ui::kit::attr_of;
use crate::ui::state::chips::negated;
use crate::ui::state::clock::use_clock;
use crate::ui::state::url::PageUrl;
use leptos::ev::MouseEvent;
use leptos::prelude::*;

/// Without JavaScript a button that sends the form; with it one that Enter in a field must not press. `name`: the
/// parameter.
pub fn not<T>(
    url: PageUrl,
    name: &'static str,
    value: T,
    what: String,
    field: fn(&mut Filter) -> &mut Choice<T>,
) -> AnyView
where
    T: ToString + Clone + Ord + Send + Sync + 'static,
{
    let clock = use_clock();
    let plain = format!("!{}", value.to_string());
    let sought = value.clone();
    // Reading goes through a copy: one accessor serves both ways.
    let on = Memo::new(move |_| url.query.with(|q| field(&mut q.filter.clone()).exclude.contains(&sought)));
    let press = move |e: MouseEvent| {
        e.prevent_default();
        let (value, wanted) = (value.clone(), !on.get_untracked());
        url.set_filter(|f| {
            let choice = field(f);
            *choice = negated(std::mem::take(choice), value, wanted);
        });
    };
    view! {
        <button type=attr_of(move || if clock.hydrated() { "button" } else { "submit" }) class="not" name=name value=plain aria-label=format!("Not {what}")
            aria-pressed=attr_of(move || on.get().to_string()) on:click=press>"not"</button>
    }
    .into_any()
}
