//! Both sides. Approving and rejecting.

use super::open::Open;
use super::sending::Sending;
use crate::browser;
use crate::domain::{Decision, NewStandingRule, Response};
use crate::server_fns::{make_standing_rule, respond};
use crate::ui::kit::{Button, Look, act, attr_of, follow, format, view_of};
use crate::ui::paths;
use crate::ui::state::approval::why_not;
use crate::ui::state::clock::use_clock;
use leptos::ev::Event;
use leptos::prelude::*;

/// Days a rule holds that is made from here.
const DAYS: i64 = 7;

pub fn decide(open: Open, sending: Sending) -> AnyView {
    let clock = use_clock();
    let comment = RwSignal::new(String::new());
    let offered = open.memo(|d| d.rule_offered);
    let why_not = open.memo(why_not);
    let alike = open.memo(|d| i64::try_from(d.alike.len()).unwrap_or(i64::MAX));
    let send = move |decision: Decision, remember: bool| {
        let id = open.id.get_value();
        let said = comment.get_untracked().trim().to_owned();
        let hash = open.detail.with_untracked(|d| d.approval.parameters_hash.clone());
        let response = Response { decision, comment: (!said.is_empty()).then_some(said), parameters_hash: Some(hash) };
        let did = if decision == Decision::Approve { "You approved" } else { "You rejected" };
        let rule = id.clone();
        sending.send(did, respond(id, response), move || async move {
            if !remember {
                return None;
            }
            Some(match make_standing_rule(NewStandingRule { approval_id: rule, days: DAYS }).await {
                Ok(_) => format!("The same is approved without asking you for {DAYS} days."),
                Err(e) => format!("It could not be remembered: {e}."),
            })
        });
    };
    keys(open);
    let form = move || {
        open.can_decide.get().then(|| view! {
            <div class="decide">
                {view_of(move || offered.get().then(|| view! {
                    <p class="note decide-offer">
                        <span>"You have approved exactly this several times."</span>
                        <Button small=true disabled=sending.busy on_press=move |_| send(Decision::Approve, true)>"Approve and remember for 7 days"</Button>
                    </p>
                }))}
                {view_of(move || (alike.get() > 0).then(|| view! {
                    <p class="muted">
                        {format::plural(alike.get(), "other request like it waits for you. ", "other requests like it wait for you. ")}
                        <a href=paths::APPROVALS>"Decide them together"</a>
                    </p>
                }))}
                <label class="comment">
                    <span>"Comment " <span class="faint">"optional, everybody involved can read it"</span></span>
                    <textarea id="decision-comment" rows="2" dir="auto" readonly=attr_of(move || !clock.hydrated()) prop:value=attr_of(move || comment.get())
                        on:input=act(move |e: Event| comment.set(event_target_value(&e)))></textarea>
                </label>
            </div>
            <div class="decide-bar needs-js">
                <Button look=Look::Danger disabled=sending.busy on_press=move |_| send(Decision::Reject, false)>"Reject"</Button>
                <Button look=Look::Primary disabled=sending.busy on_press=move |_| send(Decision::Approve, false)>"Approve"</Button>
            </div>
            <noscript><p class="note">"To decide, this page needs JavaScript."</p></noscript>
        })
    };
    view! {
        {view_of(move || sending.problem.get().map(|text| view! { <p class="note bad" role="alert" dir="auto">{text}</p> }))}
        {view_of(move || why_not.get().map(|text| view! { <p class="note">{text}</p> }))}
        {view_of(form)}
    }
    .into_any()
}

/// Keys only go to a button: a second one, pressed on purpose, decides.
fn keys(open: Open) {
    follow(move || {
        browser::on_key(move |e| {
            let held = e.alt_key() || e.ctrl_key() || e.meta_key();
            let free = !held && !browser::typing() && !browser::dialog_open();
            if !free || open.can_decide.try_get_untracked() != Some(true) {
                return;
            }
            let to = match e.key().as_str() {
                "a" => ".decide-bar .primary",
                "r" => ".decide-bar .danger",
                "c" => "#decision-comment",
                _ => return,
            };
            // The comment would begin with the key.
            e.prevent_default();
            browser::focus(to);
        });
    });
}
