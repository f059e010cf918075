//! Both sides. One action on many runs: the bar of the selection and the dialog.

mod bar;
mod dialog;
mod job;
mod question;
mod recent;

pub use bar::bar;
pub use dialog::dialog;

use super::asides::once;
use crate::domain::RunLink;
use crate::ui::kit::{late, view_of};
use crate::ui::late::ASIDES;
use crate::ui::paths;
use crate::ui::state::bulk::{Bulk, Shown};
use crate::ui::state::selection::Selection;
use leptos::prelude::*;

/// While runs are selected or a job is shown. `can_retry`: is there any agent whose runs could be retried?
#[component]
pub fn BulkBar(bulk: Bulk, can_retry: bool) -> impl IntoView {
    let shown = Memo::new(move |_| bulk.job.with(Option::is_some) || !bulk.picks.selection.with(Selection::is_empty));
    view_of(move || shown.get().then(|| late(&ASIDES, move |asides| (asides.bulk_bar)(bulk, can_retry))))
}

#[component]
pub fn BulkDialog(bulk: Bulk) -> impl IntoView {
    let wanted = once(move || bulk.shown.get() != Shown::Nothing);
    view_of(move || wanted.get().then(|| late(&ASIDES, move |asides| (asides.bulk_dialog)(bulk))))
}

/// A run in a list of the dialog: whose and what, and what there is to say about it.
fn line(run: &RunLink, note: Option<String>) -> AnyView {
    let message = if run.message.is_empty() { run.id.short() } else { run.message.clone() };
    let href = paths::execution(run.id.as_str());
    view! {
        <li class="bulk-line">
            <span class="ell" dir="auto">{run.agent_name.clone()}</span>
            <a class="ell" dir="auto" href=href target="_blank" rel="noopener">{message}</a>
            {note.map(|text| view! { <span class="muted">{text}</span> })}
        </li>
    }
    .into_any()
}
