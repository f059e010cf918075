//! Both sides. `/failures`: what fails, grouped by what the errors have in common, under the list's own filter.

mod bars;
mod group;

use crate::domain::filter::format_seconds;
use crate::domain::{Error, FailureGroups, Filter, Window};
use crate::server_fns::list_failures;
use crate::ui::kit::format::plural;
use crate::ui::kit::{Chip, EmptyState, ErrorNote, attr_of, view_of};
use crate::ui::parts::PageHead;
use crate::ui::paths;
use crate::ui::state::chips::{active_values, window_words};
use crate::ui::state::query::PageQuery;
use crate::ui::state::url::PageUrl;
use leptos::prelude::*;

const SPANS: [Window; 5] =
    [Window::Last(3_600), Window::DAY, Window::Last(7 * 86_400), Window::Last(30 * 86_400), Window::All];

#[component]
pub fn Failures() -> impl IntoView {
    let url = PageUrl::new(paths::FAILURES.to_owned());
    let found = Resource::new_blocking(move || url.query.with(|q| q.filter.page_query()), list_failures);
    let all = move || paths::executions(&url.query.with(|q| q.with_filter(q.filter.clone()).address()));
    let body = move || {
        Suspend::new(async move {
            match found.await {
                Ok(found) => view! { <Found url found/> }.into_any(),
                Err(e) => view! { <Failed e retry=Callback::new(move |()| found.refetch())/> }.into_any(),
            }
        })
    };
    let trail = vec![
        ("Dashboard".to_owned(), paths::DASHBOARD.to_owned()),
        ("Executions".to_owned(), paths::EXECUTIONS.to_owned()),
    ];
    view! {
        <PageHead title="Failures" trail>
            <a class="btn quiet" href=attr_of(all)>"All runs"</a>
        </PageHead>
        <Bar url/>
        <Transition fallback=|| view! { <p class="loading" role="status">"Loading"</p> }>{view_of(body)}</Transition>
    }
}

#[component]
fn Failed(e: Error, retry: Callback<()>) -> impl IntoView {
    view! { <ErrorNote message=e.to_string() on_retry=retry/> }
}

fn address(filter: Filter) -> String {
    paths::failures(&PageQuery::default().with_filter(filter).address())
}

/// The time as links, and every other filter as a chip.
#[component]
fn Bar(url: PageUrl) -> impl IntoView {
    let spans = SPANS.map(|window| {
        let href = move || address(url.query.with(|q| Filter { window, ..q.filter.clone() }));
        let here = move || url.query.with(|q| q.filter.window == window).then_some("true");
        let name = match window {
            Window::Last(s) => format_seconds(s),
            _ => "all".to_owned(),
        };
        view! { <a class="btn small" href=attr_of(href) aria-current=attr_of(here) aria-label=window_words(window) prop:replace=true data-noscroll="">{name}</a> }
    });
    let chips = move || {
        url.query.with(|q| {
            let known = |window| SPANS.contains(&window);
            let values = active_values(&q.filter).into_iter();
            let values = values.filter(|v| v.without.window == q.filter.window || !known(q.filter.window));
            values.map(|v| view! { <Chip text=v.text href=address(v.without)/> }).collect::<Vec<_>>()
        })
    };
    view! {
        <div class="chips">
            <nav class="spans" aria-label="Time">{spans.into_iter().collect_view()}</nav>
            {view_of(chips)}
        </div>
    }
}

#[component]
fn Found(url: PageUrl, found: FailureGroups) -> impl IntoView {
    if found.groups.is_empty() {
        let words = url.query.with_untracked(|q| window_words(q.filter.window));
        return view! {
            <EmptyState title=format!("Nothing failed: {words}")>
                <p>"Runs that fail or report an error are shown here, those with the same kind of error together."</p>
            </EmptyState>
        }
        .into_any();
    }
    let runs = found.groups.iter().map(|g| g.count).sum();
    let kinds = i64::try_from(found.groups.len()).unwrap_or(i64::MAX);
    let sum = move || format!("{} in {}", plural(runs, "run", "runs"), plural(kinds, "group", "groups"));
    let more = found.has_more.then_some(", the largest ones; a narrower filter shows others");
    let (from, to) = (found.from, found.to);
    let groups = found.groups.into_iter().map(|group| view! { <group::Group url group from to/> }).collect::<Vec<_>>();
    view! {
        <p class="failures-sum muted">{view_of(sum)} {more}</p>
        <ol class="failures" aria-label="Groups of failures">{groups}</ol>
    }
    .into_any()
}
