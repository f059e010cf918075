//! Server. What was asked and what was answered, as one span tells it: in attributes, events or log records.

use super::chat::{Said, Side, said, said_in_plain, said_in_text};
use crate::otlp::attributes::{Attributes, Value};
use crate::otlp::model::{LogRecord, Span};
use serde_json::{Map, Value as Json};

/// An event of a span, or a log record that belongs to it: the same words came both ways.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    name: &'a str,
    attributes: &'a Attributes,
    body: Option<&'a Value>,
}

impl<'a> Told<'a> {
    pub fn name(&self) -> &'a str {
        self.name
    }

    pub fn attribute(&self, key: &str) -> Option<&'a Value> {
        self.attributes.get(key)
    }
}

/// All that was told of a span, in order.
pub fn told<'a>(span: &'a Span, logs: &[&'a LogRecord]) -> Vec<Told<'a>> {
    let events = span.events.iter().map(|e| Told { name: &e.name, attributes: &e.attributes, body: None });
    let logs = logs.iter().map(|log| Told {
        // Before logs had names of their own it stood in an attribute.
        name: log.attributes.text("event.name").filter(|_| log.name.is_empty()).unwrap_or(&log.name),
        attributes: &log.attributes,
        body: Some(&log.body),
    });
    events.chain(logs).collect()
}

pub fn asked(span: &Span, told: &[Told<'_>]) -> Option<String> {
    asked_as(span, told).text()
}

pub fn answered(span: &Span, told: &[Told<'_>]) -> Option<String> {
    answered_as(span, told).text()
}

/// What was asked, and whether it is somebody's words.
pub fn asked_as(span: &Span, told: &[Told<'_>]) -> Said {
    match in_places(span, told) {
        Said::Text(text) if span.origin.scope.ends_with("smolagents") => {
            // Its agents tell their model so; nobody said that.
            Said::Text(text.strip_prefix("New task:\n").map(str::to_owned).unwrap_or(text))
        }
        said => said,
    }
}

fn in_places(span: &Span, told: &[Told<'_>]) -> Said {
    let a = &span.attributes;
    let side = Side::User;
    first([
        &|| structured(a.get("gen_ai.input.messages"), side),
        &|| in_details(told, "gen_ai.input.messages", side),
        &|| in_events(told, &["gen_ai.user.message"], side),
        &|| in_texts(a, &["events", "all_messages_events", "pydantic_ai.all_messages"], side),
        &|| in_texts(a, &["langfuse.observation.input", "ai.prompt", "ai.prompt.messages"], side),
        &|| flattened(a, "llm.input_messages.", side),
        &|| in_texts(a, &["input.value", "traceloop.entity.input", "gen_ai.prompt"], side),
        &|| flattened(a, "gen_ai.prompt.", side),
        &|| in_texts(a, &["gcp.vertex.agent.llm_request", "raw_input", "request_data"], side),
        &|| plain(a, &["crewai.task.description"]),
        &|| first_task(a),
    ])
}

pub fn answered_as(span: &Span, told: &[Told<'_>]) -> Said {
    let a = &span.attributes;
    let side = Side::Assistant;
    first([
        &|| structured(a.get("gen_ai.output.messages"), side),
        &|| in_details(told, "gen_ai.output.messages", side),
        &|| in_events(told, &["gen_ai.choice"], side),
        &|| plain(a, &["final_result"]),
        &|| in_texts(a, &["events", "all_messages_events", "pydantic_ai.all_messages"], side),
        &|| plain(a, &["ai.response.text"]),
        &|| in_texts(a, &["langfuse.observation.output"], side),
        &|| flattened(a, "llm.output_messages.", side),
        &|| value_of_output(a),
        &|| in_texts(a, &["traceloop.entity.output"], side),
        &|| plain(a, &["crewai.crew.result"]),
        &|| in_texts(a, &["gen_ai.completion"], side),
        &|| flattened(a, "gen_ai.completion.", side),
        &|| in_texts(a, &["gcp.vertex.agent.llm_response", "response", "response_data"], side),
    ])
}

/// The first place that has words. A conversation without any is not the last word: another place may have them.
fn first<const N: usize>(places: [&dyn Fn() -> Said; N]) -> Said {
    Said::first(places.iter().map(|place| place()))
}

/// A crew is asked nothing but to do its tasks.
fn first_task(attributes: &Attributes) -> Said {
    let tasks = || serde_json::from_str::<Json>(attributes.text("crew_tasks")?).ok();
    let task = tasks().and_then(|tasks| Some(tasks.get(0)?.get("description")?.as_str()?.to_owned()));
    task.filter(|text| !text.trim().is_empty()).map_or(Said::Unclear, Said::Text)
}

/// Message attributes are a list of messages, or JSON of one, or (openlit) just text.
fn structured(value: Option<&Value>, side: Side) -> Said {
    match value {
        None | Some(Value::Null) => Said::Unclear,
        Some(Value::Text(text)) => said_in_text(text, side),
        Some(value) => said(&value.to_json(), side),
    }
}

/// Attributes in which JSON is written as text.
fn in_texts(attributes: &Attributes, keys: &[&str], side: Side) -> Said {
    Said::first(keys.iter().filter_map(|key| attributes.get(key)).map(|value| structured(Some(value), side)))
}

/// Attributes that are the answer, even where it is JSON.
fn plain(attributes: &Attributes, keys: &[&str]) -> Said {
    attributes.first_text(keys).map_or(Said::Unclear, |text| Said::Text(text.to_owned()))
}

fn value_of_output(attributes: &Attributes) -> Said {
    match attributes.text("output.mime_type") {
        Some("text/plain") => attributes.text("output.value").map_or(Said::Unclear, said_in_plain),
        _ => in_texts(attributes, &["output.value"], Side::Assistant),
    }
}

/// The event that carries the same attributes as spans may.
fn in_details(told: &[Told<'_>], key: &str, side: Side) -> Said {
    let details = told.iter().filter(|t| t.name == "gen_ai.client.inference.operation.details");
    let said = details.filter_map(|t| t.attributes.get(key)).map(|value| structured(Some(value), side).text());
    said.flatten().last().map_or(Said::Unclear, Said::Text)
}

/// Events of one message each; the last one counts.
fn in_events(told: &[Told<'_>], names: &[&str], side: Side) -> Said {
    let mut messages = told.iter().filter(|t| names.contains(&t.name));
    match side {
        Side::User => messages.filter_map(|t| of_event(t, side).text()).next_back(),
        Side::Assistant => messages.next_back().and_then(|t| of_event(t, side).text()),
    }
    .map_or(Said::Unclear, Said::Text)
}

fn of_event(told: &Told<'_>, side: Side) -> Said {
    let here = ["content", "message"].iter().find_map(|key| told.attributes.get(key));
    let body = || match told.body? {
        Value::Map(map) => ["content", "message"].iter().find_map(|key| map.get(key)),
        text @ Value::Text(_) => Some(text),
        _ => None,
    };
    structured(here.or_else(body), side)
}

/// `prefix` + `0.message.role` and the like: a list of messages taken apart into attributes.
fn flattened(attributes: &Attributes, prefix: &str, side: Side) -> Said {
    /// More messages than this are not looked at; conversations end with what counts.
    const MOST: usize = 10_000;
    let mut messages: Vec<(usize, Map<String, Json>)> = Vec::new();
    for (path, value) in attributes.below(prefix) {
        let Some((number, rest)) = path.split_once('.') else { continue };
        let Some(number) = number.parse().ok().filter(|n| *n < MOST) else { continue };
        let rest = rest.strip_prefix("message.").unwrap_or(rest);
        let place = match rest {
            "role" | "content" => rest,
            _ if rest.starts_with("contents.") && rest.ends_with(".message_content.text") => "parts",
            _ => continue,
        };
        // The texts of a message come in order, messages as the lengths of their keys have it.
        let at = messages.partition_point(|(n, _)| *n < number);
        if messages.get(at).is_none_or(|(n, _)| *n != number) {
            messages.insert(at, (number, Map::new()));
        }
        let Some((_, message)) = messages.get_mut(at) else { continue };
        if place == "parts" {
            let parts = message.entry("parts").or_insert_with(|| Json::Array(Vec::new()));
            if let Json::Array(parts) = parts {
                parts.push(value.to_json());
            }
        } else {
            message.insert(place.to_owned(), value.to_json());
        }
    }
    let list: Json = messages.into_iter().map(|(_, message)| Json::Object(message)).collect();
    said(&list, side)
}
