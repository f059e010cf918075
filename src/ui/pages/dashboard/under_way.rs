//! Both sides. The card of what is under way: who waits for somebody first.

use crate::domain::{ExecutionId, Status};
use crate::ui::kit::{EmptyState, ErrorNote};
use crate::ui::parts::runs::{ListActions, RunRow};
use crate::ui::parts::status_word;
use crate::ui::paths;
use crate::ui::state::numbers::Numbers;
use crate::ui::state::under_way::UnderWay;
use leptos::prelude::*;

pub fn card(under_way: UnderWay, numbers: Numbers, actions: ListActions) -> AnyView {
    let shown = Memo::new(move |_| under_way.shown());
    let counted = move || {
        let of = |status: Status| {
            let n = numbers
                .stats(|s| match status {
                    Status::Waiting => s.waiting,
                    Status::Running => s.running,
                    Status::Queued => s.queued,
                    _ => s.paused,
                })
                .filter(|n| *n > 0)?;
            let word = status_word(status).to_lowercase();
            let class = if status == Status::Waiting { "s-waiting" } else { "" };
            Some(view! { <a class=class href=paths::unfinished_with(status)>{format!("{n} {word}")}</a> " " })
        };
        [Status::Waiting, Status::Running, Status::Queued, Status::Paused].map(of)
    };
    let empty = Memo::new(move |_| shown.with(|(ids, _)| ids.is_empty()) && under_way.failed.get().is_none());
    view! {
        <div class="section-head">
            <h2>"Under way"</h2>
            <span class="tally">{counted}</span>
            <a class="link" href=paths::unfinished()>"All unfinished"</a>
        </div>
        <section class="list under-way" aria-label="Runs under way">
            {move || under_way.failed.get().map(|e| {
                let retry = Callback::new(move |()| under_way.reload());
                view! { <ErrorNote message=e.to_string() on_retry=retry/> }
            })}
            <ul aria-label="Runs">
                <For each=move || shown.get().0 key=ExecutionId::clone let:id>
                    <RunRow id list=under_way.list actions/>
                </For>
            </ul>
            <Show when=move || shown.with(|(_, more)| *more)>
                <p class="list-end"><a class="link" href=paths::unfinished()>"More are under way"</a></p>
            </Show>
            <Show when=move || empty.get()>
                <EmptyState title="Nothing is under way"><p>"New runs appear here by themselves."</p></EmptyState>
            </Show>
        </section>
    }
    .into_any()
}
