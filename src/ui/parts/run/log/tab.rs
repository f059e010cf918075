//! Both sides. The log's view and its controls.

use super::book::LogBook;
use super::line::{Line, LineView, Times};
use super::reader::Reader;
use super::search::{Finder, LogSearch};
use super::window::LINE;
use crate::browser;
use crate::domain::ansi::plain;
use crate::server_fns::LogPage;
use crate::ui::kit::{Button, ErrorNote, Look, act, attr_of, follow, format, view_of};
use crate::ui::parts::run::heading::heading;
use crate::ui::parts::run::state::RunState;
use crate::ui::paths;
use leptos::ev::Event;
use leptos::prelude::*;

#[component]
pub fn Log(run: RunState, first: LogPage) -> impl IntoView {
    let reader = Reader::new(run, first);
    let finder = Finder::new(reader);
    let times = RwSignal::new(Times::Local);
    let open = RwSignal::new(None::<i64>);
    let start = run.detail.with_untracked(|d| d.summary.effective_start());
    let line = LineView { open, times, start, finder, log: reader.node };
    follow(move || {
        // The phone has no room for them unless asked.
        if browser::narrow() {
            times.set(Times::Hidden);
        }
        reader.start();
        untrack(|| reader.listen());
        browser::on_window("resize", move || reader.moved());
    });
    // New lines: the end stays in view while it is followed.
    follow(move || {
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
        <Controls run reader finder times total/>
        {view_of(move || reader.problem.get().map(|message| view! { <ErrorNote message on_retry=move |()| reader.fill()/> }))}
        <div class="log" class:no-times=attr_of(move || times.get() == Times::Hidden) node_ref=reader.node on:scroll=act(move |_: Event| reader.moved())
            role="log" aria-live="off" aria-label="Log" tabindex="0" hidden=attr_of(move || total.get() == 0)>
            <div class="log-lines" style:height=attr_of(height) style:padding-top=attr_of(above)>
                <For each=lines key=|(seq, line)| (*seq, line.is_some()) let:item><Line seq=item.0 line=item.1 view=line/></For>
            </div>
        </div>
        <Show when=move || total.get() == 0>
            <p class="nothing">{view_of(move || if run.unfinished() { "No line has been written yet." } else { "This run wrote no log." })}</p>
        </Show>
        {view_of(move || open.get().map(|seq| view! { <Whole seq text=reader.book.with_untracked(|b| b.line(seq).map(|l| plain(&l.text).into_owned())) open/> }))}
    }
}

#[component]
fn Controls(run: RunState, reader: Reader, finder: Finder, times: RwSignal<Times>, total: Memo<i64>) -> impl IntoView {
    let follow = move |_| {
        reader.follow.update(|on| *on = !*on);
        if reader.follow.get_untracked() {
            browser::scroll_to_end(reader.node);
        }
    };
    let pressed = |on: bool| if on { "true" } else { "false" };
    let choose = move |e| {
        times.set(match event_target_value(&e).as_str() {
            "start" => Times::SinceStart,
            "none" => Times::Hidden,
            _ => Times::Local,
        });
    };
    let chosen = move || match times.get() {
        Times::Local => "local",
        Times::SinceStart => "start",
        Times::Hidden => "none",
    };
    view! {
        <div class="log-controls">
            <LogSearch finder/>
            <Show when=move || run.unfinished()>
                <button type="button" class="btn small needs-js" aria-pressed=attr_of(move || pressed(reader.follow.get())) on:click=follow>"Follow"</button>
            </Show>
            <select class="btn small needs-js" aria-label="Times of the lines" prop:value=attr_of(chosen) on:change=choose>
                <option value="local">"Time of day"</option>
                <option value="start">"Since start"</option>
                <option value="none">"No times"</option>
            </select>
            <span class="log-count">{view_of(move || format::plural(total.get(), "line", "lines"))}</span>
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
                {heading(format!("Line {seq}"))}
                <Button small=true look=Look::Quiet icon="close" label="Close the line" on_press=move |_| open.set(None)>""</Button>
            </header>
            <pre>{text}</pre>
        </section>
    }
}
