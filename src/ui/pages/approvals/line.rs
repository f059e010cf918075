//! Both sides. One request in a list: what it is about, whose it is, how it stands, how long it has time.

use crate::domain::{Approval, InteractionStatus};
use crate::ui::kit::{attr_of, view_of};
use crate::ui::parts::{AskMark, RelativeTime};
use crate::ui::paths;
use crate::ui::state::approval::{countdown, in_a_line, kind_word, standing};
use crate::ui::state::approvals::Approvals;
use crate::ui::state::clock::use_clock;
use leptos::prelude::*;

/// The request, as it was last seen: one that has just been taken out keeps that until its element is gone.
pub fn followed(id: &str, state: Approvals) -> Memo<Option<Approval>> {
    let id = id.to_owned();
    Memo::new(move |last: Option<&Option<Approval>>| state.one(&id).or_else(|| last.cloned().flatten()))
}

pub fn line(id: &str, state: Approvals) -> AnyView {
    let approval = followed(id, state);
    let Some(first) = approval.get_untracked() else { return ().into_any() };
    let of = move |read: fn(&Approval) -> String| {
        Memo::new(move |_| approval.with(|a| a.as_ref().map(read)).unwrap_or_default())
    };
    let status = Memo::new(move |_| approval.with(|a| a.as_ref().map_or(InteractionStatus::Pending, |a| a.status)));
    let (stands, message) = (of(standing), of(|a| in_a_line(&a.message)));
    let at = Memo::new(move |_| approval.with(|a| a.as_ref().map(|a| a.decided_at.unwrap_or(a.asked_at))));
    let at = Signal::derive(move || at.get().unwrap_or(first.asked_at));
    let pending = Memo::new(move |_| status.get() == InteractionStatus::Pending);
    view! {
        <li class="ask-line" data-approval=id.to_owned() data-status=attr_of(move || status.get().as_str())>
            <div class="ask-what">
                <a class="ask-title" dir="auto" href=paths::approval(id)>{first.title.clone()}</a>
                {view_of(move || message.with(|m| (!m.is_empty() && pending.get()).then(|| view! { <p class="ask-message clamp" dir="auto">{m.clone()}</p> })))}
                <p class=attr_of(move || format!("ask-stands {}", if pending.get() { "s-waiting" } else { "" })) dir="auto">
                    {view_of(move || stands.get())}
                </p>
            </div>
            <p class="ask-facts">
                <AskMark status=status/>
                <span>{kind_word(first.kind)}</span>
                <bdi>{first.agent_display_name.clone()}</bdi>
                <span>{view_of(move || if pending.get() { "asked " } else { "" })}<RelativeTime at=at/></span>
                {time_left(approval)}
            </p>
        </li>
    }
    .into_any()
}

/// How long it has time, ticking.
pub fn time_left(approval: Memo<Option<Approval>>) -> AnyView {
    let clock = use_clock();
    let left = Memo::new(move |_| approval.with(|a| a.as_ref().and_then(|a| countdown(a, clock.now()))));
    view_of(move || left.get().map(|text| view! { <span class="left">{text}</span> })).into_any()
}
