//! Both sides. `/settings/notifications`: what the reader is told of, by which ways, and what they were told.

mod choices;
mod log;
mod webhook;

use super::agent_settings::section::section;
use crate::domain::{NewNotifySettings, NewWebhook, NotifyPage, NotifySettings, Role};
use crate::server_fns::load_notifications;
use crate::ui::kit::{ErrorNote, view_of};
use crate::ui::parts::{NotifyChoice, PageHead};
use crate::ui::state::session::use_session;
use leptos::prelude::*;

#[component]
pub fn Notifications() -> impl IntoView {
    let loaded = Resource::new_blocking(|| (), |()| load_notifications());
    let session = use_session();
    let body = move || {
        Suspend::new(async move {
            let me = session.await.ok().and_then(|s| s.me);
            match loaded.await {
                // A client has no live lists of runs that a browser could tell of.
                Ok(page) => view! { <Body page browser=me.is_some_and(|me| me.role != Role::Client)/> }.into_any(),
                Err(e) => view! { <ErrorNote message=e.to_string()/> }.into_any(),
            }
        })
    };
    view! {
        <PageHead title="Notifications" trail=Vec::new()/>
        <Suspense fallback=|| view! { <p class="loading" role="status">"Loading"</p> }>{view_of(body)}</Suspense>
    }
}

#[component]
fn Body(page: NotifyPage, browser: bool) -> impl IntoView {
    let told = ToldSettings(RwSignal::new(page.settings));
    let here = browser.then(|| {
        let hint = "Chosen on this machine, and only while Runboard is open in it. It tells of all runs you may see.";
        section("told-here", "This browser", hint, view! { <div class="told-here"><NotifyChoice/></div> })
    });
    view! {
        {choices::form(told)}
        {webhook::form(told)}
        {here}
        {log::section_of(page.log)}
    }
}

/// The settings as they are stored.
#[derive(Clone, Copy)]
struct ToldSettings(RwSignal<NotifySettings>);

impl ToldSettings {
    /// What is stored, with the webhook changed.
    #[expect(clippy::option_option, reason = "as it is, none, and a new one are three things")]
    fn with_webhook(self, webhook: Option<Option<NewWebhook>>) -> NewNotifySettings {
        let NotifySettings { waiting, failed, budget, .. } = self.0.get_untracked();
        NewNotifySettings { waiting, failed, budget, webhook }
    }
}
