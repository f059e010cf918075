//! Both sides. Runs of flows that have ended; a row opens to its prompts and responses.

use crate::browser;
use crate::domain::{Error, ExecutionId, ExecutionSummary, FlowRunSteps};
use crate::server_fns::load_flow_run;
use crate::ui::kit::{Button, ErrorNote, Icon, act, attr_of, format, late, view_of};
use crate::ui::late::RUN;
use crate::ui::parts::{RelativeTime, StatusMark, Unknown};
use crate::ui::paths;
use crate::ui::state::clock::use_clock;
use crate::ui::state::flows::Flows;
use crate::ui::state::live::use_live;
use crate::ui::state::why::{Tone, why};
use leptos::ev::MouseEvent;
use leptos::prelude::*;

pub fn section(flows: Flows, ended: Memo<Vec<ExecutionId>>) -> AnyView {
    let none = Memo::new(move |_| ended.with(Vec::is_empty));
    let more = Memo::new(move |_| flows.runs.with(|runs| runs.next_cursor().is_some()));
    view! {
        <div class="section-head"><h2>"History"</h2></div>
        <section class="list history" aria-label="Runs that have ended">
            <div class="run-line run-names" aria-hidden="true">
                <span></span><span>"Status"</span><span>"Flow"</span><span>"Agent"</span>
                <span class="num">"Steps"</span><span class="num">"Started"</span><span class="num">"Duration"</span>
                <span class="num">"Tokens"</span><span class="num">"Cost"</span>
            </div>
            <ul>
                <For each=move || ended.get() key=ExecutionId::clone let:id>{line(&id, flows)}</For>
            </ul>
            <Show when=move || none.get()><p class="quiet-line">"No run has ended yet."</p></Show>
            <Show when=move || more.get()>
                <p class="list-end"><Button small=true disabled=flows.loading_runs on_press=move |_| flows.more_runs()>"More runs"</Button></p>
            </Show>
        </section>
    }
    .into_any()
}

fn line(id: &ExecutionId, flows: Flows) -> AnyView {
    let run = {
        let id = id.clone();
        Memo::new(move |last: Option<&Option<ExecutionSummary>>| {
            let run = flows.runs.with(|runs| runs.one_ended(&id));
            run.map(|run| (*run).clone()).or_else(|| last.cloned().flatten())
        })
    };
    let Some(first) = run.get_untracked() else { return ().into_any() };
    let clock = use_clock();
    let href = paths::execution(id.as_str());
    let flow_id = first.flow_id.clone().unwrap_or_default();
    let (message, status) = (first.message.clone(), first.status);
    let name = Memo::new(move |_| flows.name(&flow_id).unwrap_or_else(|| message.clone()));
    // The message is the flow's name where none was given.
    let told = {
        let message = first.message.clone();
        Memo::new(move |_| name.with(|name| (*name != message).then(|| message.clone())))
    };
    let reason = Memo::new(move |_| run.with(|r| r.as_ref().and_then(|r| why(r, clock.now_untracked()))));
    let at = first.effective_start();
    let steps = move || run.with(|r| r.as_ref().map(steps_words)).unwrap_or_default();
    let of = move |read: fn(&ExecutionSummary) -> Option<String>| {
        Signal::derive(move || run.with(|r| r.as_ref().and_then(read)))
    };
    let open = RwSignal::new(false);
    let panel = format!("steps-of-{id}");
    let controls = panel.clone();
    let label = Signal::derive(move || format!("Steps of {}", name.get()));
    let id = id.to_string();
    let run_id = id.clone();
    view! {
        <li class="agent" class:open=attr_of(move || open.get()) data-execution-id=id data-status=status.as_str()>
            <div class="run-line">
                <button type="button" class="agent-toggle needs-js"
                    aria-expanded=attr_of(move || open.get().to_string())
                    aria-controls=attr_of(move || open.get().then(|| controls.clone()))
                    aria-label=attr_of(move || label.get())
                    on:click=act(move |_: MouseEvent| open.update(|open| *open = !*open))
                ><Icon name="down"/></button>
                <StatusMark status=status/>
                <div class="run-what">
                    <a class="flow-name" dir="auto" href=href>{view_of(move || name.get())}</a>
                    {view_of(move || told.get().map(|text| view! { <div class="why ell" dir="auto">{text}</div> }))}
                    {view_of(move || reason.get().map(|why| {
                        let class = if why.tone == Tone::Bad { "why s-failed" } else { "why" };
                        view! { <div class=class dir="auto">{why.text}</div> }
                    }))}
                </div>
                <a class="by ell muted" dir="auto" href=paths::agent(&first.agent_name)>{first.agent_display_name}</a>
                <span class="num muted">{view_of(steps)}</span>
                <span class="num muted"><RelativeTime at=at/></span>
                <span class="num"><Unknown value=of(|r| r.duration_ms.map(format::duration))/></span>
                <span class="num"><Unknown value=of(|r| r.total_tokens.map(format::short_count))/></span>
                <span class="num"><Unknown value=of(|r| r.cost.map(format::money))/></span>
            </div>
            {steps_of(run_id, panel, open)}
        </li>
    }
    .into_any()
}

fn steps_words(run: &ExecutionSummary) -> String {
    run.steps_total.map_or_else(|| run.steps_done.to_string(), |total| format!("{} of {total}", run.steps_done))
}

/// Read when it is opened for the first time.
fn steps_of(id: String, panel: String, open: RwSignal<bool>) -> AnyView {
    let live = use_live();
    let read = RwSignal::new(None::<Result<FlowRunSteps, Error>>);
    let load = Callback::new(move |()| {
        let id = id.clone();
        browser::spawn(async move {
            let answer = load_flow_run(id).await;
            if let Err(e) = &answer {
                live.note_error(e);
            }
            // Refused when the reader went elsewhere meanwhile.
            let _ = read.try_set(Some(answer));
        });
    });
    Effect::new(move || {
        if open.get() && read.with_untracked(Option::is_none) {
            load.run(());
        }
    });
    let content = move || match read.get() {
        None => view! { <p class="loading" role="status">"Loading"</p> }.into_any(),
        Some(Ok(steps)) => late(&RUN, move |run| (run.pairs)(steps.clone())),
        Some(Err(e)) => {
            let again = Callback::new(move |()| {
                read.set(None);
                load.run(());
            });
            view! { <ErrorNote message=e.to_string() on_retry=again/> }.into_any()
        }
    };
    view! {
        <Show when=move || open.get()>
            <div class="run-steps" id=panel.clone()>{view_of(content)}</div>
        </Show>
    }
    .into_any()
}
