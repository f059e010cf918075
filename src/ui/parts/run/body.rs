//! Both sides. A run: header, the views' names, the view that is open.

use super::header::RunHeader;
use super::json::JsonTab;
use super::overview::Overview;
use super::part::{Opened, PartView};
use super::state::{Place, RunState};
use super::tabs::{Tab, Tabs};
use crate::browser;
use crate::domain::Error;
use crate::ui::kit::{EmptyState, ErrorNote};
use crate::ui::paths;
use leptos::prelude::*;

/// Shows the run `id`. On a page of its own a run that does not exist (or is not the viewer's to see) answers 404.
#[component]
pub fn RunView(#[prop(into)] id: Signal<String>, #[prop(into)] tab: Signal<Tab>, place: Place) -> impl IntoView {
    // Blocking: whether the run exists is part of the answer's status line.
    // With the view that is open now; others are read when they are opened.
    let opened = Resource::new_blocking(
        move || id.get(),
        move |id| Opened::load(id, tab.try_get_untracked().unwrap_or_default()),
    );
    let content = move || {
        Suspend::new(async move {
            match opened.await {
                Ok(opened) => view! { <Body opened tab place/> }.into_any(),
                Err(Error::NotFound) => view! { <Missing place/> }.into_any(),
                Err(error) => {
                    let retry = Callback::new(move |()| opened.refetch());
                    view! { <ErrorNote message=error.to_string() on_retry=retry/> }.into_any()
                }
            }
        })
    };
    view! { <Transition fallback=|| view! { <p class="loading" role="status">"Loading"</p> }>{content}</Transition> }
}

#[component]
fn Body(opened: Opened, tab: Signal<Tab>, place: Place) -> impl IntoView {
    let run = RunState::follow(opened.detail);
    let first = StoredValue::new(opened.part);
    let view = move || match tab.get() {
        Tab::Overview => view! { <Overview run/> }.into_any(),
        Tab::Json => view! { <JsonTab run/> }.into_any(),
        // What came with the record serves the first view only.
        tab => view! { <PartView run tab first=first.try_update_value(Option::take).flatten()/> }.into_any(),
    };
    view! {
        <article class="run" data-execution=run.id() data-status=move || run.status.get().as_str()>
            <RunHeader run place/>
            <Tabs run tab/>
            <div class="run-view" data-tab=move || tab.get().as_str()>{view}</div>
        </article>
    }
}

#[component]
fn Missing(place: Place) -> impl IntoView {
    if place == Place::Page {
        browser::respond_not_found();
    }
    view! {
        <EmptyState title="No such run">
            <p>"It does not exist, was removed, or is not yours to see."</p>
            <p><a href=paths::EXECUTIONS>"All executions"</a></p>
        </EmptyState>
    }
}
