//! Both sides. A flow for those who may not change it.

use super::head::head;
use super::people::asks;
use crate::domain::{Flow, FlowStep, OnInterruption};
use leptos::prelude::*;

pub const fn interruption_words(what: OnInterruption) -> &'static str {
    match what {
        OnInterruption::Resume => "The step it was at is done anew, and the run goes on.",
        OnInterruption::Fail => "The run fails: a step that was begun may not be done twice.",
    }
}

pub fn plain(flow: &Flow) -> AnyView {
    let steps: Vec<_> = flow
        .steps
        .iter()
        .zip(1..)
        .map(|(step, number)| {
            view! {
                <li class="step">
                    <div class="step-head">
                        <span class="step-number">{number}</span>
                        <span class="step-title" dir="auto">{step.title().to_owned()}</span>
                        <span class="muted">{step.kind()}</span>
                    </div>
                    {shown(step).map(|text| view! { <pre dir="auto">{text}</pre> })}
                    {asks(step).into_iter().map(|text| view! { <p class="muted" dir="auto">{text}</p> }).collect::<Vec<_>>()}
                </li>
            }
        })
        .collect();
    view! {
        {head(Signal::stored(flow.clone()), Signal::stored(false))}
        <p class="muted">{format!("If the server goes away meanwhile: {}", interruption_words(flow.on_interruption))}</p>
        <p class="note">"The agent's owner and admins can change this flow."</p>
        <ol class="steps flow-plain">{steps}</ol>
    }
    .into_any()
}

/// What it does, or what it tells whom it asks.
fn shown(step: &FlowStep) -> Option<String> {
    match step {
        FlowStep::Command { argv, .. } => Some(argv.join("\n")),
        FlowStep::Approval { message, .. } | FlowStep::Question { message, .. } => {
            (!message.is_empty()).then(|| message.clone())
        }
        other => Some(other.in_words()),
    }
}
