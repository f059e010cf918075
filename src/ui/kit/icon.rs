//! Both sides. Icons: one SVG sprite in the page, referred to by name.

use leptos::prelude::*;

/// An icon beside a word; always decoration, the word is the name.
#[component]
pub fn Icon(
    /// The sprite's symbol, without `i-`.
    name: &'static str,
    #[prop(optional)] spin: bool,
) -> impl IntoView {
    view! {
        <svg class=if spin { "icon spin" } else { "icon" } width="16" height="16" aria-hidden="true">
            <use href=format!("#i-{name}")></use>
        </svg>
    }
}

const SYMBOLS: [(&str, &str); 23] = [
    ("success", r#"<circle cx="8" cy="8" r="7"/><path d="m5 8.2 2.1 2.1L11.2 6"/>"#),
    ("failed", r#"<circle cx="8" cy="8" r="7"/><path d="m5.6 5.6 4.8 4.8m0-4.8-4.8 4.8"/>"#),
    ("running", r#"<circle cx="8" cy="8" r="6.4" opacity=".25"/><path d="M8 1.6A6.4 6.4 0 0 1 14.4 8"/>"#),
    (
        "waiting",
        r#"<path d="M5 8V4.2a1 1 0 0 1 2 0V7m0-3.6V2.9a1 1 0 0 1 2 0V7m0-3.3a1 1 0 0 1 2 0V9m0-3a1 1 0 0 1 2 0v3.6c0 3-1.8 4.9-4.5 4.9-2 0-3-.8-4.1-2.7L3.1 9.1c-.5-.9.7-1.7 1.4-.9L5.4 9"/>"#,
    ),
    ("queued", r#"<circle cx="8" cy="8" r="6.8" stroke-dasharray="2.2 2.4"/>"#),
    ("paused", r#"<circle cx="8" cy="8" r="7"/><path d="M6.3 5.6v4.8m3.4-4.8v4.8"/>"#),
    ("cancelled", r#"<circle cx="8" cy="8" r="7"/><path d="M5 8h6"/>"#),
    ("down", r#"<path d="m4 6 4 4 4-4"/>"#),
    ("up", r#"<path d="m4 10 4-4 4 4"/>"#),
    ("search", r#"<circle cx="7" cy="7" r="4.6"/><path d="m10.6 10.6 3 3"/>"#),
    (
        "more",
        r#"<circle cx="3" cy="8" r=".9" fill="currentColor"/><circle cx="8" cy="8" r=".9" fill="currentColor"/><circle cx="13" cy="8" r=".9" fill="currentColor"/>"#,
    ),
    ("close", r#"<path d="m4 4 8 8m0-8-8 8"/>"#),
    ("alert", r#"<path d="M8 2 15 14H1zM8 6.4v3.4m0 2v.2"/>"#),
    (
        "link",
        r#"<path d="M6.5 9.5 9.5 6.5M7 4.5l1.5-1.5a3 3 0 0 1 4.5 4.5L11.5 9M9 11.5 7.5 13A3 3 0 0 1 3 8.5L4.5 7"/>"#,
    ),
    (
        "copy",
        r#"<rect x="5.5" y="5.5" width="8" height="8" rx="1.5"/><path d="M10.5 3.5v-.3A1.2 1.2 0 0 0 9.3 2H3.7A1.7 1.7 0 0 0 2 3.7v5.6a1.2 1.2 0 0 0 1.2 1.2h.3"/>"#,
    ),
    (
        "open",
        r#"<path d="M6 3H4.5A1.5 1.5 0 0 0 3 4.5v7A1.5 1.5 0 0 0 4.5 13h7a1.5 1.5 0 0 0 1.5-1.5V10M9 3h4v4m0-4L7.5 8.5"/>"#,
    ),
    ("stop", r#"<rect x="4" y="4" width="8" height="8" rx="1.5"/>"#),
    (
        "dashboard",
        r#"<rect x="2.5" y="2.5" width="4.5" height="6" rx="1"/><rect x="9" y="2.5" width="4.5" height="3.5" rx="1"/><rect x="2.5" y="11" width="4.5" height="2.5" rx="1"/><rect x="9" y="8.5" width="4.5" height="5" rx="1"/>"#,
    ),
    ("executions", r#"<path d="M2.5 4h11M2.5 8h8M2.5 12h10"/>"#),
    ("agents", r#"<circle cx="8" cy="5.2" r="2.7"/><path d="M2.8 13.5c.5-2.7 2.6-4 5.2-4s4.700 1.300 5.200 4"/>"#),
    ("flows", r#"<path d="M2.5 3.500h2m3 0h6M2.500 8h2m3 0h6M2.500 12.500h2m3 0h6"/>"#),
    (
        "approvals",
        r#"<path d="M13.5 7.500V12a1.500 1.500 0 0 1-1.500 1.500H4A1.500 1.500 0 0 1 2.500 12V4A1.500 1.500 0 0 1 4 2.500h6M6 7.500l2.300 2.300L13.800 4"/>"#,
    ),
    ("filter", r#"<path d="M2 4h12M4.500 8h7M6.500 12h3"/>"#),
];

/// The sprite itself: once in the page, after everything that is hydrated.
#[component]
pub fn Sprite() -> impl IntoView {
    let symbols = SYMBOLS
        .map(|(name, shape)| {
            format!(
                r#"<symbol id="i-{name}" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round">{shape}</symbol>"#
            )
        })
        .concat();
    view! { <svg class="sprite" width="0" height="0" aria-hidden="true" inner_html=symbols></svg> }
}
