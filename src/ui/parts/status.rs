//! Both sides. Status as icon and word, never colour alone.

use crate::domain::{InteractionStatus, Status};
use crate::ui::kit::{Icon, attr_of, view_of};
use crate::ui::state::approval;
use leptos::prelude::*;

pub const fn status_word(status: Status) -> &'static str {
    match status {
        Status::Queued => "Queued",
        Status::Running => "Running",
        Status::Waiting => "Waiting",
        Status::Paused => "Paused",
        Status::Success => "Success",
        Status::Failed => "Failed",
        Status::Cancelled => "Cancelled",
    }
}

/// The colour class of a status: `s-running` and so on.
pub const fn status_class(status: Status) -> &'static str {
    match status {
        Status::Queued => "s-queued",
        Status::Running => "s-running",
        Status::Waiting => "s-waiting",
        Status::Paused => "s-paused",
        Status::Success => "s-success",
        Status::Failed => "s-failed",
        Status::Cancelled => "s-cancelled",
    }
}

#[component]
pub fn StatusMark(#[prop(into)] status: Signal<Status>) -> impl IntoView {
    view! {
        <span class=attr_of(move || format!("status {}", status_class(status.get())))>
            {view_of(move || view! { <Icon name=status.get().as_str() spin=status.get() == Status::Running/> })}
            <span>{view_of(move || status_word(status.get()))}</span>
        </span>
    }
}

/// The same of an approval or a question.
#[component]
pub fn AskMark(#[prop(into)] status: Signal<InteractionStatus>) -> impl IntoView {
    let like = move || approval::looks_like(status.get());
    view! {
        <span class=attr_of(move || format!("status {}", status_class(like())))>
            {view_of(move || view! { <Icon name=like().as_str()/> })}
            <span>{view_of(move || approval::status_word(status.get()))}</span>
        </span>
    }
}
