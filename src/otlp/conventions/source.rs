//! Server. Where a run comes from: labels, trigger, conversation.

use super::name::short;
use crate::domain::Trigger;
use crate::otlp::model::{Origin, Span};
use std::collections::BTreeMap;

pub fn service(origin: &Origin) -> Option<&str> {
    origin.resource.text("service.name")
}

/// Labels of the process. Both names of the environment give one label, so that a filter finds old and new emitters.
pub fn labels(origin: &Origin) -> BTreeMap<String, String> {
    const SAME: [(&str, &str); 4] = [
        ("service.name", "service.name"),
        ("service.version", "service.version"),
        ("deployment.environment", "deployment.environment"),
        ("deployment.environment.name", "deployment.environment"),
    ];
    let resource = &origin.resource;
    let known = SAME.iter().filter_map(|(key, label)| Some(((*label).to_owned(), label_value(resource.text(key)?))));
    known.chain(own_labels(resource.below(OWN))).collect()
}

/// Labels that somebody set on purpose, on a span.
pub fn span_labels(span: &Span) -> impl Iterator<Item = (String, String)> {
    own_labels(span.attributes.below(OWN))
}

const OWN: &str = "runboard.label.";

fn own_labels<'a>(
    pairs: impl Iterator<Item = (&'a str, &'a crate::otlp::Value)>,
) -> impl Iterator<Item = (String, String)> {
    // What a record's label can't be named is left out; so are more than a record has room for.
    const MOST: usize = 50;
    let fits = |key: &str| !key.is_empty() && key.chars().count() <= 64 && !key.contains([':', ',', '\u{1}', '\0']);
    pairs.filter(move |(key, _)| fits(key)).take(MOST).map(|(key, value)| {
        let text = value.text().map_or_else(|| value.to_json().to_string(), str::to_owned);
        (key.to_owned(), label_value(&text))
    })
}

fn label_value(text: &str) -> String {
    short(&text.replace(['\u{1}', '\0'], "\u{fffd}"))
}

/// Words that are none of ours say nothing.
pub fn trigger(span: &Span) -> Option<Trigger> {
    span.attributes.text("runboard.trigger")?.trim().parse().ok()
}

pub fn resource_trigger(origin: &Origin) -> Option<Trigger> {
    origin.resource.text("runboard.trigger")?.trim().parse().ok()
}

/// The conversation that a span belongs to.
pub fn session(span: &Span) -> Option<String> {
    const KEYS: [&str; 12] = [
        "gen_ai.conversation.id",
        "session.id",
        "traceloop.association.properties.session_id",
        "traceloop.association.properties.thread_id",
        "traceloop.association.properties.chat_id",
        "ai.telemetry.metadata.sessionId",
        "gcp.vertex.agent.session_id",
        "langfuse.session.id",
        "langsmith.metadata.session_id",
        "langsmith.metadata.thread_id",
        "langsmith.metadata.conversation_id",
        "runboard.thread_id",
    ];
    span.attributes.first_text(&KEYS).or_else(|| span.origin.resource.text("session.id")).map(short)
}
