//! Both sides. Desktop notification and sound: chosen on this machine, asked for only on a press.

use crate::browser::Permission;
use crate::ui::kit::{act, attr_of, view_of};
use crate::ui::state::notify::use_notify;
use leptos::ev::Event;
use leptos::prelude::*;

#[component]
pub fn NotifyChoice() -> impl IntoView {
    let notify = use_notify();
    let trouble = move || {
        let problem = match notify.permission.get() {
            Permission::Denied => {
                "This browser does not let Runboard notify you. Allow notifications for this site in its settings."
            }
            Permission::Missing => "This browser has no notifications here. Most need an address with https.",
            Permission::NotAsked => "Not allowed yet: press again to be asked.",
            Permission::Granted => return None,
        };
        notify.wanted.get().then_some(problem)
    };
    view! {
        <fieldset class="notify needs-js">
            <legend>"Tell me when a run fails or waits"</legend>
            <label>
                <input type="checkbox" prop:checked=attr_of(move || notify.wanted.get()) on:change=act(move |e: Event| notify.want(event_target_checked(&e)))/>
                "Desktop notification"
            </label>
            <label>
                <input type="checkbox" prop:checked=attr_of(move || notify.sound.get()) on:change=act(move |e: Event| notify.want_sound(event_target_checked(&e)))/>
                "Sound"
            </label>
            <p class="menu-note" role="status">{view_of(trouble)}</p>
        </fieldset>
    }
}
