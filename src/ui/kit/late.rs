//! Both sides. A view whose code may still have to be loaded.

use super::ErrorNote;
use crate::browser::{self, Late};
use leptos::prelude::*;

/// Shows what `view` makes of `part`. In the server's HTML it leaves a mark: the browser loads what it finds marked
/// before it takes the page over.
pub fn late<P>(part: &'static Late<P>, view: impl Fn(P) -> AnyView + Send + Sync + 'static) -> AnyView
where
    P: Copy + Send + Sync + 'static,
{
    if let Some(parts) = part.here() {
        return view! { <template data-late=part.name()></template>{view(parts)} }.into_any();
    }
    let loaded = RwSignal::new(None);
    browser::spawn(async move {
        // Refused when the reader went elsewhere meanwhile.
        let _ = loaded.try_set(Some(part.load().await));
    });
    let content = move || match loaded.get() {
        None => view! { <p class="loading" role="status">"Loading"</p> }.into_any(),
        Some(Ok(parts)) => view(parts),
        Some(Err(_)) => {
            let message = "This part of Runboard could not be loaded. Is the connection there?";
            view! { <ErrorNote message on_retry=move |()| browser::reload_page()/> }.into_any()
        }
    };
    content.into_any()
}
