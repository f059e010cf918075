//! Both sides. All flows by name, each with its newest run and what can be done with it.

use super::delete_dialog;
use crate::domain::{ExecutionSummary, FlowStanding};
use crate::ui::kit::{Button, Look, attr_of, format, view_of};
use crate::ui::parts::{AskedAbout, RelativeTime, Starting, StatusMark, use_start};
use crate::ui::paths;
use crate::ui::state::flows::Flows;
use leptos::prelude::*;

pub fn section(flows: Flows, ids: Memo<Vec<String>>) -> AnyView {
    let deleting = AskedAbout::new(None);
    let deleted = Callback::new(move |()| flows.reload());
    view! {
        <div class="section-head"><h2>"All flows"</h2></div>
        <section class="list flows" aria-label="Flows">
            <div class="flow-line flow-names" aria-hidden="true">
                <span>"Flow"</span><span>"Agent"</span><span class="num">"Steps"</span><span class="num">"Version"</span><span>"Last run"</span>
            </div>
            <ul>
                <For each=move || ids.get() key=String::clone let:id>{line(&id, flows, deleting)}</For>
            </ul>
            <Show when=move || flows.has_more_flows()>
                <p class="list-end"><Button small=true disabled=flows.loading_flows on_press=move |_| flows.more_flows()>"More flows"</Button></p>
            </Show>
        </section>
        {delete_dialog(deleting, deleted)}
    }
    .into_any()
}

fn line(id: &str, flows: Flows, deleting: AskedAbout) -> AnyView {
    let standing = {
        let id = id.to_owned();
        Memo::new(move |last: Option<&Option<FlowStanding>>| flows.standing(&id).or_else(|| last.cloned().flatten()))
    };
    let Some(first) = standing.get_untracked() else { return ().into_any() };
    let first = StoredValue::new(first.flow);
    let flow =
        Memo::new(move |_| standing.with(|s| s.as_ref().map(|s| s.flow.clone())).unwrap_or_else(|| first.get_value()));
    let last = Memo::new(move |_| standing.with(|s| s.as_ref().and_then(|s| s.last_run.clone())));
    let (can_run, can_edit) =
        (Memo::new(move |_| flow.with(|f| f.can_run)), Memo::new(move |_| flow.with(|f| f.can_edit)));
    let of = move |verb: &'static str| Signal::derive(move || flow.with(|f| format!("{verb} {}", f.name)));
    let start = use_start();
    let run = move |_| flow.with_untracked(|f| start.ask(Starting::Flow { id: f.id.clone(), name: f.name.clone() }));
    let delete = move |_| flow.with_untracked(|f| deleting.set(Some((f.id.clone(), f.name.clone()))));
    let agent = first.with_value(|f| (paths::agent(&f.agent_name), f.agent_display_name.clone()));
    let href = paths::flow(id);
    view! {
        <li class="flow-line" data-flow-id=id.to_owned()>
            <a class="flow-name" dir="auto" href=href.clone()>{view_of(move || flow.with(|f| f.name.clone()))}</a>
            <a class="by ell muted" dir="auto" href=agent.0>{agent.1}</a>
            <span class="num" data-name="Steps">{view_of(move || flow.with(|f| f.steps.len()))}</span>
            <span class="num" data-name="Version">{view_of(move || flow.with(|f| f.version))}</span>
            <span class="agent-last ell">{view_of(move || last_run(last.get()))}</span>
            <span class="flow-actions">
                {view_of(move || can_run.get().then(|| view! { <Button small=true label=of("Run") on_press=run>"Run"</Button> }))}
                {view_of({
                    let href = href.clone();
                    move || can_edit.get().then(|| view! {
                        <a class="btn quiet small" href=href.clone() aria-label=attr_of(move || of("Edit").get())>"Edit"</a>
                        <Button small=true look=Look::Quiet label=of("Delete") on_press=delete>"Delete"</Button>
                    })
                })}
            </span>
        </li>
    }
    .into_any()
}

fn last_run(run: Option<ExecutionSummary>) -> AnyView {
    let Some(run) = run else { return view! { <span class="faint">"no run yet"</span> }.into_any() };
    let at = run.effective_start();
    view! {
        <StatusMark status=run.status/>
        <a class="by muted" href=paths::execution(run.id.as_str())><RelativeTime at=at/></a>
        {(run.status.is_terminal() && run.steps_done > 0).then(|| view! { <span class="visually-hidden">{format::plural(run.steps_done, "step done", "steps done")}</span> })}
    }
    .into_any()
}
