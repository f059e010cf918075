//! Both sides. Runs over time, above the list: stacked by status; a press on a bar shows its runs, dragging or
//! Shift and the arrow keys choose a stretch.

use crate::browser::{self, LocalStyle};
use crate::domain::{Status, TimelineBucket, Timestamp, Window};
use crate::ui::kit::format::{count, plural, utc};
use crate::ui::kit::{act, attr_of, follow, view_of};
use crate::ui::parts::{status_class, status_word};
use crate::ui::paths;
use crate::ui::state::bars::{Bar, Picked, bar, stretch, width_words};
use crate::ui::state::clock::use_clock;
use crate::ui::state::numbers::Numbers;
use crate::ui::state::query::PageQuery;
use crate::ui::state::url::PageUrl;
use leptos::ev::{FocusEvent, KeyboardEvent, PointerEvent};
use leptos::html;
use leptos::prelude::*;

/// Moments of the axis, in the viewer's zone once it is known.
fn moment(at: Timestamp, days: bool, hydrated: bool) -> String {
    if hydrated {
        browser::local_time(at.millis(), if days { LocalStyle::DayMinute } else { LocalStyle::Second })
    } else {
        utc(at)
    }
}

#[component]
pub fn TimelineChart(numbers: Numbers, url: PageUrl) -> impl IntoView {
    let clock = use_clock();
    let area = NodeRef::<html::Div>::new();
    let len = Memo::new(move |_| numbers.timeline(|t| t.buckets.len()).unwrap_or(0));
    let top = Memo::new(move |_| {
        numbers.timeline(|t| t.buckets.iter().map(TimelineBucket::runs).max()).flatten().unwrap_or(0)
    });
    // The bar under the pointer, the one with the focus, the one that had it last; and the bars chosen so far.
    let hovered = RwSignal::new(None::<usize>);
    let focused = RwSignal::new(None::<usize>);
    let visited = RwSignal::new(None::<usize>);
    let at = move || hovered.get().or(focused.get());
    let picked = RwSignal::new(None::<Picked>);
    let dragging = StoredValue::new(false);
    let bucket = move |i: usize| numbers.timeline(|t| t.buckets.get(i).cloned()).flatten();
    let days = move || {
        numbers.timeline(|t| match (t.buckets.first(), t.buckets.last()) {
            (Some(a), Some(b)) => b.end.millis_since(a.start) > 20 * 3_600_000,
            _ => false,
        }) == Some(true)
    };
    let words = move |b: &TimelineBucket| {
        let when =
            format!("{} – {}", moment(b.start, days(), clock.hydrated()), moment(b.end, days(), clock.hydrated()));
        let parts: Vec<_> = b.by_status.iter().map(|(s, n)| format!("{} {}", count(*n), status_word(*s))).collect();
        let runs = plural(b.runs(), "run", "runs");
        if parts.is_empty() { format!("{when}: {runs}") } else { format!("{when}: {runs} ({})", parts.join(", ")) }
    };
    let zoom = move || {
        let range = picked.get_untracked().map(Picked::range);
        let ends = range.and_then(|(a, b)| Some((bucket(a)?.start, bucket(b)?.end)));
        picked.set(None);
        if let Some((from, end)) = ends {
            let to = Timestamp::from_micros(end.micros() - 1).max(from);
            url.set_filter(|f| f.window = Window::Range { from: Some(from), to: Some(to) });
        }
    };
    let under = move |e: &PointerEvent| {
        let n = len.get_untracked();
        browser::share_of(area, e.client_x()).filter(|_| n > 0).map(|share| crate::ui::state::bars::index(share, n))
    };
    let press = move |e: PointerEvent| {
        if e.button() == 0 && e.pointer_type() == "mouse" {
            dragging.set_value(true);
            picked.set(under(&e).map(Picked::at));
        }
    };
    let hover = move |e: PointerEvent| {
        hovered.set(under(&e));
        if dragging.get_value()
            && let Some(i) = under(&e)
        {
            picked.update(|p| *p = p.map(|p| p.to(i)));
        }
    };
    follow(move || {
        browser::on_window("pointerup", move || {
            if dragging.get_value() {
                dragging.set_value(false);
                // A press on one bar is a click on its link.
                if picked.get_untracked().is_some_and(Picked::is_one) { picked.set(None) } else { zoom() }
            }
        });
    });
    let key = move |e: KeyboardEvent| {
        let last = len.get_untracked().saturating_sub(1);
        let Some(here) = focused.get_untracked() else { return };
        let next = match e.key().as_str() {
            "ArrowLeft" => here.saturating_sub(1),
            "ArrowRight" => (here + 1).min(last),
            "Home" => 0,
            "End" => last,
            "Escape" if picked.get_untracked().is_some() => {
                picked.set(None);
                dragging.set_value(false);
                e.prevent_default();
                return;
            }
            "Enter" if picked.get_untracked().is_some_and(|p| !p.is_one()) => {
                e.prevent_default();
                zoom();
                return;
            }
            _ => return,
        };
        e.prevent_default();
        picked.set(e.shift_key().then(|| picked.get_untracked().unwrap_or(Picked::at(here)).to(next)));
        browser::focus(&format!(".timeline [data-bar='{next}']"));
    };
    let one = move |i: usize| {
        let mine = Memo::new(move |_| bucket(i));
        let href = move || mine.get().map(|b| paths::executions(&url.query.with(|q| started_in(q, &b)).address()));
        let label = move || mine.with(|b| b.as_ref().map(words));
        // One stop for the Tab key: the newest bar, or the one last visited.
        let tab = move || {
            let stop = visited.get().filter(|i| *i < len.get()).unwrap_or_else(|| len.get().saturating_sub(1));
            if stop == i { "0" } else { "-1" }
        };
        let parts = move || {
            let Bar { height, parts } = mine.with(|b| b.as_ref().map(|b| bar(b, top.get())).unwrap_or_default());
            let part = |(status, share): (Status, f64)| {
                view! { <i class=status_class(status) style=format!("flex-grow:{share:.3}")></i> }
            };
            view! { <b style=format!("height:{height:.1}%")>{parts.into_iter().map(part).collect::<Vec<_>>()}</b> }
        };
        view! {
            <a class="bar" data-bar=i href=href aria-label=attr_of(label) tabindex=attr_of(tab) draggable="false" prop:replace=true data-noscroll=""
                on:focus=act(move |_: FocusEvent| { focused.set(Some(i)); visited.set(Some(i)); })>{parts}</a>
        }
    };
    let tip = move || {
        let i = at()?;
        let text = bucket(i).map(|b| words(&b))?;
        let left = (i as f64 + 0.5) * 100.0 / len.get().max(1) as f64;
        let side = if left > 60.0 { "tip before" } else { "tip" };
        Some(view! { <div class=side aria-hidden="true" style=format!("left:{left:.2}%")>{text}</div> })
    };
    let chosen = move || {
        let (a, b) = picked.get().filter(|p| !p.is_one())?.range();
        let n = len.get().max(1) as f64;
        let style = format!("left:{:.2}%;width:{:.2}%", a as f64 * 100.0 / n, (b + 1 - a) as f64 * 100.0 / n);
        Some(view! { <div class="chosen" style=style></div> })
    };
    let axis = move || {
        numbers
            .timeline(|t| {
                let ends = t.buckets.first().zip(t.buckets.last());
                ends.map(|(first, last)| {
                    let open = url.query.with(|q| q.filter.window.bounds(Timestamp::from_millis(0)).1.is_none());
                    let end = if open { "now".to_owned() } else { moment(last.end, days(), clock.hydrated()) };
                    let each = t.buckets.get(1).map(|b| format!("{} a bar", width_words(b.end.millis_since(b.start))));
                    (moment(first.start, days(), clock.hydrated()), each, end)
                })
            })
            .flatten()
            .map(|(start, each, end)| view! { <span>{start}</span><span class="each">{each}</span><span>{end}</span> })
    };
    let before = move || {
        let outside: i64 =
            numbers.timeline(|t| t.before_window.as_ref().map(|b| b.by_status.values().sum())).flatten()?;
        (outside > 0).then(|| {
            view! { <p class="beside">{format!("and {} started at another time", plural(outside, "unfinished run", "unfinished runs"))}</p> }
        })
    };
    view! {
        <section class="timeline" aria-label="Runs over time" class:stale=attr_of(move || numbers.stale.get()) class:none=attr_of(move || len.get() == 0)>
            <div class="bars" node_ref=area role="group" aria-label="Bars; arrow keys move, Shift and arrow keys choose a time, Enter shows it"
                on:pointerdown=press on:pointermove=hover on:pointerleave=act(move |_: PointerEvent| hovered.set(None)) on:keydown=key on:focusout=act(move |_: FocusEvent| focused.set(None))>
                <For each=move || 0..len.get() key=|i| *i children=one/>
                {view_of(chosen)}
            </div>
            {view_of(tip)}
            <div class="axis">{view_of(axis)}</div>
            <div class="under">{view_of(before)}<Table numbers url clock_days=Signal::derive(days)/></div>
        </section>
    }
}

