//! Server. What a tool was called, given, and gave.

use super::chat::parsed;
use super::name::short;
use super::texts::Told;
use crate::otlp::attributes::Value;
use crate::otlp::model::Span;
use serde_json::Value as Json;

pub fn name(span: &Span) -> String {
    const KEYS: [&str; 5] = ["gen_ai.tool.name", "tool.name", "ai.toolCall.name", "tool_name", "crewai.tool.name"];
    let attributes = &span.attributes;
    let logfire = || attributes.text("name").filter(|_| span.origin.scope.starts_with("logfire."));
    let stated = attributes.first_text(&KEYS).or_else(logfire).or_else(|| attributes.text("traceloop.entity.name"));
    let guessed = || {
        let name = span.name.strip_prefix("execute_tool ").unwrap_or(&span.name);
        name.strip_suffix(".tool").unwrap_or(name)
    };
    let name = stated.unwrap_or_else(guessed);
    // A Python object that is called as a function is its class's method.
    let name = short(name.strip_suffix(".__call__").unwrap_or(name));
    if name.is_empty() { "tool".to_owned() } else { name }
}

/// The provider's id of the call.
pub fn call_id(span: &Span) -> Option<String> {
    const KEYS: [&str; 7] = [
        "gen_ai.tool.call.id",
        "gen_ai.tool.call_id",
        "tool_call.id",
        "tool.call.id",
        "tool.id",
        "ai.toolCall.id",
        "call_id",
    ];
    // No database keeps this character: without it two ids may be the same.
    let id = short(&span.attributes.first_text(&KEYS)?.replace('\0', ""));
    (!id.is_empty()).then_some(id)
}

pub fn arguments(span: &Span, told: &[Told<'_>]) -> Option<Json> {
    const KEYS: [&str; 8] = [
        "gen_ai.tool.call.arguments",
        "tool_arguments",
        "ai.toolCall.args",
        "gcp.vertex.agent.tool_call_args",
        "langfuse.observation.input",
        "tool.arguments",
        "input.value",
        "traceloop.entity.input",
    ];
    let logfire = || span.attributes.get("input").filter(|_| span.origin.scope.starts_with("logfire."));
    let langsmith = || span.attributes.get("gen_ai.prompt");
    let stated = first(span, &KEYS).or_else(logfire).or_else(langsmith).map(json);
    stated.or_else(|| in_events(told, &GIVEN)).and_then(|json| bounded(called_with(json)))
}

pub fn result(span: &Span, told: &[Told<'_>]) -> Option<Json> {
    const KEYS: [&str; 7] = [
        "gen_ai.tool.call.result",
        "tool_response",
        "ai.toolCall.result",
        "gcp.vertex.agent.tool_response",
        "langfuse.observation.output",
        "output.value",
        "traceloop.entity.output",
    ];
    let logfire = || span.attributes.get("output").filter(|_| span.origin.scope.starts_with("logfire."));
    let langsmith = || span.attributes.get("gen_ai.completion");
    let stated = first(span, &KEYS).or_else(logfire).or_else(langsmith).map(json);
    stated.or_else(|| in_events(told, &GAVE)).and_then(|json| bounded(text_of_parts(unwrapped(json))))
}

/// The first that holds something; ADK fills some with nothing and others with an empty object.
fn first<'a>(span: &'a Span, keys: &[&str]) -> Option<&'a Value> {
    let all = || keys.iter().filter_map(|key| span.attributes.get(key));
    let is_some = |value: &&Value| match value {
        Value::Null => false,
        Value::Text(text) => !text.trim().is_empty(),
        _ => true,
    };
    let is_full = |value: &&Value| is_some(value) && value.text().is_none_or(|text| text.trim() != "{}");
    all().find(is_full).or_else(|| all().find(is_some))
}

/// As JSON where it is some; JSON in JSON is unpacked, other text stays text.
fn json(value: &Value) -> Json {
    match value {
        Value::Text(text) => parsed(text).unwrap_or_else(|| text.as_str().into()),
        other => other.to_json(),
    }
}

