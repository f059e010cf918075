//! Both sides. The question before several equal requests are decided at once.

use crate::browser;
use crate::domain::Decision;
use crate::domain::interaction::MOST_TOGETHER;
use crate::ui::kit::{Button, Look, act, attr_of, follow, view_of};
use crate::ui::state::approvals::Approvals;
use crate::ui::state::notice::use_notice;
use leptos::ev::Event;
use leptos::html;
use leptos::prelude::*;

/// What is to be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Together {
    pub ids: Vec<String>,
    pub title: String,
    pub decision: Decision,
}

pub fn question(state: Approvals, asking: RwSignal<Option<Together>>) -> AnyView {
    let notice = use_notice();
    let dialog = NodeRef::<html::Dialog>::new();
    let (busy, problem) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let comment = RwSignal::new(String::new());
    follow(move || {
        if asking.with(Option::is_some) {
            comment.set(String::new());
            problem.set(None);
            browser::open_dialog(dialog);
        } else {
            browser::close_dialog(dialog);
        }
    });
    let send = move |_| {
        let Some(Together { mut ids, decision, .. }) = asking.get_untracked() else { return };
        // A second press while the first is on its way decides nothing twice.
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        problem.set(None);
        ids.truncate(MOST_TOGETHER);
        let said = comment.get_untracked().trim().to_owned();
        browser::spawn(async move {
            let answer = state.decide(ids, decision, (!said.is_empty()).then_some(said)).await;
            if busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(told) => {
                    asking.set(None);
                    notice.tell(told);
                }
                Err(e) => problem.set(Some(e.to_string())),
            }
        });
    };
    let approves = move || asking.with(|a| a.as_ref().is_none_or(|a| a.decision == Decision::Approve));
    let number = move || asking.with(|a| a.as_ref().map_or(0, |a| a.ids.len().min(MOST_TOGETHER)));
    let verb = move || if approves() { "Approve" } else { "Reject" };
    let title = move || {
        let about = asking.with(|a| a.as_ref().map(|a| a.title.clone())).unwrap_or_default();
        format!("{} {} requests “{about}”?", verb(), number())
    };
    let body = move || {
        if approves() {
            "They ask for the same with the same parameters. Each is approved by you."
        } else {
            "They ask for the same with the same parameters. Each is rejected by you, and its run stops."
        }
    };
    let word = move || format!("{} {}", verb(), number());
    let confirm = move || {
        let look = if approves() { Look::Primary } else { Look::Danger };
        view! { <Button look=look disabled=busy on_press=send>{view_of(word)}</Button> }
    };
    view! {
        <dialog node_ref=dialog class="confirm" aria-labelledby="together-title" on:close=act(move |_: Event| asking.set(None))>
            <h2 id="together-title" dir="auto">{view_of(title)}</h2>
            <p>{view_of(body)}</p>
            <label class="comment">
                <span>"Comment " <span class="faint">"optional"</span></span>
                <textarea rows="2" dir="auto" prop:value=attr_of(move || comment.get())
                    on:input=act(move |e: Event| comment.set(event_target_value(&e)))></textarea>
            </label>
            {view_of(move || problem.get().map(|text| view! { <p class="problem" role="alert">{text}</p> }))}
            <div class="dialog-actions">
                <Button on_press=move |_| browser::close_dialog(dialog)>"Cancel"</Button>
                {view_of(confirm)}
            </div>
        </dialog>
    }
    .into_any()
}
