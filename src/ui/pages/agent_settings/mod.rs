//! Both sides. `/agents/new` and `/agents/{name}/settings`: making and changing agents.

pub(super) mod asking;
mod form;
mod kinds;
mod limits;
mod memories;
mod remove;
mod schedule;
pub(super) mod section;
mod sharing;
mod trial;

use crate::domain::{AgentForm, AgentSettings, Error};
use crate::server_fns::{create_agent, load_agent_form, load_agent_settings};
use crate::ui::kit::{ErrorNote, view_of};
use crate::ui::parts::{PageHead, use_start};
use crate::ui::paths;
use asking::Asking;
use form::{AgentFields, Saved};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map};

/// The pages, loaded together when one of them is gone to; with them the other page that is forms.
#[derive(Clone, Copy)]
pub struct AgentPages {
    pub new: fn() -> AnyView,
    pub settings: fn() -> AnyView,
    pub notifications: fn() -> AnyView,
    pub connect: fn() -> AnyView,
}

impl AgentPages {
    pub const ALL: Self = Self {
        new: || view! { <New/> }.into_any(),
        settings: || view! { <Settings/> }.into_any(),
        notifications: || view! { <super::notifications::Notifications/> }.into_any(),
        connect: || view! { <super::connect::Connect/> }.into_any(),
    };
}

fn waiting() -> AnyView {
    view! { <p class="loading" role="status">"Loading"</p> }.into_any()
}

#[component]
fn New() -> impl IntoView {
    let form = Resource::new_blocking(|| (), |()| load_agent_form());
    let body = move || {
        Suspend::new(async move {
            match form.await {
                Ok(form) => view! { <Make form/> }.into_any(),
                Err(e) => view! { <ErrorNote message=e.to_string()/> }.into_any(),
            }
        })
    };
    let trail = vec![("Agents".to_owned(), paths::AGENTS.to_owned())];
    view! {
        <PageHead title="New agent" trail/>
        <Suspense fallback=waiting>{view_of(body)}</Suspense>
    }
}

#[component]
fn Make(form: AgentForm) -> impl IntoView {
    let fields = AgentFields::new(form, None);
    let asking = Asking::for_form(fields.texts);
    let (navigate, start) = (use_navigate(), use_start());
    let save = Callback::new(move |()| {
        let navigate = navigate.clone();
        asking.of(fields.texts, Box::pin(create_agent(fields.texts.all())), move |name| {
            start.forget();
            // What is set beside an agent needs one that is saved.
            navigate(&paths::agent_settings(&name), NavigateOptions::default());
        });
    });
    view! { <form::AgentForm fields asking saved=Saved::No on_save=save/> }
}

#[component]
fn Settings() -> impl IntoView {
    let params = use_params_map();
    let name = Memo::new(move |_| params.with(|p| p.get("name")).unwrap_or_default());
    let settings = Resource::new_blocking(move || name.get(), load_agent_settings);
    let body = move || {
        Suspend::new(async move {
            match settings.await {
                Ok(settings) => view! { <Body settings/> }.into_any(),
                Err(Error::NotFound) => view! { <super::NotFound/> }.into_any(),
                Err(e) => view! {
                    <PageHead title="Settings" trail=vec![("Agents".to_owned(), paths::AGENTS.to_owned())]/>
                    <ErrorNote message=e.to_string()/>
                }
                .into_any(),
            }
        })
    };
    view! { <Suspense fallback=waiting>{view_of(body)}</Suspense> }
}

#[component]
fn Body(settings: AgentSettings) -> impl IntoView {
    let AgentSettings { summary, form, not_run_here, schedule, shares, memories, flows, retired } = settings;
    let name = summary.name.clone();
    let trail =
        vec![("Agents".to_owned(), paths::AGENTS.to_owned()), (summary.display_name.clone(), paths::agent(&name))];
    let fields = AgentFields::new(form, Some(summary.kind));
    let title = Signal::derive(move || format!("{} settings", fields.saved_name()));
    let to_runs = view! { <a class="btn" href=paths::agent(&name)>"Runs"</a> };
    if retired {
        return view! {
            <PageHead title trail here="Settings">{to_runs}</PageHead>
            <p class="note">"This agent was deleted. Its runs stay; nothing of it can be changed."</p>
        }
        .into_any();
    }
    let saved = if not_run_here.is_some() { Saved::RunsElsewhere } else { Saved::RunsHere };
    view! {
        <PageHead title trail here="Settings">{to_runs}</PageHead>
        <form::Change name=name.clone() fields saved/>
        {schedule::section(name.clone(), schedule, flows, not_run_here)}
        {memories::section(name.clone(), memories)}
        {sharing::section(name.clone(), shares)}
        {remove::section(name, summary.display_name)}
    }
    .into_any()
}
