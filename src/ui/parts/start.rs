//! Both sides. Starting a run of an agent or a flow, and starting a run once more, with its message edited or from one of
//! its steps: one dialog for the page.

use super::asides::once;
use crate::browser;
use crate::domain::{ExecutionId, ExecutionSummary, NewFlowRun, NewRun, Retry};
use crate::server_fns::{get_run, list_agents, retry_execution, run_agent, run_flow};
use crate::ui::kit::{Button, Icon, Look, act, attr_of, follow, late, view_of};
use crate::ui::late::ASIDES;
use crate::ui::paths;
use crate::ui::state::live::use_live;
use crate::ui::state::turn::Turn;
use leptos::ev::{Event, MouseEvent};
use leptos::html;
use leptos::prelude::*;
use std::collections::BTreeSet;

/// What is to be started.
#[derive(Debug, Clone, PartialEq)]
pub enum Starting {
    Agent {
        name: String,
        display_name: String,
    },
    Flow {
        id: String,
        name: String,
    },
    Again(Box<ExecutionSummary>),
    /// The same from a step on: its number, from 0, and its title.
    FromStep(Box<ExecutionSummary>, i64, String),
}

/// In context on every page: ask for what to start.
#[derive(Debug, Clone, Copy)]
pub struct StartRequest {
    what: RwSignal<Option<Starting>>,
    /// Agents whose runs the viewer can start here, once they are known.
    startable: RwSignal<Option<BTreeSet<String>>>,
    learning: StoredValue<bool>,
}

impl StartRequest {
    pub fn ask(self, what: Starting) {
        self.what.set(Some(what));
    }

    /// Asks the server, once a page, which agents can be started from here.
    pub fn learn(self) {
        if self.learning.get_value() {
            return;
        }
        self.learning.set_value(true);
        browser::spawn(async move {
            match list_agents().await {
                Ok(agents) => {
                    let names = agents.into_iter().filter(|a| a.can_run).map(|a| a.name).collect();
                    self.startable.set(Some(names));
                }
                // The next menu asks again.
                Err(_) => self.learning.set_value(false),
            }
        });
    }

    /// Agents were made or deleted: the next menu asks again.
    pub fn forget(self) {
        self.learning.set_value(false);
    }

    fn can_start(self, agent: &str) -> bool {
        self.startable.with(|names| names.as_ref().is_some_and(|names| names.contains(agent)))
    }
}

pub fn use_start() -> StartRequest {
    expect_context()
}

#[component]
pub fn StartDialog() -> impl IntoView {
    let request =
        StartRequest { what: RwSignal::new(None), startable: RwSignal::new(None), learning: StoredValue::new(false) };
    provide_context(request);
    let asked = once(move || request.what.with(Option::is_some));
    view_of(move || asked.get().then(|| late(&ASIDES, move |asides| (asides.start)(request))))
}

/// "Edit and retry" in a menu, for a run of `agent` once it has ended. `run` is read when the item is pressed: what is in
/// every row of a list copies nothing at each change of it.
pub fn retry_item(
    agent: String,
    ended: impl Fn() -> bool + Send + Sync + 'static,
    run: impl Fn() -> ExecutionSummary + Send + Sync + 'static,
) -> AnyView {
    let start = use_start();
    let ended = Memo::new(move |_| ended());
    let can = Memo::new(move |_| start.can_start(&agent));
    let ask = Callback::new(move |()| start.ask(Starting::Again(Box::new(run()))));
    let press = move |_: MouseEvent| {
        browser::close_menus();
        ask.run(());
    };
    let why = move || (!can.get()).then_some("This agent's runs are not started from here");
    view_of(move || {
        ended.get().then(|| view! {
            <button type="button" class="needs-js" disabled=attr_of(move || !can.get()) title=attr_of(why) on:click=act(press)>
                <Icon name="running"/>"Edit and retry"
            </button>
        })
    })
    .into_any()
}

