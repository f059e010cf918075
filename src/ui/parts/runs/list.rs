//! Both sides. The virtual list: the page holds the rows in view and a few around them, however many are loaded.

use super::{ListActions, RunRow};
use crate::browser;
use crate::domain::ExecutionId;
use crate::ui::kit::{Button, ErrorNote, attr_of, follow, steady, view_of};
use crate::ui::state::list::ListState;
use crate::ui::state::runs::Runs;
use crate::ui::state::window::{FIRST_ROWS, ROW_HEIGHT, ROW_HEIGHT_PHONE, at_top, near_end, visible};
use leptos::html;
use leptos::prelude::*;

fn row_height() -> f64 {
    if browser::narrow() { ROW_HEIGHT_PHONE } else { ROW_HEIGHT }
}

/// How far the window has to scroll to show the row at `index`: 0 when it is in view.
pub fn rows_below(area: NodeRef<html::Div>, index: usize) -> f64 {
    let Some((top, height)) = browser::list_view(area) else { return 0.0 };
    let (row, bars) = (row_height(), 100.0);
    let y = top + index as f64 * row;
    if y < bars {
        y - bars
    } else if y + row > height - bars {
        y + row + bars - height
    } else {
        0.0
    }
}

/// `area` is the element the rows are in, for those who scroll to one.
#[component]
pub fn RunList(runs: Runs, actions: ListActions, area: NodeRef<html::Div>) -> impl IntoView {
    let window = RwSignal::new(0..FIRST_ROWS);
    let row_px = RwSignal::new(ROW_HEIGHT);
    let len = Memo::new(move |_| runs.list.with(ListState::len));
    let look = move || {
        let Some((top, height)) = browser::list_view(area) else { return };
        let row = row_height();
        let now = visible(top, height, row, len.get_untracked());
        if window.get_untracked() != now {
            window.set(now.clone());
        }
        if row_px.get_untracked().total_cmp(&row).is_ne() {
            row_px.set(row);
        }
        if runs.at_top.get_untracked() != at_top(top, row) {
            runs.at_top.set(at_top(top, row));
        }
        if near_end(&now, len.get_untracked()) {
            runs.load_more();
        }
    };
    follow(move || {
        browser::on_window("scroll", look);
        browser::on_window("resize", look);
    });
    follow(move || {
        len.track();
        look();
    });
    let shown = steady(Memo::new(move |_| {
        let window = window.get();
        runs.list.with(|l| {
            let end = window.end.min(l.len());
            l.order()[window.start.min(end)..end].to_vec()
        })
    }));
    let px = move |rows: usize| format!("{}px", rows as f64 * row_px.get());
    let above = move || window.with(|w| w.start.min(len.get()));
    let below = move || window.with(|w| len.get().saturating_sub(w.end));
    view! {
        <div class="rows" node_ref=area class:loading=attr_of(move || runs.loading.get()) aria-busy=attr_of(move || runs.loading.get().to_string())>
            <Show when=move || { above() > 0 }>
                <div class="space" aria-hidden="true" style:height=attr_of(move || px(above()))></div>
            </Show>
            <ul aria-label="Runs">
                <For each=move || shown.get() key=ExecutionId::clone let:id>
                    <RunRow id list=runs.list actions/>
                </For>
            </ul>
            <Show when=move || { below() > 0 }>
                <div class="space" aria-hidden="true" style:height=attr_of(move || px(below()))></div>
            </Show>
        </div>
        <ListEnd runs actions/>
    }
}

#[component]
fn ListEnd(runs: Runs, actions: ListActions) -> impl IntoView {
    let more = Memo::new(move |_| runs.list.with(|l| l.next_cursor().map(str::to_owned)));
    let empty = Memo::new(move |_| runs.list.with(ListState::is_empty));
    let plain_next = move || {
        more.get().map(|cursor| {
            let query = runs.query().get();
            let separator = if query.address().is_empty() { "?" } else { "&" };
            let cursor = crate::domain::filter::escape(&cursor);
            let href = format!("{}{separator}cursor={cursor}", actions.address(&query));
            view! { <a class="btn only-plain" href=href rel="next">"Next page"</a> }
        })
    };
    view! {
        <div class="list-end">
            {view_of(plain_next)}
            {view_of(move || {
                let retry = Callback::new(move |()| runs.reload());
                runs.failed.get().map(|e| view! { <ErrorNote message=e.to_string() on_retry=retry/> })
            })}
            {view_of(move || (more.get().is_none() && !empty.get()).then(|| view! { <p class="faint">"End of history"</p> }))}
            {view_of(move || {
                let waiting = more.get().is_some() && runs.failed.get().is_none();
                waiting.then(|| view! { <Button small=true on_press=move |_| runs.load_more()>"More"</Button> })
            })}
        </div>
    }
}
