//! Both sides. Who decides: how many it takes, who said what, who is missing, who does not count and why.

use super::open::Open;
use crate::domain::{Approval, Approver, Decision, InteractionKind, InteractionStatus};
use crate::server_fns::remove_approver;
use crate::ui::kit::{Button, Icon, Look, attr_of, view_of};
use crate::ui::parts::{AskedAbout, RelativeTime, Sure, sure_dialog};
use crate::ui::state::approval::{excluded_word, standing};
use leptos::prelude::*;

pub fn people(open: Open) -> AnyView {
    let approval = open.memo(|d| d.approval.clone());
    let stands = Memo::new(move |_| approval.with(standing));
    let bar = Memo::new(move |_| approval.with(segments));
    let question = approval.with_untracked(|a| a.kind == InteractionKind::Question);
    let emails = Memo::new(move |_| approval.with(|a| a.approvers.iter().map(|a| a.email.clone()).collect::<Vec<_>>()));
    let removing = RwSignal::new(None::<(String, String)>);
    let segment = |said: &'static str| view! { <i data-said=said></i> };
    view! {
        <h2>{if question { "Who may answer" } else { "Who decides" }}</h2>
        {(!question).then(|| view! {
            <div class="quorum" aria-hidden="true">{view_of(move || bar.get().into_iter().map(segment).collect::<Vec<_>>())}</div>
        })}
        <p class="asking-stands" role="status" dir="auto">{view_of(move || stands.get())}</p>
        <ul class="deciders">
            <For each=move || emails.get() key=String::clone let:email>{one(email, open, approval, removing)}</For>
        </ul>
        {question_of_removing(open, removing)}
    }
    .into_any()
}

/// One for each who counts: those who approved first, who is missing last.
fn segments(approval: &Approval) -> Vec<&'static str> {
    let tally = approval.tally();
    let missing = tally.of.saturating_sub(tally.approved + tally.rejected);
    [("approve", tally.approved), ("reject", tally.rejected), ("", missing)]
        .into_iter()
        .flat_map(|(said, n)| std::iter::repeat_n(said, n))
        .collect()
}

fn one(email: String, open: Open, approval: Memo<Approval>, removing: AskedAbout) -> AnyView {
    let approver = {
        let email = email.clone();
        Memo::new(move |last: Option<&Option<Approver>>| {
            let now = approval.with(|a| a.approvers.iter().find(|a| a.email == email).cloned());
            now.or_else(|| last.cloned().flatten())
        })
    };
    let Some(first) = approver.get_untracked() else { return ().into_any() };
    let said = move || {
        approver.with(|a| match a.as_ref().map(|a| (a.excluded, a.decision)) {
            Some((Some(_), _)) | None => "out",
            Some((None, Some(decision))) => decision.as_str(),
            Some((None, None)) => "",
        })
    };
    let can_remove = Memo::new(move |_| {
        open.detail.with(|d| d.can_remove && d.approval.status == InteractionStatus::Pending)
            && approver.with(|a| a.as_ref().is_some_and(|a| a.excluded.is_none() && a.decision.is_none()))
    });
    let question = approval.with_untracked(|a| a.kind == InteractionKind::Question);
    let name = first.display_name.clone();
    let label = format!("Remove {name}");
    let ask = move |_| removing.set(Some((email.clone(), name.clone())));
    view! {
        <li data-said=attr_of(said)>
            {view_of(move || match said() {
                "approve" => view! { <span class="s-success"><Icon name="success"/></span> }.into_any(),
                "reject" => view! { <span class="s-failed"><Icon name="failed"/></span> }.into_any(),
                "out" => view! { <span class="faint"><Icon name="cancelled"/></span> }.into_any(),
                _ => view! { <span class="faint"><Icon name="queued"/></span> }.into_any(),
            })}
            <div>
                <strong dir="auto" title=first.email.clone()>{first.display_name.clone()}</strong>
                <p>{view_of(move || approver.with(|a| a.as_ref().map(|a| words(a, open.status.get(), question))))}</p>
            </div>
            {view_of(move || can_remove.get().then(|| view! {
                <Button small=true look=Look::Quiet label=label.clone() on_press=ask.clone()>"Remove"</Button>
            }))}
        </li>
    }
    .into_any()
}

/// What somebody has said, or why they say nothing.
fn words(approver: &Approver, status: InteractionStatus, question: bool) -> AnyView {
    let quote = approver.comment.clone().filter(|text| !text.is_empty());
    match (approver.excluded, approver.decision) {
        (Some(why), _) => view! { <span class="muted">{excluded_word(why)}</span> }.into_any(),
        (None, Some(decision)) => {
            let class = if decision == Decision::Approve { "s-success" } else { "s-failed" };
            let how = if approver.by_rule { " by a standing rule " } else { " " };
            view! {
                <span class=class>{decision.done()}</span>{how}
                {approver.at.map(|at| view! { <span class="muted"><RelativeTime at=at/></span> })}
                {quote.map(|text| view! { <q dir="auto">{text}</q> })}
            }
            .into_any()
        }
        (None, None) if status == InteractionStatus::Pending => {
            view! { <span class="muted">{if question { "has not answered yet" } else { "has not decided yet" }}</span> }
                .into_any()
        }
        (None, None) => {
            view! { <span class="muted">{if question { "did not answer" } else { "did not decide" }}</span> }.into_any()
        }
    }
}

fn question_of_removing(open: Open, removing: AskedAbout) -> AnyView {
    let words = Sure {
        id: "remove-approver-title",
        title: |name| format!("Take {name} off the list?"),
        body: "The votes of the others are counted again without them, which may decide it. It can't be undone.",
        confirm: "Remove",
    };
    let remove = move |email| remove_approver(open.id.get_value(), email);
    sure_dialog(removing, words, remove, move |_, now| {
        open.take(&now);
        open.read_soon();
    })
}
