//! Both sides. What stands in the cells of a row, by column; each follows its run by itself.

use crate::domain::{Column, ExecutionSummary, Status};
use crate::ui::kit::format;
use crate::ui::parts::{Elapsed, RelativeTime, StatusMark, Unknown};
use crate::ui::paths;
use crate::ui::state::clock::Clock;
use crate::ui::state::list::Row;
use crate::ui::state::why::{Tone, Why, progress, why};
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use std::sync::Arc;

#[derive(Clone, Copy)]
pub struct Cells {
    row: Signal<Arc<Row>>,
    reason: Memo<Option<Why>>,
    bar: Memo<Option<(i64, i64)>>,
    open: Callback<MouseEvent>,
}

impl Cells {
    pub fn new(row: Signal<Arc<Row>>, clock: Clock, open: Callback<MouseEvent>) -> Self {
        Self {
            row,
            reason: Memo::new(move |_| row.with(|r| why(&r.run, clock.now()))),
            bar: Memo::new(move |_| row.with(|r| progress(&r.run))),
            open,
        }
    }

    fn text(self, f: fn(&ExecutionSummary) -> Option<String>) -> Signal<Option<String>> {
        Signal::derive(move || self.row.with(|r| f(&r.run)))
    }

    pub fn cell(self, column: Column, class: &str) -> AnyView {
        let class = class.to_owned();
        let row = self.row;
        let known = |f| view! { <span class=class.clone()><Unknown value=self.text(f)/></span> }.into_any();
        match column {
            Column::Status => {
                let status = Signal::derive(move || row.with(|r| r.run.status));
                view! { <div class=class><StatusMark status/></div> }.into_any()
            }
            Column::Agent => {
                let href = row.with_untracked(|r| paths::agent(&r.run.agent_name));
                let name = self.text(|r| Some(r.agent_display_name.clone()));
                view! { <a class=class dir="auto" href=href>{name}</a> }.into_any()
            }
            Column::Message => self.message(class),
            Column::Trigger => {
                view! { <span class=class>{self.text(|r| Some(r.triggered_by.to_string()))}</span> }.into_any()
            }
            Column::Started => {
                let at = Signal::derive(move || row.with(|r| r.run.effective_start()));
                view! { <span class=class><RelativeTime at/></span> }.into_any()
            }
            Column::Duration => view! { <span class=class>{move || self.duration()}</span> }.into_any(),
            Column::Tokens => known(|r| r.total_tokens.map(format::short_count)),
            Column::Cost => known(|r| r.cost.map(format::money)),
            Column::Queue => known(|r| r.queue_ms.map(format::duration)),
            Column::Input => known(|r| r.input_tokens.map(format::short_count)),
            Column::Output => known(|r| r.output_tokens.map(format::short_count)),
            Column::Attempt => known(|r| Some(r.attempt.to_string())),
            Column::Model => self.long(class, |r| r.model.clone()),
            Column::Labels => self.long(class, |r| (!r.labels.is_empty()).then(|| labels(r))),
            Column::Thread => self.thread(class),
        }
    }

    /// Text that may be longer than its column: the whole of it on hover.
    fn long(self, class: String, f: fn(&ExecutionSummary) -> Option<String>) -> AnyView {
        let value = self.text(f);
        view! { <span class=class title=value><Unknown value/></span> }.into_any()
    }

    fn thread(self, class: String) -> AnyView {
        let id = self.row.with_untracked(|r| r.run.thread_id.clone());
        match id {
            Some(id) => {
                let href = paths::thread(&id);
                view! { <a class=class href=href title=id.clone()>{id.clone()}</a> }.into_any()
            }
            None => view! { <span class=class><Unknown value=Signal::stored(None::<String>)/></span> }.into_any(),
        }
    }

    fn duration(self) -> AnyView {
        let (status, started, ms) = self.row.with(|r| (r.run.status, r.run.started_at, r.run.duration_ms));
        match (status, started) {
            (Status::Running | Status::Paused | Status::Waiting, Some(since)) => view! { <Elapsed since/> }.into_any(),
            _ => view! { <Unknown value=ms.map(format::duration)/> }.into_any(),
        }
    }

    fn message(self, class: String) -> AnyView {
        let (row, reason, bar, open) = (self.row, self.reason, self.bar, self.open);
        let href = row.with_untracked(|r| paths::execution(r.run.id.as_str()));
        let words = self.text(|r| Some(if r.message.is_empty() { "No message".to_owned() } else { r.message.clone() }));
        let title = self.text(|r| Some(r.message.clone()));
        view! {
            <div class=class>
                <a class="message ell" dir="auto" href=href data-noscroll="" title=title on:click=move |e| open.run(e)>{words}</a>
                {move || reason.get().map(|w| {
                    let class = match w.tone { Tone::Plain => "why ell", Tone::Waiting => "why ell s-waiting", Tone::Bad => "why ell s-failed" };
                    view! { <div class=class dir="auto" title=w.text.clone()>{w.text.clone()}</div> }
                })}
                {move || bar.get().map(|(done, all)| {
                    view! { <progress max=all.to_string() value=done.to_string() aria-label=format!("{done} of {all} steps done")></progress> }
                })}
            </div>
        }
        .into_any()
    }
}

fn labels(run: &ExecutionSummary) -> String {
    run.labels.iter().map(|(key, value)| format!("{key}:{value}")).collect::<Vec<_>>().join(", ")
}
