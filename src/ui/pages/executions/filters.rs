//! Both sides. The filter bar: a plain GET form without JavaScript, at once with it; a sheet on phones.

use super::search::Search;
use crate::browser;
use crate::domain::{AgentSummary, Status, Trigger};
use crate::ui::kit::{Button, Icon, Menu};
use crate::ui::parts::{status_class, status_word};
use crate::ui::paths;
use crate::ui::state::chips::{active_values, toggled};
use crate::ui::state::url::PageUrl;
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

mod time;

/// What the controls write themselves; everything else of the filter travels in hidden fields.
const OWN: [&str; 7] = ["agent", "status", "trigger", "last", "from", "to", "q"];

#[component]
pub fn FilterBar(url: PageUrl, agents: Vec<AgentSummary>) -> impl IntoView {
    let sheet = NodeRef::<html::Dialog>::new();
    let count = move || url.query.with(|q| active_values(&q.filter).len());
    let button = move || if count() == 0 { "Filters".to_owned() } else { format!("Filters · {}", count()) };
    let others = move || {
        url.query.with(|q| {
            let pairs = q.filter.page_pairs().into_iter().filter(|(name, _)| !OWN.contains(name));
            let sort = (q.sort != crate::domain::Sort::default()).then(|| ("sort", q.sort.to_string()));
            let field = |(name, value): (&'static str, String)| view! { <input type="hidden" name=name value=value/> };
            pairs.chain(sort).map(field).collect::<Vec<_>>()
        })
    };
    let statuses = Status::ALL.map(|s| {
        let checked = move || url.query.with(|q| q.filter.status.include.contains(&s));
        let set = Callback::new(move |on| url.set_filter(|f| f.status = toggled(f.status.clone(), s, on)));
        view! { <Check name="status" value=s.as_str() checked set><span class=status_class(s)><Icon name=s.as_str()/></span>{status_word(s)}</Check> }
    });
    let triggers = Trigger::ALL.map(|t| {
        let checked = move || url.query.with(|q| q.filter.trigger.include.contains(&t));
        let set = Callback::new(move |on| url.set_filter(|f| f.trigger = toggled(f.trigger.clone(), t, on)));
        view! { <Check name="trigger" value=t.as_str() checked set>{t.as_str()}</Check> }
    });
    let none = agents.is_empty().then(|| view! { <p class="menu-note">"No agents yet"</p> });
    let agents: Vec<_> = agents
        .into_iter()
        .map(|a| {
            let (name, own) = (a.name.clone(), a.name.clone());
            let checked = move || url.query.with(|q| q.filter.agent.include.contains(&own));
            let set = Callback::new(move |on| url.set_filter(|f| f.agent = toggled(f.agent.clone(), name.clone(), on)));
            view! { <Check name="agent" value=a.name checked set><span class="ell">{a.display_name}</span></Check> }
        })
        .collect();
    view! {
        <form class="filters" method="get" action=paths::EXECUTIONS role="search" on:submit=|e: SubmitEvent| e.prevent_default()>
            <button type="button" class="btn phone-only needs-js" on:click=move |_| browser::open_dialog(sheet)><Icon name="filter"/>{button}</button>
            <dialog class="sheet" node_ref=sheet aria-label="Filters">
                <Menu name="Agent">{none}{agents}</Menu>
                <Menu name="Status">{statuses.into_iter().collect_view()}</Menu>
                <Menu name="Trigger">{triggers.into_iter().collect_view()}</Menu>
                <time::TimeMenu url/>
                {others}
                <div class="sheet-end phone-only"><Button on_press=move |_| browser::close_dialog(sheet)>"Show runs"</Button></div>
            </dialog>
            <Search url/>
            <button type="submit" class="btn primary only-plain">"Apply"</button>
        </form>
    }
}

/// One value of a filter.
#[component]
fn Check(
    name: &'static str,
    #[prop(into)] value: String,
    checked: impl Fn() -> bool + Send + Sync + Clone + 'static,
    set: Callback<bool>,
    children: Children,
) -> impl IntoView {
    let now = checked.clone();
    view! {
        <label>
            <input type="checkbox" name=name value=value checked=checked prop:checked=now on:change=move |e| set.run(event_target_checked(&e))/>
            {children()}
        </label>
    }
}
