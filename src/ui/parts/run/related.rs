//! Both sides. Other runs of the same family: the one that started this, its retries, the tree below it.

use super::heading::heading;
use super::state::RunState;
use crate::domain::{ExecutionId, RunLink, SubRun};
use crate::ui::kit::view_of;
use crate::ui::parts::StatusMark;
use crate::ui::paths;
use leptos::prelude::*;

#[component]
pub fn Related(run: RunState) -> impl IntoView {
    let parent = Memo::new(move |_| run.detail.with(|d| d.summary.parent_id.clone()));
    // A retry whose chain can't be seen in full still names the run it repeats.
    let retry_of =
        Memo::new(move |_| run.detail.with(|d| d.summary.retry_of.clone().filter(|_| d.retry_chain.is_empty())));
    let chain = Memo::new(move |_| run.detail.with(|d| d.retry_chain.clone()));
    let below = Memo::new(move |_| run.extras.with(|e| e.below.clone()));
    let here = run.id.get_value();
    view! {
        {view_of(move || parent.get().map(|id| one("Started by run", &id)))}
        {view_of(move || retry_of.get().map(|id| one("Retry of", &id)))}
        {view_of(move || {
            let rows: Vec<AnyView> = chain.get().into_iter().map(|link| attempt(link, &here)).collect();
            section("Attempts".to_owned(), rows)
        })}
        {view_of(move || {
            let runs = below.get();
            let title = if runs.len() < 2 { "Sub-runs".to_owned() } else { format!("Sub-runs · {}", runs.len()) };
            section(title, runs.into_iter().map(sub_run).collect())
        })}
    }
}

fn one(title: &'static str, id: &ExecutionId) -> AnyView {
    let link = view! { <li><a href=paths::execution(id.as_str())><code>{id.short()}</code></a></li> };
    section(title.to_owned(), vec![link.into_any()]).into_any()
}

fn section(title: String, rows: Vec<AnyView>) -> Option<AnyView> {
    (!rows.is_empty()).then(|| view! { <section class="related">{heading(title)}<ul>{rows}</ul></section> }.into_any())
}

fn attempt(link: RunLink, here: &str) -> AnyView {
    let name = format!("Attempt {}", link.attempt);
    let current = link.id.as_str() == here;
    row(link, name, current, 1)
}

fn sub_run(run: SubRun) -> AnyView {
    let name = run.link.agent_name.clone();
    row(run.link, name, false, run.depth)
}

/// `depth`: how far below it stands, 1 for the first level.
fn row(link: RunLink, name: String, current: bool, depth: i64) -> AnyView {
    let what = if link.message.is_empty() { link.id.short() } else { link.message };
    view! {
        <li data-depth=depth>
            <StatusMark status=link.status/>
            {(depth > 1).then(|| view! { <span class="visually-hidden">{format!("Level {depth}")}</span> })}
            <a href=paths::execution(link.id.as_str()) aria-current=current.then_some("true")>{name}</a>
            <span class="ell">{what}</span>
        </li>
    }
    .into_any()
}
