//! Both sides. One group of failures: what they have in common, how many, since when, whose.

use super::bars::Bars;
use crate::domain::{Choice, FailureGroup, Filter, Timestamp};
use crate::ui::kit::format::{duration, plural};
use crate::ui::kit::view_of;
use crate::ui::parts::RelativeTime;
use crate::ui::paths;
use crate::ui::state::url::PageUrl;
use leptos::prelude::*;

#[component]
pub fn Group(url: PageUrl, group: FailureGroup, from: Timestamp, to: Timestamp) -> impl IntoView {
    let filter =
        url.query.with_untracked(|q| Filter { error_group: Choice::only(group.id.clone()), ..q.filter.clone() });
    let rows = paths::executions(&url.query.with_untracked(|q| q.with_filter(filter).address()));
    let part = to.millis_since(from) / i64::try_from(group.over_time.len()).unwrap_or(1).max(1);
    let label = format!("Runs in each {} from the oldest to now", duration(part));
    let agents: Vec<_> = group
        .agents
        .into_iter()
        .map(|name| view! { <a class="link" href=paths::agent(&name)>{name.clone()}</a> " " })
        .collect();
    let good = match group.last_good {
        Some(good) => view! {
            <a class="link" href=paths::execution(good.id.as_str())>
                {good.agent_name} " " <RelativeTime at=Signal::stored(good.started_at)/>
            </a>
        }
        .into_any(),
        None => view! { <span>"never before"</span> }.into_any(),
    };
    view! {
        <li class="failure">
            <a class="failure-count" href=rows.clone()>{view_of(move || plural(group.count, "run", "runs"))}</a>
            <div class="failure-what">
                <a class="pattern" dir="auto" href=rows>{group.pattern}</a>
                <dl>
                    <div><dt>"First"</dt><dd><RelativeTime at=Signal::stored(group.first_seen)/></dd></div>
                    <div><dt>"Newest"</dt><dd><a class="link" href=paths::execution(group.sample.as_str())><RelativeTime at=Signal::stored(group.last_seen)/></a></dd></div>
                    <div><dt>"Last good"</dt><dd>{good}</dd></div>
                    <div><dt>"Agents"</dt><dd>{agents}</dd></div>
                </dl>
            </div>
            <Bars values=group.over_time label/>
        </li>
    }
}
