//! Both sides. What can be done with one run, at the end of its row.

use super::ListActions;
use crate::browser;
use crate::domain::ExecutionSummary;
use crate::ui::kit::{Button, Icon, Look, act, late_kebab, view_of};
use crate::ui::late::MENUS;
use crate::ui::parts::{retry_item, use_start, use_stop};
use crate::ui::paths;
use crate::ui::state::list::Row;
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use std::sync::Arc;

/// Puts the address of a run on the clipboard.
pub fn copy_link(id: &str) {
    browser::copy_text(format!("{}{}", browser::origin(), paths::execution(id)), |_| {});
    browser::close_menus();
}

#[component]
pub fn RowActions(row: Signal<Arc<Row>>, actions: ListActions) -> impl IntoView {
    let (stop, start) = (use_stop(), use_start());
    let name = row.with_untracked(|r| r.run.agent_display_name.clone());
    let can_stop = Memo::new(move |_| row.with(|r| stoppable(&r.run)));
    let ask = move |_| stop.ask(row.with_untracked(|r| r.run.clone()));
    let label = format!("Stop {name}");
    view! {
        <div class="c-actions">
            <Show when=move || can_stop.get()>
                <Button look=Look::Danger small=true label=label.clone() on_press=ask>"Stop"</Button>
            </Show>
            {late_kebab(&MENUS, format!("Actions for {name}"), move || start.learn(), move |menus| (menus.row)(row, actions))}
        </div>
    }
}

fn stoppable(run: &ExecutionSummary) -> bool {
    !run.status.is_terminal() && !run.cancel_requested
}

/// What the three dots of a row open.
pub fn row_menu(row: Signal<Arc<Row>>, actions: ListActions) -> AnyView {
    let stop = use_stop();
    let (id, agent) = row.with_untracked(|r| (r.run.id.clone(), r.run.agent_name.clone()));
    let ended = move || row.with(|r| r.run.status.is_terminal());
    let run = move || row.with_untracked(|r| r.run.clone());
    let can_stop = Memo::new(move |_| row.with(|r| stoppable(&r.run)));
    let ask = move |_: MouseEvent| {
        browser::close_menus();
        stop.ask(run());
    };
    let (link_id, copy_id, href) = (id.to_string(), id.to_string(), paths::execution(id.as_str()));
    let details = move |e: MouseEvent| {
        browser::close_menus();
        if let Some(open) = actions.open {
            e.prevent_default();
            open.run(id.clone());
        }
    };
    let copy_id = move |_: MouseEvent| {
        browser::copy_text(copy_id.clone(), |_| {});
        browser::close_menus();
    };
    view! {
        <a href=href data-noscroll="" on:click=act(details)><Icon name="open"/>"Details"</a>
        <button type="button" on:click=act(move |_: MouseEvent| copy_link(&link_id))><Icon name="link"/>"Copy link"</button>
        <button type="button" on:click=act(copy_id)><Icon name="copy"/>"Copy id"</button>
        {retry_item(agent, ended, run)}
        {view_of(move || can_stop.get().then(|| view! {
            <button type="button" class="s-failed" on:click=act(ask)><Icon name="stop"/>"Stop"</button>
        }))}
    }
    .into_any()
}
