//! Both sides. The record as JSON text.

use super::super::heading::heading;
use super::super::state::RunState;
use super::pretty;
use crate::ui::kit::{Button, Look, copying, view_of};
use crate::ui::paths;
use leptos::prelude::*;

#[component]
pub fn JsonTab(run: RunState) -> impl IntoView {
    // A record always serialises: its keys are strings and its numbers finite.
    let text = Memo::new(move |_| {
        run.detail.with(|d| serde_json::to_value(d).map_or_else(|e| e.to_string(), |value| pretty(&value)))
    });
    let (copy, word) = copying(text.into());
    view! {
        <section class="text code">
            <header>
                {heading("Record".to_owned())}
                <span class="actions">
                    <Button small=true look=Look::Quiet icon="copy" label="Copy the record" on_press=copy>{view_of(move || word.get())}</Button>
                    <a class="btn quiet small" rel="external" href=paths::api_execution(&run.id())>"From the API"</a>
                </span>
            </header>
            <pre class="record" tabindex="0">{view_of(move || text.get())}</pre>
        </section>
    }
}
