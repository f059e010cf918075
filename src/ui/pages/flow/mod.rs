//! Both sides. `/flows/{id}` and `/flows/new`: one flow, to be read or changed.

mod asked;
mod editor;
mod field;
mod head;
mod people;
mod plain;
mod steps;

use crate::browser;
use crate::domain::{AgentSummary, Error, Flow, Me, Role};
use crate::server_fns::{list_agents, load_flow};
use crate::ui::kit::{EmptyState, ErrorNote, view_of};
use crate::ui::parts::PageHead;
use crate::ui::paths;
use crate::ui::state::flow_draft::Draft;
use crate::ui::state::live::use_live;
use crate::ui::state::session::use_me;
use crate::ui::state::turn::Turn;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde::{Deserialize, Serialize};

/// What the page is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Opened {
    Flow(Flow),
    /// One is to be made, for one of these.
    New(Vec<AgentSummary>),
}

async fn open(id: String) -> Result<Opened, Error> {
    if id == paths::NEW_FLOW { list_agents().await.map(Opened::New) } else { load_flow(id).await.map(Opened::Flow) }
}

#[component]
pub fn FlowPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|p| p.get("id")).unwrap_or_default());
    // Only the first one; from then on the view asks for what the URL says.
    let first_id = id.get_untracked();
    let first = Resource::new_blocking(|| (), move |()| open(first_id.clone()));
    let view = move || Suspend::new(async move { shown(id, first.await) });
    view! { <Suspense fallback=|| view! { <p class="loading" role="status">"Loading"</p> }>{view_of(view)}</Suspense> }
}

/// What is shown stays until the next is here, and is replaced at once.
fn shown(id: Memo<String>, first: Result<Opened, Error>) -> AnyView {
    let live = use_live();
    let query = use_query_map();
    let opened = RwSignal::new(first);
    let turn = StoredValue::new(Turn::default());
    let load = Callback::new(move |()| {
        let Some(asked) = turn.try_update_value(Turn::ask) else { return };
        let id = id.get_untracked();
        browser::spawn(async move {
            let answer = open(id).await;
            if turn.try_with_value(|t| t.is_newest(asked)) != Some(true) {
                return;
            }
            if let Err(e) = &answer {
                live.note_error(e);
            }
            opened.set(answer);
        });
    });
    Effect::watch(move || id.get(), move |_, _, _| load.run(()), false);
    let view = move || match opened.get() {
        Err(Error::NotFound) => view! { <super::NotFound/> }.into_any(),
        Err(e) => view! { <ErrorNote message=e.to_string() on_retry=load/> }.into_any(),
        Ok(Opened::Flow(flow)) if flow.can_edit => editor::editor(Some(flow), Vec::new(), load),
        Ok(Opened::Flow(flow)) => plain::plain(&flow),
        Ok(Opened::New(agents)) => new_flow(agents, query.with_untracked(|q| q.get("agent"))),
    };
    view_of(view).into_any()
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
