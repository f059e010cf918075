//! Both sides. Skeleton.

use crate::ui::parts::PageHead;
use leptos::prelude::*;

#[component]
pub fn Agent() -> impl IntoView {
    view! { <PageHead title="Agent" trail=vec![]/> }
}
