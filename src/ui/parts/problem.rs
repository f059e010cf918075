//! Both sides. What was wrong with a form.

use crate::domain::Error;
use crate::ui::kit::view_of;
use leptos::prelude::*;

#[component]
pub fn Problem(value: Signal<Option<Error>>) -> impl IntoView {
    view_of(move || value.get().map(|e| view! { <p class="problem" role="alert">{e.to_string()}</p> }))
}
