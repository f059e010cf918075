//! Both sides. First start: makes the first admin.

use crate::browser;
use crate::server_fns::SetUp as SetUpCall;
use crate::ui::kit::{attr_of, follow};
use crate::ui::parts::Problem;
use crate::ui::paths;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

#[component]
pub fn SetUp() -> impl IntoView {
    let action = ServerAction::<SetUpCall>::new();
    let query = use_query_map();
    follow(move || {
        if action.value().with(|v| matches!(v, Some(Ok(())))) {
            browser::load_page(paths::DASHBOARD);
        }
    });
    let code = move || query.with(|q| q.get("code"));
    view! {
        <Title text="Set up"/>
        <div class="gate">
            <h1>"Set up Runboard"</h1>
            <p>"This makes the first admin. The code is in the link that was printed when the server started."</p>
            <ActionForm action=action>
                <label>"Code"<input type="text" name="code" value=attr_of(code) autocomplete="off" required/></label>
                <label>"Your name"<input type="text" name="display_name" autocomplete="name" required/></label>
                <label>"E-mail"<input type="email" name="email" autocomplete="username" required/></label>
                <label>
                    "Password"
                    <input type="password" name="password" autocomplete="new-password" required minlength="8"/>
                </label>
                <Problem value=Signal::derive(move || action.value().get().and_then(Result::err))/>
                <button type="submit" class="btn primary" disabled=attr_of(move || action.pending().get())>"Create admin"</button>
            </ActionForm>
        </div>
    }
}
