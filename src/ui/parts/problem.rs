//! Both sides. What was wrong with a form.

use crate::domain::Error;
use leptos::prelude::*;

#[component]
pub fn Problem(value: Signal<Option<Error>>) -> impl IntoView {
    move || value.get().map(|e| view! { <p class="problem" role="alert">{e.to_string()}</p> })
}
