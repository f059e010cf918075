//! Both sides. All that was sent of a span, read when it is opened: attributes may be large.

use crate::browser;
use crate::domain::{SpanDetail, SpanRow};
use crate::server_fns::get_span;
use crate::ui::kit::{ErrorNote, follow, format, view_of};
use crate::ui::parts::run::heading::heading;
use crate::ui::parts::run::json::JsonTree;
use crate::ui::parts::run::state::RunState;
use crate::ui::paths;
use leptos::prelude::*;
use serde_json::Value;

#[component]
pub fn SpanBody(run: RunState, span: Memo<SpanRow>) -> impl IntoView {
    let whole = RwSignal::new(None::<SpanDetail>);
    let problem = RwSignal::new(None::<String>);
    let read = move || {
        let (trace, id) = span.with_untracked(|s| (s.trace_id.clone(), s.span_id.clone()));
        browser::spawn(async move {
            match get_span(run.id(), trace, id).await {
                Ok(found) => {
                    problem.try_set(None);
                    whole.try_set(Some(found));
                }
                Err(e) => drop(problem.try_set(Some(e.to_string()))),
            }
        });
    };
    // Again whenever the span changed.
    follow(move || {
        span.track();
        read();
    });
    let waiting = move || whole.with(Option::is_none) && problem.with(Option::is_none);
    view! {
        <Show when=waiting><p class="muted" role="status">"Loading"</p></Show>
        {view_of(move || problem.get().map(|message| view! { <ErrorNote message on_retry=move |()| read()/> }))}
        {view_of(move || span.with(took).map(|text| view! { <p class="muted">{text}</p> }))}
        {view_of(move || whole.get().map(|whole| detail(whole, &run.id())))}
    }
}

/// Model and tokens in a line.
fn took(span: &SpanRow) -> Option<String> {
    let tokens = [("input", span.input_tokens), ("output", span.output_tokens)];
    let known = tokens.into_iter().filter_map(|(name, n)| Some(format!("{} {name}", format::count(n?))));
    let again = || "told again by other spans, and counted there".to_owned();
    let repeated = (!span.counted && tokens.iter().any(|(_, n)| n.is_some())).then(again);
    let parts: Vec<String> = span.model.clone().into_iter().chain(known).chain(repeated).collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

fn detail(span: SpanDetail, run: &str) -> impl IntoView + use<> {
    let library = format!("{} {}", span.scope, span.scope_version);
    let href = paths::api_span(run, &span.span_id, &span.trace_id);
    let links = (!span.links.is_empty()).then_some(Value::Array(span.links));
    let events = (!span.events.is_empty()).then_some(Value::Array(span.events));
    view! {
        {span.status_message.map(|text| view! { {heading("Error".to_owned())}<pre class="call-error">{text}</pre> })}
        {part("Attributes", Some(span.attributes))}
        {part("Events", events)}
        {part("Links", links)}
        {part("Resource", Some(span.resource))}
        <p class="call-id"><a class="link" rel="external" href=href>"As JSON from the API"</a><span>{library}</span><code>{span.span_id}</code></p>
    }
}

fn part(name: &'static str, value: Option<Value>) -> Option<impl IntoView + use<>> {
    let value = value.filter(|v| v.as_object().is_none_or(|map| !map.is_empty()))?;
    Some(view! { {heading(name.to_owned())}<JsonTree value/> })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{SpanClass, SpanOutcome, Timestamp};

    #[test]
    fn what_is_counted_elsewhere_is_said() {
        let span = SpanRow {
            trace_id: String::new(),
            span_id: String::new(),
            parent_span_id: None,
            depth: 0,
            class: SpanClass::Agent,
            name: String::new(),
            started_at: Timestamp::from_millis(0),
            completed_at: None,
            outcome: SpanOutcome::Unset,
            model: Some("gpt-4o".to_owned()),
            input_tokens: Some(1_500),
            output_tokens: Some(2),
            counted: false,
        };
        let told = took(&span).unwrap_or_default();
        assert_eq!(told, "gpt-4o · 1,500 input · 2 output · told again by other spans, and counted there");
        let bare = SpanRow { model: None, input_tokens: None, output_tokens: None, ..span };
        assert_eq!(took(&bare), None);
    }
}
