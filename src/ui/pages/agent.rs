//! Both sides. `/agents/{name}`: the runs of one agent, live. Also for the role `client`.

use crate::domain::{AgentSummary, Choice, Error, Window};
use crate::server_fns::list_agents;
use crate::ui::kit::view_of;
use crate::ui::kit::{Button, Look};
use crate::ui::parts::runs::{ListActions, NoRuns, RunList, SortHead};
use crate::ui::parts::{PageHead, Starting, use_start, use_stop};
use crate::ui::paths;
use crate::ui::state::clock::use_clock;
use crate::ui::state::live::use_live;
use crate::ui::state::query::PageQuery;
use crate::ui::state::runs::{FirstPage, Runs, first_page};
use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

fn runs_of(name: &str) -> PageQuery {
    let mut query = PageQuery::default();
    query.filter.agent = Choice::only(name.to_owned());
    query.filter.window = Window::All;
    query
}

#[component]
pub fn Agent() -> impl IntoView {
    let params = use_params_map();
    let name = Memo::new(move |_| params.with(|p| p.get("name")).unwrap_or_default());
    let agents = Resource::new_blocking(|| (), |()| list_agents());
    let first = Resource::new_blocking(move || name.get(), |name| async move { first_page(runs_of(&name)).await });
    let body = move || {
        let name = name.get();
        Suspend::new(async move {
            let (agents, first) = (agents.await, first.await);
            match agents.map(|list| list.into_iter().find(|a| a.name == name)) {
                Ok(None) => view! { <super::NotFound/> }.into_any(),
                Ok(Some(agent)) => view! { <Body name agent=Some(agent) first/> }.into_any(),
                Err(_) => view! { <Body name agent=None first/> }.into_any(),
            }
        })
    };
    view! { <Suspense fallback=|| view! { <p class="loading" role="status">"Loading"</p> }>{view_of(body)}</Suspense> }
}

#[component]
fn Body(name: String, agent: Option<AgentSummary>, first: Result<FirstPage, Error>) -> impl IntoView {
    let area = NodeRef::<html::Div>::new();
    let (live, clock, stop) = (use_live(), use_clock(), use_stop());
    let wanted = runs_of(&name);
    let query = Memo::new(move |_| wanted.clone());
    let runs = Runs::new(live, clock, query, format!("agent:{name}"), first);
    let actions = ListActions {
        open: None,
        sortable: false,
        selected: RwSignal::new(None),
        base: StoredValue::new(paths::EXECUTIONS.to_owned()),
    };
    Effect::watch(move || stop.done(), move |_, _, _| runs.refresh_unless_live(), false);
    let title = agent.as_ref().map_or_else(|| name.clone(), |a| a.display_name.clone());
    let start = use_start();
    let run = agent.as_ref().filter(|a| a.can_run).map(|a| {
        let what = Starting::Agent { name: a.name.clone(), display_name: a.display_name.clone() };
        view! { <Button look=Look::Primary on_press=move |_| start.ask(what.clone())>"Run"</Button> }
    });
    let about = agent.map(|a| {
        let description = a.description.map(|d| view! { <p>{d}</p> });
        view! { <div class="about muted">{description}<p>{format!("{} · {} · owned by {}", a.name, a.kind, a.owner)}</p></div> }
    });
    let trail = vec![("Agents".to_owned(), paths::AGENTS.to_owned())];
    view! {
        <PageHead title trail>{run}</PageHead>
        {about}
        <section class="list" aria-label="Runs of this agent">
            <SortHead query actions/>
            <RunList runs actions area/>
            <NoRuns runs query actions counts=Vec::new()/>
        </section>
    }
}
