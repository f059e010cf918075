//! Both sides. Headings in the view of a run, one level below its title wherever that stands.

use super::state::Place;
use leptos::prelude::*;

/// On its own page a run's title is the first level, in the drawer the second.
pub fn heading(text: String) -> AnyView {
    match use_context::<Place>() {
        Some(Place::Page) => view! { <h2 class="part-title">{text}</h2> }.into_any(),
        _ => view! { <h3 class="part-title">{text}</h3> }.into_any(),
    }
}
