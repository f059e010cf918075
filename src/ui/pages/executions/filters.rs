//! Both sides. The filter bar: a plain GET form without JavaScript, at once with it; a sheet on phones.

use super::search::Search;
use crate::browser;
use crate::domain::{AgentSummary, Choice, Status, Trigger};
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
mod time;

/// What the controls write themselves; everything else of the filter travels in hidden fields.
const OWN: [&str; 7] = ["agent", "status", "trigger", "last", "from", "to", "q"];

#[component]
pub fn FilterBar(url: PageUrl, agents: Vec<AgentSummary>, numbers: Numbers) -> impl IntoView {
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
        let option = FacetOption {
            name: "status",
            value: s.as_str().to_owned(),
            word: status_word(s).to_owned(),
            checked: Signal::derive(move || url.query.with(|q| q.filter.status.include.contains(&s))),
            set: Callback::new(move |on| url.set_filter(|f| f.status = toggled(f.status.clone(), s, on))),
            only: Callback::new(move |()| url.set_filter(|f| f.status = Choice::only(s))),
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
            runs: Signal::derive(move || numbers.facet(|f| &f.trigger, t.as_str())),
        };
        option.view(t.as_str().into_any())
    });
    view! {
        <form class="filters" method="get" action=paths::EXECUTIONS role="search" on:submit=|e: SubmitEvent| e.prevent_default()>
            <button type="button" class="btn phone-only needs-js" on:click=move |_| browser::open_dialog(sheet)><Icon name="filter"/>{button}</button>
            <dialog class="sheet" node_ref=sheet aria-label="Filters">
                <Menu name="Agent"><agents::AgentOptions url agents numbers/></Menu>
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

/// One value of a filter: how many runs it would give, and a way to take it alone.
struct FacetOption {
    name: &'static str,
    value: String,
    /// For those who don't see the option beside its buttons.
    word: String,
    checked: Signal<bool>,
    set: Callback<bool>,
    only: Callback<()>,
    runs: Signal<Option<i64>>,
}

impl FacetOption {
    fn view(self, text: AnyView) -> AnyView {
        let Self { name, value, word, checked, set, only, runs } = self;
        let runs = move || runs.get().map(format::count);
        view! {
            <div class="option">
                <label>
                    <input type="checkbox" name=name value=value checked=checked prop:checked=checked on:change=move |e| set.run(event_target_checked(&e))/>
                    {text}
                    <span class="runs num">{runs}</span>
                </label>
                <button type="button" class="only needs-js" aria-label=format!("Only {word}") on:click=move |_| only.run(())>"only"</button>
            </div>
        }
        .into_any()
    }
}
