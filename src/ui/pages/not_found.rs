//! Both sides. The page that is not there.

use crate::browser;
use crate::ui::paths;
use leptos::prelude::*;
use leptos_meta::Title;

#[component]
pub fn NotFound() -> impl IntoView {
    browser::respond_not_found();
    view! {
        <Title text="Not found"/>
        <div class="empty">
            <h1>"Nothing is here"</h1>
            <p>"The address is wrong, or what it names is not yours to see."</p>
            <p><a href=paths::EXECUTIONS>"All executions"</a></p>
        </div>
    }
}
