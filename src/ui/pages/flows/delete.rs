//! Both sides. Asks before a flow is deleted.

use crate::browser;
use crate::server_fns::delete_flow;
use crate::ui::kit::ConfirmDialog;
use crate::ui::state::live::use_live;
use leptos::prelude::*;

/// Id and name of the flow that is asked about.
pub type Deleting = RwSignal<Option<(String, String)>>;

pub fn delete_dialog(what: Deleting, on_done: Callback<()>) -> AnyView {
    let live = use_live();
    let (busy, problem) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let close = move || {
        what.set(None);
        problem.set(None);
    };
    let confirm = move |()| {
        let Some((id, _)) = what.get_untracked() else { return };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        browser::spawn(async move {
            let answer = delete_flow(id).await;
            if busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(()) => {
                    close();
                    on_done.run(());
                }
                Err(e) => {
                    live.note_error(&e);
                    problem.set(Some(e.to_string()));
                }
            }
        });
    };
    let title =
        move || what.with(|what| what.as_ref().map(|(_, name)| format!("Delete the flow {name}?"))).unwrap_or_default();
    view! {
        <ConfirmDialog
            id="delete-flow-title"
            open=Signal::derive(move || what.with(Option::is_some))
            title=Signal::derive(title)
            body="Its runs stay, and those that go on go on."
            confirm="Delete"
            busy=busy
            problem=problem
            on_confirm=confirm
            on_close=move |()| close()
        />
    }
    .into_any()
}
