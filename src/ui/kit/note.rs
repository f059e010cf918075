//! Both sides. What stands where there is nothing, or something failed.

use super::{Button, Look, copying, view_of};
use leptos::prelude::*;

/// Nothing here, why, and what to do about it. `whole_page`: there is no other heading above it.
#[component]
pub fn EmptyState(
    #[prop(into)] title: String,
    #[prop(optional)] whole_page: bool,
    children: Children,
) -> impl IntoView {
    let heading =
        if whole_page { view! { <h1>{title}</h1> }.into_any() } else { view! { <h2>{title}</h2> }.into_any() };
    view! {
        <div class="empty">
            {heading}
            {children()}
        </div>
    }
}

/// A failure in words, with a way to try again when there is one.
#[component]
pub fn ErrorNote(
    #[prop(into)] message: Signal<String>,
    #[prop(optional, into)] on_retry: Option<Callback<()>>,
) -> impl IntoView {
    view! {
        <div class="note bad" role="alert">
            <span>{view_of(move || message.get())}</span>
            {on_retry.map(|retry| view! { <Button small=true on_press=move |_| retry.run(())>"Retry"</Button> })}
        </div>
    }
}

/// A command to copy.
#[component]
pub fn Command(#[prop(into)] title: String, #[prop(into)] text: String) -> impl IntoView {
    let (copy, word) = copying(Signal::stored(text.clone()));
    let label = format!("Copy: {title}");
    view! {
        <figure class="command">
            <figcaption>
                <span>{title}</span>
                <Button small=true look=Look::Quiet label=label on_press=copy>{view_of(move || word.get())}</Button>
            </figcaption>
            <pre>{text}</pre>
        </figure>
    }
}
