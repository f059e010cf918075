//! Both sides. Deleting the agent, after a question.

use super::section::section as setting;
use crate::browser;
use crate::server_fns::delete_agent;
use crate::ui::kit::{Button, ConfirmDialog, Look};
use crate::ui::parts::use_start;
use crate::ui::paths;
use crate::ui::state::live::use_live;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

pub fn section(name: String, display_name: String) -> AnyView {
    let (live, start) = (use_live(), use_start());
    let navigate = use_navigate();
    let (open, busy) = (RwSignal::new(false), RwSignal::new(false));
    let problem = RwSignal::new(None::<String>);
    let confirm = Callback::new(move |()| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let (name, navigate) = (name.clone(), navigate.clone());
        browser::spawn(async move {
            match delete_agent(name).await {
                Ok(()) => {
                    open.try_set(false);
                    start.forget();
                    navigate(paths::AGENTS, NavigateOptions::default());
                }
                Err(e) => {
                    live.note_error(&e);
                    problem.try_set(Some(e.to_string()));
                }
            }
            busy.try_set(false);
        });
    });
    let body = view! {
        <div class="row-of-fields">
            <Button look=Look::Danger on_press=move |_| open.set(true)>"Delete agent"</Button>
        </div>
        <ConfirmDialog
            id="delete-title"
            open=open
            title=format!("Delete {display_name}?")
            body="Its runs stay and can still be read; while there are any, its name stays taken. It takes no new runs, and its schedule ends."
            confirm="Delete"
            busy=busy
            problem=problem
            on_confirm=confirm
            on_close=move |()| { open.set(false); problem.set(None); }
        />
    };
    setting("delete", "Delete", "Its runs stay.", body)
}
