//! Both sides. The keyboard on every page: where to go, the list of all keys, and the command palette. Silent while
//! typing and behind a dialog.

mod help;
mod palette;

use super::asides::once;
use crate::browser;
use crate::domain::Me;
use crate::ui::kit::{follow, late, view_of};
use crate::ui::late::ASIDES;
use crate::ui::paths;
use crate::ui::state::session::use_session;
pub use help::HelpDialog;
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;
pub use palette::Palette;

/// `g` waits so long for the key that says where.
const PREFIX_MS: i64 = 1_500;

/// Which of the dialogs is open, and for whom.
#[derive(Clone, Copy)]
pub struct Shown {
    pub help: RwSignal<bool>,
    pub palette: RwSignal<bool>,
    pub me: RwSignal<Option<Me>>,
}

#[component]
pub fn Shortcuts() -> impl IntoView {
    let (help, palette) = (RwSignal::new(false), RwSignal::new(false));
    let me = RwSignal::new(None::<Me>);
    let session = use_session();
    follow(move || me.set(session.with(|s| s.as_ref()?.as_ref().ok()?.me.clone())));
    let navigate = use_navigate();
    let go = StoredValue::new(0_i64);
    follow(move || {
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
                "f" if after_g => paths::FLOWS,
                "p" if after_g => paths::APPROVALS,
                _ => return,
            };
            e.prevent_default();
            navigate(to, leptos_router::NavigateOptions::default());
        });
    });
    let shown = Shown { help, palette, me };
    let (with_help, with_palette) = (once(move || help.get()), once(move || palette.get()));
    view! {
        {view_of(move || with_help.get().then(|| late(&ASIDES, move |asides| (asides.help)(shown))))}
        {view_of(move || with_palette.get().then(|| late(&ASIDES, move |asides| (asides.palette)(shown))))}
    }
}
