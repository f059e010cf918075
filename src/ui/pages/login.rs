//! Both sides. Sign in; a plain form that works without JavaScript.

use crate::browser;
use crate::server_fns::SignIn;
use crate::ui::kit::{attr_of, follow, view_of};
use crate::ui::parts::Problem;
use crate::ui::paths;
use crate::ui::state::session::use_session;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

#[component]
pub fn Login() -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<SignIn>::new();
    let query = use_query_map();
    let next = move || paths::safe_next(query.with(|q| q.get("next")).as_deref());
    follow(move || {
        if action.value().with(|v| matches!(v, Some(Ok(())))) {
            browser::load_page(&next());
        }
    });
    let first_start = move || {
        Suspend::new(async move {
            session.await.ok().filter(|s| s.needs_setup && s.me.is_none()).map(|_| {
                view! {
                    <p class="note" role="status">
                        "There is no account yet. Open the link that Runboard printed when it started: it ends in "
                        <code>"/setup?code=…"</code>
                    </p>
                }
            })
        })
    };
    view! {
        <Title text="Sign in"/>
        <div class="gate">
            <h1>"Sign in"</h1>
            <Suspense>{view_of(first_start)}</Suspense>
            <ActionForm action=action>
                <input type="hidden" name="next" value=attr_of(next)/>
                <label>"E-mail"<input type="email" name="email" autocomplete="username" required autofocus/></label>
                <label>"Password"<input type="password" name="password" autocomplete="current-password" required/></label>
                <Problem value=Signal::derive(move || action.value().get().and_then(Result::err))/>
                <button type="submit" class="btn primary" disabled=attr_of(move || action.pending().get())>"Sign in"</button>
            </ActionForm>
        </div>
    }
}
