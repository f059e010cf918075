//! Both sides. A part of the settings: what it is about at the left, what is set at the right.

use leptos::prelude::*;

pub fn section(id: &'static str, title: &'static str, hint: impl IntoAny, body: impl IntoAny) -> AnyView {
    view! {
        <section class="setting" aria-labelledby=id>
            <div class="setting-head">
                <h2 id=id>{title}</h2>
                <p>{hint.into_any()}</p>
            </div>
            <div class="setting-body">{body.into_any()}</div>
        </section>
    }
    .into_any()
}
