//! Both sides. Skeleton.

use crate::ui::parts::PageHead;
use leptos::prelude::*;

#[component]
pub fn Execution() -> impl IntoView {
    view! { <PageHead title="Execution" trail=vec![]/> }
}
