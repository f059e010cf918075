//! Both sides. Pages for people who are signed in.

use crate::browser;
use crate::domain::{Error, Role};
use crate::ui::kit::{ErrorNote, follow};
use crate::ui::paths;
use crate::ui::state::{clock::use_clock, session::use_session};
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_navigate};

/// Renders `page` for a signed-in viewer and sends everybody else to sign in. On the server that is a redirect.
/// `fleet` pages are not for the role `client`, which is sent to its agents.
#[component]
pub fn Signed<V: IntoView + 'static>(#[prop(optional)] fleet: bool, page: fn() -> V) -> impl IntoView {
    let session = use_session();
    let clock = use_clock();
    let location = use_location();
    let here = move || {
        let search = location.search.get_untracked();
        paths::with_query(&location.pathname.get_untracked(), search.trim_start_matches('?'))
    };
    let here = StoredValue::new(here);
    // Not in a closure: the server tries a closure again whenever something it waits for is there, and each try would
    // build the page, and ask for all its data, once more.
    let content = Suspend::new(async move {
        match session.await {
            Ok(s) => {
                clock.start_at(s.now_ms);
                match s.me {
                    Some(me) if fleet && me.role == Role::Client => go(paths::AGENTS.to_owned()).into_any(),
                    Some(me) => {
                        provide_context(me);
                        page().into_any()
                    }
                    None => go(paths::login(&here.with_value(|h| h()))).into_any(),
                }
            }
            Err(Error::Unauthenticated) => go(paths::login(&here.with_value(|h| h()))).into_any(),
            Err(e) => {
                let retry = Callback::new(move |()| browser::load_page(&here.with_value(|h| h())));
                view! { <ErrorNote message=e.to_string() on_retry=retry/> }.into_any()
            }
        }
    });
    view! { <Suspense fallback=|| view! { <p class="loading" role="status">"Loading"</p> }>{content}</Suspense> }
}

fn go(path: String) -> impl IntoView {
    browser::respond_redirect(&path);
    let navigate = use_navigate();
    let to = path.clone();
    follow(move || navigate(&to, leptos_router::NavigateOptions { replace: true, ..Default::default() }));
    view! { <p class="loading"><a href=path>"Continue"</a></p> }
}
