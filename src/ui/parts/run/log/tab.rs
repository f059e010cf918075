//! Both sides. The log's view and its controls.

use super::book::LogBook;
use super::line::Line;
use super::reader::Reader;
use super::window::LINE;
use crate::browser;
use crate::domain::ansi::plain;
use crate::server_fns::LogPage;
use crate::ui::kit::{Button, ErrorNote, Look, format};
use crate::ui::parts::run::state::RunState;
use crate::ui::paths;
use leptos::prelude::*;

#[component]
pub fn Log(run: RunState, first: LogPage) -> impl IntoView {
    let reader = Reader::new(run, first);
    let times = RwSignal::new(true);
    let open = RwSignal::new(None::<i64>);
    Effect::new(move || {
        // The phone has no room for them unless asked.
        times.set(!browser::narrow());
        reader.start();
        untrack(|| reader.listen());
        browser::on_window("resize", move || reader.moved());
    });
    // New lines: the end stays in view while it is followed.
    Effect::new(move || {
        reader.book.track();
        if reader.follow.get() {
            request_animation_frame(move || browser::scroll_to_end(reader.node));
        }
    });
    let range = Memo::new(move |_| reader.range());
    let lines = move || {
        let (first, last) = range.get();
        reader.book.with(|book| (first..=last).map(|seq| (seq, book.line(seq).cloned())).collect::<Vec<_>>())
    };
    let total = Memo::new(move |_| reader.book.with(LogBook::total));
    let height = move || reader.measured().then(|| format!("{}px", total.get() as f64 * LINE));
    let above = move || reader.measured().then(|| format!("{}px", (range.get().0 - 1) as f64 * LINE));
    view! {
        <Controls run reader times total/>
        {move || reader.problem.get().map(|message| view! { <ErrorNote message on_retry=move |()| reader.fill()/> })}
        <div class="log" class:no-times=move || !times.get() node_ref=reader.node on:scroll=move |_| reader.moved()
            role="log" aria-live="off" aria-label="Log" tabindex="0" hidden=move || total.get() == 0>
            <div class="log-lines" style:height=height style:padding-top=above>
                <For each=lines key=|(seq, line)| (*seq, line.is_some()) let:item><Line seq=item.0 line=item.1 open/></For>
            </div>
        </div>
        <Show when=move || total.get() == 0>
            <p class="nothing">{move || if run.unfinished() { "No line has been written yet." } else { "This run wrote no log." }}</p>
        </Show>
        {move || open.get().map(|seq| view! { <Whole seq text=reader.book.with_untracked(|b| b.line(seq).map(|l| plain(&l.text).into_owned())) open/> })}
    }
}

#[component]
fn Controls(run: RunState, reader: Reader, times: RwSignal<bool>, total: Memo<i64>) -> impl IntoView {
    let follow = move |_| {
        reader.follow.update(|on| *on = !*on);
        if reader.follow.get_untracked() {
            browser::scroll_to_end(reader.node);
        }
    };
    let pressed = |on: bool| if on { "true" } else { "false" };
    view! {
        <div class="log-controls">
            <Show when=move || run.unfinished()>
                <button type="button" class="btn small needs-js" aria-pressed=move || pressed(reader.follow.get()) on:click=follow>"Follow"</button>
            </Show>
            <button type="button" class="btn small needs-js" aria-pressed=move || pressed(times.get())
                on:click=move |_| times.update(|on| *on = !*on)>"Times"</button>
            <span class="grow"></span>
            <span class="log-count">{move || format::plural(total.get(), "line", "lines")}</span>
            <a class="btn quiet small" rel="external" href=paths::api_log(&run.id())>"From the API"</a>
        </div>
    }
}

/// A line that was cut, in full.
#[component]
fn Whole(seq: i64, text: Option<String>, open: RwSignal<Option<i64>>) -> impl IntoView {
    view! {
        <section class="log-whole" aria-label=format!("Line {seq} in full")>
            <header>
                <h3>{format!("Line {seq}")}</h3>
                <Button small=true look=Look::Quiet icon="close" label="Close the line" on_press=move |_| open.set(None)>""</Button>
            </header>
            <pre>{text}</pre>
        </section>
    }
}
