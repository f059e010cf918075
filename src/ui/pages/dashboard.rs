//! Both sides. Skeleton.

use crate::ui::parts::PageHead;
use leptos::prelude::*;

#[component]
pub fn Dashboard() -> impl IntoView {
    view! { <PageHead title="Dashboard" trail=vec![]/> }
}
