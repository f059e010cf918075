//! Both sides. The steps of a run, in order.

use super::pager::{PAGE, Pager};
use super::pairs::planned_step;
use super::rows::{RowSignal, Rows};
use super::state::RunState;
use super::text::LongText;
use crate::browser;
use crate::domain::{PartStatus, Status, Step};
use crate::server_fns::list_steps;
use crate::ui::kit::{Button, Look, attr_of, format, view_of};
use crate::ui::parts::{Elapsed, Starting, StatusMark, use_start};
use crate::ui::paths;
use crate::ui::state::approval::sentence;
use crate::ui::state::flow_runs::operated;
use leptos::prelude::*;

/// Steps that are read.
const MOST: usize = 1_000;

/// A part has three of a run's states.
pub const fn part_status(status: PartStatus) -> Status {
    match status {
        PartStatus::Running => Status::Running,
        PartStatus::Success => Status::Success,
        PartStatus::Failed => Status::Failed,
    }
}

/// How a step stands: one that asks people waits for them.
pub fn step_status(step: &Step) -> Status {
    match part_status(step.status) {
        Status::Running if asks_people(&step.kind) => Status::Waiting,
        status => status,
    }
}

pub fn asks_people(kind: &str) -> bool {
    matches!(kind, "approval" | "question")
}

/// Why it failed; of people as a sentence.
pub fn error_of(step: &Step) -> Option<String> {
    let error = step.error.clone()?;
    Some(if asks_people(&step.kind) { sentence(&error) } else { error })
}

/// What people said, as a sentence: `Approved by Ann: with care`.
pub fn said(step: &Step) -> Option<String> {
    let text = step.output.as_ref().filter(|text| !text.trim().is_empty() && asks_people(&step.kind))?;
    Some(sentence(text))
}

#[component]
pub fn Steps(run: RunState, steps: Vec<Step>) -> impl IntoView {
    let rows = RwSignal::new(Rows::new(steps));
    let page = RwSignal::new(0);
    Effect::new(move |before: Option<u32>| {
        let now = run.pulse.get();
        if before.is_some_and(|before| before != now) {
            let id = run.id();
            browser::spawn(async move {
                if let Ok(steps) = list_steps(id).await {
                    rows.try_maybe_update(|rows| (rows.merge(steps), ()));
                }
            });
        }
        now
    });
    let known = Signal::derive(move || rows.with(Rows::len));
    let all = move || run.extras.with(|e| e.steps);
    let is_cut = move || known.get() >= MOST && i64::try_from(known.get()).is_ok_and(|n| all() > n);
    let shown = move || rows.with(|rows| rows.slice(page.get() * PAGE, PAGE));
    // Of the flow, what has not begun.
    let planned = Memo::new(move |_| {
        let steps = run.detail.with(|d| d.flow.as_ref().map(|flow| flow.steps.clone())).unwrap_or_default();
        rows.with(|rows| (0..).zip(steps).filter(|(index, _)| !rows.any(index, |_| true)).collect::<Vec<_>>())
    });
    let done = move |rows: &Rows<Step>| {
        let rows = rows.iter().zip(0..);
        rows.take_while(|(s, at)| s.with(|s| s.status == PartStatus::Success && s.index == *at)).count()
    };
    // A run that did not succeed is taken up again from any step whose work is there, or the one after those.
    let until = Memo::new(move |_| {
        let ended = matches!(run.status.get(), Status::Failed | Status::Cancelled);
        let ours = run.detail.with(|d| d.flow.as_ref().is_some_and(operated));
        (ended && ours).then(|| rows.with(|rows| i64::try_from(done(rows)).unwrap_or(i64::MAX)))
    });
    view! {
        <Show when=move || known.get() == 0 && planned.with(Vec::is_empty)>
            <p class="nothing">{view_of(move || if run.unfinished() { "No step has been reported yet." } else { "This run reported no steps." })}</p>
        </Show>
        <ol class="steps">
            <For each=shown key=|(index, _)| *index let:row><StepRow run step=row.1 until/></For>
            {view_of(move || {
                let last = known.get() <= (page.get() + 1) * PAGE;
                let planned = if last { planned.get() } else { Vec::new() };
                planned.into_iter().map(|(index, step)| {
                    let again = again(run, index, step.title.clone(), until);
                    planned_step(index, step, Some(again))
                }).collect::<Vec<_>>()
            })}
        </ol>
        <Pager page known more=false busy=false
            total=Signal::derive(move || i64::try_from(known.get()).unwrap_or(i64::MAX))
            on_page=move |to| page.set(to)/>
        <Show when=is_cut>
            <p class="nothing">{view_of(move || format!("The first {} of {} steps are shown. ", format::count(MOST as i64), format::count(all())))}
                <a class="link" rel="external" href=paths::api_steps(&run.id())>"All from the API"</a></p>
        </Show>
    }
}

