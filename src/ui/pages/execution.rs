//! Both sides. One run on a page of its own.

use crate::ui::kit::view_of;
use crate::ui::parts::run::{Place, RunView, Tab, open_run};
use crate::ui::paths;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

#[component]
pub fn Execution() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let id = Memo::new(move |_| params.with(|p| p.get("id").unwrap_or_default()));
    let agent = Memo::new(move |_| params.with(|p| p.get("name")));
    let tab = Memo::new(move |_| Tab::parse(&query.with(|q| q.get("tab").unwrap_or_default())));
    // Blocking: whether the run exists is part of the answer's status line. Only the first one; from then on the
    // view asks for what the URL says.
    let (first_id, first_tab) = (id.get_untracked(), tab.get_untracked());
    let first = Resource::new_blocking(|| (), move |()| open_run(first_id.clone(), first_tab));
    let view = move || {
        Suspend::new(async move {
            view! { <RunView id tab place=Place::Page first=Some(first.await)/> }
        })
    };
    let short = move || id.with(|id| id.chars().take(8).collect::<String>());
    let above = move || match agent.get() {
        Some(name) => view! {
            <li><a href=paths::AGENTS>"Agents"</a></li>
            <li><a href=paths::agent(&name)>{name.clone()}</a></li>
        }
        .into_any(),
        None => view! { <li><a href=paths::EXECUTIONS>"Executions"</a></li> }.into_any(),
    };
    view! {
        <Title text=move || format!("Run {}", short())/>
        <nav class="crumbs" aria-label="Breadcrumb">
            <ol>{view_of(above)} <li aria-current="page">{view_of(short)}</li></ol>
        </nav>
        <Suspense fallback=|| view! { <p class="loading" role="status">"Loading"</p> }>{view_of(view)}</Suspense>
    }
}