/// The dialog.
pub fn start_question(request: StartRequest) -> AnyView {
    let live = use_live();
    let dialog = NodeRef::<html::Dialog>::new();
    let (busy, loading) = (RwSignal::new(false), RwSignal::new(false));
    let (problem, started) = (RwSignal::new(None::<String>), RwSignal::new(None::<ExecutionId>));
    let (text, before) = (RwSignal::new(String::new()), StoredValue::new(String::new()));
    // The same press twice, or again after a broken connection, starts one run; another text is another request.
    let key = StoredValue::new(String::new());
    // What comes after the dialog was opened for another run is not for it.
    let turn = StoredValue::new(Turn::default());
    let current = move |asked: Turn| turn.try_with_value(|t| t.is_newest(asked)) == Some(true);
    let fill = move |message: String| {
        before.set_value(message.clone());
        text.set(message);
    };
    follow(move || {
        let Some(what) = request.what.get() else { return browser::close_dialog(dialog) };
        let Some(asked) = turn.try_update_value(Turn::ask) else { return };
        key.set_value(browser::request_key());
        problem.set(None);
        started.set(None);
        busy.set(false);
        loading.set(false);
        match what {
            Starting::Agent { .. } | Starting::Flow { .. } | Starting::FromStep(..) => fill(String::new()),
            Starting::Again(run) => {
                fill(String::new());
                loading.set(true);
                // A list has the beginning of a message only.
                browser::spawn(async move {
                    let answer = get_run(run.id.to_string()).await;
                    if !current(asked) {
                        return;
                    }
                    match answer {
                        Ok(record) => fill(record.detail.summary.message),
                        Err(e) => {
                            live.note_error(&e);
                            problem.set(Some(e.to_string()));
                        }
                    }
                    loading.set(false);
                });
            }
        }
        browser::open_dialog(dialog);
    });
    let send = move || {
        let Some(what) = request.what.get_untracked() else { return };
        if busy.get_untracked() || loading.get_untracked() {
            return;
        }
        busy.set(true);
        problem.set(None);
        let (key, message, asked) = (key.get_value(), text.get_untracked(), turn.get_value());
        browser::spawn(async move {
            let answer = match what {
                Starting::Agent { name, .. } => run_agent(key, name, NewRun { message, ..NewRun::default() }).await,
                Starting::Flow { id, .. } => {
                    let message = (!message.trim().is_empty()).then_some(message);
                    run_flow(key, id, NewFlowRun { message, ..NewFlowRun::default() }).await
                }
                Starting::FromStep(run, step, _) => {
                    retry_execution(key, run.id.to_string(), Retry { from_step: Some(step), message: None }).await
                }
                Starting::Again(run) => {
                    let message = before.with_value(|b| *b != message).then_some(message);
                    retry_execution(key, run.id.to_string(), Retry { message, ..Retry::default() }).await
                }
            };
            if !current(asked) {
                return;
            }
            match answer {
                Ok(id) => started.set(Some(id)),
                Err(e) => {
                    live.note_error(&e);
                    problem.set(Some(e.to_string()));
                }
            }
            busy.set(false);
        });
    };
    let title = move || match request.what.get() {
        Some(Starting::Agent { display_name, .. }) => format!("Run {display_name}"),
        Some(Starting::Flow { name, .. }) => format!("Run {name}"),
        Some(Starting::Again(run)) => format!("Retry this run of {}", run.agent_display_name),
        Some(Starting::FromStep(_, step, title)) => format!("Retry from step {}: {title}", step + 1),
        None => String::new(),
    };
    let note = move || match (loading.get(), request.what.get()) {
        (true, _) => "Loading the message",
        (false, Some(Starting::Again(_))) => "A new run, linked to this one.",
        (false, Some(Starting::FromStep(_, 0, _))) => {
            "A new run, linked to this one, does all steps with the same message."
        }
        (false, Some(Starting::FromStep(..))) => {
            "A new run, linked to this one. The steps before this one are not done again: it is given their responses."
        }
        (false, Some(Starting::Flow { .. })) => "A message for the first prompt, if there is something to tell.",
        _ => "The message it is given.",
    };
    let field = move || {
        if matches!(request.what.get(), Some(Starting::FromStep(..))) {
            return view! { <p>{view_of(note)}</p> }.into_any();
        }
        view! {
            <label class="field">
                <span>{view_of(note)}</span>
                <textarea
                    rows="8"
                    prop:value=attr_of(move || text.get())
                    disabled=attr_of(move || loading.get())
                    on:input=act(move |e: Event| {
                        key.set_value(browser::request_key());
                        text.set(event_target_value(&e));
                    })
                ></textarea>
            </label>
        }
        .into_any()
    };
    let again = move || matches!(request.what.get(), Some(Starting::Again(_) | Starting::FromStep(..)));
    let question = move || {
        view! {
            {view_of(field)}
            <div class="dialog-actions">
                <Button on_press=move |_| browser::close_dialog(dialog)>"Cancel"</Button>
                <Button look=Look::Primary disabled=Signal::derive(move || busy.get() || loading.get()) on_press=move |_| send()>
                    {view_of(move || if again() { "Retry" } else { "Run" })}
                </Button>
            </div>
        }
        .into_any()
    };
    let done = move |id: ExecutionId| {
        view! {
            <p role="status">"It is in the queue."</p>
            <div class="dialog-actions">
                <Button on_press=move |_| browser::close_dialog(dialog)>"Close"</Button>
                <a class="btn primary" href=paths::execution(id.as_str()) on:click=act(move |_: MouseEvent| browser::close_dialog(dialog))>"Open the run"</a>
            </div>
        }
        .into_any()
    };
    view! {
        <dialog node_ref=dialog class="confirm start" aria-labelledby="start-title" on:close=act(move |_: Event| request.what.set(None))>
            <h2 id="start-title">{view_of(title)}</h2>
            {view_of(move || match started.get() {
                Some(id) => done(id),
                None => question(),
            })}
            {view_of(move || problem.get().map(|text| view! { <p class="problem" role="alert">{text}</p> }))}
        </dialog>
    }
    .into_any()
}
