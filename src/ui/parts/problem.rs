//! Both sides. What was wrong with a form.

use crate::domain::Error;
use leptos::prelude::*;

#[component]
pub fn Problem(value: Signal<Option<Error>>) -> impl IntoView {
    move || {
        value.get().map(|e| {
            let text =
                if e == Error::Unauthenticated { "E-mail or password is wrong.".to_owned() } else { e.to_string() };
            view! { <p class="problem" role="alert">{text}</p> }
        })
    }
}
