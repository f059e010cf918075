//! Both sides. Chips: an active value that a press removes.

use super::Icon;
use leptos::prelude::*;

/// A link, so that it removes the value without JavaScript too.
#[component]
pub fn Chip(
    #[prop(into)] text: String,
    /// Where the page is without this value.
    #[prop(into)]
    href: String,
) -> impl IntoView {
    let label = format!("Remove {text}");
    view! {
        <span class="chip">
            <span class="ell">{text}</span>
            <a href=href class="chip-x" aria-label=label prop:replace=true data-noscroll="">
                <Icon name="close"/>
            </a>
        </span>
    }
}

/// Something that was not understood, and why.
#[component]
pub fn ErrorChip(
    #[prop(into)] text: String,
    /// Where the page is without it.
    #[prop(into)]
    href: String,
) -> impl IntoView {
    let label = format!("Remove: {text}");
    view! {
        <span class="chip error">
            <Icon name="alert"/>
            <span>{text}</span>
            <a href=href class="chip-x" aria-label=label prop:replace=true data-noscroll="">
                <Icon name="close"/>
            </a>
        </span>
    }
}
