//! Both sides. Moments and spans that keep up with the clock.

use crate::browser::{self, LocalStyle};
use crate::domain::Timestamp;
use crate::ui::kit::{attr_of, format, view_of};
use crate::ui::state::clock::use_clock;
use leptos::prelude::*;

/// `2 m ago`, with the exact local and UTC time on hover and focus.
#[component]
pub fn RelativeTime(#[prop(into)] at: Signal<Timestamp>) -> impl IntoView {
    let clock = use_clock();
    let text = Memo::new(move |_| format::ago(at.get(), clock.now()));
    view! {
        <time datetime=attr_of(move || at.get().to_string()) title=attr_of(move || exact(at.get(), clock.hydrated()))>
            {view_of(move || text.get())}
        </time>
    }
}

/// Local and UTC time; UTC alone where the viewer's zone is not known, or not wanted.
pub fn exact(at: Timestamp, hydrated: bool) -> String {
    let utc = format::utc(at);
    if hydrated && !browser::in_utc() {
        format!("{} · {utc}", browser::local_time(at.millis(), LocalStyle::Full))
    } else {
        utc
    }
}

/// The time since `since`, ticking by the server's clock.
#[component]
pub fn Elapsed(#[prop(into)] since: Signal<Timestamp>) -> impl IntoView {
    let clock = use_clock();
    let text = Memo::new(move |_| format::elapsed(clock.now().millis_since(since.get())));
    view! { <span class="elapsed">{view_of(move || text.get())}</span> }
}

/// Text, or a faint dash for what is not known.
#[component]
pub fn Unknown(#[prop(into)] value: Signal<Option<String>>) -> impl IntoView {
    view_of(move || match value.get() {
        Some(text) => view! { <span>{text}</span> }.into_any(),
        None => view! { <span class="unknown" title="not known">{format::UNKNOWN}</span> }.into_any(),
    })
}
