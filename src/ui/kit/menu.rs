//! Both sides. Popovers on native `<details>`: they open without JavaScript, close on Esc or a press elsewhere with it.

use super::{Icon, act};
use leptos::ev::Event;
use leptos::prelude::*;

/// Three dots that open a list of actions. `label` says whose they are.
#[component]
pub fn Kebab(
    #[prop(into)] label: String,
    /// Hears when it is opened or closed.
    #[prop(optional, into)]
    on_toggle: Option<Callback<()>>,
    children: Children,
) -> impl IntoView {
    let toggled = act(move |_: Event| {
        if let Some(heard) = on_toggle {
            heard.run(());
        }
    });
    view! {
        <details class="menu end kebab needs-js" on:toggle=toggled>
            <summary class="btn quiet small" aria-label=label>
                <Icon name="more"/>
            </summary>
            <div class="menu-panel actions">{children()}</div>
        </details>
    }
}
