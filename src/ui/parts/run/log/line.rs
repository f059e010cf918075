//! Both sides. One line of a log.

use crate::browser::{self, LocalStyle};
use crate::domain::ansi::plain;
use crate::domain::{LogLine, LogStream, Timestamp};
use crate::ui::kit::format;
use crate::ui::parts::run::json::cut;
use crate::ui::state::clock::use_clock;
use leptos::prelude::*;

/// Characters of a line in the page; a longer one opens below.
const MOST: usize = 2_000;

/// `line` is absent while it is being read: its place is kept.
#[component]
pub fn Line(seq: i64, line: Option<LogLine>, open: RwSignal<Option<i64>>) -> impl IntoView {
    let Some(line) = line else {
        return view! { <div class="log-line absent"><span class="log-number">{seq}</span>"…"</div> }.into_any();
    };
    let text = plain(&line.text);
    let (short, left) = cut(&text, MOST);
    let more = (left > 0).then(|| {
        let label = format!("Show line {seq} in full");
        view! {
            <button type="button" class="log-more needs-js" aria-label=label on:click=move |_| open.set(Some(seq))>
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
    view! {
        <div class="log-line" data-seq=seq data-stream=line.stream.as_str()>
            <span class="log-number">{seq}</span>
            <Time at=line.ts/>
            <span class="log-stream">{mark}</span>
            <span class="log-text" dir="auto">{short}</span>
            {more}
        </div>
    }
    .into_any()
}

/// The viewer's time of day; UTC until the zone is known.
#[component]
fn Time(at: Timestamp) -> impl IntoView {
    let clock = use_clock();
    let text = move || {
        if clock.hydrated() {
            browser::local_time(at.millis(), LocalStyle::Second)
        } else {
            format::utc(at).chars().skip(11).take(8).collect()
        }
    };
    view! { <time class="log-time" datetime=at.to_string()>{text}</time> }
}
