//! Both sides. One line of a log.

use super::search::Finder;
use crate::browser::{self, LocalStyle};
use crate::domain::ansi::plain;
use crate::domain::find::Needle;
use crate::domain::{LogLine, LogStream, Timestamp};
use crate::ui::kit::{act, attr_of, follow, format};
use crate::ui::parts::run::json::cut;
use crate::ui::state::clock::use_clock;
use leptos::ev::MouseEvent;
use leptos::html;
use leptos::prelude::*;

/// Characters of a line in the page; a longer one opens below.
const MOST: usize = 2_000;

/// What stands before each line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// The viewer's time of day; UTC until the zone is known.
    Local,
    /// How long after the run began.
    SinceStart,
    Hidden,
}

/// How lines are shown, the same for all of them.
#[derive(Clone, Copy)]
pub struct LineView {
    /// The line that is shown in full below.
    pub open: RwSignal<Option<i64>>,
    pub times: RwSignal<Times>,
    /// When the run began.
    pub start: Timestamp,
    pub finder: Finder,
    pub log: NodeRef<html::Div>,
}

/// `line` is absent while it is being read: its place is kept.
#[component]
pub fn Line(seq: i64, line: Option<LogLine>, view: LineView) -> impl IntoView {
    let Some(line) = line else {
        return view! { <div class="log-line absent"><span class="log-number">{seq}</span>"…"</div> }.into_any();
    };
    let text = plain(&line.text);
    let (short, left) = cut(&text, MOST);
    let more = (left > 0).then(|| {
        let label = format!("Show line {seq} in full");
        view! {
            <button type="button" class="log-more needs-js" aria-label=label on:click=act(move |_: MouseEvent| view.open.set(Some(seq)))>
                {format!("… {} more characters", format::count(i64::try_from(left).unwrap_or(i64::MAX)))}
            </button>
        }
    });
    let mark = match line.stream {
        LogStream::Stdout => "",
        LogStream::Stderr => "err",
        LogStream::System => "sys",
    };
    let short = short.to_owned();
    let is_current = move || view.finder.current() == Some(seq);
    follow(move || {
        if is_current() {
            request_animation_frame(move || browser::show_sideways(view.log, ".log-line.found mark"));
        }
    });
    let text = move || match view.finder.needle.get() {
        None => short.clone().into_any(),
        Some(needle) => marked(&short, &needle),
    };
    view! {
        <div class="log-line" class:found=attr_of(is_current) data-seq=seq data-stream=line.stream.as_str()>
            <span class="log-number">{seq}</span>
            <Time at=line.ts view/>
            <span class="log-stream">{mark}</span>
            <span class="log-text" dir="auto">{text}</span>
            {more}
        </div>
    }
    .into_any()
}

/// The text with what is searched for marked.
fn marked(text: &str, needle: &Needle) -> AnyView {
    let mut parts: Vec<AnyView> = Vec::new();
    let mut done = 0;
    for hit in needle.find_all(text) {
        parts.push(text[done..hit.start].to_owned().into_any());
        parts.push(view! { <mark>{text[hit.clone()].to_owned()}</mark> }.into_any());
        done = hit.end;
    }
    parts.push(text[done..].to_owned().into_any());
    parts.into_any()
}

#[component]
fn Time(at: Timestamp, view: LineView) -> impl IntoView {
    let clock = use_clock();
    let text = move || match view.times.get() {
        Times::SinceStart => format!("+{}", format::elapsed(at.millis_since(view.start))),
        Times::Local if clock.hydrated() => browser::local_time(at.millis(), LocalStyle::Bare),
        Times::Local | Times::Hidden => format::utc(at).chars().skip(11).take(8).collect(),
    };
    view! { <time class="log-time" datetime=at.to_string()>{text}</time> }
}
