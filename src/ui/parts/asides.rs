//! Both sides. What comes over a page when it is asked for; its code is loaded then.

use super::bulk;
use super::keys::{HelpDialog, Palette, Shown};
use super::start::{StartRequest, start_question};
use super::stop::{StopRequest, stop_question};
use crate::domain::Me;
use crate::ui::state::bulk::Bulk;
use leptos::prelude::*;

#[derive(Clone, Copy)]
pub struct Asides {
    pub help: fn(Shown) -> AnyView,
    pub palette: fn(Shown) -> AnyView,
    pub stop: fn(StopRequest) -> AnyView,
    pub start: fn(StartRequest) -> AnyView,
    pub account: fn(Me) -> AnyView,
    pub bulk_bar: fn(Bulk, bool) -> AnyView,
    pub bulk_dialog: fn(Bulk) -> AnyView,
}

impl Asides {
    pub const ALL: Self = Self {
        help: |shown| view! { <HelpDialog open=shown.help/> }.into_any(),
        palette: |shown| view! { <Palette open=shown.palette help=shown.help me=shown.me/> }.into_any(),
        stop: stop_question,
        start: start_question,
        account: super::nav::account,
        bulk_bar: bulk::bar,
        bulk_dialog: bulk::dialog,
    };
}

/// Becomes true once and stays: a dialog keeps its place in the page when it is closed.
pub fn once(wanted: impl Fn() -> bool + Send + Sync + 'static) -> Memo<bool> {
    Memo::new(move |before: Option<&bool>| before.copied().unwrap_or(false) || wanted())
}
