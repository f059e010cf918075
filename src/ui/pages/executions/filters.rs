//! Both sides. The filter bar: a plain GET form without JavaScript, at once with it; a sheet on phones.

use super::menus::of_filters;
use super::search::Search;
use crate::browser;
use crate::domain::{AgentSummary, Filter};
use crate::ui::kit::{Button, Icon, act, view_of};
use crate::ui::paths;
use crate::ui::state::chips::active_values;
use crate::ui::state::numbers::Numbers;
use crate::ui::state::url::PageUrl;
use leptos::ev::{MouseEvent, SubmitEvent};
use leptos::html;
use leptos::prelude::*;

pub mod agents;
pub mod more;
mod negate;
mod option;
pub mod statuses;
pub mod time;
pub mod triggers;

/// What the controls write themselves; everything else of the filter travels in hidden fields.
const OWN: [&str; 7] = ["agent", "status", "trigger", "last", "from", "to", "q"];

#[component]
pub fn FilterBar(url: PageUrl, agents: Vec<AgentSummary>, numbers: Numbers) -> impl IntoView {
    let sheet = NodeRef::<html::Dialog>::new();
    let count = move || url.query.with(|q| active_values(&q.filter).len());
    let button = move || if count() == 0 { "Filters".to_owned() } else { format!("Filters · {}", count()) };
    let others = move || {
        url.query.with(|q| {
            let own = |name: &str| OWN.contains(&name) || more::OWN.contains(&name);
            let pairs = q.filter.page_pairs().into_iter().filter(|(name, _)| !own(name));
            let sort = (q.sort != crate::domain::Sort::default()).then(|| ("sort", q.sort.to_string()));
            let columns = q.columns.as_ref().map(|c| ("cols", c.to_string()));
            let field = |(name, value): (&'static str, String)| view! { <input type="hidden" name=name value=value/> };
            pairs.chain(sort).chain(columns).chain(excluded(&q.filter)).map(field).collect::<Vec<_>>()
        })
    };
    let names = agents.iter().map(|a| (a.name.clone(), a.display_name.clone())).collect();
    let menus = of_filters(url, agents, numbers);
    view! {
        <form class="filters" method="get" action=paths::EXECUTIONS role="search" on:submit=act(|e: SubmitEvent| e.prevent_default())>
            // What Enter in a field presses without JavaScript: not the first "not".
            <button type="submit" class="visually-hidden only-plain" tabindex="-1" aria-hidden="true">"Apply"</button>
            <button type="button" class="btn phone-only needs-js" on:click=act(move |_: MouseEvent| browser::open_dialog(sheet))><Icon name="filter"/>{view_of(button)}</button>
            <dialog class="sheet" node_ref=sheet aria-label="Filters">
                {menus.into_iter().collect_view()}
                {view_of(others)}
                <div class="sheet-end phone-only"><Button on_press=move |_| browser::close_dialog(sheet)>"Show runs"</Button></div>
            </dialog>
            <Search url agents=names/>
            <button type="submit" class="btn primary only-plain">"Apply"</button>
        </form>
    }
}

/// Values that are not wanted have no field of their own in the plain form.
fn excluded(filter: &Filter) -> Vec<(&'static str, String)> {
    let not = |name: &'static str, values: Vec<String>| values.into_iter().map(move |v| (name, format!("!{v}")));
    let texts = |values: &[String]| values.to_vec();
    let status = filter.status.exclude.iter().map(ToString::to_string).collect();
    let trigger = filter.trigger.exclude.iter().map(ToString::to_string).collect();
    not("status", status).chain(not("agent", texts(&filter.agent.exclude))).chain(not("trigger", trigger)).collect()
}
