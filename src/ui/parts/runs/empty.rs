//! Both sides. Where there are no rows: why, and what to do about it.

use super::ListActions;
use crate::browser;
use crate::domain::{Filter, RunCount, Window};
use crate::server_fns::count_runs;
use crate::ui::kit::format::count;
use crate::ui::kit::{Command, EmptyState, follow, view_of};
use crate::ui::paths;
use crate::ui::state::chips::{active_values, window_words};
use crate::ui::state::clock::use_clock;
use crate::ui::state::query::PageQuery;
use crate::ui::state::runs::Runs;
use leptos::prelude::*;

/// The filters that show more than one that shows nothing, as queries: without each of its values, or at other times.
pub fn ways_out(filter: &Filter) -> Vec<String> {
    alternatives(filter).into_iter().map(|(_, filter)| filter.page_query()).collect()
}

/// As many as can be counted at once.
const MOST: usize = 12;

fn alternatives(filter: &Filter) -> Vec<(String, Filter)> {
    let at = |window: Window| Filter { window, ..filter.clone() };
    if !filter.narrows() {
        let others =
            [("7 d", Window::Last(7 * 86_400)), ("30 d", Window::Last(30 * 86_400)), ("all time", Window::All)];
        let others = others.into_iter().filter(|(_, w)| *w != filter.window);
        return others.map(|(name, window)| (name.to_owned(), at(window))).collect();
    }
    let mut all: Vec<_> = active_values(filter)
        .into_iter()
        .filter(|value| value.without.window == filter.window)
        .map(|value| (format!("Without {}", value.text), value.without))
        .take(MOST)
        .collect();
    if filter.window != Window::All {
        all.push(("Over all time".to_owned(), at(Window::All)));
    }
    all
}

/// `counts`: how many runs each way out of the page's first filter gives, as the server found.
#[component]
pub fn NoRuns(runs: Runs, query: Memo<PageQuery>, actions: ListActions, counts: Vec<RunCount>) -> impl IntoView {
    let empty = Memo::new(move |_| runs.list.with(|l| l.is_empty() && l.held().0 == 0));
    let nothing =
        Memo::new(move |_| empty.get() && !runs.loading.get() && runs.failed.with(Option::is_none) && runs.ever.get());
    let filter = Memo::new(move |_| query.with(|q| q.filter.clone()));
    let counted = RwSignal::new((filter.get_untracked(), counts));
    follow(move || {
        let filter = filter.get();
        if nothing.get() && counted.with_untracked(|(of, counts)| *of != filter || counts.is_empty()) {
            browser::spawn(async move {
                // Without an answer the ways out stand there without numbers.
                if let Ok(counts) = count_runs(ways_out(&filter)).await {
                    counted.try_set((filter, counts));
                }
            });
        }
    });
    view_of(move || {
        if !empty.get() || runs.loading.get() || runs.failed.with(Option::is_some) {
            return ().into_any();
        }
        if !runs.ever.get() {
            return view! { <FirstRun/> }.into_any();
        }
        let filter = filter.get();
        let counts = counted.with(|(of, counts)| if *of == filter { counts.clone() } else { Vec::new() });
        view! { <WaysOut filter counts actions/> }.into_any()
    })
}

/// What to take away, and how many runs that gives back; not what gives none back.
#[component]
fn WaysOut(filter: Filter, counts: Vec<RunCount>, actions: ListActions) -> impl IntoView {
    let links: Vec<_> = alternatives(&filter)
        .into_iter()
        .enumerate()
        .filter(|(i, _)| counts.get(*i).is_none_or(|c| c.runs > 0))
        .map(|(i, (name, other))| {
            let href = actions.address(&PageQuery::default().with_filter(other));
            let runs = counts.get(i).map(|c| {
                let more = if c.capped { "+" } else { "" };
                view! { <span class="runs num">{format!("{}{more}", count(c.runs))}<span class="visually-hidden">" runs"</span></span> }
            });
            view! { <a class="btn" href=href prop:replace=true>{name} {runs}</a> }
        })
        .collect();
    if !filter.narrows() {
        return view! {
            <EmptyState title=format!("No runs: {}", window_words(filter.window))>
                <p>"There are runs at other times."</p>
                <div class="row-of">{links}</div>
            </EmptyState>
        }
        .into_any();
    }
    let clear = actions.address(&PageQuery::default());
    view! {
        <EmptyState title="No run matches these filters">
            {links.is_empty().then(|| view! { <p>"Taking away one of them alone gives none back."</p> })}
            <div class="row-of">{links}</div>
            <p><a href=clear prop:replace=true>"Clear filters"</a></p>
        </EmptyState>
    }
    .into_any()
}

/// No run was ever recorded: three ways to send the first.
#[component]
fn FirstRun() -> impl IntoView {
    let clock = use_clock();
    let url = move || if clock.hydrated() { browser::origin() } else { "http://localhost:8080".to_owned() };
    view! {
        <EmptyState title="No run yet">
            <p>"Send the first one; it shows up here by itself. A token is made with " <code>"runboard token create --user you@example.com --scope write"</code>"."</p>
            <div class="row-of"><a class="btn primary" href=paths::CONNECT>"Connect an agent"</a></div>
            <p>"OpenAI Agents, LangChain, Vercel AI and twenty other frameworks, by a few lines of settings. Or:"</p>
            {view_of(move || {
                let to = format!("export RUNBOARD_URL={} RUNBOARD_TOKEN=…", url());
                let curl = format!(
                    "curl -X POST {}/api/executions -H \"Authorization: Bearer $RUNBOARD_TOKEN\" -H 'Content-Type: application/json' \\\n  -d '{{\"agent_name\":\"hello\",\"message\":\"My first run\",\"status\":\"success\"}}'",
                    url()
                );
                view! {
                    <Command title="Wrap any command" text=format!("{to}\nrunboard exec --agent build -- make")/>
                    <Command title="Over HTTP" text=curl/>
                    <Command title="Import what has already run, one JSON record a line" text=format!("{to}\nrunboard import runs.ndjson")/>
                }
            })}
        </EmptyState>
    }
}
