//! Both sides. The time window: spans that stay open at "now", or a range of the viewer's own time.

use crate::browser;
use crate::domain::filter::format_seconds;
use crate::domain::{Timestamp, Window};
use crate::ui::kit::{Button, act, attr_of, follow, view_of};
use crate::ui::state::chips::window_words;
use crate::ui::state::clock::use_clock;
use crate::ui::state::url::PageUrl;
use leptos::ev::Event;
use leptos::prelude::*;

const SPANS: [Window; 6] = [
    Window::Last(900),
    Window::Last(3_600),
    Window::DAY,
    Window::Last(7 * 86_400),
    Window::Last(30 * 86_400),
    Window::All,
];

pub fn name(url: PageUrl) -> Signal<String> {
    Signal::derive(move || match url.query.with(|q| q.filter.window) {
        Window::Range { .. } => "Custom time".to_owned(),
        window => capitalised(&window_words(window)),
    })
}

pub fn panel(url: PageUrl) -> AnyView {
    let spans = SPANS.map(|window| {
        let value = match window {
            Window::Last(s) => format_seconds(s),
            _ => "all".to_owned(),
        };
        let is = move || url.query.with(|q| q.filter.window == window);
        view! {
            <label>
                <input type="radio" name="last" value=value checked=attr_of(is) prop:checked=attr_of(is) on:change=act(move |_: Event| url.set_filter(|f| f.window = window))/>
                {capitalised(&window_words(window))}
            </label>
        }
    });
    view! {
            {spans.into_iter().collect_view()}
            <Custom url/>
    }
    .into_any()
}

/// From and to in the viewer's time zone; only with JavaScript, which knows that zone.
#[component]
fn Custom(url: PageUrl) -> impl IntoView {
    let clock = use_clock();
    let (from, to) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    follow(move || {
        if let Window::Range { from: f, to: t } = url.query.with(|q| q.filter.window) {
            from.set(f.map(|t| browser::to_local_input(t.millis())).unwrap_or_default());
            to.set(t.map(|t| browser::to_local_input(t.millis())).unwrap_or_default());
        }
    });
    let range = move || {
        let read = |text: String| browser::from_local_input(&text).map(Timestamp::from_millis);
        (read(from.get()), read(to.get()))
    };
    let wrong = move || match range() {
        (None, None) => true,
        (Some(f), Some(t)) => f > t,
        _ => false,
    };
    let apply = move |_| {
        let (from, to) = range();
        url.set_filter(|f| f.window = Window::Range { from, to });
        browser::close_menus();
    };
    view_of(move || {
        clock.hydrated().then(|| {
            view! {
                <fieldset class="custom-time">
                    <legend>{view_of(move || if browser::in_utc() { "Custom, in UTC" } else { "Custom" })}</legend>
                    <label>"From"<input type="datetime-local" prop:value=from on:input=act(move |e: Event| from.set(event_target_value(&e)))/></label>
                    <label>"To"<input type="datetime-local" prop:value=to on:input=act(move |e: Event| to.set(event_target_value(&e)))/></label>
                    <Button small=true disabled=Signal::derive(wrong) on_press=apply>"Apply range"</Button>
                </fieldset>
            }
        })
    })
}

fn capitalised(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}
