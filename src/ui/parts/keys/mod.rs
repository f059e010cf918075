//! Both sides. The keyboard on every page: where to go, the list of all keys, and the command palette. Silent while
//! typing and behind a dialog.

mod help;
mod palette;

use crate::browser;
use crate::domain::Me;
use crate::ui::paths;
use crate::ui::state::session::use_session;
use help::HelpDialog;
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;
use palette::Palette;

/// `g` waits so long for the key that says where.
const PREFIX_MS: i64 = 1_500;

#[component]
pub fn Shortcuts() -> impl IntoView {
    let (help, palette) = (RwSignal::new(false), RwSignal::new(false));
    let me = RwSignal::new(None::<Me>);
    let session = use_session();
    Effect::new(move || me.set(session.with(|s| s.as_ref()?.as_ref().ok()?.me.clone())));
    let navigate = use_navigate();
    let go = StoredValue::new(0_i64);
    Effect::new(move || {
        let navigate = navigate.clone();
        browser::on_key(move |e| {
            if e.alt_key() || browser::typing() || browser::dialog_open() || me.with_untracked(Option::is_none) {
                return;
            }
            let key = e.key();
            if e.ctrl_key() || e.meta_key() {
                if key.eq_ignore_ascii_case("k") {
                    e.prevent_default();
                    palette.set(true);
                }
                return;
            }
            let now = browser::clock_ms();
            let after_g = now - go.get_value() < PREFIX_MS;
            go.set_value(if key == "g" { now } else { 0 });
            let to = match key.as_str() {
                "?" => {
                    e.prevent_default();
                    help.set(true);
                    return;
                }
                "e" if after_g => paths::EXECUTIONS,
                "d" if after_g => paths::DASHBOARD,
                "a" if after_g => paths::AGENTS,
                _ => return,
            };
            e.prevent_default();
            navigate(to, leptos_router::NavigateOptions::default());
        });
    });
    view! {
        <HelpDialog open=help/>
        <Palette open=palette help me/>
    }
}
