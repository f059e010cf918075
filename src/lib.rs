//! Runboard. Which side a folder runs on: B both, S server, W browser.

// `view!` makes deep types: the compiler needs a longer leash.
#![recursion_limit = "512"]

#[cfg(feature = "ssr")]
pub mod app; // S
pub mod browser; // B
pub mod domain; // B
pub mod server_fns; // B
pub mod ui; // B

/// The browser's entry: takes over the server's HTML.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    browser::show_panics();
    leptos::mount::hydrate_body(ui::App);
}
