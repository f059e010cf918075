//! Both sides. The waterfall: a hundred calls in the page, further ones read when they are asked for.

use super::axis::{Axis, ToolSpan};
use super::pages::Pages;
use super::row::CallRow;
use crate::browser;
use crate::domain::{ListedCall, PartStatus};
use crate::server_fns::{ToolCallPage, list_tool_calls};
use crate::ui::kit::{ErrorNote, attr_of, follow, format, view_of};
use crate::ui::parts::run::pager::{PAGE, Pager};
use crate::ui::parts::run::rows::Rows;
use crate::ui::parts::run::state::RunState;
use crate::ui::state::clock::use_clock;
use leptos::prelude::*;

/// What was read so far.
#[derive(Clone, Copy)]
struct Book {
    run: RunState,
    rows: RwSignal<Rows<ListedCall>>,
    pages: RwSignal<Pages>,
    busy: RwSignal<bool>,
    problem: RwSignal<Option<String>>,
}

impl Book {
    fn new(run: RunState, first: ToolCallPage) -> Self {
        Self {
            run,
            pages: RwSignal::new(Pages::new(&first)),
            rows: RwSignal::new(Rows::new(first.tool_calls)),
            busy: RwSignal::new(false),
            problem: RwSignal::new(None),
        }
    }

    fn take(self, cursor: Option<String>, page: ToolCallPage) {
        self.pages.try_update(|pages| pages.read(cursor, &page));
        // Rows that only changed tell of it themselves.
        self.rows.try_maybe_update(|rows| (rows.merge(page.tool_calls), ()));
    }

    /// Reads what may have changed: the end, and stretches with a call that was running.
    fn read_again(self) {
        let running = |id: &String| self.rows.with_untracked(|r| r.any(id, |c| c.call.status == PartStatus::Running));
        let stale = self.pages.with_untracked(|pages| pages.stale(running));
        let id = self.run.id();
        browser::spawn(async move {
            for cursor in stale {
                // The next change reads again; what is shown stays.
                if let Ok(page) = list_tool_calls(id.clone(), cursor.clone()).await {
                    self.take(cursor, page);
                }
            }
        });
    }

    /// Reads on until `page` is full or the end is reached, then shows it.
    fn show(self, page: usize, shown: RwSignal<usize>) {
        let id = self.run.id();
        self.busy.set(true);
        browser::spawn(async move {
            loop {
                let known = self.rows.try_with_untracked(Rows::len).unwrap_or(usize::MAX);
                let next = self.pages.try_with_untracked(Pages::next).flatten();
                let Some(cursor) = next.filter(|_| known < (page + 1) * PAGE) else { break };
                match list_tool_calls(id.clone(), Some(cursor.clone())).await {
                    Ok(read) => self.take(Some(cursor), read),
                    Err(e) => {
                        self.problem.try_set(Some(e.to_string()));
                        break;
                    }
                }
            }
            if self.rows.try_with_untracked(Rows::len).is_some_and(|known| known > page * PAGE) {
                shown.try_set(page);
            }
            self.busy.try_set(false);
        });
    }
}

#[component]
pub fn Calls(
    run: RunState,
    first: ToolCallPage,
    /// The rows made first hold their texts, for readers without JavaScript.
    plain: bool,
) -> impl IntoView {
    let plain = StoredValue::new(plain);
    follow(move || plain.set_value(false));
    let clock = use_clock();
    let book = Book::new(run, first);
    let page = RwSignal::new(0_usize);
    // The server's pages may be shorter than ours: fill the first one.
    follow(move || book.show(0, page));
    Effect::new(move |before: Option<u32>| {
        let now = run.pulse.get();
        if before.is_some_and(|before| before != now) {
            book.read_again();
        }
        now
    });
    // Ticks only while the run does.
    let now = Memo::new(move |_| if run.unfinished() { clock.now() } else { clock.now_untracked() }.millis());
    let axis = Memo::new(move |_| {
        let span = run.detail.with(|d| (d.summary.effective_start(), d.summary.completed_at));
        book.rows.with(|rows| Axis::new(span, now.get(), rows.iter().map(|row| row.with(|c| ToolSpan::from(&c.call)))))
    });
    let known = Signal::derive(move || book.rows.with(Rows::len));
    let shown = move || book.rows.with(|rows| rows.slice(page.get() * PAGE, PAGE));
    let go = move |to: usize| book.show(to, page);
    view! {
        <Show when=move || known.get() == 0>
            <p class="nothing">{view_of(move || if run.unfinished() { "No tool has been called yet." } else { "This run called no tools." })}</p>
        </Show>
        <div class="waterfall" hidden=attr_of(move || known.get() == 0)>
            <div class="call-names" aria-hidden="true">
                <span>"Tool"</span>
                <span>{view_of(move || format!("0 s – {}", format::duration(axis.get().length_ms())))}</span>
                <span>"Time"</span>
            </div>
            <For each=shown key=|(id, _)| id.clone() let:row><CallRow run call=row.1 axis now plain=plain.get_value()/></For>
        </div>
        {view_of(move || book.problem.get().map(|message| view! { <ErrorNote message on_retry=move |()| {
            book.problem.set(None);
            go(page.get_untracked());
        }/> }))}
        <Pager page known busy=book.busy more=Signal::derive(move || book.pages.with(|p| p.next().is_some()))
            total=Signal::derive(move || run.detail.with(|d| d.summary.tool_call_count)) on_page=go/>
    }
}
