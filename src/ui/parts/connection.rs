//! Both sides. The connection state in words, on every page.

use crate::browser::{self, LocalStyle};
use crate::ui::kit::view_of;
use crate::ui::paths;
use crate::ui::state::link::Connection;
use crate::ui::state::live::use_live;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// Hidden until the page is hydrated: before that nothing is known.
#[component]
pub fn ConnectionMark() -> impl IntoView {
    let live = use_live();
    let location = use_location();
    let words = move || match live.connection() {
        Connection::Connecting => "Connecting".to_owned(),
        Connection::Live => "Live".to_owned(),
        Connection::Reconnecting => "Reconnecting".to_owned(),
        Connection::Polling => "Polling every 10 s".to_owned(),
        Connection::Offline(since) => format!("Offline since {}", browser::local_time(since, LocalStyle::Minute)),
        Connection::SignedOut => "Signed out".to_owned(),
    };
    let sign_in = move || {
        (live.connection() == Connection::SignedOut).then(|| {
            let here = paths::with_query(&location.pathname.get(), location.search.get().trim_start_matches('?'));
            view! { <a class="btn small primary" rel="external" href=paths::login(&here)>"Sign in"</a> }
        })
    };
    view! {
        <div class="connection needs-js">
            <span class="connection-state" role="status">
                <i class="dot" aria-hidden="true"></i>
                <span>{view_of(words)}</span>
            </span>
            {view_of(sign_in)}
        </div>
    }
}

/// The server's count of unfinished runs, kept up to date once live.
pub fn live_running(initial: i64) -> Signal<i64> {
    let live = use_live();
    Signal::derive(move || live.running().unwrap_or(initial))
}
