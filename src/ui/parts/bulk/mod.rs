//! Both sides. One action on many runs: the bar of the selection and the dialog.

mod bar;
mod dialog;
mod job;
mod question;
mod recent;

pub use bar::BulkBar;
pub use dialog::BulkDialog;

use crate::domain::RunLink;
use crate::ui::paths;
use leptos::prelude::*;

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
