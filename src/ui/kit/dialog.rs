//! Both sides. A question before something that can't be undone, on the native `<dialog>`.

use super::{Button, Look, act, follow, view_of};
use crate::browser;
use leptos::ev::Event;
use leptos::html;
use leptos::prelude::*;

/// Opens while `open` is true. Esc and "Cancel" close it without `on_confirm`.
#[component]
pub fn ConfirmDialog(
    /// Of its title, where a page has several.
    #[prop(default = "confirm-title")]
    id: &'static str,
    #[prop(into)] open: Signal<bool>,
    #[prop(into)] title: Signal<String>,
    #[prop(into)] body: Signal<String>,
    /// The verb on the confirming button.
    confirm: &'static str,
    #[prop(into)] busy: Signal<bool>,
    /// What went wrong with the last try.
    #[prop(into)]
    problem: Signal<Option<String>>,
    #[prop(into)] on_confirm: Callback<()>,
    #[prop(into)] on_close: Callback<()>,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    follow(move || {
        if open.get() {
            browser::open_dialog(dialog);
        } else {
            browser::close_dialog(dialog);
        }
    });
    view! {
        <dialog node_ref=dialog class="confirm" aria-labelledby=id on:close=act(move |_: Event| on_close.run(()))>
            <h2 id=id>{view_of(move || title.get())}</h2>
            <p>{view_of(move || body.get())}</p>
            {view_of(move || problem.get().map(|text| view! { <p class="problem" role="alert">{text}</p> }))}
            <div class="dialog-actions">
                <Button on_press=move |_| browser::close_dialog(dialog)>"Cancel"</Button>
                <Button look=Look::Danger disabled=busy on_press=move |_| on_confirm.run(())>{confirm}</Button>
            </div>
        </dialog>
    }
}
