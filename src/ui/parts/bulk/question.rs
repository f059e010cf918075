//! Both sides. What would happen and what would not, before anything does.

use super::line;
use crate::domain::{BulkAction, BulkPreview, ExcludedGroup};
use crate::ui::kit::format::{count, plural};
use crate::ui::kit::{Button, ErrorNote, Look, view_of};
use crate::ui::state::bulk::{Bulk, verb};
use crate::ui::state::picks::verb_of;
use leptos::prelude::*;

pub fn view(bulk: Bulk, close: Callback<()>) -> AnyView {
    let number = move || {
        bulk.preview.with(|p| match p {
            Some(Ok(preview)) => Some(i64::try_from(preview.ids.len()).unwrap_or(i64::MAX)),
            _ => None,
        })
    };
    let name = move || verb(bulk.action.get());
    let title = move || match number() {
        Some(0) => format!("Nothing to {}", name().to_ascii_lowercase()),
        Some(n) => format!("{}?", verb_of(name(), n)),
        None => format!("{}: looking at the selection", name()),
    };
    let what = move || {
        bulk.preview.with(|p| match p {
            None => view! { <p class="muted" role="status">"Loading"</p> }.into_any(),
            Some(Ok(preview)) => dry_run(preview, bulk.action.get_untracked()),
            Some(Err(e)) => {
                let again = Callback::new(move |()| bulk.ask(bulk.action.get_untracked()));
                view! { <ErrorNote message=e.to_string() on_retry=again/> }.into_any()
            }
        })
    };
    let confirm = move || {
        number().filter(|n| *n > 0).map(|n| {
            let busy = bulk.busy;
            view! { <Button look=Look::Danger disabled=busy on_press=move |_| bulk.confirm()>{verb_of(name(), n)}</Button> }
        })
    };
    view! {
        <h2 id="bulk-title" tabindex="-1">{view_of(title)}</h2>
        <div class="bulk-body">{view_of(what)}</div>
        <div class="dialog-actions">
            <Button look=Look::Quiet on_press=move |_| bulk.show_recent()>"Recent bulk actions"</Button>
            <span class="grow"></span>
            <Button on_press=move |_| close.run(())>"Cancel"</Button>
            {view_of(confirm)}
        </div>
    }
    .into_any()
}

fn dry_run(preview: &BulkPreview, action: BulkAction) -> AnyView {
    let rest = preview.ids.len() - preview.first.len();
    let lines: Vec<AnyView> = preview.first.iter().map(|run| line(run, None)).collect();
    let (some, groups) = (!lines.is_empty(), !preview.excluded.is_empty());
    let then = match action {
        BulkAction::Terminate => {
            "Each is asked to end, one after the other. It shows as cancelled when its process confirms."
        }
        BulkAction::Retry => "Each is started once more, one after the other.",
    };
    let left_out: i64 = preview.excluded.iter().map(|g| g.count).sum();
    view! {
        {some.then(|| view! { <p class="muted">{then}</p> })}
        {some.then(|| view! { <ul class="bulk-lines" aria-label="Will be acted on">{lines}</ul> })}
        {(rest > 0).then(|| view! { <p class="muted">{format!("and {} more", count(i64::try_from(rest).unwrap_or(i64::MAX)))}</p> })}
        {groups.then(|| view! { <h3>{format!("{} left out", plural(left_out, "run is", "runs are"))}</h3> })}
        {preview.excluded.iter().map(group).collect::<Vec<_>>()}
    }
    .into_any()
}

/// Runs left out for one reason; which ones opens.
fn group(group: &ExcludedGroup) -> AnyView {
    let rest = group.count - i64::try_from(group.first.len()).unwrap_or(i64::MAX);
    let lines: Vec<AnyView> = group.first.iter().map(|run| line(run, None)).collect();
    view! {
        <details class="bulk-group">
            <summary><b>{count(group.count)}</b>" "{group.reason.as_str()}</summary>
            <ul class="bulk-lines">{lines}</ul>
            {(rest > 0).then(|| view! { <p class="muted">{format!("and {} more", count(rest))}</p> })}
        </details>
    }
    .into_any()
}
