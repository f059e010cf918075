//! Both sides. A run: header, the views' names, the view that is open.

use super::asks::waiting;
use super::header::RunHeader;
use super::json::JsonTab;
use super::overview::Overview;
use super::part::{Opened, PartView, open_run};
use super::state::{Place, RunState};
use super::tabs::{Tab, Tabs};
use crate::browser;
use crate::domain::Error;
use crate::ui::kit::{EmptyState, ErrorNote, attr_of, view_of};
use crate::ui::paths;
use crate::ui::state::live::use_live;
use leptos::prelude::*;

/// Shows the run `id`, at first with the answer that came with the page. On a page of its own a run that does not
/// exist (or is not the viewer's to see) answers 404.
#[component]
pub fn RunView(
    #[prop(into)] id: Signal<String>,
    #[prop(into)] tab: Signal<Tab>,
    place: Place,
    first: Option<Result<Opened, Error>>,
) -> impl IntoView {
    let live = use_live();
    let opened = RwSignal::new(first);
    // Counts what was asked for: the answer to an older question is not shown.
    let asked = StoredValue::new(0_u32);
    let load = move || {
        let number = asked.get_value() + 1;
        asked.set_value(number);
        let (id, tab) = (id.get_untracked(), tab.get_untracked());
        browser::spawn(async move {
            let answer = open_run(id, tab).await;
            if let Err(error) = &answer {
                live.note_error(error);
            }
            if asked.try_get_value() == Some(number) {
                opened.set(Some(answer));
            }
        });
    };
    Effect::new(move |before: Option<String>| {
        let now = id.get();
        let here = before.is_none() && opened.with_untracked(Option::is_some);
        if !here && before.as_ref() != Some(&now) {
            load();
        }
        now
    });
    // The run before stays until the next one is here.
    view_of(move || match opened.get() {
        None => view! { <p class="loading" role="status">"Loading"</p> }.into_any(),
        Some(Ok(opened)) => view! { <Body opened tab place/> }.into_any(),
        Some(Err(Error::NotFound)) => view! { <Missing place/> }.into_any(),
        Some(Err(error)) => view! { <ErrorNote message=error.to_string() on_retry=move |()| load()/> }.into_any(),
    })
}

#[component]
fn Body(opened: Opened, tab: Signal<Tab>, place: Place) -> impl IntoView {
    // Headings go by it.
    provide_context(place);
    let run = RunState::follow(opened.record);
    let first = StoredValue::new(opened.part);
    let view = move || match tab.get() {
        Tab::Overview => view! { <Overview run/> }.into_any(),
        Tab::Json => view! { <JsonTab run/> }.into_any(),
        // What came with the record serves the first view only.
        tab => view! { <PartView run tab first=first.try_update_value(Option::take).flatten()/> }.into_any(),
    };
    view! {
        <article class="run" data-execution=run.id() data-status=attr_of(move || run.status.get().as_str())>
            <RunHeader run place/>
            {waiting(run)}
            <Tabs run tab/>
            <div class="run-view" data-tab=attr_of(move || tab.get().as_str())>{view_of(view)}</div>
        </article>
    }
}

#[component]
fn Missing(place: Place) -> impl IntoView {
    if place == Place::Page {
        browser::respond_not_found();
    }
    view! {
        <EmptyState title="No such run" whole_page=place == Place::Page>
            <p>"It does not exist, was removed, or is not yours to see."</p>
            <p><a href=paths::EXECUTIONS>"All executions"</a></p>
        </EmptyState>
    }
}
