//! Both sides. Other runs of the same family: the one that started this, its retries, its sub-runs.

use super::state::RunState;
use crate::domain::{ExecutionId, RunLink};
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
    let children = Memo::new(move |_| run.detail.with(|d| d.children.clone()));
    view! {
        {move || parent.get().map(|id| one("Started by run", &id))}
        {move || retry_of.get().map(|id| one("Retry of", &id))}
        {move || links("Attempts", chain.get(), run, |link| format!("Attempt {}", link.attempt))}
        {move || links("Sub-runs", children.get(), run, |link| link.agent_name.clone())}
    }
}

fn one(title: &'static str, id: &ExecutionId) -> impl IntoView + use<> {
    view! {
        <section class="related">
            <h3>{title}</h3>
            <ul><li><a href=paths::execution(id.as_str())><code>{id.short()}</code></a></li></ul>
        </section>
    }
}

fn links(
    title: &'static str,
    runs: Vec<RunLink>,
    this: RunState,
    name: fn(&RunLink) -> String,
) -> Option<impl IntoView> {
    let here = this.id();
    let rows = |runs: Vec<RunLink>| {
        let row = |link: RunLink| {
            let current = (link.id.as_str() == here).then_some("true");
            let what = if link.message.is_empty() { link.id.short() } else { link.message.clone() };
            view! {
                <li>
                    <StatusMark status=link.status/>
                    <a href=paths::execution(link.id.as_str()) aria-current=current>{name(&link)}</a>
                    <span class="ell">{what}</span>
                </li>
            }
        };
        runs.into_iter().map(row).collect_view()
    };
    (!runs.is_empty()).then(|| view! { <section class="related"><h3>{title}</h3><ul>{rows(runs)}</ul></section> })
}
