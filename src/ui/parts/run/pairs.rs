//! Both sides. What a run of a flow was told, step by step, and what it answered.

use super::steps::{asks_people, error_of, said, step_status, tokens};
use super::text::LongText;
use crate::domain::{FlowRunSteps, PlannedStep, Step};
use crate::ui::kit::format;
use crate::ui::parts::StatusMark;
use leptos::prelude::*;

pub fn pairs(read: FlowRunSteps) -> AnyView {
    let done: Vec<i64> = read.steps.iter().map(|step| step.index).collect();
    let planned = read.flow.map(|flow| flow.steps).unwrap_or_default();
    let left: Vec<_> = (0..).zip(planned).filter(|(index, _)| !done.contains(index)).collect();
    if done.is_empty() && left.is_empty() {
        return view! { <p class="nothing">"This run reported no steps."</p> }.into_any();
    }
    let steps: Vec<_> = read.steps.into_iter().map(pair).collect();
    let left: Vec<_> = left.into_iter().map(|(index, step)| planned_step(index, step, None)).collect();
    view! { <ol class="steps pairs">{steps}{left}</ol> }.into_any()
}

fn pair(step: Step) -> AnyView {
    let status = step_status(&step);
    let people = asks_people(&step.kind);
    let (said, error) = (said(&step), error_of(&step));
    let took = step.started_at.zip(step.completed_at).map(|(from, to)| format::duration(to.millis_since(from)));
    let facts: Vec<_> = [Some(step.kind.clone()), took, tokens(&step), step.cost.map(format::money)]
        .into_iter()
        .flatten()
        .map(|fact| view! { <span>{fact}</span> })
        .collect();
    let (told, answered) = match step.kind.as_str() {
        "prompt" => ("Prompt", "Response"),
        "approval" | "question" => ("What was asked", "Decision"),
        _ => ("Input", "Output"),
    };
    let text = |title: &'static str, text: Option<String>| {
        text.filter(|text| !text.is_empty()).map(|text| view! { <LongText title text=Signal::stored(text)/> })
    };
    view! {
        <li class="step" data-status=status.as_str()>
            <div class="step-head">
                <span class="step-number">{step.index + 1}</span>
                <span class="step-title" dir="auto">{step.title}</span>
                <StatusMark status=status/>
            </div>
            <p class="step-facts">{facts}</p>
            {error.map(|error| view! { <pre class="step-error">{error}</pre> })}
            <div class="told">{text(told, step.input)}</div>
            {said.map(|text| view! { <p class="step-said" dir="auto">{text}</p> })}
            {text(answered, step.output.filter(|_| !people))}
        </li>
    }
    .into_any()
}

/// A step that has not begun.
pub fn planned_step(index: i64, step: PlannedStep, action: Option<AnyView>) -> AnyView {
    view! {
        <li class="step planned" data-status="planned">
            <div class="step-head">
                <span class="step-number">{index + 1}</span>
                <span class="step-title" dir="auto">{step.title}</span>
                <span class="faint">"Not begun"</span>
            </div>
            <p class="step-facts"><span>{step.kind}</span></p>
            {action}
        </li>
    }
    .into_any()
}
