//! Both sides. The frame's navigation: at the top, and on phones at the bottom.

use crate::browser;
use crate::domain::{Me, Role};
use crate::server_fns::{Session, SignOut};
use crate::ui::kit::{Icon, act, attr_of, follow, format, late_details, view_of};
use crate::ui::late::ASIDES;
use crate::ui::paths;
use crate::ui::state::asks::use_asks;
use crate::ui::state::session::use_session;
use crate::ui::state::theme::{Theme, theme_signal};
use leptos::ev::Event;
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use std::sync::Arc;

/// (name, icon, address)
const PLACES: [(&str, &str, &str); 5] = [
    ("Dashboard", "dashboard", paths::DASHBOARD),
    ("Executions", "executions", paths::EXECUTIONS),
    ("Agents", "agents", paths::AGENTS),
    ("Flows", "flows", paths::FLOWS),
    ("Approvals", "approvals", paths::APPROVALS),
];

/// Those of the role `client` have their agents and what waits for them.
fn has(role: Role, href: &str) -> bool {
    role != Role::Client || matches!(href, paths::AGENTS | paths::APPROVALS)
}

/// Name and address of the places somebody of this role has.
pub fn places(role: Role) -> Vec<(String, String)> {
    let seen = PLACES.iter().filter(|(_, _, href)| has(role, href));
    seen.map(|(name, _, href)| ((*name).to_owned(), (*href).to_owned())).collect()
}

#[component]
pub fn Nav() -> impl IntoView {
    let session = use_session();
    let bar = move || {
        Suspend::new(async move {
            let session = session.await.ok();
            let me = session.as_ref().and_then(|s| s.me.clone());
            view! {
                {me.clone().zip(session).map(|(me, s)| view! { <Links me s class="places"/> })}
                <span class="grow"></span>
                {me.map(|me| view! { <super::ConnectionMark/> <UserMenu me/> })}
            }
        })
    };
    let tabs = move || {
        Suspend::new(async move {
            session
                .await
                .ok()
                .and_then(|s| Some((s.me.clone()?, s)))
                .map(|(me, s)| view! { <Links me s class="tabbar"/> })
        })
    };
    view! {
        <header class="top">
            <a class="brand" href=paths::DASHBOARD>
                <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
                    <rect x="1" y="3" width="14" height="4" rx="2"></rect>
                    <rect x="5" y="9" width="16" height="4" rx="2" opacity=".55"></rect>
                    <rect x="3" y="15" width="9" height="4" rx="2" opacity=".3"></rect>
                </svg>
                "Runboard"
            </a>
            <Suspense>{view_of(bar)}</Suspense>
        </header>
        <Suspense>{view_of(tabs)}</Suspense>
    }
}

#[component]
fn Links(me: Me, s: Session, class: &'static str) -> impl IntoView {
    let path = use_location().pathname;
    let running = super::live_running(s.running);
    let waiting = use_asks().waiting(s.waits_for_me);
    let links: Vec<_> = PLACES
        .into_iter()
        .filter(|(_, _, href)| has(me.role, href))
        .map(|(name, icon, href)| {
            let here =
                move || path.with(|p| if href == "/" { p == "/" } else { p.starts_with(href) }).then_some("page");
            let counted = match href {
                paths::EXECUTIONS => Some((running, "count", "running now")),
                paths::APPROVALS => Some((waiting, "count waits", "waiting for you")),
                _ => None,
            };
            let badge = counted.map(|(number, class, what)| {
                view_of(move || {
                    let n = number.get();
                    (n > 0).then(|| view! { <span class=class title=what>{format::count(n)}<span class="visually-hidden">{format!(" {what}")}</span></span> })
                })
            });
            view! {
                <a href=href aria-current=attr_of(here)>
                    <Icon name=icon/>
                    <span>{name}</span>
                    {badge}
                </a>
            }
        })
        .collect();
    view! { <nav class=class aria-label=if class == "tabbar" { "Main, at the bottom" } else { "Main" }>{links}</nav> }
}

#[component]
fn UserMenu(me: Me) -> impl IntoView {
    let initials: String = me.display_name.split_whitespace().filter_map(|w| w.chars().next()).take(2).collect();
    let summary = view! {
        <summary aria-label=format!("Account: {}", me.display_name)>
            <span class="avatar" aria-hidden="true">{initials}</span>
        </summary>
    };
    late_details(&ASIDES, "menu end user", summary.into_any(), Arc::new(move |asides| (asides.account)(me.clone())))
}

/// What the account's menu opens.
pub fn account(me: Me) -> AnyView {
    let sign_out = ServerAction::<SignOut>::new();
    follow(move || {
        if sign_out.value().with(|v| matches!(v, Some(Ok(())))) {
            browser::load_page(paths::LOGIN);
        }
    });
    let theme = theme_signal();
    let themes = Theme::ALL.map(|t| {
        view! {
            <label>
                <input type="radio" name="theme" prop:checked=attr_of(move || theme.get() == t)
                    on:change=act(move |_: Event| { t.choose(); theme.set(t); })/>
                {t.word()}
            </label>
        }
    });
    view! {
                <p class="menu-who"><strong>{me.display_name}</strong><span>{me.email}</span><span>{me.role.as_str()}</span></p>
                <fieldset class="theme needs-js"><legend>"Theme"</legend>{themes}</fieldset>
                <fieldset class="needs-js">
                    <legend>"Times"</legend>
                    <label>
                        <input type="checkbox" prop:checked=browser::in_utc on:change=act(move |e: Event| browser::show_utc(event_target_checked(&e)))/>
                        "In UTC"
                    </label>
                </fieldset>
                {(me.role != Role::Client).then(|| view! { <super::notify::NotifyChoice/> })}
                <a href=paths::NOTIFICATIONS>"Notifications"</a>
                <a rel="external" href=paths::API_DOCS>"API"</a>
                <ActionForm action=sign_out><button type="submit" class="btn">"Sign out"</button></ActionForm>
    }
    .into_any()
}
