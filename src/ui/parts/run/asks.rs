//! Both sides. What a run asks of people: what it waits for now, and what was decided.

use super::heading::heading;
use super::state::RunState;
use crate::domain::{Approval, InteractionKind, InteractionStatus, Me, Role};
use crate::ui::kit::view_of;
use crate::ui::parts::{AskMark, RelativeTime};
use crate::ui::paths;
use crate::ui::state::approval::{countdown, kind_word, standing};
use crate::ui::state::clock::use_clock;
use leptos::prelude::*;

/// The role `client` sees nothing of what others decide.
fn may_open(approval: &Approval) -> bool {
    approval.waits_for_you || use_context::<Me>().is_some_and(|me| me.role != Role::Client)
}

fn interactions(run: RunState, pending: bool) -> Memo<Vec<Approval>> {
    Memo::new(move |_| {
        let wanted = |a: &&Approval| (a.status == InteractionStatus::Pending) == pending;
        run.detail.with(|d| d.interactions.iter().filter(wanted).cloned().collect())
    })
}

/// On top of the run, whatever view of it is open.
pub fn waiting(run: RunState) -> AnyView {
    let asks = interactions(run, true);
    view_of(move || {
        let asks = asks.get();
        (!asks.is_empty() && run.unfinished())
            .then(|| view! { <ul class="run-asks" aria-label="Waits for people">{asks.into_iter().map(one).collect::<Vec<_>>()}</ul> })
    })
    .into_any()
}

fn one(approval: Approval) -> AnyView {
    let clock = use_clock();
    let stands = standing(&approval);
    let (mine, opens) = (approval.waits_for_you, may_open(&approval));
    let verb = match (mine, approval.kind) {
        (true, InteractionKind::Approval) => "Decide",
        (true, InteractionKind::Question) => "Answer",
        (false, _) => "Open",
    };
    let label = format!("{verb}: {}", approval.title);
    let class = if mine { "btn primary small" } else { "btn small" };
    let link = opens.then(|| view! { <a class=class href=paths::approval(&approval.id) aria-label=label>{verb}</a> });
    let title = approval.title.clone();
    let left = Memo::new(move |_| countdown(&approval, clock.now()));
    view! {
        <li>
            <div>
                <strong dir="auto">{title}</strong>
                <p class="s-waiting" dir="auto">
                    {stands}
                    {view_of(move || left.get().map(|text| view! { <span class="left">" · "{text}</span> }))}
                </p>
            </div>
            {link}
        </li>
    }
    .into_any()
}

/// What it asked before, and what people said.
pub fn asked(run: RunState) -> AnyView {
    let asks = interactions(run, false);
    view_of(move || {
        let asks = asks.get();
        (!asks.is_empty()).then(|| {
            view! {
                <section class="related asked-people">
                    {heading("Asked of people".to_owned())}
                    <ul>{asks.into_iter().map(past).collect::<Vec<_>>()}</ul>
                </section>
            }
        })
    })
    .into_any()
}

fn past(approval: Approval) -> AnyView {
    let at = approval.decided_at.unwrap_or(approval.asked_at);
    let title = if may_open(&approval) {
        view! { <a dir="auto" href=paths::approval(&approval.id)>{approval.title.clone()}</a> }.into_any()
    } else {
        view! { <span dir="auto">{approval.title.clone()}</span> }.into_any()
    };
    view! {
        <li>
            <AskMark status=approval.status/>
            {title}
            <span class="ell" dir="auto" title=standing(&approval)>{standing(&approval)}</span>
            <span class="muted">{kind_word(approval.kind)} " " <RelativeTime at=at/></span>
        </li>
    }
    .into_any()
}
