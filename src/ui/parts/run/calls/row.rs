//! Both sides. One call: its bar, and on demand what went in and came out.

use super::axis::{Axis, ToolSpan};
use super::body::{CallBody, preview};
use crate::domain::{ListedCall, PartStatus};
use crate::ui::kit::{act, attr_of, format, view_of};
use crate::ui::parts::run::rows::RowSignal;
use crate::ui::parts::run::state::RunState;
use leptos::ev::Event;
use leptos::prelude::*;

#[component]
pub fn CallRow(
    run: RunState,
    call: RowSignal<ListedCall>,
    axis: Memo<Axis>,
    now: Memo<i64>,
    plain: bool,
) -> impl IntoView {
    let call = RwSignal::from(call);
    let status = Memo::new(move |_| call.with(|c| c.call.status));
    let span = Memo::new(move |_| call.with(|c| ToolSpan::from(&c.call)));
    let bar = Memo::new(move |_| axis.get().bar(span.get(), now.get()));
    let time = move || span.get().duration_ms(now.get()).map_or_else(|| format::UNKNOWN.to_owned(), format::duration);
    let word = move || match status.get() {
        PartStatus::Running => "running",
        PartStatus::Success => "success",
        PartStatus::Failed => "failed",
    };
    let nested = call.with_untracked(|c| c.call.parent_call_id.is_some());
    let opened = RwSignal::new(false);
    let body = move || {
        if opened.get() {
            view! { <CallBody run call/> }.into_any()
        } else if plain {
            call.with_untracked(|c| preview(c, &run.id()))
        } else {
            ().into_any()
        }
    };
    view! {
        <details class="call" class:nested=nested data-status=attr_of(word) on:toggle=act(move |_: Event| opened.set(true))>
            <summary>
                <code class="ell">{view_of(move || call.with(|c| c.call.name.clone()))}</code>
                <span class="track" aria-hidden="true">
                    <i style:left=attr_of(move || format!("{:.2}%", bar.get().left)) style:width=attr_of(move || format!("{:.2}%", bar.get().width))></i>
                </span>
                <span class="visually-hidden">{view_of(word)}</span>
                <span class="call-time">{view_of(time)}</span>
            </summary>
            <div class="call-body">{view_of(body)}</div>
        </details>
    }
}
