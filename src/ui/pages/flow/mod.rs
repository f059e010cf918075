//! Both sides. `/flows/{id}` and `/flows/new`: one flow, to be read or changed.

mod editor;
mod field;
mod head;
mod plain;
mod steps;

use crate::domain::{AgentSummary, Error, Flow, Me, Role};
use crate::server_fns::{list_agents, load_flow};
use crate::ui::kit::{EmptyState, ErrorNote, view_of};
use crate::ui::parts::PageHead;
use crate::ui::paths;
use crate::ui::state::flow_draft::Draft;
use crate::ui::state::session::use_me;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

/// `None`: it is to be made.
type Opened = Result<Option<Flow>, Error>;

#[component]
pub fn FlowPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let id = Memo::new(move |_| params.with(|p| p.get("id")).unwrap_or_default());
    let flow = Resource::new_blocking(
        move || id.get(),
        |id| async move { if id == paths::NEW_FLOW { Ok(None) } else { load_flow(id).await.map(Some) } },
    );
    let agents = Resource::new_blocking(|| (), |()| list_agents());
    let body = move || {
        Suspend::new(async move {
            let opened: Opened = flow.await;
            let wanted = query.with_untracked(|q| q.get("agent"));
            let reload = Callback::new(move |()| flow.refetch());
            match opened {
                Err(Error::NotFound) => view! { <super::NotFound/> }.into_any(),
                Err(e) => view! { <ErrorNote message=e.to_string() on_retry=reload/> }.into_any(),
                Ok(Some(flow)) if flow.can_edit => editor::editor(Some(flow), Vec::new(), reload),
                Ok(Some(flow)) => plain::plain(&flow),
                Ok(None) => match agents.await {
                    Ok(agents) => new_flow(agents, wanted),
                    Err(e) => {
                        let retry = Callback::new(move |()| agents.refetch());
                        view! { <ErrorNote message=e.to_string() on_retry=retry/> }.into_any()
                    }
                },
            }
        })
    };
    view! { <Suspense fallback=|| view! { <p class="loading" role="status">"Loading"</p> }>{view_of(body)}</Suspense> }
}

fn trail() -> Vec<(String, String)> {
    vec![("Dashboard".to_owned(), paths::DASHBOARD.to_owned()), ("Flows".to_owned(), paths::FLOWS.to_owned())]
}

/// An agent's flows are made by its owner and by admins, where Runboard starts its runs.
fn new_flow(agents: Vec<AgentSummary>, wanted: Option<String>) -> AnyView {
    let me: Me = use_me();
    let mine = |a: &AgentSummary| a.can_run && (me.role == Role::Admin || a.owner == me.email);
    let agents: Vec<(String, String)> = agents.into_iter().filter(mine).map(|a| (a.name, a.display_name)).collect();
    if agents.is_empty() {
        return view! {
            <PageHead title="New flow" trail=trail()/>
            <section class="list">
                <EmptyState title="No agent of yours can go through a flow">
                    <p>"A flow is for an agent whose runs Runboard starts itself: a model, a command or a webhook. Runs of other agents are only recorded here."</p>
                    <a class="btn" href=paths::AGENTS>"Agents"</a>
                </EmptyState>
            </section>
        }
        .into_any();
    }
    editor::editor(None, with_first(agents, wanted), Callback::new(|()| {}))
}

/// The agents, the wanted one first: the form begins with the first.
fn with_first(mut agents: Vec<(String, String)>, wanted: Option<String>) -> Vec<(String, String)> {
    agents.sort_by_key(|(name, _)| Some(name) != wanted.as_ref());
    agents
}

/// What the form begins with.
fn begin(flow: Option<&Flow>, agents: &[(String, String)]) -> Draft {
    match flow {
        Some(flow) => Draft::of(flow),
        None => Draft::new(agents.first().map(|(name, _)| name.clone()).unwrap_or_default()),
    }
}
