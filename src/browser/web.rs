//! Browser. The facade over `web_sys`: small verbs, no state.

use super::Scroll;
use js_sys::{Date, Reflect};
use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;
use std::future::Future;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Document, Element, HtmlElement, Storage, Window};

fn window() -> Option<Window> {
    web_sys::window()
}

fn document() -> Option<Document> {
    window()?.document()
}

fn storage() -> Option<Storage> {
    // Refused in some private modes: the page then has no memory, nothing else changes.
    window()?.local_storage().ok().flatten()
}

pub fn spawn(task: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(task);
}

pub async fn sleep(ms: u32) {
    gloo_timers::future::TimeoutFuture::new(ms).await;
}

/// The browser's own clock, milliseconds since 1970. May be wrong: see `ui::state::clock`.
#[allow(clippy::cast_possible_truncation)]
pub fn clock_ms() -> i64 {
    Date::now() as i64
}

pub fn random() -> f64 {
    js_sys::Math::random()
}

/// Sets an attribute of `<html>`, for styles and for programs that watch the page.
pub fn mark_page(attribute: &str, value: &str) {
    if let Some(root) = document().and_then(|d| d.document_element()) {
        // Fails only for an illegal attribute name, and ours are constants.
        drop(root.set_attribute(attribute, value));
    }
}

pub fn unmark_page(attribute: &str) {
    if let Some(root) = document().and_then(|d| d.document_element()) {
        drop(root.remove_attribute(attribute));
    }
}

