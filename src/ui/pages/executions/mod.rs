//! Both sides. Skeleton.

use crate::ui::parts::PageHead;
use leptos::prelude::*;

#[component]
pub fn Executions() -> impl IntoView {
    view! { <PageHead title="Executions" trail=vec![]/> }
}
