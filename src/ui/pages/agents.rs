//! Both sides. The agents the viewer may see.

use crate::domain::{AgentSummary, Role};
use crate::server_fns::list_agents;
use crate::ui::kit::{EmptyState, ErrorNote, view_of};
use crate::ui::parts::PageHead;
use crate::ui::paths;
use crate::ui::state::session::use_me;
use leptos::prelude::*;

#[component]
pub fn Agents() -> impl IntoView {
    let agents = Resource::new_blocking(|| (), |()| list_agents());
    let table = move || {
        Suspend::new(async move {
            match agents.await {
                Ok(list) if list.is_empty() => view! {
                    <EmptyState title="No agents yet">
                        <p>"An agent appears here when it is made, or with the first run that is recorded under its name. "<a href=paths::CONNECT>"Connect one that you have"</a>"."</p>
                    </EmptyState>
                }
                .into_any(),
                Ok(list) => view! { <Table list/> }.into_any(),
                Err(e) => {
                    let retry = Callback::new(move |()| agents.refetch());
                    view! { <ErrorNote message=e.to_string() on_retry=retry/> }.into_any()
                }
            }
        })
    };
    let new = (use_me().role != Role::Client).then(|| {
        view! {
            <a class="btn" href=paths::CONNECT>"Connect an agent"</a>
            <a class="btn primary" href=paths::NEW_AGENT>"New agent"</a>
        }
    });
    view! {
        <PageHead title="Agents" trail=vec![("Dashboard".to_owned(), paths::DASHBOARD.to_owned())]>{new}</PageHead>
        <Suspense fallback=|| view! { <p class="loading" role="status">"Loading"</p> }>{view_of(table)}</Suspense>
    }
}

#[component]
fn Table(list: Vec<AgentSummary>) -> impl IntoView {
    let rows: Vec<_> = list
        .into_iter()
        .map(|a| {
            let shown = (a.display_name != a.name).then(|| view! { <span class="faint">{a.name.clone()}</span> });
            view! {
                <tr>
                    <th scope="row"><a href=paths::agent(&a.name)>{a.display_name.clone()}</a> " " {shown}</th>
                    <td class="agents-kind">{a.kind.as_str()}</td>
                    <td class="agents-owner">{a.owner}</td>
                    <td class="agents-does">{a.description}</td>
                </tr>
            }
        })
        .collect();
    view! {
        <div class="panel scroll-x">
            <table class="table agents">
                <thead><tr><th scope="col">"Agent"</th><th scope="col">"Kind"</th><th scope="col">"Owner"</th><th scope="col">"Description"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
