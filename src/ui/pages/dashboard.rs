//! Both sides. `/`: the last 24 hours in numbers, and what is under way now.

use crate::domain::{Choice, Error, Numbers as Values, Status, Window};
use crate::server_fns::load_numbers;
use crate::ui::kit::{EmptyState, view_of};
use crate::ui::parts::runs::{Cards, ListActions, NoRuns, RunList, SortHead};
use crate::ui::parts::{PageHead, use_stop};
use crate::ui::paths;
use crate::ui::state::clock::use_clock;
use crate::ui::state::list::ListState;
use crate::ui::state::live::use_live;
use crate::ui::state::numbers::Numbers;
use crate::ui::state::query::PageQuery;
use crate::ui::state::runs::{FirstPage, Runs, first_page};
use leptos::html;
use leptos::prelude::*;

fn unfinished() -> PageQuery {
    let mut query = PageQuery::default();
    query.filter.status = Choice { include: Status::UNFINISHED.to_vec(), exclude: Vec::new() };
    query.filter.window = Window::All;
    query
}

#[component]
pub fn Dashboard() -> impl IntoView {
    let first = Resource::new_blocking(|| (), |()| first_page(unfinished()));
    let numbers = Resource::new_blocking(|| (), |()| load_numbers(String::new()));
    let body = move || {
        Suspend::new(async move {
            let (first, numbers) = (first.await, numbers.await);
            // When they could not be had the cards show dashes; the list says what went wrong.
            view! { <Body first numbers=numbers.ok()/> }
        })
    };
    view! {
        <PageHead title="Dashboard" trail=vec![]/>
        <Suspense fallback=|| view! { <p class="loading" role="status">"Loading"</p> }>{view_of(body)}</Suspense>
    }
}

#[component]
fn Body(first: Result<FirstPage, Error>, numbers: Option<Values>) -> impl IntoView {
    let area = NodeRef::<html::Div>::new();
    let (live, clock, stop) = (use_live(), use_clock(), use_stop());
    let query = Memo::new(|_| unfinished());
    let runs = Runs::new(live, clock, query, "executions".to_owned(), first);
    let day = Memo::new(|_| PageQuery::default());
    let numbers = Numbers::new(live, day, numbers);
    let actions = ListActions {
        open: None,
        sortable: false,
        selected: RwSignal::new(None),
        base: StoredValue::new(paths::EXECUTIONS.to_owned()),
    };
    Effect::watch(move || stop.done(), move |_, _, _| runs.refresh_unless_live(), false);
    let empty = Memo::new(move |_| runs.list.with(ListState::is_empty) && runs.failed.get().is_none());
    view! {
        <Cards numbers query=day actions/>
        <div class="section-head">
            <h2>"Under way"</h2>
            <a class="link" href=paths::EXECUTIONS>"All executions"</a>
        </div>
        <section class="list" aria-label="Runs under way">
            <SortHead query actions/>
            <RunList runs actions area/>
            {view_of(move || match (empty.get(), runs.ever.get()) {
                (false, _) => ().into_any(),
                (true, false) => view! { <NoRuns runs query actions counts=Vec::new()/> }.into_any(),
                (true, true) => view! {
                    <EmptyState title="Nothing is under way"><p>"New runs appear here by themselves."</p></EmptyState>
                }.into_any(),
            })}
        </section>
    }
}
