//! Both sides. The menus of the page: words that open panels, and the code of those is loaded then.

use super::columns::{self, ChosenColumns};
use super::filters::{agents, more, statuses, time, triggers};
use super::share;
use super::views::{self, Views};
use crate::domain::AgentSummary;
use crate::ui::kit::late_menu;
use crate::ui::late::MENUS;
use crate::ui::parts::runs::{ListActions, row_menu};
use crate::ui::state::list::Row;
use crate::ui::state::numbers::Numbers;
use crate::ui::state::query::PageQuery;
use crate::ui::state::runs::Runs;
use crate::ui::state::url::PageUrl;
use leptos::prelude::*;
use std::sync::Arc;

/// What makes the panels.
#[derive(Clone, Copy)]
pub struct Menus {
    agents: fn(PageUrl, StoredValue<Vec<AgentSummary>>, Numbers) -> AnyView,
    statuses: fn(PageUrl, Numbers) -> AnyView,
    triggers: fn(PageUrl, Numbers) -> AnyView,
    time: fn(PageUrl) -> AnyView,
    more: fn(PageUrl) -> AnyView,
    share: fn(Memo<PageQuery>, Runs) -> AnyView,
    columns: fn(ChosenColumns) -> AnyView,
    views: fn(Views) -> AnyView,
    /// What can be done with the run of a row.
    pub row: fn(Signal<Arc<Row>>, ListActions) -> AnyView,
}

impl Menus {
    pub const ALL: Self = Self {
        agents: agents::panel,
        statuses: statuses::panel,
        triggers: triggers::panel,
        time: time::panel,
        more: more::panel,
        share: share::panel,
        columns: columns::panel,
        views: views::panel,
        row: row_menu,
    };
}

/// Those of the filter bar.
pub fn of_filters(url: PageUrl, agents: Vec<AgentSummary>, numbers: Numbers) -> [AnyView; 5] {
    let agents = StoredValue::new(agents);
    [
        late_menu(&MENUS, Signal::stored("Agent".to_owned()), false, move |m| (m.agents)(url, agents, numbers)),
        late_menu(&MENUS, Signal::stored("Status".to_owned()), false, move |m| (m.statuses)(url, numbers)),
        late_menu(&MENUS, Signal::stored("Trigger".to_owned()), false, move |m| (m.triggers)(url, numbers)),
        late_menu(&MENUS, time::name(url), false, move |m| (m.time)(url)),
        late_menu(&MENUS, more::name(url), false, move |m| (m.more)(url)),
    ]
}

/// Those of the page's head.
pub fn of_page(query: Memo<PageQuery>, runs: Runs, columns: ChosenColumns, views: Views) -> AnyView {
    view! {
        {late_menu(&MENUS, Signal::stored("Share".to_owned()), true, move |m| (m.share)(query, runs))}
        <div class="needs-js desktop-only">
            {late_menu(&MENUS, Signal::stored("Columns".to_owned()), true, move |m| (m.columns)(columns))}
        </div>
        {late_menu(&MENUS, Signal::stored("Views".to_owned()), true, move |m| (m.views)(views))}
    }
    .into_any()
}
