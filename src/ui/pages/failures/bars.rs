//! Both sides. A small bar chart: how many, over time.

use leptos::prelude::*;

const WIDTH: usize = 4;
const HEIGHT: i64 = 28;

/// `label` says in words what the bars show; the numbers follow it for those who do not see them.
#[component]
pub fn Bars(values: Vec<i64>, #[prop(into)] label: String) -> impl IntoView {
    let most = values.iter().copied().max().unwrap_or(0).max(1);
    let numbers: Vec<String> = values.iter().map(ToString::to_string).collect();
    let label = format!("{label}: {}", numbers.join(", "));
    // One path for all bars: a shape each would be the most of the page.
    let bar = |(i, value): (usize, &i64)| {
        let height = (value * HEIGHT / most).max(2);
        format!("M{} {HEIGHT}v-{height}h{}v{height}z", i * WIDTH, WIDTH - 1)
    };
    let path: String = values.iter().enumerate().filter(|(_, v)| **v > 0).map(bar).collect();
    let view_box = format!("0 0 {} {HEIGHT}", values.len() * WIDTH);
    view! {
        <svg class="bars" viewBox=view_box preserveAspectRatio="none" role="img" aria-label=label>
            <path d=path></path>
        </svg>
    }
}
