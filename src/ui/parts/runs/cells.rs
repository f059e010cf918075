//! Both sides. What stands in the cells of a row, by column; each follows its run by itself.

use super::row::plain_click;
use crate::domain::{Column, ExecutionId, ExecutionSummary, Status};
use crate::ui::kit::{act, attr_of, format, view_of};
use crate::ui::parts::{Elapsed, RelativeTime, StatusMark, Unknown};
use crate::ui::paths;
use crate::ui::state::clock::Clock;
use crate::ui::state::list::Row;
use crate::ui::state::why::{Tone, Why, progress, why};
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use std::collections::HashMap;
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
                let mark = view! { <StatusMark status/> }.into_any();
                let value = Signal::derive(move || status.get().as_str().to_owned());
                view! { <div class=class>{by("status", value, mark)}</div> }.into_any()
            }
            Column::Agent => {
                let href = row.with_untracked(|r| paths::agent(&r.run.agent_name));
                let name = self.text(|r| Some(r.agent_display_name.clone()));
                view! { <a class=class dir="auto" href=href>{name}</a> }.into_any()
            }
            Column::Message => self.message(class),
            Column::Trigger => {
                let value = row.with_untracked(|r| r.run.triggered_by.to_string());
                let text = value.clone().into_any();
                view! { <span class=class>{by("trigger", Signal::stored(value), text)}</span> }.into_any()
            }
            Column::Started => {
                let at = Signal::derive(move || row.with(|r| r.run.effective_start()));
                view! { <span class=class><RelativeTime at/></span> }.into_any()
            }
            Column::Duration => view! { <span class=class>{view_of(move || self.duration())}</span> }.into_any(),
            Column::Tokens => known(|r| r.total_tokens.map(format::short_count)),
            Column::Cost => known(|r| r.cost.map(format::money)),
            Column::Queue => known(|r| r.queue_ms.map(format::duration)),
            Column::Input => known(|r| r.input_tokens.map(format::short_count)),
            Column::Output => known(|r| r.output_tokens.map(format::short_count)),
            Column::Attempt => known(|r| Some(r.attempt.to_string())),
            Column::Model => self.values(class, "model", |r| r.model.iter().cloned().collect()),
            Column::Labels => self.values(class, "label", labels),
            Column::Thread => self.thread(class),
        }
    }

    /// Values that each lead to the runs that share them; the whole of them on hover.
    fn values(self, class: String, name: &'static str, f: fn(&ExecutionSummary) -> Vec<String>) -> AnyView {
        let all = Memo::new(move |_| self.row.with(|r| f(&r.run)));
        let links = move || {
            let mut out: Vec<AnyView> = Vec::new();
            for value in all.get() {
                if !out.is_empty() {
                    out.push(" ".into_any());
                }
                let text = value.clone().into_any();
                out.push(by(name, Signal::stored(value), text));
            }
            if out.is_empty() {
                view! { <Unknown value=Signal::stored(None::<String>)/> }.into_any()
            } else {
                out.into_any()
            }
        };
        view! { <span class=class title=attr_of(move || all.with(|v| v.join(", ")))>{view_of(links)}</span> }.into_any()
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
        let words = self
            .text(|r| Some(if r.message.is_empty() { "Message not recorded".to_owned() } else { r.message.clone() }));
        let title = self.text(|r| Some(r.message.clone()));
        view! {
            <div class=class>
                <a class="message ell" class:none=attr_of(move || row.with(|r| r.run.message.is_empty())) dir="auto" href=href data-noscroll="" title=title on:click=act(move |e: MouseEvent| open.run(e))>{words}</a>
                {view_of(move || reason.get().map(|w| match w.tone {
                    Tone::Plain => said(&w, "why ell"),
                    Tone::Bad => said(&w, "why ell s-failed"),
                    Tone::Waiting => waits(&w, row, open),
                }))}
                {view_of(move || bar.get().map(|(done, all)| {
                    view! { <progress max=all.to_string() value=done.to_string() aria-label=format!("{done} of {all} steps done")></progress> }
                }))}
            </div>
        }
        .into_any()
    }
}

fn said(why: &Why, class: &'static str) -> AnyView {
    view! { <div class=class dir="auto" title=why.text.clone()>{why.text.clone()}</div> }.into_any()
}

/// What a run waits for leads to where it is decided, if that is known here, or else to the run, which has it on top.
fn waits(why: &Why, row: Signal<Arc<Row>>, open: Callback<MouseEvent>) -> AnyView {
    let (id, text) = (row.with_untracked(|r| r.run.id.clone()), why.text.clone());
    let decided_at = use_context::<AsksOf>().and_then(|AsksOf(asks)| asks.with(|asks| asks.get(&id).cloned()));
    match decided_at {
        Some(ask) => view! {
            <a class="why ell s-waiting" dir="auto" href=paths::approval(&ask) title=text.clone()>{text.clone()}</a>
        }
        .into_any(),
        None => view! {
            <a class="why ell s-waiting" dir="auto" href=paths::execution(id.as_str()) data-noscroll="" title=text.clone()
                on:click=act(move |e: MouseEvent| open.run(e))>{text.clone()}</a>
        }
        .into_any(),
    }
}

/// In context where it is known: what each run that waits asks of people, by its id.
#[derive(Clone, Copy)]
pub struct AsksOf(pub Memo<HashMap<ExecutionId, String>>);

/// Adds a value to the filter of the list around a row: the page's parameter, and the value.
#[derive(Clone, Copy)]
pub struct FilterBy(pub Callback<(&'static str, String)>);

/// A value that filters the list by itself; where there is no list to filter, it leads to one.
fn by(name: &'static str, value: Signal<String>, text: AnyView) -> AnyView {
    let filter = use_context::<FilterBy>();
    let href = move || paths::runs_with(name, &value.get());
    let press = move |e: MouseEvent| {
        if let (true, Some(FilterBy(add))) = (plain_click(&e), filter) {
            e.prevent_default();
            add.run((name, value.get_untracked()));
        }
    };
    view! { <a class="by" href=href data-noscroll="" on:click=press>{text}</a> }.into_any()
}

fn labels(run: &ExecutionSummary) -> Vec<String> {
    run.labels.iter().map(|(key, value)| format!("{key}:{value}")).collect()
}
