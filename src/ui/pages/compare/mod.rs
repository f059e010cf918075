//! Both sides. Two runs beside each other: `/executions/compare?a=ID&b=ID`.

mod facts;
mod parts;
mod texts;

use crate::browser;
use crate::domain::{Comparison, Error, ExecutionSummary, RunLink};
use crate::server_fns::compare_runs;
use crate::ui::kit::{ErrorNote, view_of};
use crate::ui::parts::{PageHead, StatusMark};
use crate::ui::paths;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

#[component]
pub fn Compare() -> impl IntoView {
    let query = use_query_map();
    let wanted = Memo::new(move |_| {
        let of = |name: &str| query.with(|q| q.get(name).unwrap_or_default().trim().to_owned());
        (of("a"), of("b"))
    });
    // Blocking: whether the runs exist is part of the answer's status line.
    let found = Resource::new_blocking(move || wanted.get(), |(a, b)| compare_runs(a, b));
    let body = move || {
        Suspend::new(async move {
            let found = found.await;
            let (a, b) = wanted.get_untracked();
            body(&a, &b, found)
        })
    };
    let trail = vec![
        ("Dashboard".to_owned(), paths::DASHBOARD.to_owned()),
        ("Executions".to_owned(), paths::EXECUTIONS.to_owned()),
    ];
    view! {
        <PageHead title="Compare runs" trail/>
        <Suspense fallback=|| view! { <p class="loading" role="status">"Loading"</p> }>{view_of(body)}</Suspense>
    }
}

fn body(a: &str, b: &str, found: Result<Comparison, Error>) -> AnyView {
    let found = match found {
        Ok(found) => found,
        Err(error) => return view! { <ErrorNote message=error.to_string()/> }.into_any(),
    };
    let missing = [("A", a, found.a.is_none()), ("B", b, found.b.is_none())];
    let missing: Vec<_> = missing.into_iter().filter(|(_, asked, none)| *none && !asked.is_empty()).collect();
    if !missing.is_empty() {
        browser::respond_not_found();
    }
    let notes: Vec<_> = missing.into_iter().map(|(name, ..)| view! {
        <p class="note bad">{format!("Run {name}: no such run. It does not exist, was removed, or is not yours to see.")}</p>
    }).collect();
    let attempts = if found.b.is_none() { found.attempts.clone() } else { Vec::new() };
    let chooser = choose(a, b, found.a.as_ref().map(|side| &side.summary), attempts);
    let compared = match (found.a, found.b) {
        (Some(a), Some(b)) => Some(view! {
            {heads(&a.summary, &b.summary)}
            {facts::view(&a, &b)}
            {found.texts.into_iter().map(texts::view).collect::<Vec<_>>()}
            {parts::view("Steps", found.steps)}
            {parts::view("Tool calls", found.calls)}
        }),
        _ => None,
    };
    view! { <div class="compare">{chooser}{notes}{compared}</div> }.into_any()
}

/// Which two: fields for ids or links, and the other attempts at the same. A plain form: it works without JavaScript.
fn choose(a: &str, b: &str, first: Option<&ExecutionSummary>, attempts: Vec<RunLink>) -> AnyView {
    let field = |name: &'static str, label: &'static str, value: &str| {
        view! {
            <label>{label}<input type="text" name=name value=value.to_owned() required=true spellcheck="false" autocomplete="off"
                placeholder="Id of a run, or a link to it"/></label>
        }
    };
    let swap =
        (!a.is_empty() && !b.is_empty()).then(|| view! { <a class="btn" href=paths::compare(b, Some(a))>"Swap"</a> });
    let id = first.map(|run| run.id.to_string()).unwrap_or_default();
    let attempt = |link: RunLink| {
        let what = if link.message.is_empty() { link.id.short() } else { link.message };
        let href = paths::compare(&id, Some(link.id.as_str()));
        view! { <li><StatusMark status=link.status/><a href=href>{format!("Attempt {}", link.attempt)}</a><span class="ell">{what}</span></li> }
    };
    let others = (!attempts.is_empty()).then(|| {
        view! {
            <section class="related"><h2 class="part-title">"Other attempts at the same"</h2>
                <ul>{attempts.into_iter().map(attempt).collect::<Vec<_>>()}</ul></section>
        }
    });
    let about = first.filter(|_| b.is_empty()).map(|run| {
        view! {
            <p class="muted">"Compare “"{run.message.clone()}"” with another run: paste its id or a link to it."</p>
        }
    });
    view! {
        {about}
        <form class="compare-form" method="get" action=paths::COMPARE>
            {field("a", "Run A", a)}{field("b", "Run B", b)}
            <button type="submit" class="btn primary">"Compare"</button>
            {swap}
        </form>
        {others}
    }
    .into_any()
}

/// What stands above the two columns.
fn heads(a: &ExecutionSummary, b: &ExecutionSummary) -> AnyView {
    let head = |name: &'static str, run: &ExecutionSummary| {
        let title = if run.message.is_empty() { format!("Run {}", run.id.short()) } else { run.message.clone() };
        view! {
            <div>
                <p><span class="compare-name">{name}</span><StatusMark status=run.status/><span class="muted">{run.agent_display_name.clone()}</span></p>
                <a href=paths::execution(run.id.as_str()) dir="auto">{title}</a>
            </div>
        }
    };
    view! { <div class="compare-heads">{head("A", a)}{head("B", b)}</div> }.into_any()
}

/// Not by colour alone.
fn differs(differ: bool) -> Option<AnyView> {
    differ.then(|| view! { <span class="differs">"≠ differs"</span> }.into_any())
}
