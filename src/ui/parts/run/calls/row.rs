//! Both sides. One call: its bar, and on demand what went in and came out.

use super::axis::{Axis, ToolSpan};
use crate::domain::{PartStatus, ToolCall};
use crate::ui::kit::format;
use crate::ui::parts::run::json::{JsonTree, cut, pretty};
use crate::ui::parts::run::rows::RowSignal;
use leptos::prelude::*;
use serde_json::Value;

/// Characters of a value in the server's HTML, for readers without JavaScript.
const PREVIEW: usize = 2_000;

#[component]
pub fn CallRow(call: RowSignal<ToolCall>, axis: Memo<Axis>, now: Memo<i64>, plain: bool) -> impl IntoView {
    let call = RwSignal::from(call);
    let status = Memo::new(move |_| call.with(|c| c.status));
    let span = Memo::new(move |_| call.with(|c| ToolSpan::from(c)));
    let bar = Memo::new(move |_| axis.get().bar(span.get(), now.get()));
    let time = move || span.get().duration_ms(now.get()).map_or_else(|| format::UNKNOWN.to_owned(), format::duration);
    let word = move || match status.get() {
        PartStatus::Running => "running",
        PartStatus::Success => "success",
        PartStatus::Failed => "failed",
    };
    let nested = call.with_untracked(|c| c.parent_call_id.is_some());
    let opened = RwSignal::new(false);
    let body = move || {
        if opened.get() {
            view! { <CallBody call/> }.into_any()
        } else if plain {
            call.with_untracked(preview).into_any()
        } else {
            ().into_any()
        }
    };
    view! {
        <details class="call" class:nested=nested data-status=word on:toggle=move |_| opened.set(true)>
            <summary>
                <code class="ell">{move || call.with(|c| c.name.clone())}</code>
                <span class="track" aria-hidden="true">
                    <i style:left=move || format!("{:.2}%", bar.get().left) style:width=move || format!("{:.2}%", bar.get().width)></i>
                </span>
                <span class="visually-hidden">{word}</span>
                <span class="call-time">{time}</span>
            </summary>
            <div class="call-body">{body}</div>
        </details>
    }
}

#[component]
fn CallBody(call: RwSignal<ToolCall>) -> impl IntoView {
    let arguments = Memo::new(move |_| call.with(|c| c.arguments.clone()));
    let result = Memo::new(move |_| call.with(|c| c.result.clone()));
    let error = Memo::new(move |_| call.with(|c| c.error.clone()));
    let part = |name: &'static str, value: Memo<Option<Value>>| {
        move || value.get().map(|value| view! { <h4>{name}</h4><JsonTree value/> })
    };
    view! {
        {move || error.get().map(|text| view! { <h4>"Error"</h4><pre class="call-error">{text}</pre> })}
        {part("Arguments", arguments)}
        {part("Result", result)}
        <p class="call-id"><code>{call.with_untracked(|c| c.call_id.clone())}</code></p>
    }
}

fn preview(call: &ToolCall) -> impl IntoView + use<> {
    let part = |name: &'static str, text: String| {
        let (short, left) = cut(&text, PREVIEW);
        let text = if left > 0 { format!("{short}…") } else { text };
        view! { <h4>{name}</h4><pre>{text}</pre> }
    };
    [
        call.error.clone().map(|text| part("Error", text)),
        call.arguments.as_ref().map(|value| part("Arguments", pretty(value))),
        call.result.as_ref().map(|value| part("Result", pretty(value))),
    ]
    .into_iter()
    .flatten()
    .collect_view()
}
