//! Both sides. One span: its place in the tree, its bar, and on demand all that was sent of it.

use super::body::SpanBody;
use super::tab::time_of;
use crate::domain::{SpanClass, SpanOutcome, SpanRow};
use crate::ui::kit::{act, attr_of, format, view_of};
use crate::ui::parts::run::calls::Axis;
use crate::ui::parts::run::state::RunState;
use leptos::ev::Event;
use leptos::prelude::*;

/// Further levels stand below each other: names must stay readable.
const DEEPEST: u32 = 12;

#[component]
pub fn SpanLine(
    run: RunState,
    span: Memo<SpanRow>,
    axis: Memo<Axis>,
    now: Memo<i64>,
    going_on: Memo<bool>,
) -> impl IntoView {
    let time = Memo::new(move |_| span.with(|s| time_of(s, going_on.get())));
    let bar = Memo::new(move |_| axis.get().bar(time.get(), now.get()));
    let word = move || span.with(|s| stands(s, going_on.get()));
    let took = move || time.get().duration_ms(now.get()).map_or_else(|| format::UNKNOWN.to_owned(), format::duration);
    let level = move || span.with(|s| format!("{}", s.depth.min(DEEPEST)));
    let tokens = move || span.with(tokens).map(|text| view! { <small>{text}</small> });
    let opened = RwSignal::new(false);
    view! {
        <details class="call" data-status=attr_of(word) on:toggle=act(move |_: Event| opened.set(true))>
            <summary>
                <span class="span-name" style:--level=attr_of(level)>
                    <b class="span-class" data-class=attr_of(move || span.with(|s| s.class.as_str()))>{view_of(move || span.with(|s| class_word(s.class)))}</b>
                    <code class="ell" dir="auto">{view_of(move || span.with(|s| s.name.clone()))}</code>
                    {view_of(tokens)}
                </span>
                <span class="track" aria-hidden="true">
                    <i style:left=attr_of(move || format!("{:.2}%", bar.get().left)) style:width=attr_of(move || format!("{:.2}%", bar.get().width))></i>
                </span>
                <span class="visually-hidden">{view_of(word)}</span>
                <span class="call-time">{view_of(took)}</span>
            </summary>
            <div class="call-body">{view_of(move || opened.get().then(|| view! { <SpanBody run span/> }))}</div>
        </details>
    }
}

const fn class_word(class: SpanClass) -> &'static str {
    match class {
        SpanClass::Agent => "agent",
        SpanClass::Llm => "model",
        SpanClass::Tool => "tool",
        SpanClass::Retrieval => "search",
        SpanClass::Other => "",
    }
}

fn stands(span: &SpanRow, going_on: bool) -> &'static str {
    match (span.outcome, span.completed_at) {
        (SpanOutcome::Error, _) => "failed",
        (_, Some(_)) => "success",
        (_, None) if going_on => "running",
        (_, None) => "no end received",
    }
}

/// Those that are part of the run's; not those that repeat what the spans below say.
fn tokens(span: &SpanRow) -> Option<String> {
    let all = span.input_tokens.unwrap_or(0) + span.output_tokens.unwrap_or(0);
    (span.counted && all > 0).then(|| format!("{} tokens", format::short_count(all)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    fn span(outcome: SpanOutcome, end: Option<i64>) -> SpanRow {
        SpanRow {
            trace_id: "t".to_owned(),
            span_id: "s".to_owned(),
            parent_span_id: None,
            depth: 0,
            class: SpanClass::Llm,
            name: "chat".to_owned(),
            started_at: Timestamp::from_millis(0),
            completed_at: end.map(Timestamp::from_millis),
            outcome,
            model: None,
            input_tokens: Some(1_200),
            output_tokens: None,
            counted: true,
        }
    }

    #[test]
    fn a_span_without_an_end_goes_on_only_while_its_run_does() {
        assert_eq!(stands(&span(SpanOutcome::Unset, None), true), "running");
        assert_eq!(stands(&span(SpanOutcome::Unset, None), false), "no end received");
        assert_eq!(stands(&span(SpanOutcome::Unset, Some(1)), true), "success");
        assert_eq!(stands(&span(SpanOutcome::Error, None), true), "failed");
    }

    #[test]
    fn tokens_that_are_repeated_are_not_shown_twice() {
        let one = span(SpanOutcome::Ok, Some(1));
        assert_eq!(tokens(&one).as_deref(), Some("1.2K tokens"));
        assert_eq!(tokens(&SpanRow { counted: false, ..one.clone() }), None);
        assert_eq!(tokens(&SpanRow { input_tokens: Some(0), ..one }), None);
    }
}
