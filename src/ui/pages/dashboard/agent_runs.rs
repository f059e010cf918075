//! Both sides. The last runs of an agent under its line, live over `agent:{name}` while they are open.

use crate::browser;
use crate::domain::{Choice, Column, Columns, Error, ExecutionId, ExecutionPage, FirstPage, Window};
use crate::server_fns::list_executions;
use crate::ui::kit::ErrorNote;
use crate::ui::parts::runs::{Layout, ListActions, RunRow, ShownLayout, SortHead};
use crate::ui::paths;
use crate::ui::state::clock::use_clock;
use crate::ui::state::list::ListState;
use crate::ui::state::live::use_live;
use crate::ui::state::query::PageQuery;
use crate::ui::state::runs::Runs;
use futures::future::join_all;
use leptos::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Runs under a line.
const LAST: usize = 20;
/// Lines that are open at a time.
pub const MOST_OPEN: usize = 8;

/// The runs of open lines as they were read; those on their way are not in it.
pub type Opened = BTreeMap<String, Result<ExecutionPage, Error>>;

/// The open lines in an address: names, separated by commas.
pub fn opened_in(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|n| !n.is_empty()).take(MOST_OPEN).map(str::to_owned).collect()
}

fn query_of(name: &str) -> PageQuery {
    let mut query = PageQuery::default();
    query.filter.agent = Choice::only(name.to_owned());
    query.filter.window = Window::All;
    query
}

async fn load(name: String) -> (String, Result<ExecutionPage, Error>) {
    let limit = i64::try_from(LAST).unwrap_or(i64::MAX);
    let answer = list_executions(query_of(&name).list(), None, Some(limit)).await;
    (name, answer)
}

pub async fn load_opened(names: Vec<String>) -> Opened {
    join_all(names.into_iter().map(load)).await.into_iter().collect()
}

/// Reads what is opened, and forgets what is closed.
pub fn follow(open: Memo<Vec<String>>, opened: RwSignal<Opened>) {
    Effect::new(move || {
        let names = open.get();
        if opened.with_untracked(|all| all.keys().any(|name| !names.contains(name))) {
            opened.update(|all| all.retain(|name, _| names.contains(name)));
        }
        for name in names.into_iter().filter(|name| !opened.with_untracked(|all| all.contains_key(name))) {
            browser::spawn(async move {
                let (name, answer) = load(name).await;
                // It may have been closed meanwhile, or the page left.
                if open.try_with_untracked(|open| open.contains(&name)) == Some(true) {
                    opened.update(|all| drop(all.insert(name, answer)));
                }
            });
        }
    });
}

pub fn runs_of(name: String, opened: RwSignal<Opened>, actions: ListActions) -> AnyView {
    let known = {
        let name = name.clone();
        Memo::new(move |_| opened.with(|all| all.contains_key(&name)))
    };
    let body = move || {
        if !known.get() {
            return view! { <p class="loading" role="status">"Loading"</p> }.into_any();
        }
        let first = opened.with_untracked(|all| all.get(&name).cloned());
        first.map_or_else(|| ().into_any(), |first| last_runs(&name, first, actions))
    };
    body.into_any()
}

fn last_runs(name: &str, first: Result<ExecutionPage, Error>, actions: ListActions) -> AnyView {
    let wanted = query_of(name);
    let query = Memo::new(move |_| wanted.clone());
    let first = first.map(|page| FirstPage { page, ever: true, numbers: None, bad_cursor: false });
    let runs = Runs::new(use_live(), use_clock(), query, format!("agent:{name}"), first);
    let columns = Columns::default().with(Column::Agent, false);
    let layout = Layout::of(&columns);
    let style = layout.style.clone();
    let layout = Arc::new(layout);
    provide_context(ShownLayout(Memo::new(move |_| layout.clone())));
    let shown =
        Memo::new(move |_| runs.list.with(|l| l.order().iter().take(LAST).cloned().collect::<Vec<ExecutionId>>()));
    let empty = Memo::new(move |_| runs.list.with(ListState::is_empty) && runs.failed.get().is_none());
    let all = paths::agent(name);
    view! {
        <div class="list-in" style=style>
            {move || runs.failed.get().map(|e| {
                let retry = Callback::new(move |()| runs.reload());
                view! { <ErrorNote message=e.to_string() on_retry=retry/> }
            })}
            <SortHead query actions/>
            <ul aria-label=format!("Last runs of {name}")>
                <For each=move || shown.get() key=ExecutionId::clone let:id>
                    <RunRow id list=runs.list actions/>
                </For>
            </ul>
            <p class="list-end">
                {move || empty.get().then_some("No runs yet. ")}
                <a class="link" href=all>"All runs of this agent"</a>
            </p>
        </div>
    }
    .into_any()
}
