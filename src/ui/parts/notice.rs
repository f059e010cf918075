//! Both sides. The word on what was just done, over every page.

use crate::ui::kit::{Button, Look, view_of};
use crate::ui::state::notice::use_notice;
use crate::ui::state::trail::Trail;
use leptos::prelude::*;

#[component]
pub fn NoticeLine() -> impl IntoView {
    let notice = use_notice();
    // It stands below the router, on every page.
    expect_context::<Trail>().follow();
    let close = move |_| notice.text.set(None);
    let shown = move || {
        notice.text.get().map(|text| {
            view! {
                <p class="toast">
                    <span dir="auto">{text}</span>
                    <Button small=true look=Look::Quiet icon="close" label="Close" on_press=close>""</Button>
                </p>
            }
        })
    };
    view! { <div class="toast-place" role="status">{view_of(shown)}</div> }
}
