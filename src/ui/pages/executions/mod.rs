//! Both sides. `/executions`: every run under the URL's filter, live.

mod chips;
mod columns;
mod filters;
mod keys;
mod memory;
mod menus;
mod moment;
mod panels;
mod search;
mod share;
mod since;
mod timeline;
mod views;

use crate::browser;
use crate::domain::view::ViewPage;
use crate::domain::{AgentKind, AgentSummary, Beside, Dialect, Error, ExecutionId, Filter, RunCount};
use crate::server_fns::{count_runs, list_agents, list_views, load_beside};
use crate::ui::kit::{Button, Look, attr_of, follow, view_of};
use crate::ui::late::RUN;
use crate::ui::parts::run::{First, Tab};
use crate::ui::parts::runs::{Cards, FilterBy, ListActions, NoRuns, PickHead, RunList, SortHead, ways_out};
use crate::ui::parts::{BulkBar, BulkDialog, PageHead, RunDrawer};
use crate::ui::paths;
use crate::ui::state::beside::BesideList;
use crate::ui::state::bulk::Bulk;
use crate::ui::state::clock::use_clock;
use crate::ui::state::live::use_live;
use crate::ui::state::numbers::Numbers;
use crate::ui::state::picks::Picks;
use crate::ui::state::query::PageQuery;
use crate::ui::state::runs::{FirstPage, Runs, first_page};
use crate::ui::state::url::PageUrl;
use leptos::html;
use leptos::prelude::*;
pub use menus::Menus;

#[component]
pub fn Executions() -> impl IntoView {
    let url = PageUrl::new(paths::EXECUTIONS.to_owned());
    // A plain form may have typed filters or an id in its text: on to the address that says the same.
    if let Some(address) = url.query.with_untracked(|q| q.understood(&url.search_untracked())) {
        browser::respond_redirect(&paths::executions(&address));
    }
    // Only the first answer; from then on the page's state asks for what the URL says.
    let query = url.query.get_untracked();
    let filter = query.filter.clone();
    let first = Resource::new_blocking(|| (), move |()| first_page(query.clone()));
    let ways_out = Resource::new_blocking(
        || (),
        move |()| {
            let filter = filter.clone();
            async move {
                let nothing = matches!(first.await, Ok(first) if first.page.executions.is_empty() && first.ever);
                if nothing { count_runs(ways_out(&filter)).await.unwrap_or_default() } else { Vec::new() }
            }
        },
    );
    let agents = Resource::new_blocking(|| (), |()| list_agents());
    let asked = url.query.with_untracked(|q| q.filter.page_query());
    let beside = Resource::new_blocking(|| (), move |()| load_beside(asked.clone()));
    let views = Resource::new_blocking(|| (), |()| list_views());
    let (run, tab) = url.query.with_untracked(|q| (q.run.clone(), Tab::parse(q.tab.as_deref().unwrap_or_default())));
    // Where its code is not here yet the drawer asks for the run when it is.
    let opening = run.and_then(|run| Some((RUN.here()?.open)(run, tab)));
    let body = move || {
        let opening = opening.as_ref().map(|open| open());
        Suspend::new(async move {
            let (first, counts) = (first.await, ways_out.await);
            let (agents, views) = (agents.await, views.await);
            let opened = match opening {
                Some(opening) => Some(opening.await),
                None => None,
            };
            view! { <Body url first counts agents views opened beside=beside.await/> }
        })
    };
    view! {
        <Suspense fallback=|| view! {
            <PageHead title="Executions" trail=vec![("Dashboard".to_owned(), paths::DASHBOARD.to_owned())]/>
            <p class="loading" role="status">"Loading"</p>
        }>{view_of(body)}</Suspense>
    }
}

/// One more value of a filter, as a press on it in a row asks for: alone in its filter, beside the others.
fn add_value(url: PageUrl, name: &'static str, value: &str) {
    let asked = Filter::default().parse([(name, value)], Dialect::Page).0;
    url.set_filter(|f| match name {
        "status" => f.status = asked.status,
        "trigger" => f.trigger = asked.trigger,
        "model" => f.model = asked.model,
        "label" => {
            let label = asked.label.include.into_iter().filter(|l| !f.label.include.contains(l)).collect::<Vec<_>>();
            f.label.include.extend(label);
            f.label.include.sort();
        }
        _ => {}
    });
}

