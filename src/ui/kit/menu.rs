//! Both sides. Popovers on native `<details>`: they open without JavaScript, close on Esc or a press elsewhere with it.

use super::Icon;
use leptos::prelude::*;

/// Three dots that open a list of actions. `label` says whose they are.
#[component]
pub fn Kebab(#[prop(into)] label: String, children: Children) -> impl IntoView {
    view! {
        <details class="menu end kebab needs-js">
            <summary class="btn quiet small" aria-label=label>
                <Icon name="more"/>
            </summary>
            <div class="menu-panel actions">{children()}</div>
        </details>
    }
}
