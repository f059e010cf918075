//! Both sides. Popovers on native `<details>`: they open without JavaScript, close on Esc or a press elsewhere with it.

use super::Icon;
use leptos::prelude::*;

/// A button with a word that opens a panel.
#[component]
pub fn Menu(#[prop(into)] name: Signal<String>, #[prop(optional)] end: bool, children: Children) -> impl IntoView {
    view! {
        <details class="menu" class:end=end>
            <summary class="btn">
                {move || name.get()}
                <Icon name="down"/>
            </summary>
            <div class="menu-panel">{children()}</div>
        </details>
    }
}

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
