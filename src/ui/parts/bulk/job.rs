//! Both sides. How far a job is, and what became of each run.

use super::line;
use crate::domain::{BulkAction, BulkJob, BulkResult, BulkRowSeen, BulkState};
use crate::ui::kit::format::count;
use crate::ui::kit::{Button, Look, view_of};
use crate::ui::state::bulk::{Bulk, result_words};
use crate::ui::state::picks::verb_of;
use leptos::ev::MouseEvent;
use leptos::prelude::*;

pub fn view(bulk: Bulk, close: Callback<()>) -> AnyView {
    let of = move |f: fn(&BulkJob) -> String| move || bulk.job.with(|j| j.as_ref().map(f).unwrap_or_default());
    let going = Memo::new(move |_| bulk.job.with(|j| j.as_ref().is_some_and(|j| !j.ended())));
    let busy = bulk.busy;
    let rows = move || {
        let action = bulk.job.with(|j| j.as_ref().map_or(BulkAction::Terminate, |j| j.action));
        bulk.rows.with(|rows| rows.iter().map(|row| result(row, action)).collect::<Vec<_>>())
    };
    let more = Memo::new(move |_| bulk.next.with(Option::is_some));
    view! {
        <h2 id="bulk-title" tabindex="-1">{of(title)}</h2>
        <progress class="bulk-progress" aria-labelledby="bulk-title" max=of(|j| j.counted.max(1).to_string())
            value=of(|j| if j.ended() { j.counted.max(1) } else { j.over() }.to_string())></progress>
        <p class="muted">{of(result_words)}</p>
        <div class="bulk-body" tabindex="0" role="group" aria-label="Results">
            <ul class="bulk-lines">{view_of(rows)}</ul>
            {view_of(move || more.get().then(|| view! { <Button small=true on_press=move |_| bulk.more()>"More"</Button> }))}
        </div>
        <div class="dialog-actions">
            <Button look=Look::Quiet on_press=move |_| bulk.show_recent()>"Recent bulk actions"</Button>
            <span class="grow"></span>
            {view_of(move || bulk.lost.get().then(|| view! { <Button on_press=move |_| bulk.find_again()>"Look again"</Button> }))}
            {view_of(move || going.get().then(|| view! { <Button look=Look::Danger disabled=busy on_press=move |e| if is_first(&e) { bulk.abort() }>"Abort"</Button> }))}
            <Button on_press=move |e| if is_first(&e) { close.run(()) }>"Close"</Button>
        </div>
    }
    .into_any()
}

/// Not the second press of a double click on the button that was here before.
fn is_first(e: &MouseEvent) -> bool {
    e.detail() <= 1
}

fn title(job: &BulkJob) -> String {
    let (going, over) = match job.action {
        BulkAction::Terminate => ("Stopping", "Asked to stop"),
        BulkAction::Retry => ("Retrying", "Retried"),
    };
    match job.state {
        BulkState::Running => verb_of(going, job.counted),
        BulkState::Done => format!("{over}: {} of {}", count(job.done), count(job.counted)),
        BulkState::Aborted => format!("Aborted: {} of {}", count(job.done), count(job.counted)),
    }
}

fn result(seen: &BulkRowSeen, action: BulkAction) -> AnyView {
    let word = match (seen.row.result, action) {
        (BulkResult::Pending, _) => "waiting",
        (BulkResult::Done, BulkAction::Terminate) => "asked to stop",
        (BulkResult::Done, BulkAction::Retry) => "retried",
        (BulkResult::Skipped, _) => "skipped",
        (BulkResult::Failed, _) => "failed",
        (BulkResult::Excluded, _) => "left out",
    };
    let note = match &seen.row.reason {
        Some(reason) => format!("{word}: {reason}"),
        None => word.to_owned(),
    };
    match &seen.run {
        Some(run) => line(run, Some(note)),
        // Gone, or not to be seen by this reader.
        None => view! {
            <li class="bulk-line"><span class="ell">{seen.row.id.short()}</span><span></span><span class="muted">{note}</span></li>
        }
        .into_any(),
    }
}
