//! Server. The facade where there is no browser.

use super::{LocalStyle, NumberStyle, Permission, Scroll, SocketEvent, StreamEvent};
use leptos::html;
use leptos::prelude::{AnyView, NodeRef, RenderHtml};
use std::future::{Future, pending};

pub fn spawn(_task: impl Future<Output = ()> + 'static) {}

/// Never returns: nothing on the server waits for the browser's clock.
pub async fn sleep(_ms: u32) {
    pending::<()>().await;
}

pub const fn clock_ms() -> i64 {
    0
}

pub const fn random() -> f64 {
    0.0
}

pub fn reload_page() {}

pub const fn marked_late() -> Vec<String> {
    Vec::new()
}

pub fn mark_page(_attribute: &str, _value: &str) {}

pub fn unmark_page(_attribute: &str) {}

pub const fn stored(_key: &str) -> Option<String> {
    None
}

pub fn store(_key: &str, _value: &str) {}

pub fn forget(_key: &str) {}

pub const fn online() -> bool {
    true
}

pub const fn page_visible() -> bool {
    true
}

pub const fn narrow() -> bool {
    false
}

pub fn know_locale() {}

pub const fn in_utc() -> bool {
    false
}

pub fn show_utc(_utc: bool) {}

pub const fn number(_value: f64, _style: NumberStyle) -> Option<String> {
    None
}

pub fn local_time(_ms: i64, _style: LocalStyle) -> String {
    String::new()
}

pub const fn time_zone() -> Option<String> {
    None
}

pub const fn from_local_input(_text: &str) -> Option<i64> {
    None
}

pub fn to_local_input(_ms: i64) -> String {
    String::new()
}

pub fn copy_text(_text: String, _done: impl FnOnce(bool) + 'static) {}

pub fn origin() -> String {
    String::new()
}

pub fn load_page(_path: &str) {}

pub fn history_back() {}

pub const fn referrer() -> Option<String> {
    None
}

pub const fn list_view(_list: NodeRef<html::Div>) -> Option<(f64, f64)> {
    None
}

pub fn share_of(_element: NodeRef<html::Div>, _x: i32) -> Option<f64> {
    None
}

pub fn scroll_by(_y: f64) {}

pub const fn scroll_of(_element: NodeRef<html::Div>) -> Option<Scroll> {
    None
}

pub fn scroll_to(_element: NodeRef<html::Div>, _top: f64) {}

pub fn show_sideways(_element: NodeRef<html::Div>, _selector: &str) {}

pub fn scroll_to_end(_element: NodeRef<html::Div>) {}

pub fn focus(_selector: &str) {}

pub fn focus_later(_selector: String) {}

pub fn focus_soon(_selector: String) {}

pub const fn caret_at_end(_input: NodeRef<html::Input>) -> bool {
    true
}

pub fn show(_id: &str) {}

pub const fn typing() -> bool {
    false
}

pub const fn dialog_open() -> bool {
    false
}

pub const fn is_open(_details: NodeRef<html::Details>) -> bool {
    false
}

/// The HTML of a view that the browser shows as it is, without taking it over.
pub fn html_of(view: impl FnOnce() -> Option<AnyView>) -> String {
    view().map_or_else(String::new, RenderHtml::to_html)
}

pub fn open_dialog(_dialog: NodeRef<html::Dialog>) {}

pub fn present_drawer(_dialog: NodeRef<html::Dialog>) {}

pub fn close_dialog(_dialog: NodeRef<html::Dialog>) {}

pub fn on_window(_event: &'static str, _run: impl Fn() + 'static) {}

pub fn ask_before_leaving(_unsaved: impl Fn() -> bool + Clone + 'static) {}

pub fn on_key(_run: impl Fn(&leptos::ev::KeyboardEvent) + 'static) {}

pub fn close_menus_outside() {}

pub const fn may_notify() -> Permission {
    Permission::Missing
}

pub fn ask_to_notify(_done: impl FnOnce(Permission) + 'static) {}

pub fn notify(_title: &str, _body: &str, _pressed: impl FnOnce() + 'static) {}

pub fn chime() {}

pub fn close_menus() {}

pub fn show_panics() {}

/// A WebSocket; on the server there is none.
#[derive(Debug, Clone)]
pub struct Socket;

impl Socket {
    pub fn open(_path: &str, _on: impl Fn(SocketEvent) + 'static) -> Self {
        Self
    }
    pub fn send(&self, _text: String) {}
    pub fn close(&self) {}
}

/// A server-sent event stream; on the server there is none.
#[derive(Debug, Clone)]
pub struct EventStream;

impl EventStream {
    pub fn open(_path: &str, _names: &[&'static str], _on: impl Fn(StreamEvent) + 'static) -> Self {
        Self
    }
    pub const fn close(&self) {}
}

/// The page being rendered answers 404.
pub fn respond_not_found() {
    #[cfg(feature = "ssr")]
    if let Some(response) = leptos::prelude::use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(axum::http::StatusCode::NOT_FOUND);
    }
}

/// The page being rendered answers with a redirect.
#[cfg_attr(not(feature = "ssr"), expect(unused_variables))]
pub fn respond_redirect(path: &str) {
    #[cfg(feature = "ssr")]
    leptos_axum::redirect(path);
}
