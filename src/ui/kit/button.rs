//! Both sides. Buttons.

use super::{Icon, act, attr_of};
use crate::browser;
use leptos::ev::MouseEvent;
use leptos::prelude::*;

/// How much a button calls for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Look {
    #[default]
    Plain,
    Quiet,
    Primary,
    Danger,
}

impl Look {
    const fn class(self) -> &'static str {
        match self {
            Self::Plain => "btn",
            Self::Quiet => "btn quiet",
            Self::Primary => "btn primary",
            Self::Danger => "btn danger",
        }
    }
}

/// A button that acts in the browser. It is hidden without JavaScript: it would do nothing.
#[component]
pub fn Button(
    #[prop(optional)] look: Look,
    #[prop(optional)] small: bool,
    #[prop(optional, into)] icon: Option<&'static str>,
    /// The name for assistive technology, when the text alone does not say it.
    #[prop(optional, into)]
    label: MaybeProp<String>,
    #[prop(optional, into)] disabled: Signal<bool>,
    #[prop(into)] on_press: Callback<MouseEvent>,
    children: Children,
) -> impl IntoView {
    let class = format!("{}{} needs-js", look.class(), if small { " small" } else { "" });
    view! {
        <button
            type="button"
            class=class
            aria-label=attr_of(move || label.get())
            disabled=attr_of(move || disabled.get())
            on:click=act(move |e: MouseEvent| on_press.run(e))
        >
            {icon.map(|name| view! { <Icon name/> })}
            {children()}
        </button>
    }
}

/// For a button that copies `text`: what a press does, and what the button says.
pub fn copying(text: Signal<String>) -> (Callback<MouseEvent>, Signal<&'static str>) {
    let copied = RwSignal::new(None::<bool>);
    let press = Callback::new(move |_| browser::copy_text(text.get_untracked(), move |ok| copied.set(Some(ok))));
    let word = Signal::derive(move || match copied.get() {
        None => "Copy",
        Some(true) => "Copied",
        Some(false) => "Select and copy",
    });
    (press, word)
}
