//! Both sides. What a link to a moment shows, and what it leaves out.

use crate::browser::{self, LocalStyle};
use crate::ui::kit::format::{plural, utc};
use crate::ui::kit::{attr_of, view_of};
use crate::ui::paths;
use crate::ui::state::beside::BesideList;
use crate::ui::state::clock::use_clock;
use crate::ui::state::query::PageQuery;
use leptos::prelude::*;

#[component]
pub fn MomentNote(query: Memo<PageQuery>, beside: BesideList) -> impl IntoView {
    let clock = use_clock();
    let when = move || match query.with(|q| q.at) {
        None => "As of an earlier moment".to_owned(),
        Some(at) if clock.hydrated() => format!("As of {}", browser::local_time(at.millis(), LocalStyle::Full)),
        Some(at) => format!("As of {}", utc(at)),
    };
    let newer = move || match beside.newer.get() {
        Some(0) => "there is no newer run".to_owned(),
        Some(1) => "1 newer run is not shown".to_owned(),
        Some(n) => format!("{} are not shown", plural(n, "newer run", "newer runs")),
        None => "newer runs are not shown".to_owned(),
    };
    view_of(move || {
        query.with(|q| q.filter.as_of.is_some()).then(|| {
            let href = move || query.with(|q| paths::executions(&q.without_moment().address()));
            view! {
                <p class="note moment">
                    {view_of(when)} ": " {view_of(newer)} ". Rows and filters go by how each run stands now. "
                    <a href=attr_of(href) prop:replace=true data-noscroll="">"Show newer runs too"</a>
                </p>
            }
        })
    })
}
