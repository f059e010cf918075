//! Both sides. One run over the list, by URL.

use super::run::{First, Place, RunView, Tab};
use crate::browser;
use crate::ui::kit::{Button, Icon, Look, follow, late, view_of};
use crate::ui::late::RUN;
use crate::ui::paths;
use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// Shows `run` (an execution id) while there is one. `on_walk` moves along the list by ±1 row.
#[component]
pub fn RunDrawer(
    #[prop(into)] run: Signal<Option<String>>,
    /// overview, steps, tools, log or json.
    #[prop(into)]
    tab: Signal<String>,
    #[prop(into)] on_close: Callback<()>,
    #[prop(into)] on_walk: Callback<i64>,
    /// The run that came with the page, when the URL named one.
    first: Option<First>,
) -> impl IntoView {
    // Walking along the list keeps the dialog: only what it shows changes.
    let last = Memo::new(move |before: Option<&String>| run.get().or_else(|| before.cloned()).unwrap_or_default());
    let open = Memo::new(move |_| run.with(Option::is_some));
    let tab = Signal::derive(move || Tab::parse(&tab.get()));
    let drawer = Drawer { id: last, tab, on_close, on_walk, first };
    view_of(move || open.get().then(|| late(&RUN, move |run| (run.drawer)(drawer))))
}

/// What a drawer needs to know.
#[derive(Clone, Copy)]
pub struct Drawer {
    id: Memo<String>,
    tab: Signal<Tab>,
    on_close: Callback<()>,
    on_walk: Callback<i64>,
    first: Option<First>,
}

pub fn drawer(of: Drawer) -> AnyView {
    let Drawer { id, tab, on_close, on_walk, first } = of;
    // Only the first time: later the drawer asks for itself.
    let first = first.and_then(|first| first.try_update_value(Option::take).flatten());
    let dialog = NodeRef::<html::Dialog>::new();
    let location = use_location();
    let here =
        paths::with_query(&location.pathname.get_untracked(), location.search.get_untracked().trim_start_matches('?'));
    follow(move || {
        browser::present_drawer(dialog);
        browser::focus_later("dialog.drawer".to_owned());
        browser::on_key(move |e| {
            // In front of the drawer: a question, or the drawer itself on a phone, where Esc is `cancel`.
            if e.default_prevented() || browser::dialog_open() {
                return;
            }
            match e.key().as_str() {
                "Escape" => on_close.run(()),
                "[" if !browser::typing() => on_walk.run(-1),
                "]" if !browser::typing() => on_walk.run(1),
                _ => return,
            }
            e.prevent_default();
        });
    });
    on_cleanup(move || {
        if let Some(id) = id.try_get_untracked() {
            browser::focus_soon(format!("[data-execution-id=\"{id}\"] .message"));
        }
    });
    let walk = move |e: leptos::ev::KeyboardEvent| match e.key().as_str() {
        "ArrowUp" => on_walk.run(-1),
        "ArrowDown" => on_walk.run(1),
        _ => {}
    };
    let cancel = move |e: leptos::ev::Event| {
        e.prevent_default();
        on_close.run(());
    };
    view! {
        <dialog open class="drawer" node_ref=dialog tabindex="-1" aria-label="Execution" on:cancel=cancel>
            <div class="drawer-tools" on:keydown=walk>
                <Button small=true look=Look::Quiet icon="up" label="Previous run" on_press=move |_| on_walk.run(-1)>""</Button>
                <Button small=true look=Look::Quiet icon="down" label="Next run" on_press=move |_| on_walk.run(1)>""</Button>
                <a class="btn quiet small only-plain" href=without_run(&here) aria-label="Close"><Icon name="close"/></a>
                <Button small=true look=Look::Quiet icon="close" label="Close" on_press=move |_| on_close.run(())>""</Button>
            </div>
            <RunView id tab place=Place::Drawer first/>
        </dialog>
    }
    .into_any()
}

/// The address of the list alone: Close for readers without JavaScript.
fn without_run(address: &str) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let rest = query.split('&').filter(|p| !p.starts_with("run=") && !p.starts_with("tab="));
    paths::with_query(path, &rest.collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::without_run;

    #[test]
    fn closing_keeps_the_filter() {
        assert_eq!(without_run("/executions?status=failed&run=1&tab=log"), "/executions?status=failed");
        assert_eq!(without_run("/agents/a?run=1"), "/agents/a");
    }
}