/// Python's instrumentations record the call of a function: what matters are its arguments by name.
fn called_with(json: Json) -> Json {
    let Json::Object(mut map) = json else { return json };
    let empty = |args: &Json| args.as_array().is_some_and(Vec::is_empty);
    let no_args = map.get("args").map_or(map.len() == 1, empty);
    match map.get("kwargs") {
        Some(Json::Object(_)) if no_args => map.remove("kwargs").unwrap_or_default(),
        _ => Json::Object(map),
    }
}

/// LangChain records a message, and LlamaIndex blocks beside what the function gave; what matters is what stands in it.
fn unwrapped(json: Json) -> Json {
    let Json::Object(map) = &json else { return json };
    if let (Some(Json::Array(_)), Some(Json::String(raw))) = (map.get("blocks"), map.get("raw_output")) {
        return parsed(raw).unwrap_or_else(|| raw.as_str().into());
    }
    let message = match (map.get("output"), map.len()) {
        (Some(Json::Object(output)), 1) => output,
        _ => map,
    };
    let message = match message.get("data") {
        Some(Json::Object(data)) if message.get("type").and_then(Json::as_str) == Some("tool") => data,
        _ => message,
    };
    let message = match message.get("kwargs") {
        Some(Json::Object(kwargs)) if message.contains_key("lc") => kwargs,
        _ => message,
    };
    let is_tool_message = message.contains_key("tool_call_id");
    let content = message.get("content").filter(|_| is_tool_message).cloned();
    match content {
        Some(Json::String(text)) => parsed(&text).unwrap_or(Json::String(text)),
        Some(content) => content,
        None => json,
    }
}

/// Where events of strands have it: event, attribute, kind of part, key in the part.
struct Place {
    event: &'static str,
    attribute: &'static str,
    messages: &'static str,
    part: &'static str,
    keys: [&'static str; 2],
}

const GIVEN: Place = Place {
    event: "gen_ai.tool.message",
    attribute: "content",
    messages: "gen_ai.input.messages",
    part: "tool_call",
    keys: ["arguments", "input"],
};
const GAVE: Place = Place {
    event: "gen_ai.choice",
    attribute: "message",
    messages: "gen_ai.output.messages",
    part: "tool_call_response",
    keys: ["response", "result"],
};

fn in_events(told: &[Told<'_>], place: &Place) -> Option<Json> {
    let plain = told.iter().filter(|t| t.name() == place.event).find_map(|t| t.attribute(place.attribute));
    let plain = plain.map(|value| text_of_parts(json(value)));
    plain.or_else(|| {
        let messages = told.iter().find_map(|t| t.attribute(place.messages)).map(json)?;
        let parts = messages.as_array()?.iter().filter_map(|m| m.get("parts")?.as_array()).flatten();
        let mut parts = parts.filter(|part| part.get("type").and_then(Json::as_str) == Some(place.part));
        let found = parts.find_map(|part| place.keys.iter().find_map(|key| part.get(*key)))?;
        Some(text_of_parts(found.clone()))
    })
}

/// `[{"text": "…"}]` is the text, and the JSON in it.
fn text_of_parts(json: Json) -> Json {
    let texts = || -> Option<Vec<&str>> {
        let list = json.as_array().filter(|list| !list.is_empty())?;
        list.iter().map(|part| part.as_object().filter(|p| p.len() == 1)?.get("text")?.as_str()).collect()
    };
    match texts().map(|texts| texts.join("\n")) {
        Some(text) => parsed(&text).unwrap_or(Json::String(text)),
        None => json,
    }
}

/// Records take no deeper JSON; deeper one is kept as its text. Null is nothing.
fn bounded(json: Json) -> Option<Json> {
    const DEEPEST: usize = 60;
    if json.is_null() {
        return None;
    }
    Some(if deeper_than(&json, DEEPEST) { Json::String(json.to_string()) } else { json })
}

fn deeper_than(json: &Json, levels: usize) -> bool {
    match json {
        Json::Array(list) => levels == 0 || list.iter().any(|v| deeper_than(v, levels - 1)),
        Json::Object(map) => levels == 0 || map.values().any(|v| deeper_than(v, levels - 1)),
        _ => false,
    }
}
