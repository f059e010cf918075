//! Both sides. What is asked, by which agent in which run, and how it stands.

use super::open::Open;
use crate::domain::{ApprovalDetail, Me, Role, Status};
use crate::ui::kit::view_of;
use crate::ui::parts::{AskMark, PageHead, RelativeTime, StatusMark};
use crate::ui::paths;
use crate::ui::state::approval::{countdown, ended, kind_word};
use crate::ui::state::clock::use_clock;
use crate::ui::state::session::use_me;
use leptos::prelude::*;

pub fn head(open: Open) -> AnyView {
    let clock = use_clock();
    let me: Me = use_me();
    let first = open.detail.get_untracked();
    let ApprovalDetail { approval, run, .. } = first;
    let left = Memo::new(move |_| open.detail.with(|d| countdown(&d.approval, clock.now())));
    let over = open.memo(|d| d.approval.decided_at.map(|at| (ended(&d.approval), at)));
    let run_status = open.memo(|d| d.run.status);
    let error = open.memo(|d| d.run.error.clone());
    let mut trail = vec![("Approvals".to_owned(), paths::APPROVALS.to_owned())];
    if me.role != Role::Client {
        trail.insert(0, ("Dashboard".to_owned(), paths::DASHBOARD.to_owned()));
    }
    let agent = if run.can_open {
        let href = paths::agent(&approval.agent_name);
        view! { <a class="link" dir="auto" href=href>{approval.agent_display_name.clone()}</a> }.into_any()
    } else {
        view! { <bdi>{approval.agent_display_name.clone()}</bdi> }.into_any()
    };
    let name = if run.message.trim().is_empty() { approval.execution_id.short() } else { run.message.clone() };
    let name = if run.can_open {
        let href = paths::execution(approval.execution_id.as_str());
        view! { <a class="link asking-run-name" dir="auto" href=href>{name}</a> }.into_any()
    } else {
        view! { <span class="asking-run-name" dir="auto">{name}</span> }.into_any()
    };
    let step = approval.step.map(|step| match run.steps_total {
        Some(total) => format!("step {} of {total}", step + 1),
        None => format!("step {}", step + 1),
    });
    view! {
        <PageHead title=approval.title.clone() trail=trail/>
        <p class="ask-facts asking-facts">
            <AskMark status=open.status/>
            <span>{kind_word(approval.kind)}</span>
            <span>"asked " <RelativeTime at=approval.asked_at/></span>
            {view_of(move || left.get().map(|text| view! { <span class="left" role="timer">{text}</span> }))}
        </p>
        {view_of(move || over.get().map(|(text, at)| view! {
            <p class="note asking-over" role="status"><strong dir="auto">{text}</strong> " " <RelativeTime at=at/></p>
        }))}
        <p class="asking-run">
            // That it waits is said above.
            {view_of(move || (run_status.get() != Status::Waiting).then(|| view! { <StatusMark status=run_status/> }))}
            <span>"Run of " {agent} {step.map(|step| format!(", {step}"))} ": "</span>
            {name}
            {approval.requested_by.clone().map(|who| view! { <span class="muted" dir="auto">{format!("started by {who}")}</span> })}
            {view_of(move || error.get().map(|text| view! { <span class="s-failed" dir="auto">{text}</span> }))}
        </p>
    }
    .into_any()
}