#[component]
fn Body(
    url: PageUrl,
    first: Result<FirstPage, Error>,
    counts: Vec<RunCount>,
    agents: Result<Vec<AgentSummary>, Error>,
    views: Result<ViewPage, Error>,
    opened: Option<First>,
    beside: Result<Beside, Error>,
) -> impl IntoView {
    let (live, clock) = (use_live(), use_clock());
    let values = first.as_ref().ok().and_then(|first| first.numbers.clone());
    let bad_cursor = first.as_ref().is_ok_and(|first| first.bad_cursor);
    let runs = Runs::new(live, clock, url.query, "executions".to_owned(), first);
    let numbers = Numbers::new(live, url.query, values);
    runs.count_with(numbers);
    let beside = BesideList::new(live, url.query, beside);
    let picks = Picks::provide(runs);
    let bulk = Bulk::new(picks, live);
    let can_retry = agents.as_ref().is_ok_and(|list| list.iter().any(|a| a.kind != AgentKind::External));
    let area = NodeRef::<html::Div>::new();
    // Opened here: closing goes back. Came with the link: closing stays on the page.
    let pushed = StoredValue::new(false);
    let open = move |id: ExecutionId| {
        let now = url.query.get_untracked();
        pushed.set_value(true);
        let with_run = now.with_run(Some(id.to_string()));
        if now.run.is_some() { url.replace(&with_run) } else { url.push(&with_run) }
    };
    let close = move || {
        if pushed.get_value() {
            pushed.set_value(false);
            browser::history_back();
        } else {
            url.replace(&url.query.get_untracked().with_run(None));
        }
    };
    let actions = ListActions {
        open: Some(Callback::new(open)),
        sortable: true,
        selected: RwSignal::new(None),
        base: StoredValue::new(paths::EXECUTIONS.to_owned()),
    };
    let since_walk = since::Walk::new(beside, Callback::new(open));
    let failures = move || paths::failures(&url.query.with(|q| q.with_filter(q.filter.clone()).address()));
    let walk = move |step: i64| {
        let now = url.query.get_untracked();
        let next = now.run.as_ref().and_then(|id| runs.list.with_untracked(|l| l.neighbour(id, step).cloned()));
        if let Some(id) = next {
            actions.selected.set(Some(id.clone()));
            url.replace(&now.with_run(Some(id.to_string())));
        }
    };
    let refresh = move || runs.reload();
    let stop = crate::ui::parts::use_stop();
    Effect::watch(move || stop.done(), move |_, _, _| runs.refresh_unless_live(), false);
    provide_context(FilterBy(Callback::new(move |(name, value): (&'static str, String)| add_value(url, name, &value))));
    let columns = columns::ChosenColumns::provide(url);
    let views = views::Views::new(url, columns.shown, views);
    memory::keep(url, views.default_query());
    follow(move || live.set_paused(url.query.with(|q| q.paused)));
    on_cleanup(move || live.set_paused(false));
    let pause = move || {
        let now = url.query.get_untracked();
        url.replace(&PageQuery { paused: !now.paused, ..now });
    };
    let filters = keys::FilterBarShown::new(runs.said);
    let run = Memo::new(move |_| url.query.with(|q| q.run.clone()));
    keys::listen(&keys::Keys {
        runs,
        actions,
        area,
        run,
        refresh: Callback::new(move |()| refresh()),
        pause: Callback::new(move |()| pause()),
        filters,
    });
    follow(move || {
        if let Some(id) = run.get().and_then(|id| id.parse().ok()) {
            actions.selected.set(Some(id));
        }
    });
    let tab = Memo::new(move |_| url.query.with(|q| q.tab.clone().unwrap_or_else(|| "overview".to_owned())));
    view! {
        <PageHead title="Executions" trail=vec![("Dashboard".to_owned(), paths::DASHBOARD.to_owned())]>
            <span class="desktop-only">
                <Button look=Look::Quiet on_press=move |_| refresh()>"Refresh" <kbd aria-hidden="true">"r"</kbd></Button>
            </span>
            <a class="btn quiet" href=attr_of(failures)>"Failures"</a>
            {menus::of_page(url.query, runs, columns, views)}
        </PageHead>
        <Cards numbers query=url.query actions/>
        <timeline::TimelineChart numbers url/>
        <div class="filter-bar" hidden=attr_of(move || filters.hidden())><filters::FilterBar url agents=agents.unwrap_or_default() numbers/></div>
        <since::SinceLine beside walk=since_walk/>
        <moment::MomentNote query=url.query beside/>
        <chips::Chips url runs beside bad_cursor on_pause=move |()| pause()/>
        <section class="list selectable" class:selecting=attr_of(move || picks.shown.get()) aria-label="Executions" style=attr_of(move || columns.layout.with(|l| l.style.clone()))>
            <PickHead picks/>
            <SortHead query=url.query actions/>
            <panels::Progress runs/>
            <panels::NewPill runs area/>
            <RunList runs actions area/>
            <NoRuns runs query=url.query actions counts/>
        </section>
        <p class="visually-hidden" role="status" aria-live="polite">{view_of(move || runs.said.get())}</p>
        <BulkBar bulk can_retry/>
        <BulkDialog bulk/>
        <RunDrawer run tab first=opened on_close=move |()| close() on_walk=walk/>
    }
}
