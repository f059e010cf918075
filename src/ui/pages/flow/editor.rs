//! Both sides. The form in which a flow is made and changed.

use super::field::{Shape, TextField, text_field};
use super::head::head;
use super::plain::interruption_words;
use super::steps::{Form, place_id, steps};
use super::{begin, trail};
use crate::browser;
use crate::domain::{Error, Flow, FlowPatch, OnInterruption};
use crate::server_fns::{change_flow, create_flow, load_flow};
use crate::ui::kit::{Button, act, attr_of, view_of};
use crate::ui::parts::PageHead;
use crate::ui::paths;
use crate::ui::state::flow_draft::{Draft, Problems};
use crate::ui::state::live::{Live, use_live};
use leptos::ev::{Event, SubmitEvent};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

/// What is saved, how saving goes, and what is told of it.
#[derive(Clone, Copy)]
struct Saving {
    form: Form,
    live: Live,
    /// `None`: it is to be made.
    flow: RwSignal<Option<Flow>>,
    saved: RwSignal<Draft>,
    busy: RwSignal<bool>,
    /// Why it could not be saved, when no field says it.
    problem: RwSignal<Option<String>>,
    /// Somebody else has changed it meanwhile.
    outdated: RwSignal<bool>,
    told: RwSignal<Option<String>>,
    /// Hears the id of the flow that was made.
    made: Callback<String>,
}

/// `agents`: name and display name of those it can be made for; the first is chosen. `reload` reads it anew.
pub fn editor(flow: Option<Flow>, agents: Vec<(String, String)>, reload: Callback<()>) -> AnyView {
    let first = begin(flow.as_ref(), &agents);
    let navigate = use_navigate();
    let form = Form {
        draft: RwSignal::new(first.clone()),
        problems: RwSignal::new(Problems::default()),
        said: RwSignal::new(String::new()),
        removed: RwSignal::new(None),
    };
    let saving = Saving {
        form,
        live: use_live(),
        flow: RwSignal::new(flow.clone()),
        saved: RwSignal::new(first),
        busy: RwSignal::new(false),
        problem: RwSignal::new(None),
        outdated: RwSignal::new(false),
        told: RwSignal::new(None),
        made: Callback::new(move |id: String| {
            navigate(&paths::flow(&id), NavigateOptions { replace: true, ..Default::default() });
        }),
    };
    let unsaved = Memo::new(move |_| form.draft.with(Draft::flow) != saving.saved.with(Draft::flow));
    Effect::new(move || browser::ask_before_leaving(move || unsaved.try_get_untracked() == Some(true)));
    let top = match flow {
        Some(flow) => {
            let shown = Signal::derive(move || saving.flow.get().unwrap_or_else(|| flow.clone()));
            head(shown, unsaved.into())
        }
        None => view! { <PageHead title="New flow" trail=trail()/> }.into_any(),
    };
    view! {
        {top}
        <form class="flow-form" novalidate on:submit=act(move |e: SubmitEvent| { e.prevent_default(); saving.save(); })>
            {about(form, agents)}
            {steps(form)}
            {end(saving, unsaved, reload)}
            <p class="visually-hidden" role="status">{view_of(move || form.said.get())}</p>
        </form>
    }
    .into_any()
}

fn about(form: Form, agents: Vec<(String, String)>) -> AnyView {
    let name = text_field(TextField {
        id: "flow-name".to_owned(),
        name: "Name",
        hint: "",
        shape: Shape::Line,
        value: Signal::derive(move || form.draft.with(|d| d.name.clone())),
        wrong: Signal::derive(move || form.problems.with(|p| p.name.clone())),
        on_input: Callback::new(move |text| form.draft.update(|d| d.name = text)),
    });
    let choose = move |e: Event| form.draft.update(|d| d.agent = event_target_value(&e));
    let agent = (!agents.is_empty()).then(|| {
        let options: Vec<_> =
            agents.into_iter().map(|(name, shown)| view! { <option value=name>{shown}</option> }).collect();
        view! {
            <div class="field">
                <label for="flow-agent">"Agent"</label>
                <select id="flow-agent" on:change=act(choose) aria-describedby="flow-agent-about">{options}</select>
                <p class="field-about" id="flow-agent-about">
                    {view_of(move || match form.problems.with(|p| p.agent.clone()) {
                        Some(text) => view! { <span class="problem">{text}</span> }.into_any(),
                        None => "The flow stays with it.".into_any(),
                    })}
                </p>
            </div>
        }
    });
    let choice = move |what: OnInterruption, title: &'static str| {
        let checked = move || form.draft.with(|d| d.on_interruption) == what;
        let first = form.draft.with_untracked(|d| d.on_interruption) == what;
        view! {
            <label class="choice">
                <input type="radio" name="on-interruption" checked=first prop:checked=attr_of(checked)
                    on:change=act(move |_: Event| form.draft.update(|d| d.on_interruption = what))/>
                <span><strong>{title}</strong> <span class="muted">{interruption_words(what)}</span></span>
            </label>
        }
    };
    view! {
        <div class="flow-about">
            {name} {agent}
            <fieldset>
                <legend>"If the server goes away during a run"</legend>
                {choice(OnInterruption::Resume, "Resume")}
                {choice(OnInterruption::Fail, "Fail")}
            </fieldset>
        </div>
    }
    .into_any()
}

