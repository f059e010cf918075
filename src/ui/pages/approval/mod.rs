//! Both sides. `/approvals/{id}`: what exactly is asked, who decides until when, and deciding.

mod answer;
mod decide;
mod head;
mod open;
mod people;
mod sending;
mod what;

use crate::browser;
use crate::domain::{ApprovalRecord, Error, InteractionKind};
use crate::server_fns::load_approval;
use crate::ui::kit::{ErrorNote, view_of};
use crate::ui::state::asks::use_asks;
use crate::ui::state::live::use_live;
use crate::ui::state::turn::Turn;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use open::Open;
use sending::Sending;

#[component]
pub fn ApprovalView() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|p| p.get("id")).unwrap_or_default());
    let asked = use_asks().heard_untracked();
    // Only the first one; from then on the view asks for what the URL says.
    let first_id = id.get_untracked();
    let first = Resource::new_blocking(|| (), move |()| load_approval(first_id.clone()));
    let view = move || Suspend::new(async move { shown(id, first.await, asked) });
    view! { <Suspense fallback=|| view! { <p class="loading" role="status">"Loading"</p> }>{view_of(view)}</Suspense> }
}

/// What is shown stays until the next is here, and is replaced at once.
fn shown(id: Memo<String>, first: Result<ApprovalRecord, Error>, asked: u64) -> AnyView {
    let (live, asks) = (use_live(), use_asks());
    let opened = RwSignal::new((first, asked));
    let turn = StoredValue::new(Turn::default());
    let load = Callback::new(move |()| {
        let Some(asked) = turn.try_update_value(Turn::ask) else { return };
        let (id, heard) = (id.get_untracked(), asks.heard_untracked());
        browser::spawn(async move {
            let answer = load_approval(id).await;
            if turn.try_with_value(|t| t.is_newest(asked)) != Some(true) {
                return;
            }
            if let Err(e) = &answer {
                live.note_error(e);
            }
            opened.set((answer, heard));
        });
    });
    Effect::watch(move || id.get(), move |_, _, _| load.run(()), false);
    let view = move || match opened.get() {
        (Err(Error::NotFound), _) => view! { <super::NotFound/> }.into_any(),
        (Err(e), _) => view! { <ErrorNote message=e.to_string() on_retry=load/> }.into_any(),
        (Ok(record), asked) => body(record, asked),
    };
    view_of(view).into_any()
}

fn body(record: ApprovalRecord, asked: u64) -> AnyView {
    let ApprovalRecord { detail, message } = record;
    let kind = detail.approval.kind;
    let what = what::what(&detail, message);
    let open = Open::follow(detail, asked);
    let sending = Sending::new(open);
    let end = match kind {
        InteractionKind::Approval => decide::decide(open, sending),
        InteractionKind::Question => answer::answer(open, sending),
    };
    view! {
        <div class="asking-page">
            {head::head(open)}
            <div class="asking">
                <div class="asking-what">{what}</div>
                <section class="asking-who" aria-label="Who decides">{people::people(open)}</section>
            </div>
            <div class="asking-end">{end}</div>
        </div>
    }
    .into_any()
}
