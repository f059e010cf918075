//! Both sides. One run over the list, by URL.

use crate::ui::kit::{Button, Look};
use crate::ui::paths;
use leptos::prelude::*;

/// Shows `run` (an execution id) while there is one. `on_walk` moves along the list by ±1 row.
#[component]
pub fn RunDrawer(
    #[prop(into)] run: Signal<Option<String>>,
    /// overview, steps, tools, log or json.
    #[prop(into)]
    tab: Signal<String>,
    #[prop(into)] on_tab: Callback<String>,
    #[prop(into)] on_close: Callback<()>,
    #[prop(into)] on_walk: Callback<i64>,
) -> impl IntoView {
    let _ = (tab, on_tab, on_walk);
    move || {
        run.get().map(|id| {
            view! {
                <dialog open class="drawer" aria-label="Execution">
                    <Button look=Look::Quiet on_press=move |_| on_close.run(())>"Close"</Button>
                    <a href=paths::execution(&id)>{id.clone()}</a>
                </dialog>
            }
        })
    }
}
