//! Both sides. The filter bar: a plain GET form without JavaScript, at once with it; a sheet on phones.

use super::search::Search;
use crate::browser;
use crate::domain::{AgentSummary, Filter, Status, Trigger};
use crate::ui::kit::{Button, Icon, Menu};
use crate::ui::parts::{status_class, status_word};
use crate::ui::paths;
use crate::ui::state::chips::{active_values, toggled};
use crate::ui::state::url::PageUrl;
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

mod more;
mod negate;
mod time;

use negate::not;

/// What the controls write themselves; everything else of the filter travels in hidden fields.
const OWN: [&str; 7] = ["agent", "status", "trigger", "last", "from", "to", "q"];

#[component]
pub fn FilterBar(url: PageUrl, agents: Vec<AgentSummary>) -> impl IntoView {
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
    let statuses = Status::ALL.map(|s| {
        let checked = move || url.query.with(|q| q.filter.status.include.contains(&s));
        let set = Callback::new(move |on| url.set_filter(|f| f.status = toggled(f.status.clone(), s, on)));
        view! { <div class="option"><Check name="status" value=s.as_str() checked set><span class=status_class(s)><Icon name=s.as_str()/></span>{status_word(s)}</Check> {not(url, "status", s, status_word(s).to_owned(), |f| &mut f.status)}</div> }
    });
    let triggers = Trigger::ALL.map(|t| {
        let checked = move || url.query.with(|q| q.filter.trigger.include.contains(&t));
        let set = Callback::new(move |on| url.set_filter(|f| f.trigger = toggled(f.trigger.clone(), t, on)));
        view! { <div class="option"><Check name="trigger" value=t.as_str() checked set>{t.as_str()}</Check> {not(url, "trigger", t, t.to_string(), |f| &mut f.trigger)}</div> }
    });
    let names = agents.iter().map(|a| (a.name.clone(), a.display_name.clone())).collect();
    let none = agents.is_empty().then(|| view! { <p class="menu-note">"No agents yet"</p> });
    let agents: Vec<_> = agents
        .into_iter()
        .map(|a| {
            let (name, own) = (a.name.clone(), a.name.clone());
            let checked = move || url.query.with(|q| q.filter.agent.include.contains(&own));
            let set = Callback::new(move |on| url.set_filter(|f| f.agent = toggled(f.agent.clone(), name.clone(), on)));
            let not = not(url, "agent", a.name.clone(), a.display_name.clone(), |f| &mut f.agent);
            view! { <div class="option"><Check name="agent" value=a.name checked set><span class="ell">{a.display_name}</span></Check> {not}</div> }
        })
        .collect();
    view! {
        <form class="filters" method="get" action=paths::EXECUTIONS role="search" on:submit=|e: SubmitEvent| e.prevent_default()>
            // What Enter in a field presses without JavaScript: not the first "not".
            <button type="submit" class="visually-hidden only-plain" tabindex="-1" aria-hidden="true">"Apply"</button>
            <button type="button" class="btn phone-only needs-js" on:click=move |_| browser::open_dialog(sheet)><Icon name="filter"/>{button}</button>
            <dialog class="sheet" node_ref=sheet aria-label="Filters">
                <Menu name="Agent">{none}{agents}</Menu>
                <Menu name="Status">{statuses.into_iter().collect_view()}</Menu>
                <Menu name="Trigger">{triggers.into_iter().collect_view()}</Menu>
                <time::TimeMenu url/>
                <more::MoreMenu url/>
                {others}
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
