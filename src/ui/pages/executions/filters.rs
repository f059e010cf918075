//! Both sides. The filter bar: a plain GET form without JavaScript, at once with it; a sheet on phones.

use super::search::Search;
use crate::browser;
use crate::domain::{AgentSummary, Choice, Filter, Status, Trigger};
use crate::ui::kit::format;
use crate::ui::kit::{Button, Icon, Menu};
use crate::ui::parts::{status_class, status_word};
use crate::ui::paths;
use crate::ui::state::chips::{active_values, toggled};
use crate::ui::state::numbers::Numbers;
use crate::ui::state::url::PageUrl;
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

mod agents;
mod more;
mod negate;
mod time;

use negate::not;

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
    let statuses = Status::ALL.map(|s| {
        let option = FacetOption {
            name: "status",
            value: s.as_str().to_owned(),
            word: status_word(s).to_owned(),
            checked: Signal::derive(move || url.query.with(|q| q.filter.status.include.contains(&s))),
            set: Callback::new(move |on| url.set_filter(|f| f.status = toggled(f.status.clone(), s, on))),
            only: Callback::new(move |()| url.set_filter(|f| f.status = Choice::only(s))),
            not: not(url, "status", s, status_word(s).to_owned(), |f| &mut f.status),
            runs: Signal::derive(move || numbers.facet(|f| &f.status, s.as_str())),
        };
        option.view(view! { <span class=status_class(s)><Icon name=s.as_str()/></span>{status_word(s)} }.into_any())
    });
    let triggers = Trigger::ALL.map(|t| {
        let option = FacetOption {
            name: "trigger",
            value: t.as_str().to_owned(),
            word: t.as_str().to_owned(),
            checked: Signal::derive(move || url.query.with(|q| q.filter.trigger.include.contains(&t))),
            set: Callback::new(move |on| url.set_filter(|f| f.trigger = toggled(f.trigger.clone(), t, on))),
            only: Callback::new(move |()| url.set_filter(|f| f.trigger = Choice::only(t))),
            not: not(url, "trigger", t, t.to_string(), |f| &mut f.trigger),
            runs: Signal::derive(move || numbers.facet(|f| &f.trigger, t.as_str())),
        };
        option.view(t.as_str().into_any())
    });
    let names = agents.iter().map(|a| (a.name.clone(), a.display_name.clone())).collect();
    view! {
        <form class="filters" method="get" action=paths::EXECUTIONS role="search" on:submit=|e: SubmitEvent| e.prevent_default()>
            // What Enter in a field presses without JavaScript: not the first "not".
            <button type="submit" class="visually-hidden only-plain" tabindex="-1" aria-hidden="true">"Apply"</button>
            <button type="button" class="btn phone-only needs-js" on:click=move |_| browser::open_dialog(sheet)><Icon name="filter"/>{button}</button>
            <dialog class="sheet" node_ref=sheet aria-label="Filters">
                <Menu name="Agent"><agents::AgentOptions url agents numbers/></Menu>
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

/// One value of a filter: how many runs it would give, and ways to take it alone or not at all.
struct FacetOption {
    name: &'static str,
    value: String,
    /// For those who don't see the option beside its buttons.
    word: String,
    checked: Signal<bool>,
    set: Callback<bool>,
    only: Callback<()>,
    not: AnyView,
    runs: Signal<Option<i64>>,
}

impl FacetOption {
    fn view(self, text: AnyView) -> AnyView {
        let Self { name, value, word, checked, set, only, not, runs } = self;
        let runs = move || runs.get().map(format::count);
        view! {
            <div class="option">
                <label>
                    <input type="checkbox" name=name value=value checked=checked prop:checked=checked on:change=move |e| set.run(event_target_checked(&e))/>
                    {text}
                    <span class="runs num">{runs}</span>
                </label>
                {not}
                <button type="button" class="only needs-js" aria-label=format!("Only {word}") on:click=move |_| only.run(())>"only"</button>
            </div>
        }
        .into_any()
    }
}
