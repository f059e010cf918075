//! Both sides. The rows under the filter as a file: plain links, so the browser shows how far it is and can stop it.

use crate::ui::kit::Menu;
use crate::ui::paths;
use crate::ui::state::query::PageQuery;
use leptos::prelude::*;

#[component]
pub fn ExportMenu(query: Memo<PageQuery>) -> impl IntoView {
    let href = move |format: &'static str| move || query.with(|q| paths::api_export(format, &q.filter, q.sort));
    view! {
        <Menu name="Export" end=true>
            <p class="menu-note">"Every run under the filter"</p>
            <a href=href("csv") rel="external" download="">"CSV, for spreadsheets"</a>
            <a href=href("ndjson") rel="external" download="">"NDJSON, for programs"</a>
        </Menu>
    }
}
