//! Both sides. The document, the frame and the routes.

use super::kit::Sprite;
use super::pages::{self, Executions, NotFound};
use super::parts::{Nav, NoticeLine, Shortcuts, Signed, StartDialog, StopDialog};
use super::state::asks::Asks;
use super::state::clock::Clock;
use super::state::live::Live;
use super::state::notice::Notice;
use super::state::notify::Notify;
use super::state::session::SessionResource;
use super::state::theme;
use super::state::trail::Trail;
use crate::browser;
use crate::server_fns::load_session;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::SsrMode;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;

/// The HTML document around the app; only the server renders it.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="description" content="Every run of every AI agent, live on one page."/>
                <script nonce=use_nonce()>{theme::BEFORE_PAINT}</script>
                <link rel="stylesheet" href="/pkg/runboard.css"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="manifest" href="/site.webmanifest"/>
                <AutoReload options=options.clone()/>
                <HydrationScripts options/>
                <MetaTags/>
            </head>
            <body>
                <App/>
                <Sprite/>
            </body>
        </html>
    }
}

#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let clock = Clock::new();
    provide_context(clock);
    // Blocking: whether this is a page or a redirect is part of the answer's status line.
    let session: SessionResource = Resource::new_blocking(|| (), |()| load_session());
    provide_context(session);
    let live = Live::new(clock);
    provide_context(live);
    clock.run();
    live.run(session);
    let asks = Asks::start(live, session);
    Notify::start(live, asks, session);
    Notice::provide();
    Trail::provide();
    Effect::new(browser::close_menus_outside);
    view! {
        <Title formatter=|page: String| if page.is_empty() { "Runboard".into() } else { format!("{page} · Runboard") }/>
        <a class="skip" href="#main" rel="external">"Skip to content"</a>
        <Router>
            <Nav/>
            <noscript><p class="note">"Live updates need JavaScript. The list, its filters and every run can be read without."</p></noscript>
            <main id="main" tabindex="-1">
                <StopDialog>
                    <StartDialog/>
                    <FlatRoutes fallback=NotFound>
                        <Route path=path!("/") ssr=SsrMode::Async view=|| view! { <Signed fleet=true page=pages::dashboard/> }/>
                        <Route path=path!("/executions") ssr=SsrMode::Async view=|| view! { <Signed fleet=true page=Executions/> }/>
                        <Route path=path!("/executions/compare") ssr=SsrMode::Async view=|| view! { <Signed fleet=true page=pages::compare/> }/>
                        <Route path=path!("/executions/:id") ssr=SsrMode::Async view=|| view! { <Signed page=pages::execution/> }/>
                        <Route path=path!("/failures") ssr=SsrMode::Async view=|| view! { <Signed fleet=true page=pages::failures/> }/>
                        <Route path=path!("/agents") ssr=SsrMode::Async view=|| view! { <Signed page=pages::agents/> }/>
                        <Route path=path!("/agents/new") ssr=SsrMode::Async view=|| view! { <Signed page=pages::new_agent/> }/>
                        <Route path=path!("/connect") ssr=SsrMode::Async view=|| view! { <Signed fleet=true page=pages::connect/> }/>
                        <Route path=path!("/agents/:name") ssr=SsrMode::Async view=|| view! { <Signed page=pages::agent/> }/>
                        <Route path=path!("/agents/:name/settings") ssr=SsrMode::Async view=|| view! { <Signed page=pages::agent_settings/> }/>
                        <Route path=path!("/agents/:name/executions/:id") ssr=SsrMode::Async view=|| view! { <Signed page=pages::execution/> }/>
                        <Route path=path!("/flows") ssr=SsrMode::Async view=|| view! { <Signed fleet=true page=pages::flows/> }/>
                        <Route path=path!("/flows/:id") ssr=SsrMode::Async view=|| view! { <Signed fleet=true page=pages::flow/> }/>
                        <Route path=path!("/settings/notifications") ssr=SsrMode::Async view=|| view! { <Signed page=pages::notifications/> }/>
                        <Route path=path!("/approvals") ssr=SsrMode::Async view=|| view! { <Signed page=pages::approvals/> }/>
                        <Route path=path!("/approvals/:id") ssr=SsrMode::Async view=|| view! { <Signed page=pages::approval/> }/>
                        <Route path=path!("/login") ssr=SsrMode::Async view=pages::login/>
                        <Route path=path!("/setup") ssr=SsrMode::Async view=pages::set_up/>
                    </FlatRoutes>
                    <Shortcuts/>
                    <NoticeLine/>
                </StopDialog>
            </main>
        </Router>
    }
}
