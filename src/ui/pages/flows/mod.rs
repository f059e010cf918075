//! Both sides. `/flows`: the flows that go on now, all flows, and the runs that have ended.

mod delete;
mod history;
mod list;
mod running;

pub use delete::delete_dialog;

use crate::domain::FlowsPage;
use crate::server_fns::load_flows;
use crate::ui::kit::{EmptyState, ErrorNote, view_of};
use crate::ui::parts::{PageHead, use_stop};
use crate::ui::paths;
use crate::ui::state::clock::use_clock;
use crate::ui::state::flows::Flows as State;
use crate::ui::state::live::use_live;
use leptos::prelude::*;

#[component]
pub fn Flows() -> impl IntoView {
    let page = Resource::new_blocking(|| (), |()| load_flows());
    let body = move || {
        Suspend::new(async move {
            match page.await {
                Ok(first) => view! { <Body first/> }.into_any(),
                Err(e) => {
                    let retry = Callback::new(move |()| page.refetch());
                    view! { <ErrorNote message=e.to_string() on_retry=retry/> }.into_any()
                }
            }
        })
    };
    view! {
        <PageHead title="Flows" trail=vec![("Dashboard".to_owned(), paths::DASHBOARD.to_owned())]>
            <a class="btn primary" href=paths::new_flow(None)>"New flow"</a>
        </PageHead>
        <Suspense fallback=|| view! { <p class="loading" role="status">"Loading"</p> }>{view_of(body)}</Suspense>
    }
}

#[component]
fn Body(first: FlowsPage) -> impl IntoView {
    let (clock, stop) = (use_clock(), use_stop());
    let flows = State::new(use_live(), clock, first);
    Effect::watch(move || stop.done(), move |_, _, _| flows.refresh_unless_live(), false);
    let going = Memo::new(move |_| flows.runs.with(|runs| runs.going(clock.now())));
    let ended = Memo::new(move |_| flows.runs.with(|runs| runs.ended(clock.now())));
    let ids = Memo::new(move |_| flows.ids());
    let any = Memo::new(move |_| ids.with(|ids| !ids.is_empty()));
    // Without any flow there is nothing to say of runs, but those of flows that are gone can be read.
    let with_runs = Memo::new(move |_| any.get() || !going.with(Vec::is_empty) || !ended.with(Vec::is_empty));
    view! {
        {view_of(move || flows.failed.get().map(|e| {
            let retry = Callback::new(move |()| flows.reload());
            view! { <ErrorNote message=e.to_string() on_retry=retry/> }
        }))}
        {view_of(move || with_runs.get().then(|| running::section(flows, going)))}
        {view_of(move || if any.get() { list::section(flows, ids) } else { no_flows() })}
        {view_of(move || with_runs.get().then(|| history::section(flows, ended)))}
    }
}

fn no_flows() -> AnyView {
    view! {
        <section class="list" aria-label="Flows">
            <EmptyState title="No flows yet">
                <p>
                    "A flow is a list of steps that an agent goes through in order: prompts, commands, webhooks. Each step is
                    given what the steps before it answered."
                </p>
                <p>"Its runs are followed here step by step. They can be paused between two steps, and taken up again from any."</p>
                <a class="btn primary" href=paths::new_flow(None)>"New flow"</a>
            </EmptyState>
        </section>
    }
    .into_any()
}
