//! Both sides. Trying a saved agent out without a run.

use super::asking::Asking;
use super::section::section;
use crate::domain::Trial;
use crate::server_fns::test_agent;
use crate::ui::kit::{Button, Fields, Icon, format, view_of};
use leptos::prelude::*;

pub fn section_of(name: String, fields: Fields) -> AnyView {
    let asking = Asking::new();
    let verdict = RwSignal::new(None::<Trial>);
    let test = move |_| {
        verdict.set(None);
        asking.alone(Box::pin(test_agent(name.clone())), move |trial| verdict.set(Some(trial)));
    };
    let words = move || match (asking.busy.get(), fields.changed()) {
        (true, _) => Some("Asking …"),
        (false, true) => Some("Save first: what is saved is tested."),
        (false, false) => None,
    };
    let body = view! {
        <div class="row-of-fields">
            <Button disabled=Signal::derive(move || asking.busy.get() || fields.changed()) on_press=test>"Test"</Button>
            <span class="muted">{view_of(words)}</span>
        </div>
        <div class="verdict-place" role="status">{view_of(move || verdict.get().map(said))}</div>
        {asking.words()}
    };
    section("trial", "Test", "Asks its endpoint, or looks for its program, without a run.", body)
}

fn said(trial: Trial) -> AnyView {
    let (class, icon, word) =
        if trial.ok { ("s-success", "success", "It works") } else { ("s-failed", "failed", "It does not work") };
    view! {
        <p class="verdict">
            <span class=format!("status {class}")><Icon name=icon/>{word}</span>
            <span class="muted">{format!("after {}", took(trial.duration_ms))}</span>
            <span class="verdict-detail">{trial.detail}</span>
        </p>
    }
    .into_any()
}

/// Most answers are there within a second.
fn took(ms: i64) -> String {
    if ms < 1_000 { format!("{ms} ms") } else { format::duration(ms) }
}
