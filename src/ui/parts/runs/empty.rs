//! Both sides. Where there are no rows: why, and what to do about it.

use super::ListActions;
use crate::browser;
use crate::domain::{Filter, Window};
use crate::ui::kit::{Command, EmptyState};
use crate::ui::state::chips::{active_values, window_words};
use crate::ui::state::clock::use_clock;
use crate::ui::state::query::PageQuery;
use crate::ui::state::runs::Runs;
use leptos::prelude::*;

#[component]
pub fn NoRuns(runs: Runs, query: Memo<PageQuery>, actions: ListActions) -> impl IntoView {
    let empty = Memo::new(move |_| runs.list.with(|l| l.is_empty() && l.held() == 0));
    move || {
        if !empty.get() || runs.loading.get() || runs.failed.get().is_some() {
            return ().into_any();
        }
        if !runs.ever.get() {
            return view! { <FirstRun/> }.into_any();
        }
        let filter = query.with(|q| q.filter.clone());
        if filter.narrows() {
            view! { <NothingMatches filter actions/> }.into_any()
        } else {
            view! { <Elsewhen filter actions/> }.into_any()
        }
    }
}

/// Only the window hides the runs there are.
#[component]
fn Elsewhen(filter: Filter, actions: ListActions) -> impl IntoView {
    let others = [("7 d", Window::Last(7 * 86_400)), ("30 d", Window::Last(30 * 86_400)), ("all", Window::All)];
    let links: Vec<_> = others
        .into_iter()
        .filter(|(_, w)| *w != filter.window)
        .map(|(name, window)| {
            let href = actions.address(&PageQuery::default().with_filter(Filter { window, ..filter.clone() }));
            view! { <a class="btn" href=href prop:replace=true>{name}</a> }
        })
        .collect();
    view! {
        <EmptyState title=format!("No runs: {}", window_words(filter.window))>
            <p>"There are runs at other times."</p>
            <div class="row-of">{links}</div>
        </EmptyState>
    }
}

#[component]
fn NothingMatches(filter: Filter, actions: ListActions) -> impl IntoView {
    let links: Vec<_> = active_values(&filter)
        .into_iter()
        .map(|value| {
            let href = actions.address(&PageQuery::default().with_filter(value.without));
            view! { <a class="btn" href=href prop:replace=true>"Without " {value.text}</a> }
        })
        .collect();
    let wider = (filter.window != Window::All).then(|| {
        let all = Filter { window: Window::All, ..filter.clone() };
        let href = actions.address(&PageQuery::default().with_filter(all));
        view! { <a class="btn" href=href prop:replace=true>"Over all time"</a> }
    });
    let clear = actions.address(&PageQuery::default());
    view! {
        <EmptyState title="No run matches these filters">
            <div class="row-of">{links} {wider}</div>
            <p><a href=clear prop:replace=true>"Clear filters"</a></p>
        </EmptyState>
    }
}

/// No run was ever recorded: three ways to send the first.
#[component]
fn FirstRun() -> impl IntoView {
    let clock = use_clock();
    let url = move || if clock.hydrated() { browser::origin() } else { "http://localhost:8080".to_owned() };
    view! {
        <EmptyState title="No run yet">
            <p>"Send the first one; it shows up here by itself. A token is made with " <code>"runboard token create --user you@example.com --scope write"</code>"."</p>
            {move || {
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
            }}
        </EmptyState>
    }
}
