//! Both sides. Title and breadcrumb of a page.

use crate::ui::kit::view_of;
use leptos::prelude::*;
use leptos_meta::Title;

/// `trail` are the pages above this one: (name, address).
#[component]
pub fn PageHead(
    #[prop(into)] title: Signal<String>,
    trail: Vec<(String, String)>,
    /// The page's name in the breadcrumb, where its title is longer.
    #[prop(optional, into)]
    here: Option<String>,
    /// What stands at the right: buttons.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let crumbs: Vec<_> = trail.into_iter().map(|(name, href)| view! { <li><a href=href>{name}</a></li> }).collect();
    view! {
        <Title text=move || title.get()/>
        <header class="head">
            <div class="head-text">
                <nav class="crumbs" aria-label="Breadcrumb">
                    <ol>{crumbs} <li aria-current="page">{view_of(move || here.clone().unwrap_or_else(|| title.get()))}</li></ol>
                </nav>
                <h1>{view_of(move || title.get())}</h1>
            </div>
            <div class="head-actions">{children.map(|c| c())}</div>
        </header>
    }
}
