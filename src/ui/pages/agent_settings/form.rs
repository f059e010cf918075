//! Both sides. The agent itself: what it is called, how it runs, within which limits.

use super::asking::{Asking, unheard};
use super::section::section;
use super::{kinds, limits, trial};
use crate::domain::{self, AgentKind};
use crate::server_fns::change_agent;
use crate::ui::kit::{Field, Fields, Input, act, view_of};
use crate::ui::paths;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;

#[derive(Clone, Copy)]
pub struct AgentFields {
    pub texts: Fields,
    /// An agent that is there keeps its kind and its name.
    pub fixed: Option<AgentKind>,
    pub no_commands: StoredValue<Option<String>>,
    saved_name: RwSignal<String>,
}

impl AgentFields {
    pub fn new(form: domain::AgentForm, fixed: Option<AgentKind>) -> Self {
        let saved_name = form.texts.get("display_name").cloned().unwrap_or_default();
        Self {
            texts: Fields::new("agent", form.texts),
            fixed,
            no_commands: StoredValue::new(form.no_commands),
            saved_name: RwSignal::new(saved_name),
        }
    }

    pub fn saved_name(self) -> String {
        self.saved_name.get()
    }

    pub fn kind(self) -> Option<AgentKind> {
        self.fixed.or_else(|| self.texts.get("kind").parse().ok())
    }
}

/// Is there an agent yet, and who starts its runs?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    No,
    RunsElsewhere,
    RunsHere,
}

/// The form of an agent that is there.
#[component]
pub fn Change(name: String, fields: AgentFields, saved: Saved) -> impl IntoView {
    let asking = Asking::for_form(fields.texts);
    fields.texts.ask_before_leaving();
    let on_save = Callback::new({
        let name = name.clone();
        move |()| {
            let sent = fields.texts.all();
            let ask = change_agent(name.clone(), sent.clone());
            asking.of(fields.texts, Box::pin(ask), move |form| {
                fields.saved_name.set(form.texts.get("display_name").cloned().unwrap_or_default());
                fields.texts.saved(&sent, form.texts);
                asking.say("Saved");
            });
        }
    });
    let trial = (saved == Saved::RunsHere).then(|| trial::section_of(name, fields.texts));
    view! {
        <AgentForm fields asking saved on_save/>
        {trial}
    }
}

#[component]
pub fn AgentForm(fields: AgentFields, asking: Asking, saved: Saved, on_save: Callback<()>) -> impl IntoView {
    let submit = act(move |e: SubmitEvent| {
        e.prevent_default();
        on_save.run(());
    });
    let words = if saved == Saved::No { "Create agent" } else { "Save" };
    let cancel = (saved == Saved::No).then(|| view! { <a class="btn" href=paths::AGENTS>"Cancel"</a> });
    let kept = (saved != Saved::No)
        .then(|| view_of(move || fields.texts.changed().then(|| view! { <span class="faint">"Not saved yet"</span> })));
    view! {
        <form id="agent" class="settings" on:submit=submit>
            <fieldset disabled=unheard()>
                {section("about", "About", "What people and programs call it.", names(fields))}
                {section("runs", "How it runs", "Who does the work of a run.", kinds::choice(fields))}
                {section("limits", "Limits", "How many at once, how long, how often, how dear.", limits::limits(fields))}
            </fieldset>
            <div class="setting-end">
                <p class="only-plain muted">"Agents are made and changed with JavaScript, or through the API."</p>
                {asking.submit(words)}
                {cancel}
                {kept}
                {asking.words()}
            </div>
        </form>
    }
}

fn names(fields: AgentFields) -> AnyView {
    let name = match fields.fixed {
        Some(_) => view! {
            <dl class="field"><dt>"Name"</dt><dd><code>{fields.texts.peek("name")}</code></dd></dl>
        }
        .into_any(),
        None => fields.texts.field(Field {
            name: "name",
            label: "Name",
            hint: "In addresses and for programs: lower case letters, digits, . _ and -. It stays as it is.",
            input: Input::Code,
            optional: false,
        }),
    };
    let shown = fields.texts.field(Field {
        name: "display_name",
        label: "Display name",
        hint: "",
        input: Input::Line,
        optional: fields.fixed.is_none(),
    });
    let description = fields.texts.field(Field {
        name: "description",
        label: "Description",
        hint: "",
        input: Input::Area(2),
        optional: true,
    });
    view! { {name} {shown} {description} }.into_any()
}
