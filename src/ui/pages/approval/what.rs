//! Both sides. What will happen: in words, in exact parameters, and what came before it.

use crate::domain::{ApprovalDetail, FlowRunSteps, InteractionKind, Markup};
use crate::ui::kit::{Button, Look, copying, format, late, view_of};
use crate::ui::late::RUN;
use crate::ui::state::approval::parameters_text;
use leptos::prelude::*;

pub fn what(detail: &ApprovalDetail, markup: Option<Markup>) -> AnyView {
    let approval = &detail.approval;
    let title = match approval.kind {
        InteractionKind::Approval => "What will happen",
        InteractionKind::Question => "What is asked",
    };
    let message = approval.message.clone();
    let message = (!message.trim().is_empty())
        .then(|| late(&RUN, move |run| (run.text)(title.to_owned(), message.clone(), markup.clone())));
    let exact = approval.parameters.as_ref().filter(|p| !p.is_null()).map(|parameters| {
        let text = parameters_text(parameters);
        exact(text, approval.parameters_hash.clone())
    });
    let none = (message.is_none() && exact.is_none() && detail.previous.is_empty() && approval.fields.is_empty())
        .then(|| view! { <p class="muted">"Nothing more is said of it: the title is what you decide on."</p> });
    let previous = (!detail.previous.is_empty()).then(|| {
        let number = i64::try_from(detail.previous.len()).unwrap_or(i64::MAX);
        let read = FlowRunSteps { flow: None, steps: detail.previous.clone() };
        view! {
            <details class="asking-before" open>
                <summary><h2>"What came before it"</h2><span class="muted">{format::plural(number, "step", "steps")}</span></summary>
                <div class="run-steps">{late(&RUN, move |run| (run.pairs)(read.clone()))}</div>
            </details>
        }
    });
    view! { {none}{message}{exact}{previous} }.into_any()
}

/// To the letter what people decide on, and its hash.
fn exact(text: String, hash: String) -> AnyView {
    let (copy, word) = copying(Signal::stored(text.clone()));
    let (copy_hash, hash_word) = copying(Signal::stored(hash.clone()));
    let short: String = hash.chars().take(12).collect();
    view! {
        <section class="text exact">
            <header>
                <h2 class="part-title">"Exact parameters"</h2>
                <span class="actions">
                    <Button small=true look=Look::Quiet label="Copy: parameters" on_press=copy>{view_of(move || word.get())}</Button>
                </span>
            </header>
            <pre tabindex="0" aria-label="Exact parameters" role="region">{text}</pre>
            <p class="asking-hash">
                "SHA-256 " <code title=hash.clone()>{short}"…"</code>
                <Button small=true look=Look::Quiet label="Copy: hash" on_press=copy_hash>{view_of(move || hash_word.get())}</Button>
                <span class="muted">"Your decision holds for exactly these."</span>
            </p>
        </section>
    }
    .into_any()
}
