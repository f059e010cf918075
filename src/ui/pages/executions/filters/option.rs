//! Both sides. A value in a filter's menu.

use crate::ui::kit::{act, format, view_of};
use leptos::ev::{Event, MouseEvent};
use leptos::prelude::*;

/// One value of a filter: how many runs it would give, and ways to take it alone or not at all.
pub struct FacetOption {
    pub name: &'static str,
    pub value: String,
    /// For those who don't see the option beside its buttons.
    pub word: String,
    pub checked: Signal<bool>,
    pub set: Callback<bool>,
    pub only: Callback<()>,
    pub not: AnyView,
    pub runs: Signal<Option<i64>>,
}

impl FacetOption {
    pub fn view(self, text: AnyView) -> AnyView {
        let Self { name, value, word, checked, set, only, not, runs } = self;
        let runs = move || runs.get().map(format::count);
        view! {
            <div class="option">
                <label>
                    <input type="checkbox" name=name value=value checked=checked prop:checked=checked on:change=act(move |e: Event| set.run(event_target_checked(&e)))/>
                    {text}
                    <span class="runs num">{view_of(runs)}</span>
                </label>
                {not}
                <button type="button" class="only needs-js" aria-label=format!("Only {word}") on:click=act(move |_: MouseEvent| only.run(()))>"only"</button>
            </div>
        }
        .into_any()
    }
}
