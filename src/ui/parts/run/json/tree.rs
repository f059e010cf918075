//! Both sides. A JSON value as a tree of native `<details>`; what is closed is not in the page.

use super::shape::{ENTRIES, STRING, closed, cut, entries, readable};
use crate::ui::kit::{Button, Look, act, format, view_of};
use crate::ui::parts::run::text::blocks;
use leptos::ev::Event;
use leptos::prelude::*;
use serde_json::Value;

#[component]
pub fn JsonTree(value: Value) -> impl IntoView {
    let value = readable(value);
    view! { <div class="json">{node(None, value, true)}</div> }
}

/// One value under its name. `open`: its entries are there from the start.
fn node(name: Option<String>, value: Value, open: bool) -> AnyView {
    let key = name.map(|name| view! { <span class="j-key">{name}": "</span> });
    match closed(&value) {
        Some(text) if text.len() > 2 => branch(key, text, value, open).into_any(),
        Some(empty) => view! { <div class="j-row">{key}<span class="j-faint">{empty}</span></div> }.into_any(),
        None => view! { <div class="j-row">{key}{scalar(value)}</div> }.into_any(),
    }
}

fn branch(key: Option<impl IntoView + 'static>, text: String, value: Value, open: bool) -> impl IntoView {
    let opened = RwSignal::new(open);
    let shown = RwSignal::new(ENTRIES);
    let all = entries(&value).len();
    let value = StoredValue::new(value);
    let children = move || {
        opened.get().then(|| {
            let open = all == 1;
            let make = move |from: usize, to: usize| {
                value.with_value(|v| {
                    let part = entries(v).into_iter().skip(from).take(to - from);
                    part.map(|(name, v)| node(Some(name), v.clone(), open)).collect_view()
                })
            };
            // Keyed by where a stretch begins: showing more leaves what is open alone.
            let stretches = move || (0..shown.get().min(all)).step_by(ENTRIES).collect::<Vec<_>>();
            let left = move || all.saturating_sub(shown.get());
            view! {
                <For each=stretches key=|from| *from let:from>{make(from, (from + ENTRIES).min(all))}</For>
                <Show when=move || { left() > 0 }>
                    <Button small=true look=Look::Quiet on_press=move |_| shown.update(|n| *n += ENTRIES)>
                        {view_of(move || format!("Show {} more", left().min(ENTRIES)))}
                    </Button>
                </Show>
            }
        })
    };
    view! {
        <details class="j-branch" prop:open=open on:toggle=act(move |_: Event| opened.set(true))>
            <summary>{key}<span class="j-faint">{text}</span></summary>
            <div class="j-children">{view_of(children)}</div>
        </details>
    }
}

fn scalar(value: Value) -> AnyView {
    let Value::String(text) = value else {
        let class = if value.is_null() { "j-faint" } else { "j-plain" };
        return view! { <span class=class>{value.to_string()}</span> }.into_any();
    };
    let left = cut(&text, STRING).1;
    if left == 0 {
        return view! { <span class="j-string">{text}</span> }.into_any();
    }
    let whole = RwSignal::new(false);
    let text = StoredValue::new(text);
    let shown = move || {
        text.with_value(|t| {
            if whole.get() {
                blocks(t).into_iter().map(|b| view! { <div class="text-block">{b}</div> }).collect_view().into_any()
            } else {
                format!("{}…", cut(t, STRING).0).into_any()
            }
        })
    };
    let more = StoredValue::new(format!(
        "Show all, {} more characters",
        format::count(i64::try_from(left).unwrap_or(i64::MAX))
    ));
    view! {
        <span class="j-string">{shown}</span>
        <Show when=move || !whole.get()>
            <Button small=true look=Look::Quiet on_press=move |_| whole.set(true)>{more.get_value()}</Button>
        </Show>
    }
    .into_any()
}
