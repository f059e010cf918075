//! Both sides. Stop, with one question for the whole page that names the run.

use super::asides::once;
use crate::browser;
use crate::domain::ExecutionSummary;
use crate::server_fns::stop_execution;
use crate::ui::kit::{ConfirmDialog, late, view_of};
use crate::ui::late::ASIDES;
use crate::ui::state::live::use_live;
use leptos::prelude::*;

/// In context on every page: ask before stopping a run.
#[derive(Debug, Clone, Copy)]
pub struct StopRequest {
    run: RwSignal<Option<ExecutionSummary>>,
    /// Grows when a stop was accepted; lists without a socket refetch on it.
    done: RwSignal<u32>,
}

impl StopRequest {
    pub fn ask(self, run: ExecutionSummary) {
        self.run.set(Some(run));
    }

    pub fn done(self) -> u32 {
        self.done.get()
    }
}

pub fn use_stop() -> StopRequest {
    expect_context()
}

#[component]
pub fn StopDialog(children: Children) -> impl IntoView {
    let request = StopRequest { run: RwSignal::new(None), done: RwSignal::new(0) };
    provide_context(request);
    let asked = once(move || request.run.with(Option::is_some));
    view! {
        {children()}
        {view_of(move || asked.get().then(|| late(&ASIDES, move |asides| (asides.stop)(request))))}
    }
}

/// The question.
pub fn stop_question(request: StopRequest) -> AnyView {
    let live = use_live();
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<String>);
    let close = move || {
        request.run.set(None);
        problem.set(None);
    };
    let confirm = move |()| {
        let Some(run) = request.run.get_untracked() else { return };
        // A second press while the first is on its way asks nothing twice.
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        browser::spawn(async move {
            match stop_execution(run.id.to_string()).await {
                Ok(_) => {
                    close();
                    request.done.update(|n| *n += 1);
                }
                Err(e) => {
                    live.note_error(&e);
                    problem.set(Some(e.to_string()));
                }
            }
            busy.set(false);
        });
    };
    let title = move || request.run.with(|r| r.as_ref().map(|r| format!("Stop this run of {}?", r.agent_display_name)));
    let body = move || request.run.with(|r| r.as_ref().map(describe));
    view! {
        <ConfirmDialog
            open=Signal::derive(move || request.run.with(Option::is_some))
            title=Signal::derive(move || title().unwrap_or_default())
            body=Signal::derive(move || body().unwrap_or_default())
            confirm="Stop"
            busy=busy
            problem=problem
            on_confirm=confirm
            on_close=move |()| close()
        />
    }
    .into_any()
}

fn describe(run: &ExecutionSummary) -> String {
    let what = if run.message.is_empty() { run.id.short() } else { format!("“{}”", run.message) };
    format!("{what} is asked to end. It shows as cancelled when its process confirms.")
}
