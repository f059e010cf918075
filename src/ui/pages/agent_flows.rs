//! Both sides. The flows of an agent, in a line on its page.

use crate::domain::{Error, Flow};
use crate::server_fns::list_agent_flows;
use crate::ui::kit::{Button, ErrorNote, view_of};
use crate::ui::parts::{Starting, use_start};
use crate::ui::paths;
use leptos::prelude::*;

/// On their way with the page.
#[derive(Clone, Copy)]
struct Coming(Resource<Result<Vec<Flow>, Error>>);

/// Asks for the flows of an agent; to be called where the page asks for everything else.
pub fn load(agent: Memo<String>) {
    provide_context(Coming(Resource::new_blocking(move || agent.get(), list_agent_flows)));
}

#[component]
pub fn AgentFlows() -> impl IntoView {
    let Coming(flows) = expect_context();
    let line = move || {
        Suspend::new(async move {
            let flows = match flows.await {
                Ok(flows) => flows,
                // Who may not see flows has none.
                Err(Error::NotFound | Error::Forbidden(_)) => Vec::new(),
                Err(e) => return view! { <ErrorNote message=e.to_string()/> }.into_any(),
            };
            if flows.is_empty() {
                return ().into_any();
            }
            view! {
                <div class="agent-flows">
                    <h2>"Flows"</h2>
                    <ul>{flows.into_iter().map(one).collect::<Vec<_>>()}</ul>
                </div>
            }
            .into_any()
        })
    };
    view! { <Suspense>{view_of(line)}</Suspense> }
}

fn one(flow: Flow) -> AnyView {
    let start = use_start();
    let (href, label) = (paths::flow(&flow.id), format!("Run {}", flow.name));
    let (id, name) = (flow.id, flow.name.clone());
    let run = move |_| start.ask(Starting::Flow { id: id.clone(), name: name.clone() });
    view! {
        <li>
            <a class="ell" dir="auto" href=href>{flow.name}</a>
            {flow.can_run.then(|| view! { <Button small=true label=label on_press=run>"Run"</Button> })}
        </li>
    }
    .into_any()
}
