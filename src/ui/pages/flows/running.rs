//! Both sides. Runs of flows that go on: how far each is, what it does now, and what it answered last.

use crate::domain::{ExecutionId, Status, Timestamp};
use crate::ui::kit::{Button, Look, attr_of, format, view_of};
use crate::ui::parts::{Elapsed, RelativeTime, StatusMark, pause_button, pause_note, use_stop};
use crate::ui::paths;
use crate::ui::state::flow_runs::{FlowRunsState, Going, Pause};
use crate::ui::state::flows::Flows;
use leptos::prelude::*;
use std::sync::Arc;

pub fn section(flows: Flows, going: Memo<Vec<ExecutionId>>) -> AnyView {
    let none = Memo::new(move |_| going.with(Vec::is_empty));
    let more = Memo::new(move |_| flows.runs.with(FlowRunsState::more));
    view! {
        <div class="section-head"><h2>"Running"</h2></div>
        <section class="list" aria-label="Running flows">
            <ul class="going">
                <For each=move || going.get() key=ExecutionId::clone let:id>{card(&id, flows)}</For>
            </ul>
            <Show when=move || none.get()><p class="quiet-line">"No flow is running."</p></Show>
            <Show when=move || more.get()>
                <p class="list-end"><a class="link" href=paths::unfinished()>"More are under way"</a></p>
            </Show>
        </section>
    }
    .into_any()
}

/// It changes only when its run does: two shares of one run are the same.
#[derive(Clone)]
struct Same(Arc<Going>);

impl PartialEq for Same {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

fn card(id: &ExecutionId, flows: Flows) -> AnyView {
    let run = {
        let id = id.clone();
        // One that has just been taken out keeps its last state until its element is gone.
        Memo::new(move |last: Option<&Option<Same>>| {
            flows.runs.with(|runs| runs.one_going(&id)).map(Same).or_else(|| last.cloned().flatten())
        })
    };
    let Some(Same(first)) = run.get_untracked() else { return ().into_any() };
    let (agent, agent_name) = (first.run.agent_name.clone(), first.run.agent_display_name.clone());
    let flow_id = first.run.flow_id.clone().unwrap_or_default();
    let first = StoredValue::new(first);
    let going = move || run.get().map_or_else(|| first.get_value(), |Same(going)| going);
    let name = Memo::new(move |_| title(&going(), flows, &flow_id));
    let status = Memo::new(move |_| going().run.status);
    let step = Memo::new(move |_| step(&going()));
    let response = Memo::new(move |_| going().run.response_preview.clone().filter(|text| !text.trim().is_empty()));
    view! {
        <li data-execution-id=id.to_string() data-status=attr_of(move || status.get().as_str())>
            <div class="going-head">
                <StatusMark status/>
                <a class="going-name" dir="auto" href=paths::execution(id.as_str())>{view_of(move || name.get())}</a>
                <a class="by muted" dir="auto" href=paths::agent(&agent)>{agent_name}</a>
                {took(Memo::new(move |_| { let g = going(); (g.run.queued_at, g.run.started_at, g.run.duration_ms) }))}
                {actions(id, name, flows, going)}
            </div>
            {bar(Memo::new(move |_| { let g = going(); (g.run.steps_done, g.run.steps_total) }))}
            <div class="going-texts">
                {view_of(move || step.get().map(|(head, does)| view! {
                    <div>
                        <h3 dir="auto">{head}</h3>
                        {does.map(|text| view! { <p class="clamp" dir="auto">{text}</p> })}
                    </div>
                }))}
                {view_of(move || response.get().map(|text| view! {
                    <div><h3>"Latest response"</h3><p class="clamp" dir="auto">{text}</p></div>
                }))}
            </div>
        </li>
    }
    .into_any()
}

/// What the flow was called when the run began; what it is called now until that is read.
fn title(going: &Going, flows: Flows, flow_id: &str) -> String {
    let then = going.flow.as_ref().map(|flow| flow.name.clone());
    then.or_else(|| flows.name(flow_id)).unwrap_or_else(|| going.run.message.clone())
}

/// The step it is at, and what that does.
fn step(going: &Going) -> Option<(String, Option<String>)> {
    let run = &going.run;
    if run.status.is_terminal() {
        return None;
    }
    let at = usize::try_from(run.steps_done).ok();
    let planned = going.flow.as_ref().zip(at).and_then(|(flow, at)| flow.steps.get(at));
    let title = planned.map(|step| step.title.clone()).or_else(|| run.current_step.clone())?;
    let head = match run.status {
        Status::Paused | Status::Queued => format!("Next, step {}: {title}", run.steps_done + 1),
        Status::Waiting => {
            let who = run.waiting_on.as_deref().unwrap_or("a person");
            format!("Step {}: {title} · waiting for {who}", run.steps_done + 1)
        }
        _ => format!("Step {}: {title}", run.steps_done + 1),
    };
    Some((head, planned.and_then(|step| step.does.clone())))
}

fn took(times: Memo<(Timestamp, Option<Timestamp>, Option<i64>)>) -> AnyView {
    view_of(move || match times.get() {
        (_, _, Some(ms)) => view! { <span class="muted">{format::duration(ms)}</span> }.into_any(),
        (_, Some(since), None) => view! { <Elapsed since=since/> }.into_any(),
        (queued, None, None) => view! { <span class="muted">"queued " <RelativeTime at=queued/></span> }.into_any(),
    })
    .into_any()
}

fn bar(progress: Memo<(i64, Option<i64>)>) -> AnyView {
    view_of(move || {
        let (done, total) = progress.get();
        let total = total.filter(|total| *total > 0)?;
        let words = format!("{} of {} done", done.min(total), format::plural(total, "step", "steps"));
        Some(view! {
            <div class="going-bar">
                <progress max=total.to_string() value=done.min(total).to_string() aria-label=words.clone()></progress>
                <span>{words}</span>
            </div>
        })
    })
    .into_any()
}

fn actions(
    id: &ExecutionId,
    name: Memo<String>,
    flows: Flows,
    going: impl Fn() -> Arc<Going> + Copy + Send + Sync + 'static,
) -> AnyView {
    let stop = use_stop();
    let pause = Memo::new(move |_| {
        let going = going();
        Pause::of(&going.run, going.flow.as_ref())
    });
    let stopping = Memo::new(move |_| {
        let g = going();
        g.run.cancel_requested && !g.run.status.is_terminal()
    });
    let can_stop = Memo::new(move |_| {
        let g = going();
        !g.run.status.is_terminal() && !g.run.cancel_requested
    });
    let done = Callback::new(move |()| flows.refresh_unless_live());
    let label = Signal::derive(move || format!("Stop {}", name.get()));
    view! {
        {pause_note(pause)}
        {view_of(move || stopping.get().then(|| view! { <span class="run-note">"Stopping"</span> }))}
        <span class="going-actions">
            {pause_button(id.to_string(), name.get_untracked(), pause, done)}
            {view_of(move || can_stop.get().then(|| view! {
                <Button small=true look=Look::Danger label=label on_press=move |_| stop.ask(going().run.clone())>"Stop"</Button>
            }))}
        </span>
    }
    .into_any()
}
