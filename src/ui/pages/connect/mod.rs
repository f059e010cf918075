//! Both sides. `/connect`: the lines that point a framework here, with the reader's own address and token, and the wait
//! for the first span, which turns into its run.

mod arrival;
mod lines;

use crate::domain::{ConnectPage, Framework};
use crate::server_fns::load_connect;
use crate::ui::kit::{ErrorNote, attr_of, view_of};
use crate::ui::parts::PageHead;
use crate::ui::paths;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

#[component]
pub fn Connect() -> impl IntoView {
    let page = Resource::new_blocking(|| (), |()| load_connect());
    let body = move || {
        Suspend::new(async move {
            match page.await {
                Ok(page) => view! { <Body page/> }.into_any(),
                Err(e) => {
                    let retry = Callback::new(move |()| page.refetch());
                    view! { <ErrorNote message=e.to_string() on_retry=retry/> }.into_any()
                }
            }
        })
    };
    view! {
        <PageHead title="Connect an agent" trail=vec![("Agents".to_owned(), paths::AGENTS.to_owned())]/>
        <Suspense fallback=|| view! { <p class="loading" role="status">"Loading"</p> }>{view_of(body)}</Suspense>
    }
}

#[component]
fn Body(page: ConnectPage) -> impl IntoView {
    let query = use_query_map();
    let since = page.since;
    let first = page.frameworks.first().map(|f| f.id.clone()).unwrap_or_default();
    let frameworks = StoredValue::new(page.frameworks);
    let chosen = Memo::new(move |_| {
        let wanted = query.with(|q| q.get("with"));
        let known = |id: &String| frameworks.with_value(|all| all.iter().any(|f| f.id == *id));
        wanted.filter(known).unwrap_or_else(|| first.clone())
    });
    let framework = move |id: &str| frameworks.with_value(|all| all.iter().find(|f| f.id == id).cloned());
    // One token does for all of them: whoever looks at several frameworks needs no second one.
    let token = RwSignal::new(None::<String>);
    let links = frameworks.with_value(|all| all.iter().map(|f| link(f, chosen)).collect_view());
    view! {
        <p class="connect-lead">
            "Agents that speak OpenTelemetry need no line of Runboard's: point them here, and each of their runs shows up with its tool calls, tokens and cost."
        </p>
        <div class="connect">
            <nav class="connect-list" aria-label="Frameworks">{links}</nav>
            <div class="connect-lines">
                {view_of(move || framework(&chosen.get()).map(|framework| view! { <lines::Lines framework token/> }))}
                <arrival::Waiting since/>
            </div>
        </div>
    }
}

fn link(framework: &Framework, chosen: Memo<String>) -> impl IntoView + use<> {
    let id = framework.id.clone();
    let here = move || (chosen.get() == id).then_some("page");
    view! {
        <a href=paths::connect(&framework.id) aria-current=attr_of(here) prop:replace=true data-noscroll="">{framework.name.clone()}</a>
    }
}
