//! Both sides. The tree of spans, a page at a time; what a span holds is read when it is opened.

use super::row::SpanLine;
use crate::browser;
use crate::domain::{SpanPage, SpanRow};
use crate::server_fns::list_spans;
use crate::ui::kit::{Button, ErrorNote, attr_of, format, view_of};
use crate::ui::parts::run::calls::{Axis, ToolSpan};
use crate::ui::parts::run::state::RunState;
use crate::ui::state::clock::use_clock;
use leptos::prelude::*;

/// What is shown of the tree.
#[derive(Clone, Copy)]
struct Shown {
    run: RunState,
    page: RwSignal<SpanPage>,
    /// The cursors of this page and of those before it, `None` for the first.
    cursors: RwSignal<Vec<Option<String>>>,
    /// Spans on the pages before.
    before: RwSignal<usize>,
    busy: RwSignal<bool>,
    problem: RwSignal<Option<String>>,
    /// Counts what was asked for: the answer to an older question is not shown.
    asked: StoredValue<u32>,
}

impl Shown {
    /// Reads the page that `cursors` ends with.
    fn read(self, cursors: Vec<Option<String>>, before: usize) {
        let number = self.asked.get_value() + 1;
        self.asked.set_value(number);
        let id = self.run.id();
        browser::spawn(async move {
            let answer = list_spans(id, cursors.last().cloned().flatten()).await;
            if self.asked.try_get_value() != Some(number) {
                return;
            }
            match answer {
                Ok(page) => {
                    self.problem.try_set(None);
                    self.page.try_maybe_update(|shown| {
                        let changed = *shown != page;
                        *shown = page;
                        (changed, ())
                    });
                    self.before.try_set(before);
                    self.cursors.try_set(cursors);
                }
                Err(e) => drop(self.problem.try_set(Some(e.to_string()))),
            }
            self.busy.try_set(false);
        });
    }

    /// The page that is shown, unless another one is on its way.
    fn again(self) {
        if self.busy.get_untracked() {
            return;
        }
        self.read(self.cursors.get_untracked(), self.before.get_untracked());
    }

    fn next(self) {
        let page = self.page.get_untracked();
        if let Some(cursor) = page.next_cursor {
            let mut cursors = self.cursors.get_untracked();
            cursors.push(Some(cursor));
            self.busy.set(true);
            self.read(cursors, self.before.get_untracked() + page.spans.len());
        }
    }

    fn previous(self) {
        let mut cursors = self.cursors.get_untracked();
        if cursors.len() > 1 {
            cursors.pop();
            self.busy.set(true);
            let each = self.before.get_untracked() / cursors.len();
            self.read(cursors.clone(), each * (cursors.len() - 1));
        }
    }
}

#[component]
pub fn Trace(run: RunState, first: SpanPage) -> impl IntoView {
    let clock = use_clock();
    let shown = Shown {
        run,
        page: RwSignal::new(first),
        cursors: RwSignal::new(vec![None]),
        before: RwSignal::new(0),
        busy: RwSignal::new(false),
        problem: RwSignal::new(None),
        asked: StoredValue::new(0),
    };
    Effect::new(move |before: Option<u32>| {
        let now = run.pulse.get();
        if before.is_some_and(|before| before != now) {
            shown.again();
        }
        now
    });
    // Ticks only while the run does.
    let now = Memo::new(move |_| if run.unfinished() { clock.now() } else { clock.now_untracked() }.millis());
    let going_on = Memo::new(move |_| run.unfinished());
    let axis = Memo::new(move |_| {
        let span = run.detail.with(|d| (d.summary.effective_start(), d.summary.completed_at));
        shown.page.with(|page| Axis::new(span, now.get(), page.spans.iter().map(|s| time_of(s, going_on.get()))))
    });
    let rows = move || shown.page.with(|page| page.spans.iter().map(SpanRow::id).collect::<Vec<_>>());
    let none = Memo::new(move |_| shown.page.with(|page| page.spans.is_empty()));
    let words = move || if run.unfinished() { "No span has come yet." } else { "No spans are kept of this run." };
    view! {
        <Show when=move || none.get()><p class="nothing">{view_of(words)}</p></Show>
        <div class="waterfall trace-spans" hidden=attr_of(move || none.get())>
            <div class="call-names" aria-hidden="true">
                <span>"Span"</span>
                <span>{view_of(move || format!("0 s – {}", format::duration(axis.get().length_ms())))}</span>
                <span>"Time"</span>
            </div>
            <For each=rows key=Clone::clone let:id>
                {
                    let found = shown.page.with_untracked(|page| page.spans.iter().find(|s| s.id() == id).cloned());
                    found.map(|first| {
                        // The row stays while the span changes, so that what the reader opened stays open.
                        let span = Memo::new(move |last: Option<&SpanRow>| {
                            let found = shown.page.with(|page| page.spans.iter().find(|s| s.id() == id).cloned());
                            found.or_else(|| last.cloned()).unwrap_or_else(|| first.clone())
                        });
                        view! { <SpanLine run span axis now going_on/> }
                    })
                }
            </For>
        </div>
        {view_of(move || shown.problem.get().map(|message| view! { <ErrorNote message on_retry=move |()| shown.again()/> }))}
        {pages(shown)}
    }
}

/// When it was. One without an end goes on as long as its run does.
pub fn time_of(span: &SpanRow, going_on: bool) -> ToolSpan {
    ToolSpan {
        start: span.started_at.millis(),
        end: span.completed_at.map(crate::domain::Timestamp::millis),
        running: span.completed_at.is_none() && going_on,
    }
}

fn pages(shown: Shown) -> impl IntoView {
    let one = move || shown.page.with(|page| page.next_cursor.is_none()) && shown.cursors.with(|c| c.len() == 1);
    let number = |n: usize| format::count(i64::try_from(n).unwrap_or(i64::MAX));
    let words = move || {
        let before = shown.before.get();
        shown.page.with(|page| {
            format!("{}–{} of {}", number(before + 1), number(before + page.spans.len()), format::count(page.total))
        })
    };
    let at_start = Signal::derive(move || shown.busy.get() || shown.cursors.with(|c| c.len() == 1));
    let at_end = Signal::derive(move || shown.busy.get() || shown.page.with(|page| page.next_cursor.is_none()));
    view! {
        <nav class="pager" aria-label="Pages" hidden=attr_of(one)>
            <Button small=true disabled=at_start on_press=move |_| shown.previous()>"Previous"</Button>
            <span role="status">{view_of(words)}</span>
            <Button small=true disabled=at_end on_press=move |_| shown.next()>"Next"</Button>
        </nav>
    }
}
