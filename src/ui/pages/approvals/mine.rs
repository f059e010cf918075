//! Both sides. What waits for the reader, the longest waiting first; equal requests can be decided together.

use super::line::{followed, time_left};
use super::together::{Together, question};
use super::{more, nothing};
use crate::domain::{ApprovalsPart, Decision, InteractionKind};
use crate::ui::kit::{Button, Look, view_of};
use crate::ui::parts::RelativeTime;
use crate::ui::paths;
use crate::ui::state::approval::{in_a_line, kind_word, standing};
use crate::ui::state::approvals::{Approvals, Group};
use leptos::prelude::*;

pub fn section(state: Approvals) -> AnyView {
    let groups = Memo::new(move |_| state.list.with(crate::ui::state::approvals::ApprovalsState::groups));
    let none = Memo::new(move |_| groups.with(Vec::is_empty));
    let asking = RwSignal::new(None::<Together>);
    view! {
        <div class="section-head"><h2>"Waiting for you"</h2></div>
        <section class="list asks mine" aria-label="Waiting for you">
            <ul>
                // One alone and several together look different: what they are is part of the key.
                <For each=move || groups.get() key=|group| (group.key.clone(), group.ids.len() > 1) let:group>
                    {one(&group, groups, state, asking)}
                </For>
            </ul>
            {view_of(move || none.get().then(nothing))}
            {more(state, ApprovalsPart::ForMe)}
        </section>
        {question(state, asking)}
    }
    .into_any()
}

fn one(group: &Group, groups: Memo<Vec<Group>>, state: Approvals, asking: RwSignal<Option<Together>>) -> AnyView {
    let approval = followed(&group.key, state);
    let Some(first) = approval.get_untracked() else { return ().into_any() };
    let key = StoredValue::new(group.key.clone());
    let ids = Memo::new(move |last: Option<&Vec<String>>| {
        let now = groups.with(|all| {
            key.with_value(|key| all.iter().find(|group| group.key == *key).map(|group| group.ids.clone()))
        });
        now.or_else(|| last.cloned()).unwrap_or_default()
    });
    let several = group.ids.len() > 1;
    let (title, asked_at) = (first.title.clone(), first.asked_at);
    let ask = move |decision: Decision| {
        let title = title.clone();
        move |_| asking.set(Some(Together { ids: ids.get_untracked(), title: title.clone(), decision }))
    };
    let word = if first.kind == InteractionKind::Question { "Answer" } else { "Decide" };
    let stands = Memo::new(move |_| approval.with(|a| a.as_ref().map(standing)).unwrap_or_default());
    let label = format!("{word}: {}", first.title);
    let href = paths::approval(&group.key);
    let actions = if several {
        let name = move |verb: &'static str| {
            let title = first.title.clone();
            Signal::derive(move || format!("{verb} {}: {title}", all_words(ids.with(Vec::len))))
        };
        view! {
            <a class="btn" href=href.clone()>"Look at one"</a>
            <Button look=Look::Danger label=name("Reject") on_press=ask(Decision::Reject)>"Reject all"</Button>
            <Button look=Look::Primary label=name("Approve") on_press=ask(Decision::Approve)>
                {view_of(move || format!("Approve {}", all_words(ids.with(Vec::len))))}
            </Button>
        }
        .into_any()
    } else {
        view! { <a class="btn primary" href=href.clone() aria-label=label>{word}</a> }.into_any()
    };
    view! {
        <li class="ask-line" data-approval=group.key.clone() data-status="pending">
            <div class="ask-what">
                <a class="ask-title" dir="auto" href=href>{approval.with_untracked(|a| a.as_ref().map(|a| a.title.clone()))}</a>
                {several.then(|| view! { <span class="ask-times">{view_of(move || format!("{} equal requests", ids.with(Vec::len)))}</span> })}
                {(!first.message.is_empty()).then(|| view! { <p class="ask-message clamp" dir="auto">{in_a_line(&first.message)}</p> })}
                <p class="ask-stands" dir="auto">{view_of(move || stands.get())}</p>
                <p class="ask-facts">
                    <span>{kind_word(first.kind)}</span>
                    <bdi>{first.agent_display_name.clone()}</bdi>
                    <span>"asked " <RelativeTime at=asked_at/></span>
                    {time_left(approval)}
                </p>
            </div>
            <div class="ask-actions">{actions}</div>
        </li>
    }
    .into_any()
}

/// `both`, `all 3`.
fn all_words(n: usize) -> String {
    if n == 2 { "both".to_owned() } else { format!("all {n}") }
}
