//! Both sides. The numbers of two runs, and their labels.

use super::differs;
use crate::domain::{Side, Timestamp};
use crate::ui::kit::{format, view_of};
use crate::ui::parts::{RelativeTime, status_word};
use leptos::prelude::*;
use std::collections::BTreeSet;

pub fn view(a: &Side, b: &Side) -> AnyView {
    let (left, right) = (a.clone(), b.clone());
    // Written again when the viewer's locale is known.
    let facts = move || {
        let both = facts(&left).into_iter().zip(facts(&right));
        both.map(|((name, x), (_, y))| row(name.to_owned(), x, y)).collect::<Vec<_>>()
    };
    let started = time("Started", a.summary.started_at, b.summary.started_at);
    let ended = time("Ended", a.summary.completed_at, b.summary.completed_at);
    let names: BTreeSet<&String> = a.summary.labels.keys().chain(b.summary.labels.keys()).collect();
    let label = |side: &Side, name: &String| side.summary.labels.get(name).cloned();
    let labels = names.into_iter().map(|name| row(format!("Label {name}"), label(a, name), label(b, name)));
    view! {
        <section>
            <h2>"Facts"</h2>
            <table class="compare-table">
                <thead><tr><td></td><th scope="col">"A"</th><th scope="col">"B"</th></tr></thead>
                <tbody>{started}{ended}{view_of(facts)}{labels.collect::<Vec<_>>()}</tbody>
            </table>
        </section>
    }
    .into_any()
}

/// The same names in the same order for every run. `None`: not known.
fn facts(side: &Side) -> Vec<(&'static str, Option<String>)> {
    let s = &side.summary;
    let context = match (side.context_used, side.context_max) {
        (Some(used), Some(max)) => Some(format!("{} of {}", format::count(used), format::count(max))),
        (used, _) => used.map(format::count),
    };
    vec![
        ("Status", Some(status_word(s.status).to_owned())),
        ("Agent", Some(s.agent_name.clone())),
        ("Duration", s.duration_ms.map(format::duration)),
        ("Queued for", s.queue_ms.map(format::duration)),
        ("Attempt", Some(s.attempt.to_string())),
        ("Trigger", Some(s.triggered_by.to_string())),
        ("Started by", side.started_by.clone()),
        ("Model", s.model.clone()),
        ("Cost", s.cost.map(format::money)),
        ("Input tokens", s.input_tokens.map(format::count)),
        ("Output tokens", s.output_tokens.map(format::count)),
        ("Cached tokens", side.cached_tokens.map(format::count)),
        ("Reasoning tokens", side.reasoning_tokens.map(format::count)),
        ("Context", context),
        ("Tool calls", Some(format::count(s.tool_call_count))),
        ("Steps done", Some(format::count(s.steps_done))),
        ("Thread", s.thread_id.clone()),
    ]
}

fn row(name: String, a: Option<String>, b: Option<String>) -> AnyView {
    let differ = a != b;
    let cell = |value: Option<String>| match value {
        Some(text) => view! { <td>{text}</td> }.into_any(),
        None => view! { <td class="unknown" title="not known">{format::UNKNOWN}</td> }.into_any(),
    };
    view! { <tr class:differ=differ><th scope="row">{name}{differs(differ)}</th>{cell(a)}{cell(b)}</tr> }.into_any()
}

/// No two runs happen at the same time: that is no difference worth a mark.
fn time(name: &'static str, a: Option<Timestamp>, b: Option<Timestamp>) -> AnyView {
    let cell = |at: Option<Timestamp>| match at {
        Some(at) => view! { <td><RelativeTime at=at/></td> }.into_any(),
        None => view! { <td class="unknown" title="not known">{format::UNKNOWN}</td> }.into_any(),
    };
    view! { <tr><th scope="row">{name}</th>{cell(a)}{cell(b)}</tr> }.into_any()
}
