//! Both sides. The four kinds of agents, and what each needs to run.

use super::form::AgentFields;
use crate::domain::AgentKind;
use crate::ui::kit::{Command, Field, Input, act, attr_of, view_of};
use leptos::ev::Event;
use leptos::prelude::*;

const KINDS: [AgentKind; 4] = [AgentKind::Openai, AgentKind::Command, AgentKind::Webhook, AgentKind::External];

const fn word(kind: AgentKind) -> (&'static str, &'static str) {
    match kind {
        AgentKind::Openai => ("Model endpoint", "Asks a model behind an OpenAI-compatible endpoint."),
        AgentKind::Command => ("Command", "Starts a program on the server's machine."),
        AgentKind::Webhook => ("Webhook", "Posts each run to a URL, which answers or reports later."),
        AgentKind::External => ("External", "Its own process does the runs and records them here."),
    }
}

/// Secrets are never typed in: this is said wherever one is needed.
const KEY: &str =
    "Only the name of an environment variable of the server, such as OPENAI_API_KEY: secrets are never kept here.";

/// The kind, where it is still to be chosen, and its settings.
pub fn choice(fields: AgentFields) -> AnyView {
    let kind = Memo::new(move |_| fields.kind());
    let chosen = if let Some(kind) = fields.fixed {
        let (name, does) = word(kind);
        view! { <p class="kind-fixed"><strong>{name}</strong><span class="muted">{does}</span></p> }.into_any()
    } else {
        let tiles: Vec<_> = KINDS.into_iter().map(|k| tile(fields, k)).collect();
        view! { <fieldset class="kinds"><legend class="visually-hidden">"Kind"</legend>{tiles}</fieldset> }.into_any()
    };
    view! {
        {chosen}
        {view_of(move || kind.get().map(|kind| config(fields, kind)))}
    }
    .into_any()
}

fn tile(fields: AgentFields, kind: AgentKind) -> AnyView {
    let (name, does) = word(kind);
    let refused = if kind == AgentKind::Command { fields.no_commands.get_value() } else { None };
    let on = Memo::new(move |_| fields.texts.get("kind") == kind.as_str());
    let (id, name_id) = (format!("agent-kind-{kind}-does"), format!("agent-kind-{kind}"));
    let not = refused.clone().map(|why| view! { <span class="kind-not">{format!("Not here: {why}.")}</span> });
    view! {
        <label class="kind" class:off=refused.is_some()>
            <input type="radio" name="kind" value=kind.as_str() checked=on.get_untracked() prop:checked=attr_of(move || on.get())
                disabled=refused.is_some() autocomplete="off" aria-labelledby=name_id.clone() aria-describedby=id.clone()
                on:change=act(move |_: Event| fields.texts.set("kind", kind.as_str().to_owned()))/>
            <strong id=name_id>{name}</strong>
            <span id=id class="kind-does">{does}{not}</span>
        </label>
    }
    .into_any()
}

fn config(fields: AgentFields, kind: AgentKind) -> AnyView {
    let field = |name, label, hint, input, optional| fields.texts.field(Field { name, label, hint, input, optional });
    match kind {
        AgentKind::External => {
            let name = fields.texts.peek("name");
            let name = if name.is_empty() { "NAME".to_owned() } else { name };
            view! {
                <Command title="For example, around any command" text=format!("runboard exec --agent {name} -- COMMAND")/>
            }
            .into_any()
        }
        AgentKind::Openai => view! {
            {field("config.base_url", "Base URL", "Without /chat/completions, such as https://api.openai.com/v1", Input::Code, false)}
            {field("config.model", "Model", "", Input::Code, false)}
            {field("config.system_prompt", "System prompt", "Before the message of each run.", Input::Area(5), true)}
            {field("config.api_key_env", "Variable with the key", KEY, Input::Code, true)}
        }
        .into_any(),
        AgentKind::Command => {
            let refused = fields.no_commands.get_value();
            let off = refused.is_some();
            let why = refused.map(|why| view! { <p class="note">{format!("This can't be changed by you: {why}.")}</p> });
            view! {
                {why}
                <fieldset disabled=off>
                    {field("config.argv", "Arguments", "The program first, one argument per line, no shell; one with a line break in it stands in quotes. The message of a run is its standard input.", Input::CodeArea(4), false)}
                    {field("config.cwd", "Working directory", "An absolute path.", Input::Code, true)}
                    {field("config.env", "Environment variables it is given", "Their names, one per line. Values stay in the server's environment.", Input::CodeArea(3), true)}
                </fieldset>
            }
            .into_any()
        }
        AgentKind::Webhook => view! {
            {field("config.url", "URL", "", Input::Code, false)}
            {field("config.secret_env", "Variable with the signing secret", "Only the name of an environment variable of the server. With it each request is signed (Standard Webhooks).", Input::Code, true)}
        }
        .into_any(),
    }
}
