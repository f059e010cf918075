//! Both sides. Asks before a flow is deleted.

use crate::server_fns::delete_flow;
use crate::ui::parts::{AskedAbout, Sure, sure_dialog};
use leptos::prelude::*;

pub fn delete_dialog(what: AskedAbout, on_done: Callback<()>) -> AnyView {
    let words = Sure {
        id: "delete-flow-title",
        title: |name| format!("Delete the flow {name}?"),
        body: "Its runs stay, and those that go on go on.",
        confirm: "Delete",
    };
    sure_dialog(what, words, delete_flow, move |_, ()| on_done.run(()))
}