/// The list with the runs of this bar and no others.
fn started_in(query: &PageQuery, b: &TimelineBucket) -> PageQuery {
    let mut filter = query.filter.clone();
    filter.window = stretch(b);
    filter.include_unfinished = false;
    query.with_filter(filter)
}

/// The same as a table, of the stretches that have runs.
#[component]
fn Table(numbers: Numbers, url: PageUrl, clock_days: Signal<bool>) -> impl IntoView {
    let clock = use_clock();
    let rows = move || {
        let full: Vec<TimelineBucket> =
            numbers.timeline(|t| t.buckets.iter().filter(|b| b.runs() > 0).cloned().collect()).unwrap_or_default();
        let row = |b: &TimelineBucket| {
            let href = paths::executions(&url.query.with(|q| started_in(q, b)).address());
            let cells = Status::ALL.map(|s| {
                let n = b.by_status.get(&s).copied().unwrap_or(0);
                view! { <td class="num">{if n == 0 { String::new() } else { count(n) }}</td> }
            });
            let when = moment(b.start, clock_days.get(), clock.hydrated());
            view! { <tr><th scope="row"><a href=href prop:replace=true data-noscroll="">{when}</a></th><td class="num">{count(b.runs())}</td>{cells.into_iter().collect::<Vec<_>>()}</tr> }
        };
        full.iter().map(row).collect::<Vec<_>>()
    };
    let heads = Status::ALL.map(|s| view! { <th scope="col" class="num">{status_word(s)}</th> });
    view! {
        <details class="as-table">
            <summary>"Show as a table"</summary>
            <div class="scroll-x">
                <table>
                    <caption class="visually-hidden">"Runs over time; stretches without runs are left out"</caption>
                    <thead><tr><th scope="col">"From"</th><th scope="col" class="num">"Runs"</th>{heads.into_iter().collect::<Vec<_>>()}</tr></thead>
                    <tbody>{view_of(rows)}</tbody>
                </table>
            </div>
        </details>
    }
}