pub fn stored(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

pub fn store(key: &str, value: &str) {
    if let Some(s) = storage() {
        // A full storage loses a convenience, no data.
        drop(s.set_item(key, value));
    }
}

pub fn forget(key: &str) {
    if let Some(s) = storage() {
        drop(s.remove_item(key));
    }
}

pub fn online() -> bool {
    window().is_none_or(|w| w.navigator().on_line())
}

pub fn page_visible() -> bool {
    document().is_none_or(|d| d.visibility_state() == web_sys::VisibilityState::Visible)
}

/// Is this the phone layout? The same width as in style/_tokens.scss.
pub fn narrow() -> bool {
    window().and_then(|w| w.match_media("(max-width: 640px)").ok().flatten()).is_some_and(|m| m.matches())
}

/// Puts text on the clipboard; `done` hears whether it worked.
pub fn copy_text(text: String, done: impl FnOnce(bool) + 'static) {
    let Some(w) = window() else { return };
    // Without TLS there is no clipboard; the property is then undefined.
    let clipboard = Reflect::get(&w.navigator(), &"clipboard".into()).unwrap_or(JsValue::UNDEFINED);
    if clipboard.is_undefined() {
        done(false);
        return;
    }
    let promise = w.navigator().clipboard().write_text(&text);
    spawn(async move { done(wasm_bindgen_futures::JsFuture::from(promise).await.is_ok()) });
}

pub fn origin() -> String {
    window().and_then(|w| w.location().origin().ok()).unwrap_or_default()
}

/// Loads a page anew: after signing in or out nothing of the old page's state may stay.
pub fn load_page(path: &str) {
    if let Some(w) = window() {
        // Fails only for an address that can't be read, and ours are made in `ui::paths`.
        drop(w.location().set_href(path));
    }
}

pub fn reload_page() {
    if let Some(w) = window() {
        drop(w.location().reload());
    }
}

/// The names of the parts that the server's HTML shows: see `ui::kit::late`.
pub fn marked_late() -> Vec<String> {
    let found = document().and_then(|d| d.query_selector_all("[data-late]").ok());
    let nodes = found.iter().flat_map(|list| (0..list.length()).filter_map(|i| list.get(i)));
    nodes.filter_map(|node| node.dyn_ref::<Element>()?.get_attribute("data-late")).collect()
}

/// Says on a page that could not be taken over that it is as without JavaScript.
pub fn stay_plain() {
    let Some((document, main)) = document().and_then(|d| Some((d.clone(), d.get_element_by_id("main")?))) else {
        return;
    };
    let note = document.create_element("p").ok();
    if let Some(note) = note {
        note.set_class_name("note bad");
        note.set_text_content(Some("A part of Runboard could not be loaded: reload the page for live updates."));
        drop(main.prepend_with_node_1(&note));
    }
}

/// How far along an element a point of the window lies: 0 at its left end, 1 at its right.
pub fn share_of(element: NodeRef<html::Div>, x: i32) -> Option<f64> {
    let rect = element.get_untracked()?.get_bounding_client_rect();
    (rect.width() > 0.0).then(|| ((f64::from(x) - rect.left()) / rect.width()).clamp(0.0, 1.0))
}

/// Where the list's top is in the window (negative: scrolled past), and the window's height.
pub fn list_view(list: NodeRef<html::Div>) -> Option<(f64, f64)> {
    let top = list.get_untracked()?.get_bounding_client_rect().top();
    let height = window()?.inner_height().ok()?.as_f64()?;
    Some((top, height))
}

pub fn scroll_by(y: f64) {
    if let Some(w) = window() {
        w.scroll_by_with_x_and_y(0.0, y);
    }
}

pub fn scroll_of(element: NodeRef<html::Div>) -> Option<Scroll> {
    let e = element.get_untracked()?;
    Some(Scroll { top: e.scroll_top().into(), height: e.client_height().into(), content: e.scroll_height().into() })
}

#[allow(clippy::cast_possible_truncation)]
pub fn scroll_to(element: NodeRef<html::Div>, top: f64) {
    if let Some(e) = element.get_untracked() {
        e.set_scroll_top(top as i32);
    }
}

/// Scrolls the element sideways, and nothing else, until what the selector finds in it is in view.
#[allow(clippy::cast_possible_truncation)]
pub fn show_sideways(element: NodeRef<html::Div>, selector: &str) {
    let Some(e) = element.get_untracked() else { return };
    if let Ok(Some(inner)) = e.query_selector(selector) {
        let (inner, outer) = (inner.get_bounding_client_rect(), e.get_bounding_client_rect());
        if inner.left() < outer.left() || inner.right() > outer.right() {
            e.set_scroll_left(e.scroll_left() + (inner.left() - outer.left() - outer.width() / 3.0) as i32);
        }
    }
}

pub fn scroll_to_end(element: NodeRef<html::Div>) {
    if let Some(e) = element.get_untracked() {
        e.set_scroll_top(e.scroll_height());
    }
}

fn find(selector: &str) -> Option<HtmlElement> {
    document()?.query_selector(selector).ok().flatten()?.dyn_into().ok()
}

pub fn focus(selector: &str) {
    if let Some(element) = find(selector) {
        drop(element.focus());
    }
}

/// Focus after the next paint, when what the last change made is there.
pub fn focus_later(selector: String) {
    request_animation_frame(move || focus(&selector));
}

/// Focus at once, so that the next key already finds it there; after the next paint if it is not there yet.
pub fn focus_soon(selector: String) {
    if find(&selector).is_some() { focus(&selector) } else { focus_later(selector) }
}

/// Is nothing behind the caret?
pub fn caret_at_end(input: NodeRef<html::Input>) -> bool {
    input.get_untracked().is_none_or(|i| {
        let caret = i.selection_end().ok().flatten();
        caret.is_none_or(|at| at as usize >= i.value().encode_utf16().count())
    })
}

/// Scrolls the box around an element so far that it shows it.
pub fn show(id: &str) {
    let Some(element) = find(&format!("#{id}")) else { return };
    let Some(around) = element.parent_element() else { return };
    let (top, bottom) = (element.offset_top(), element.offset_top() + element.offset_height());
    if top < around.scroll_top() {
        around.set_scroll_top(top);
    } else if bottom > around.scroll_top() + around.client_height() {
        around.set_scroll_top(bottom - around.client_height());
    }
}

/// Does the reader type into a field? Single-key shortcuts stay silent then.
pub fn typing() -> bool {
    document().and_then(|d| d.active_element()).is_some_and(|e| {
        // Into the box of a row nothing is typed.
        let is_box = e.get_attribute("type").is_some_and(|t| t == "checkbox");
        let is_field = matches!(e.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT") && !is_box;
        is_field || e.has_attribute("contenteditable")
    })
}

/// Is a modal dialog in front of the page?
pub fn dialog_open() -> bool {
    find("dialog:modal").is_some()
}

pub fn is_open(details: NodeRef<html::Details>) -> bool {
    details.get_untracked().is_some_and(|d| d.open())
}

/// Only the server writes HTML; what would make the view is not asked.
pub fn html_of(_view: impl FnOnce() -> Option<AnyView>) -> String {
    String::new()
}

pub fn open_dialog(dialog: NodeRef<html::Dialog>) {
    if let Some(d) = dialog.get_untracked()
        && !d.open()
    {
        // Fails only when the element has just left the page.
        drop(d.show_modal());
    }
}

/// The drawer stands beside the list, which stays in use; on a phone it covers everything, so it is modal there.
pub fn present_drawer(dialog: NodeRef<html::Dialog>) {
    if let Some(d) = dialog.get_untracked()
        && narrow()
    {
        d.close();
        // Fails only when the element has just left the page.
        drop(d.show_modal());
    }
}

pub fn close_dialog(dialog: NodeRef<html::Dialog>) {
    if let Some(d) = dialog.get_untracked() {
        d.close();
    }
}

/// Listens on the window until the current owner is cleaned up.
pub fn on_window(event: &'static str, run: impl Fn() + 'static) {
    let handle = window_event_listener_untyped(event, move |_| run());
    on_cleanup(move || handle.remove());
}

/// Asks before the page is left, by a link or otherwise, while `unsaved` holds; until the current owner is cleaned up.
pub fn ask_before_leaving(unsaved: impl Fn() -> bool + Clone + 'static) {
    let Some(w) = window() else { return };
    let to_close = unsaved.clone();
    let close = Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| {
        if to_close() {
            event.prevent_default();
            // What older browsers look for.
            drop(Reflect::set(&event, &"returnValue".into(), &JsValue::TRUE));
        }
    });
    let follow_link = Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| {
        let pressed = event.target().and_then(|t| t.dyn_into::<Element>().ok());
        let link = pressed.and_then(|e| e.closest("a[href]").ok().flatten());
        let elsewhere =
            event.dyn_ref::<web_sys::MouseEvent>().is_some_and(|e| e.ctrl_key() || e.meta_key() || e.shift_key());
        // A link within the page, or into another tab, leaves nothing.
        let leaves = link.is_some_and(|a| !a.get_attribute("href").is_some_and(|href| href.starts_with('#')));
        if leaves && !elsewhere && unsaved() {
            let go = window().and_then(|w| w.confirm_with_message("Leave without saving? Your changes are lost.").ok());
            if go != Some(true) {
                event.prevent_default();
                event.stop_propagation();
            }
        }
    });
    // Before the router hears of it.
    drop(w.add_event_listener_with_callback("beforeunload", close.as_ref().unchecked_ref()));
    drop(w.add_event_listener_with_callback_and_bool("click", follow_link.as_ref().unchecked_ref(), true));
    let kept = StoredValue::new_local((close, follow_link));
    on_cleanup(move || {
        let Some(w) = window() else { return };
        kept.try_with_value(|(close, follow_link)| {
            drop(w.remove_event_listener_with_callback("beforeunload", close.as_ref().unchecked_ref()));
            drop(w.remove_event_listener_with_callback_and_bool("click", follow_link.as_ref().unchecked_ref(), true));
        });
    });
}

