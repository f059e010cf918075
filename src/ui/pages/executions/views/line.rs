//! Both sides. One saved view: a link, and behind three dots what can be done with it.

use super::Views;
use crate::browser;
use crate::domain::Filter;
use crate::domain::filter::typed::typed;
use crate::domain::view::{View, ViewPatch};
use crate::ui::kit::{Icon, act, attr_of, view_of};
use crate::ui::paths;
use crate::ui::state::query::PageQuery;
use leptos::ev::MouseEvent;
use leptos::prelude::*;

#[component]
pub fn Line(views: Views, id: String) -> impl IntoView {
    let selector = format!("[data-view=\"{id}\"] summary");
    // A view that has just been deleted keeps its last state until its line is gone.
    let view = {
        let id = id.clone();
        Memo::new(move |last: Option<&Option<View>>| {
            views.list.with(|l| l.iter().find(|v| v.id == id).cloned()).or_else(|| last.cloned().flatten())
        })
    };
    let Some(first) = view.get_untracked() else { return ().into_any() };
    let may_change = first.mine || views.admin;
    let first = StoredValue::new(first);
    let view = Signal::derive(move || view.get().unwrap_or_else(|| first.get_value()));
    let href = move || view.with(|v| paths::executions(&v.query));
    let here = move || view.with(|v| views.shown() == v.query).then_some("true");
    let title = move || view.with(|v| in_words(&v.query));
    let note = move || {
        view.with(|v| {
            let owner = (!v.mine).then(|| v.owner.clone());
            let shared = (v.mine && v.shared).then(|| "shared".to_owned());
            let default = v.default.then(|| "default".to_owned());
            owner.into_iter().chain(shared).chain(default).collect::<Vec<_>>().join(" · ")
        })
    };
    let patch = move |patch: ViewPatch| views.change(view.with_untracked(|v| v.id.clone()), patch);
    let toggle_default = move |_| {
        patch(ViewPatch { default: Some(view.with_untracked(|v| !v.default)), ..ViewPatch::default() });
    };
    let change = may_change.then(|| {
        let rename = move |e| {
            let name = event_target_value(&e);
            patch(ViewPatch { name: Some(name), ..ViewPatch::default() });
            browser::focus_later(selector.clone());
        };
        let update = move |_| {
            if !views.wrong() {
                patch(ViewPatch { query: Some(views.shown()), ..ViewPatch::default() });
            }
        };
        let share = move |_| {
            patch(ViewPatch { shared: Some(view.with_untracked(|v| !v.shared)), ..ViewPatch::default() });
        };
        let share_word = move || if view.with(|v| v.shared) { "Keep to myself" } else { "Share with everybody" };
        view! {
            <label>
                <span>"Name"</span>
                <input type="text" maxlength="80" autocomplete="off" prop:value=attr_of(move || view.with(|v| v.name.clone())) on:change=rename/>
            </label>
            <button type="button" on:click=update>"Update to what is shown"</button>
            <button type="button" on:click=share>{view_of(share_word)}</button>
            <button type="button" class="s-failed" on:click=act(move |_: MouseEvent| views.delete(view.get_untracked()))>"Delete"</button>
        }
    });
    view! {
        <li class="view-line" data-view=id>
            <a href=attr_of(href) aria-current=attr_of(here) title=attr_of(title) data-noscroll="" on:click=act(|_: MouseEvent| browser::close_menus())>
                <span class="ell" dir="auto">{view_of(move || view.with(|v| v.name.clone()))}</span>
                <span class="view-note ell">{view_of(note)}</span>
            </a>
            <details class="view-more needs-js">
                <summary class="btn quiet small" aria-label=attr_of(move || view.with(|v| format!("Change {}", v.name)))><Icon name="more"/></summary>
                <div class="view-actions">
                    <button type="button" on:click=toggle_default>
                        {view_of(move || if view.with(|v| v.default) { "Do not begin with it" } else { "Begin with it" })}
                    </button>
                    {change}
                </div>
            </details>
        </li>
    }
    .into_any()
}

/// The view's filter as one would type it.
fn in_words(query: &str) -> String {
    let query = PageQuery::parse(query);
    let words = typed(&query.filter, &Filter::page_default());
    if words.is_empty() { "No filter".to_owned() } else { words }
}
