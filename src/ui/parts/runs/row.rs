//! Both sides. One run in a list; patched in place.

use super::ListActions;
use super::actions::RowActions;
use crate::domain::{ExecutionId, ExecutionSummary, Status};
use crate::ui::kit::format;
use crate::ui::parts::{Elapsed, RelativeTime, StatusMark, Unknown};
use crate::ui::paths;
use crate::ui::state::clock::use_clock;
use crate::ui::state::list::Row;
use crate::ui::state::runs::Runs;
use crate::ui::state::why::{Tone, progress, why};
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use std::sync::Arc;

/// A row changes only when its run does: two shares of one row are the same row.
#[derive(Clone)]
struct Same(Arc<Row>);

impl PartialEq for Same {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

#[component]
pub fn RunRow(id: ExecutionId, runs: Runs, actions: ListActions) -> impl IntoView {
    let clock = use_clock();
    let row = {
        let id = id.clone();
        // A row that has just been taken out keeps its last state until its element is gone.
        Memo::new(move |last: Option<&Option<Same>>| {
            runs.list.with(|l| l.row(&id)).map(Same).or_else(|| last.cloned().flatten())
        })
    };
    let Some(first) = row.get_untracked() else { return ().into_any() };
    let first = StoredValue::new(first);
    let row = Signal::derive(move || row.get().unwrap_or_else(|| first.get_value()).0);
    let run = move |f: fn(&ExecutionSummary) -> Option<String>| Signal::derive(move || row.with(|r| f(&r.run)));
    let status = Signal::derive(move || row.with(|r| r.run.status));
    let reason = Memo::new(move |_| row.with(|r| why(&r.run, clock.now())));
    let bar = Memo::new(move |_| row.with(|r| progress(&r.run)));
    let duration = move || {
        let (status, started, ms) = row.with(|r| (r.run.status, r.run.started_at, r.run.duration_ms));
        match (status, started) {
            (Status::Running | Status::Paused | Status::Waiting, Some(since)) => view! { <Elapsed since/> }.into_any(),
            _ => view! { <Unknown value=ms.map(format::duration)/> }.into_any(),
        }
    };
    let href = paths::execution(id.as_str());
    let open = {
        let id = id.clone();
        move |e: MouseEvent| {
            let plain = e.button() == 0 && !e.ctrl_key() && !e.meta_key() && !e.shift_key() && !e.alt_key();
            if let (true, Some(open)) = (plain, actions.open) {
                e.prevent_default();
                open.run(id.clone());
            }
        }
    };
    let selected = {
        let id = id.clone();
        move || actions.selected.with(|s| s.as_ref() == Some(&id))
    };
    let agent = paths::agent(&first.with_value(|r| r.0.run.agent_name.clone()));
    view! {
        <li
            class="row"
            class:left=move || row.with(|r| r.left)
            class:fresh=move || row.with(|r| r.fresh)
            class:selected=selected
            data-execution-id=id.to_string()
            data-status=move || status.get().as_str()
        >
            {super::pick::pick(&id, row, actions.selected)}
            <div class="c-status"><StatusMark status/></div>
            <a class="c-agent ell" dir="auto" href=agent>{run(|r| Some(r.agent_display_name.clone()))}</a>
            <div class="c-what">
                <a class="message ell" dir="auto" href=href data-noscroll="" title=run(|r| Some(r.message.clone())) on:click=open>
                    {run(|r| Some(if r.message.is_empty() { "No message".to_owned() } else { r.message.clone() }))}
                </a>
                {move || reason.get().map(|w| {
                    let class = match w.tone { Tone::Plain => "why ell", Tone::Waiting => "why ell s-waiting", Tone::Bad => "why ell s-failed" };
                    view! { <div class=class dir="auto" title=w.text.clone()>{w.text.clone()}</div> }
                })}
                {move || bar.get().map(|(done, all)| {
                    view! { <progress max=all.to_string() value=done.to_string() aria-label=format!("{done} of {all} steps done")></progress> }
                })}
            </div>
            <span class="c-trigger muted">{run(|r| Some(r.triggered_by.to_string()))}</span>
            <span class="c-time muted num"><RelativeTime at=Signal::derive(move || row.with(|r| r.run.effective_start()))/></span>
            <span class="c-duration num">{duration}</span>
            <span class="c-tokens num"><Unknown value=run(|r| r.total_tokens.map(format::short_count))/></span>
            <span class="c-cost num"><Unknown value=run(|r| r.cost.map(format::money))/></span>
            <RowActions row actions/>
        </li>
    }
    .into_any()
}