pub fn on_key(run: impl Fn(&KeyboardEvent) + 'static) {
    let handle = window_event_listener(leptos::ev::keydown, move |e| run(&e));
    on_cleanup(move || handle.remove());
}

fn open_menus() -> Vec<Element> {
    let Some(list) = document().and_then(|d| d.query_selector_all("details.menu[open]").ok()) else {
        return Vec::new();
    };
    (0..list.length()).filter_map(|i| list.item(i)?.dyn_into().ok()).collect()
}

pub fn close_menus() {
    for menu in open_menus() {
        drop(menu.remove_attribute("open"));
    }
}

/// A menu (`details.menu`) closes on Esc and on a press anywhere else, as native popups do.
pub fn close_menus_outside() {
    let press = Closure::<dyn Fn(web_sys::Event)>::new(|event: web_sys::Event| {
        let target: Option<web_sys::Node> = event.target().and_then(|t| t.dyn_into().ok());
        for menu in open_menus() {
            if !menu.contains(target.as_ref()) {
                drop(menu.remove_attribute("open"));
            }
        }
    });
    if let Some(d) = document() {
        drop(d.add_event_listener_with_callback("pointerdown", press.as_ref().unchecked_ref()));
    }
    // Lives as long as the page.
    press.forget();
    on_key(|e| {
        if e.key() == "Escape"
            && let Some(menu) = open_menus().first()
        {
            drop(menu.remove_attribute("open"));
            if let Ok(Some(summary)) = menu.query_selector("summary")
                && let Ok(summary) = summary.dyn_into::<HtmlElement>()
            {
                drop(summary.focus());
            }
            e.prevent_default();
        }
    });
}

pub fn show_panics() {
    console_error_panic_hook::set_once();
}

pub const fn respond_not_found() {}

pub const fn respond_redirect(_path: &str) {}
