//! Both sides. `/`: the last 24 hours in numbers, what is under way now, and the agents with their last runs.

mod agent_runs;
mod agents;
mod asks;
mod under_way;

use crate::domain::{Error, ExecutionPage, Fleet as FleetValues, Numbers as Values};
use crate::server_fns::{load_approvals, load_fleet, load_numbers, load_under_way};
use crate::ui::parts::runs::{Cards, ListActions};
use crate::ui::parts::{PageHead, use_stop};
use crate::ui::paths;
use crate::ui::state::asks::use_asks;
use crate::ui::state::clock::use_clock;
use crate::ui::state::fleet::{AGENTS_AT_ONCE, Fleet};
use crate::ui::state::live::use_live;
use crate::ui::state::numbers::Numbers;
use crate::ui::state::query::PageQuery;
use crate::ui::state::under_way::UnderWay;
use agent_runs::{Opened, load_opened, opened_in};
use asks::nothing;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

#[component]
pub fn Dashboard() -> impl IntoView {
    let query = use_query_map();
    let open = Memo::new(move |_| query.with(|q| opened_in(q.get("open").as_deref().unwrap_or_default())));
    let under_way = Resource::new_blocking(|| (), |()| load_under_way());
    let numbers = Resource::new_blocking(|| (), |()| load_numbers(String::new()));
    let fleet = Resource::new_blocking(|| (), |()| load_fleet(AGENTS_AT_ONCE));
    let asked = use_asks().heard_untracked();
    let approvals = Resource::new_blocking(|| (), |()| load_approvals());
    let opened = Resource::new_blocking(|| (), move |()| load_opened(open.get_untracked()));
    let body = move || {
        Suspend::new(async move {
            let (under_way, numbers, fleet) = (under_way.await, numbers.await, fleet.await);
            let approvals = approvals.await;
            let opened = opened.await;
            // Without them a run that waits leads to its page, which has them on top.
            provide_context(asks::of_runs(approvals.unwrap_or_else(|_| nothing()), asked));
            // When they could not be had the cards show dashes; the lists say what went wrong.
            view! { <Body under_way numbers=numbers.ok() fleet open opened/> }
        })
    };
    view! {
        <PageHead title="Dashboard" trail=vec![]/>
        <Suspense fallback=|| view! { <p class="loading" role="status">"Loading"</p> }>{body}</Suspense>
    }
}

#[component]
fn Body(
    under_way: Result<ExecutionPage, Error>,
    numbers: Option<Values>,
    fleet: Result<FleetValues, Error>,
    open: Memo<Vec<String>>,
    opened: Opened,
) -> impl IntoView {
    let (live, clock, stop) = (use_live(), use_clock(), use_stop());
    let day = Memo::new(|_| PageQuery::default());
    let numbers = Numbers::new(live, day, numbers);
    let under_way = UnderWay::new(live, clock, under_way);
    let fleet = Fleet::new(live, fleet);
    let actions = ListActions {
        open: None,
        sortable: false,
        selected: RwSignal::new(None),
        base: StoredValue::new(paths::EXECUTIONS.to_owned()),
    };
    let asked = move || {
        if !live.is_live_untracked() {
            under_way.reload();
        }
    };
    Effect::watch(move || stop.done(), move |_, _, _| asked(), false);
    view! {
        <Cards numbers query=day actions/>
        {under_way::card(under_way, numbers, actions)}
        {agents::table(fleet, open, opened, actions)}
    }
}