/// What saving came to, and the buttons.
fn end(saving: Saving, unsaved: Memo<bool>, reload: Callback<()>) -> AnyView {
    let busy = saving.busy;
    let wrong = Memo::new(move |_| saving.form.problems.with(|p| (!p.is_empty()).then(|| p.others.clone())));
    let problems = move || {
        let text = match (saving.problem.get(), wrong.get()) {
            (Some(text), _) => text,
            (None, Some(others)) if others.is_empty() => "Not saved: see what is said below the fields.".to_owned(),
            (None, Some(others)) => others.join("; "),
            (None, None) => return None,
        };
        Some(view! {
            <p class="problem" role="alert">{text}</p>
            {saving.outdated.get().then(|| view! {
                <Button small=true on_press=move |_| reload.run(())>"Drop my changes and show it"</Button>
            })}
        })
    };
    let state = move || match (unsaved.get(), saving.told.get()) {
        (true, _) if saving.problem.with(Option::is_some) || wrong.with(Option::is_some) => None,
        (true, _) => Some("Not saved yet".to_owned()),
        (false, told) => told,
    };
    view! {
        <div class="form-end">
            <div class="form-state">
                {view_of(problems)}
                <span class="muted" role="status">{view_of(state)}</span>
            </div>
            <a class="btn" href=paths::FLOWS>"Back to flows"</a>
            <button type="submit" class="btn primary needs-js" disabled=attr_of(move || busy.get())>"Save"</button>
        </div>
    }
    .into_any()
}

impl Saving {
    fn save(self) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.problem.set(None);
        self.outdated.set(false);
        self.told.set(None);
        self.form.problems.set(Problems::default());
        let sent = self.form.draft.get_untracked();
        let before = self.flow.get_untracked();
        browser::spawn(async move {
            let content = sent.flow();
            let answer = match &before {
                None => create_flow(content).await,
                Some(flow) => {
                    let patch = FlowPatch {
                        name: Some(content.name),
                        steps: Some(content.steps),
                        on_interruption: Some(content.on_interruption),
                        version: Some(flow.version),
                    };
                    change_flow(flow.id.clone(), patch).await
                }
            };
            // The page was left meanwhile.
            if self.busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(flow) => {
                    self.saved.set(sent);
                    self.form.removed.set(None);
                    if before.is_none() {
                        return self.made.run(flow.id);
                    }
                    self.told.set(Some(format!("Saved as version {}", flow.version)));
                    self.flow.set(Some(flow));
                }
                Err(Error::Invalid(errors)) => {
                    let problems = Problems::of(&errors, &sent);
                    self.show_first(&problems);
                    self.form.problems.set(problems);
                }
                Err(e) => {
                    self.live.note_error(&e);
                    self.problem.set(Some(crate::domain::error::readable(&e.to_string())));
                    if let (Error::Conflict(_), Some(flow)) = (e, before) {
                        self.look_whether_outdated(&flow).await;
                    }
                }
            }
        });
    }

    /// To the first field that is wrong.
    fn show_first(self, problems: &Problems) {
        let field = match (&problems.name, &problems.agent) {
            (Some(_), _) => Some("flow-name".to_owned()),
            (None, Some(_)) => Some("flow-agent".to_owned()),
            (None, None) => {
                self.form.draft.with_untracked(|d| problems.first(d)).map(|(key, place)| place_id(key, place))
            }
        };
        if let Some(id) = field {
            browser::focus_later(format!("#{id}"));
        }
    }

    async fn look_whether_outdated(self, known: &Flow) {
        if let Ok(now) = load_flow(known.id.clone()).await {
            let _ = self.outdated.try_set(now.version != known.version);
        }
    }
}
