//! Both sides. `/approvals`: what waits for the reader, what others decide, what was decided, and standing rules.

mod line;
mod mine;
mod rules;
mod together;

use crate::domain::{ApprovalsPage, ApprovalsPart, Me, Role};
use crate::server_fns::load_approvals;
use crate::ui::kit::{Button, EmptyState, ErrorNote, view_of};
use crate::ui::parts::PageHead;
use crate::ui::paths;
use crate::ui::state::approvals::{Approvals as State, MOST};
use crate::ui::state::asks::use_asks;
use crate::ui::state::live::use_live;
use crate::ui::state::session::use_me;
use leptos::prelude::*;

#[component]
pub fn Approvals() -> impl IntoView {
    let asked = use_asks().heard_untracked();
    let page = Resource::new_blocking(|| (), |()| load_approvals());
    let body = move || {
        Suspend::new(async move {
            match page.await {
                Ok(first) => view! { <Body first asked/> }.into_any(),
                Err(e) => {
                    let retry = Callback::new(move |()| page.refetch());
                    view! { <ErrorNote message=e.to_string() on_retry=retry/> }.into_any()
                }
            }
        })
    };
    let me: Me = use_me();
    let above = if me.role == Role::Client { ("Agents", paths::AGENTS) } else { ("Dashboard", paths::DASHBOARD) };
    view! {
        <PageHead title="Approvals" trail=vec![(above.0.to_owned(), above.1.to_owned())]/>
        <Suspense fallback=|| view! { <p class="loading" role="status">"Loading"</p> }>{view_of(body)}</Suspense>
    }
}

#[component]
fn Body(first: ApprovalsPage, asked: u64) -> impl IntoView {
    let me: Me = use_me();
    let state = State::new(use_live(), use_asks(), first, asked);
    let number = move |part| Memo::new(move |_| state.list.with(|list| list.part(part).approvals.len()));
    let (others, decided) = (number(ApprovalsPart::ForOthers), number(ApprovalsPart::Decided));
    let rules = Memo::new(move |_| state.list.with(|list| list.rules.len()));
    // The role `client` has nothing but what waits for them; of the rest only what there is.
    let whole = me.role != Role::Client;
    view! {
        {view_of(move || state.failed.get().map(|e| {
            let retry = Callback::new(move |()| state.reload());
            view! { <ErrorNote message=e.to_string() on_retry=retry/> }
        }))}
        {mine::section(state)}
        {view_of(move || (whole || others.get() > 0).then(|| part(state, ApprovalsPart::ForOthers, others)))}
        {view_of(move || (rules.get() > 0).then(|| rules::section(state)))}
        {view_of(move || (whole || decided.get() > 0).then(|| part(state, ApprovalsPart::Decided, decided)))}
    }
}

fn part(state: State, which: ApprovalsPart, number: Memo<usize>) -> AnyView {
    let ids = Memo::new(move |_| state.list.with(|list| list.ids(which)));
    let (title, none, about) = match which {
        ApprovalsPart::Decided => {
            ("Decided", "Nothing has been decided yet", "Who decided what, and when, is kept here and with each run.")
        }
        _ => (
            "Others decide",
            "Nothing waits for others",
            "Requests of the agents you see stand here while somebody else is to decide them.",
        ),
    };
    view! {
        <div class="section-head"><h2>{title}</h2></div>
        <section class="list asks" aria-label=title>
            <ul>
                <For each=move || ids.get() key=String::clone let:id>{line::line(&id, state)}</For>
            </ul>
            <Show when=move || number.get() == 0>
                <p class="quiet-line">{none}". "{about}</p>
            </Show>
            {more(state, which)}
        </section>
    }
    .into_any()
}

/// "Show more" under a part, while there are more and it is not too long.
fn more(state: State, which: ApprovalsPart) -> AnyView {
    let known = Memo::new(move |_| {
        state.list.with(|list| (list.part(which).next_cursor.is_some(), list.part(which).approvals.len() >= MOST))
    });
    view_of(move || match known.get() {
        (false, _) => ().into_any(),
        (true, false) => view! {
            <p class="list-end"><Button small=true disabled=state.loading on_press=move |_| state.more(which)>"Show more"</Button></p>
        }
        .into_any(),
        (true, true) => view! { <p class="list-end faint">{format!("{MOST} are shown; there are more.")}</p> }.into_any(),
    })
    .into_any()
}

/// Nothing waits for the reader.
fn nothing() -> AnyView {
    view! {
        <EmptyState title="Nothing waits for you">
            <p>
                "When a run needs your approval, or an answer of yours, it stands here, and the number beside Approvals says so on every page."
            </p>
        </EmptyState>
    }
    .into_any()
}
