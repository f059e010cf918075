//! Both sides. A view whose code may still have to be loaded.

use super::{ErrorNote, Icon, act, follow, view_of};
use crate::browser::{self, Late, NotLoaded};
use leptos::ev::{Event, MouseEvent};
use leptos::html;
use leptos::prelude::*;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Shows what `view` makes of `part`. In the server's HTML it leaves a mark: the browser loads what it finds marked
/// before it takes the page over.
pub fn late<P>(part: &'static Late<P>, view: impl Fn(P) -> AnyView + Send + Sync + 'static) -> AnyView
where
    P: Copy + Send + Sync + 'static,
{
    match part.here() {
        Some(parts) => marked(part.name(), view(parts)),
        None => loading(part, view),
    }
}

fn loading<P>(part: &'static Late<P>, view: impl Fn(P) -> AnyView + Send + Sync + 'static) -> AnyView
where
    P: Copy + Send + Sync + 'static,
{
    when_loaded(Box::pin(async move {
        let parts = part.load().await?;
        Ok(Arc::new(move || view(parts)) as Made)
    }))
}

type Made = Arc<dyn Fn() -> AnyView + Send + Sync>;

fn marked(name: &'static str, view: AnyView) -> AnyView {
    view! { <template data-late=name></template>{view} }.into_any()
}

/// Of one type for all parts and all views of them: the program holds it once.
fn when_loaded(loading: Pin<Box<dyn Future<Output = Result<Made, NotLoaded>>>>) -> AnyView {
    let loaded = RwSignal::new(None);
    browser::spawn(async move {
        // Refused when the reader went elsewhere meanwhile.
        let _ = loaded.try_set(Some(loading.await));
    });
    let content = move || match loaded.get() {
        None => view! { <p class="loading" role="status">"Loading"</p> }.into_any(),
        Some(Ok(view)) => view(),
        Some(Err(_)) => missing(),
    };
    view_of(content).into_any()
}

fn missing() -> AnyView {
    let message = "This part of Runboard could not be loaded. Is the connection there?";
    view! { <ErrorNote message on_retry=move |()| browser::reload_page()/> }.into_any()
}

/// What the panel of a menu holds.
#[derive(Clone, Copy)]
enum Panel<P> {
    /// What the server rendered, for readers without JavaScript. The browser has not taken it over.
    AsServed,
    Loading,
    Loaded(P),
    Missing,
}

/// A button with a word that opens a panel, whose code is loaded when it is opened. On native `<details>`: it opens
/// without JavaScript, closes on Esc or a press elsewhere with it.
pub fn late_menu<P>(
    part: &'static Late<P>,
    name: Signal<String>,
    end: bool,
    panel: impl Fn(P) -> AnyView + Send + Sync + 'static,
) -> AnyView
where
    P: Copy + Send + Sync + 'static,
{
    let summary = view! {
        <summary class="btn">
            {view_of(move || name.get())}
            <Icon name="down"/>
        </summary>
    };
    late_details(part, if end { "menu end" } else { "menu" }, summary.into_any(), Arc::new(panel))
}

/// The same with a `<summary>` of one's own.
pub fn late_details<P>(
    part: &'static Late<P>,
    class: &'static str,
    summary: AnyView,
    panel: Arc<dyn Fn(P) -> AnyView + Send + Sync>,
) -> AnyView
where
    P: Copy + Send + Sync + 'static,
{
    let served = browser::html_of(|| part.here().map(|parts| panel(parts)));
    let details = NodeRef::<html::Details>::new();
    let shown = RwSignal::new(Panel::AsServed);
    let load = move || {
        if !browser::is_open(details) || matches!(shown.get_untracked(), Panel::Loaded(_)) {
            return;
        }
        browser::spawn(async move {
            // Refused when the reader went elsewhere meanwhile.
            let _ = shown.try_set(part.load().await.map_or(Panel::Missing, Panel::Loaded));
        });
    };
    // The reader may have opened it before the page was taken over.
    follow(move || {
        shown.set(Panel::Loading);
        load();
    });
    let content = move || match shown.get() {
        Panel::AsServed => view! { <div class="menu-panel" inner_html=served.clone()></div> }.into_any(),
        Panel::Loading => view! { <div class="menu-panel"><p class="menu-note">"Loading"</p></div> }.into_any(),
        Panel::Loaded(parts) => view! { <div class="menu-panel">{panel(parts)}</div> }.into_any(),
        Panel::Missing => view! { <div class="menu-panel">{missing()}</div> }.into_any(),
    };
    view! {
        <details class=class node_ref=details on:toggle=act(move |_: Event| load())>
            {summary}
            {view_of(content)}
        </details>
    }
    .into_any()
}

/// Three dots that open a list of actions. `label` says whose they are; `on_open` hears of each press. Rows are many, so
/// a closed one holds nothing else; without JavaScript it is not shown.
pub fn late_kebab<P>(
    part: &'static Late<P>,
    label: String,
    on_open: impl Fn() + 'static,
    panel: impl Fn(P) -> AnyView + Send + Sync + 'static,
) -> AnyView
where
    P: Copy + Send + Sync + 'static,
{
    let opened = RwSignal::new(false);
    let panel = Arc::new(panel);
    let press = move |_: MouseEvent| {
        if !opened.get_untracked() {
            opened.set(true);
        }
        on_open();
    };
    let content = move || {
        let panel = panel.clone();
        // Never in the server's HTML, so there is nothing to mark.
        let items = move || match part.here() {
            Some(parts) => panel(parts),
            None => loading(part, move |parts| panel(parts)),
        };
        opened.get().then(|| view! { <div class="menu-panel actions">{items()}</div> })
    };
    view! {
        <details class="menu end kebab needs-js">
            <summary class="btn quiet small" aria-label=label on:click=act(press)>
                <Icon name="more"/>
            </summary>
            {view_of(content)}
        </details>
    }
    .into_any()
}
