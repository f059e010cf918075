//! Both sides. What can be given on: a link to these rows as they are now, and the rows as a file. The files are plain
//! links, so that the browser itself shows how far one is and can stop it.

use crate::browser;
use crate::ui::kit::{Icon, attr_of, view_of};
use crate::ui::paths;
use crate::ui::state::clock::use_clock;
use crate::ui::state::list::ListState;
use crate::ui::state::query::PageQuery;
use crate::ui::state::runs::Runs;
use leptos::prelude::*;

pub fn panel(query: Memo<PageQuery>, runs: Runs) -> AnyView {
    let clock = use_clock();
    let copied = RwSignal::new(None::<bool>);
    let copy = move |_| {
        let as_of = runs.list.with_untracked(ListState::as_of);
        let moment = query.with_untracked(|q| q.at_moment(as_of, clock.now_untracked()));
        let link = browser::origin() + &paths::executions(&moment.address());
        browser::copy_text(link, move |ok| copied.set(Some(ok)));
    };
    let word = move || match copied.get() {
        None => "Copy link to this moment",
        Some(true) => "Copied",
        Some(false) => "Not allowed here",
    };
    let href = move |format: &'static str| move || query.with(|q| paths::api_export(format, &q.filter, q.sort));
    view! {
            <div class="actions-like">
                <button type="button" class="needs-js" on:click=copy><Icon name="link"/><span aria-live="polite">{view_of(word)}</span></button>
                <a href=attr_of(href("csv")) rel="external" download=""><Icon name="down"/>"Export as CSV"</a>
                <a href=attr_of(href("ndjson")) rel="external" download=""><Icon name="down"/>"Export as NDJSON"</a>
            </div>
    }
    .into_any()
}
