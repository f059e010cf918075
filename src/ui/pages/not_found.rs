//! Both sides. The page that is not there.

use crate::browser;
use crate::ui::kit::EmptyState;
use crate::ui::paths;
use leptos::prelude::*;
use leptos_meta::Title;

#[component]
pub fn NotFound() -> impl IntoView {
    browser::respond_not_found();
    view! {
        <Title text="Not found"/>
        <EmptyState title="Nothing is here" whole_page=true>
            <p>"The address is wrong, or what it names is not yours to see."</p>
            <p><a href=paths::EXECUTIONS>"All executions"</a></p>
        </EmptyState>
    }
}
