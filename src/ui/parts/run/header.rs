//! Both sides. What this run is and how it stands, with the actions on it.

use super::state::{Place, RunState};
use crate::browser;
use crate::domain::{ExecutionDetail, Status};
use crate::ui::kit::{Button, Icon, Look, format};
use crate::ui::parts::{Elapsed, StatusMark, use_stop};
use crate::ui::paths;
use leptos::prelude::*;

#[component]
pub fn RunHeader(run: RunState, place: Place) -> impl IntoView {
    let title = Memo::new(move |_| run.detail.with(title));
    let heading = match place {
        Place::Drawer => view! { <h2 id="run-title" tabindex="-1">{move || title.get()}</h2> }.into_any(),
        Place::Page => view! { <h1 id="run-title">{move || title.get()}</h1> }.into_any(),
    };
    let agent = run.detail.with_untracked(|d| (d.summary.agent_name.clone(), d.summary.agent_display_name.clone()));
    let short = run.detail.with_untracked(|d| d.summary.id.short());
    view! {
        <header class="run-head">
            <div class="run-state">
                <StatusMark status=run.status/>
                <Took run/>
                <span class="run-note">{move || run.detail.with(note)}</span>
            </div>
            {heading}
            <p class="run-by">
                <a href=paths::agent(&agent.0)>{agent.1}</a>
                <span>{move || run.detail.with(started_by)}</span>
                <code title=run.id()>{short}</code>
            </p>
            <Actions run place/>
        </header>
    }
}

/// The first line of the message; the whole of it is in the overview.
pub fn title(detail: &ExecutionDetail) -> String {
    let s = &detail.summary;
    match s.message.lines().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) => super::json::cut(line, 200).0.to_owned(),
        None => format!("Run {}", s.id.short()),
    }
}

fn started_by(detail: &ExecutionDetail) -> String {
    let trigger = detail.summary.triggered_by;
    detail.started_by.as_ref().map_or_else(|| trigger.to_string(), |who| format!("{trigger} by {who}"))
}

/// What an unfinished run is about.
fn note(detail: &ExecutionDetail) -> Option<String> {
    let s = &detail.summary;
    if s.status.is_terminal() {
        return None;
    }
    if s.cancel_requested {
        let by = s.cancel_requested_by.as_ref().map(|who| format!(", asked by {who}")).unwrap_or_default();
        return Some(format!("Stopping{by}"));
    }
    if let (Status::Waiting, Some(who)) = (s.status, &s.waiting_on) {
        return Some(format!("Waiting for {who}"));
    }
    s.steps_total.map(|total| format!("step {} of {total}", (s.steps_done + 1).min(total)))
}

#[component]
fn Took(run: RunState) -> impl IntoView {
    let times = Memo::new(move |_| run.detail.with(|d| (d.summary.started_at, d.summary.duration_ms)));
    move || match times.get() {
        (_, Some(ms)) => view! { <span>{format::duration(ms)}</span> }.into_any(),
        (Some(since), None) if run.unfinished() => view! { <Elapsed since=since/> }.into_any(),
        _ => ().into_any(),
    }
}

#[component]
fn Actions(run: RunState, place: Place) -> impl IntoView {
    let stop = use_stop();
    let copied = RwSignal::new(None::<bool>);
    let copy = move |_| {
        browser::copy_text(browser::origin() + &paths::execution(&run.id()), move |ok| copied.set(Some(ok)));
    };
    // The drawer has room for the icons only.
    let named = place == Place::Page;
    let word = move || match copied.get() {
        None if named => "Copy link",
        None => "",
        Some(true) => "Copied",
        Some(false) => "Not allowed here",
    };
    let stoppable = Memo::new(move |_| run.unfinished() && !run.detail.with(|d| d.summary.cancel_requested));
    view! {
        <div class="run-actions">
            <Show when=move || stoppable.get()>
                <Button small=true look=Look::Danger icon="stop"
                    on_press=move |_| stop.ask(run.detail.with_untracked(|d| d.summary.clone()))>"Stop"</Button>
            </Show>
            <Button small=true look=Look::Quiet icon="link" label="Copy link" on_press=copy>{word}</Button>
            {(place == Place::Drawer).then(|| view! {
                <a class="btn quiet small" href=paths::execution(&run.id()) aria-label="Full page" title="Full page">
                    <Icon name="open"/>
                </a>
            })}
        </div>
    }
}
