//! Runboard. Which side a folder runs on: B both, S server, W browser.

// `view!` makes deep types: the compiler needs a longer leash.
#![recursion_limit = "512"]

#[cfg(feature = "ssr")]
pub mod api; // S
#[cfg(feature = "ssr")]
pub mod app; // S
#[cfg(feature = "ssr")]
pub mod auth; // S
pub mod browser; // B
#[cfg(feature = "ssr")]
pub mod cli; // S
pub mod domain; // B
#[cfg(feature = "ssr")]
pub mod engine; // S
#[cfg(feature = "ssr")]
pub mod live; // S
#[cfg(feature = "ssr")]
pub mod otlp; // S
#[cfg(feature = "ssr")]
pub mod process; // S
#[cfg(feature = "ssr")]
pub mod server; // S
pub mod server_fns; // B
#[cfg(feature = "ssr")]
pub mod store; // S
#[cfg(feature = "ssr")]
pub mod telemetry; // S
pub mod ui; // B

/// The browser's entry: takes over the server's HTML.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    browser::show_panics();
    browser::spawn(async {
        match ui::load_shown().await {
            Ok(()) => leptos::mount::hydrate_body(ui::App),
            // The server's HTML stays as it is: it can be read, and its links and forms work.
            Err(_) => browser::stay_plain(),
        }
    });
}