/// "Retry from here", where the steps before this one have succeeded.
fn again(run: RunState, index: i64, title: String, until: Memo<Option<i64>>) -> AnyView {
    let start = use_start();
    let possible = Memo::new(move |_| until.get().is_some_and(|until| index <= until));
    let label = format!("Retry from step {}: {title}", index + 1);
    let ask = Callback::new(move |_| {
        let summary = run.detail.with_untracked(|d| d.summary.clone());
        start.ask(Starting::FromStep(Box::new(summary), index, title.clone()));
    });
    view_of(move || {
        possible.get().then(|| {
            view! {
                <Button small=true look=Look::Quiet label=label.clone() on_press=ask>"Retry from here"</Button>
            }
        })
    })
    .into_any()
}

#[component]
fn StepRow(run: RunState, step: RowSignal<Step>, until: Memo<Option<i64>>) -> impl IntoView {
    let step = RwSignal::from(step);
    let status = Memo::new(move |_| step.with(step_status));
    let people = step.with_untracked(|s| asks_people(&s.kind));
    let said = Memo::new(move |_| step.with(said));
    let output = Memo::new(move |_| step.with(|s| s.output.clone().filter(|_| !people)));
    let error = Memo::new(move |_| step.with(error_of));
    let number = step.with_untracked(|s| s.index + 1);
    let again = again(run, number - 1, step.with_untracked(|s| s.title.clone()), until);
    let took = Memo::new(move |_| step.with(|s| (s.started_at, s.completed_at)));
    let took = move || match took.get() {
        (Some(from), Some(to)) => view! { <span>{format::duration(to.millis_since(from))}</span> }.into_any(),
        (Some(from), None) if !status.get().is_terminal() => view! { <Elapsed since=from/> }.into_any(),
        _ => ().into_any(),
    };
    view! {
        <li class="step" data-status=attr_of(move || status.get().as_str())>
            <div class="step-head">
                <span class="step-number">{number}</span>
                <span class="step-title">{view_of(move || step.with(|s| s.title.clone()))}</span>
                <StatusMark status/>
            </div>
            <p class="step-facts">
                <span>{view_of(move || step.with(|s| s.kind.clone()))}</span>
                {took}
                <span>{view_of(move || step.with(tokens))}</span>
                <span>{view_of(move || step.with(|s| s.cost.map(format::money)))}</span>
            </p>
            {view_of(move || error.get().map(|text| view! { <pre class="step-error">{text}</pre> }))}
            {view_of(move || said.get().map(|text| view! { <p class="step-said" dir="auto">{text}</p> }))}
            <Part title=if people { "What was asked" } else { "Input" } text=Memo::new(move |_| step.with(|s| s.input.clone()))/>
            <Part title="Output" text=output/>
            {again}
        </li>
    }
}

pub fn tokens(step: &Step) -> Option<String> {
    let part = |n: Option<i64>| n.map_or_else(|| format::UNKNOWN.to_owned(), format::short_count);
    let known = step.input_tokens.is_some() || step.output_tokens.is_some();
    known.then(|| format!("{} in · {} out", part(step.input_tokens), part(step.output_tokens)))
}

/// Closed at first; stays open while the text grows.
#[component]
fn Part(title: &'static str, text: Memo<Option<String>>) -> impl IntoView {
    let there = Memo::new(move |_| text.with(|t| t.as_ref().is_some_and(|t| !t.is_empty())));
    view! {
        <Show when=move || there.get()>
            <details class="step-part">
                <summary>{title}</summary>
                <LongText title text=Signal::derive(move || text.get().unwrap_or_default())/>
            </details>
        </Show>
    }
}
