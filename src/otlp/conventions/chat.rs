//! Server. Finds what people and models said in JSON of any product: lists of messages, single messages, and the
//! arguments and results that wrap them.

mod printed;

use serde_json::{Map, Value as Json};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    User,
    Assistant,
}

/// What a piece of JSON holds of one side's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Text(String),
    /// Not in so many words: the data that a framework passes on, as JSON or as a language prints it.
    Raw(String),
    /// It is a conversation, in which this side said nothing: only called tools, say.
    Nothing,
    /// No conversation that is known here.
    Unclear,
}

impl Said {
    pub fn text(self) -> Option<String> {
        match self {
            Self::Text(text) | Self::Raw(text) => Some(text),
            Self::Nothing | Self::Unclear => None,
        }
    }

    fn of(text: &str) -> Self {
        if text.trim().is_empty() { Self::Nothing } else { Self::Text(text.to_owned()) }
    }

    /// The first that has text; else the first data; else whether any was a conversation.
    pub fn first(all: impl Iterator<Item = Self>) -> Self {
        let mut best = Self::Unclear;
        for said in all {
            match said {
                Self::Text(_) => return said,
                Self::Raw(_) if !matches!(best, Self::Raw(_)) => best = said,
                Self::Nothing if best == Self::Unclear => best = said,
                Self::Raw(_) | Self::Nothing | Self::Unclear => {}
            }
        }
        best
    }
}

/// Where products put what was asked and answered, the likelier first.
const ASKED: [&str; 22] = [
    "messages",
    "input_messages",
    "prompt",
    "input",
    "inputs",
    "input_args",
    "question",
    "query",
    "task",
    "user_input",
    "user_message",
    "user_msg",
    "instruction",
    "new_message",
    "contents",
    "content",
    "text",
    "message",
    "args",
    "kwargs",
    "data",
    "state",
];
const ANSWERED: [&str; 21] = [
    "messages",
    "output_messages",
    "output",
    "outputs",
    "response",
    "result",
    "final_output",
    "output_text",
    "answer",
    "text",
    "content",
    "generations",
    "message",
    "choices",
    "candidates",
    "data",
    "kwargs",
    "update",
    "return_values",
    "blocks",
    "raw",
];

/// Deeper than any product wraps its words.
const DEEPEST: usize = 16;

pub fn said(json: &Json, side: Side) -> Said {
    find(json, side, DEEPEST)
}

/// The same in text that may be JSON; other text is taken as what was said.
pub fn said_in_text(text: &str, side: Side) -> Said {
    match parsed(text) {
        Some(json) => match said(&json, side) {
            Said::Unclear if is_empty(&json) => Said::Nothing,
            // An answer may well be JSON, but nothing that was printed for want of it.
            Said::Unclear if side == Side::User || printed::any(&json) => Said::Raw(text.to_owned()),
            Said::Unclear => Said::of(text),
            known => known,
        },
        None => said_in_plain(text),
    }
}

/// In text that is no JSON.
pub fn said_in_plain(text: &str) -> Said {
    if printed::is(text) { Said::Raw(text.to_owned()) } else { Said::of(text) }
}

/// The one text that stands in JSON, if there is nothing else.
pub fn only_text(text: &str) -> Option<String> {
    /// Stops at the second.
    fn leaves<'a>(json: &'a Json, found: &mut Vec<&'a Json>) -> bool {
        match json {
            Json::Null => {}
            Json::Array(list) => return list.iter().all(|value| leaves(value, found)),
            Json::Object(map) => return map.values().all(|value| leaves(value, found)),
            leaf => found.push(leaf),
        }
        found.len() < 2
    }
    let json = parsed(text)?;
    let mut found = Vec::new();
    let only = leaves(&json, &mut found).then(|| found.pop()).flatten()?.as_str()?;
    (!only.trim().is_empty() && !printed::is(only)).then(|| only.to_owned())
}

/// A list or an object, if the text is one.
pub fn parsed(text: &str) -> Option<Json> {
    let wrapped = text.trim_start().starts_with(['{', '[', '"']);
    let json: Json = wrapped.then(|| serde_json::from_str(text).ok()).flatten()?;
    match json {
        // Some emitters write JSON in JSON.
        Json::String(inner) => Some(parsed(&inner).unwrap_or(Json::String(inner))),
        json => Some(json),
    }
}

fn is_empty(json: &Json) -> bool {
    match json {
        Json::Null => true,
        Json::Array(list) => list.iter().all(is_empty),
        Json::Object(map) => map.values().all(is_empty),
        _ => false,
    }
}

fn find(json: &Json, side: Side, depth: usize) -> Said {
    let Some(depth) = depth.checked_sub(1) else { return Said::Unclear };
    match json {
        Json::String(text) => match parsed(text) {
            Some(inner) if !inner.is_string() => match find(&inner, side, depth) {
                Said::Unclear => Said::of(text),
                known => known,
            },
            // A list of messages that was printed is a conversation that can't be read.
            _ if printed::is(text) => Said::Unclear,
            _ => Said::of(text),
        },
        Json::Array(list) => in_list(list, side, depth),
        Json::Object(map) => in_object(map, side, depth),
        _ => Said::Unclear,
    }
}

fn in_list(list: &[Json], side: Side, depth: usize) -> Said {
    let messages = || list.iter().filter_map(|one| Some((role(one.as_object()?)?, one)));
    if messages().next().is_some() {
        let mut mine = messages().filter(|(role, _)| *role == Role::of(side)).map(|(_, one)| content(one, depth));
        return match side {
            // Tools' results come in the user's name, too: the last that has words.
            Side::User => mine.rfind(Option::is_some).flatten().map_or(Said::Nothing, Said::Text),
            // What came before the last one was not the answer.
            Side::Assistant => mine.next_back().flatten().map_or(Said::Nothing, Said::Text),
        };
    }
    if let Some(text) = list.iter().any(is_part).then(|| parts(list, depth)) {
        return text.map_or(Said::Nothing, Said::Text);
    }
    Said::first(list.iter().rev().map(|one| find(one, side, depth)))
}

fn in_object(map: &Map<String, Json>, side: Side, depth: usize) -> Said {
    if let Some(role) = role(map) {
        let words = (role == Role::of(side)).then(|| content_of(map, depth)).flatten();
        return words.map_or(Said::Nothing, Said::Text);
    }
    let keys: &[&str] = if side == Side::User { &ASKED } else { &ANSWERED };
    let filled = keys.iter().filter_map(|key| map.get(*key)).filter(|value| !is_empty(value));
    Said::first(filled.map(|value| find(value, side, depth)))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    User,
    Assistant,
    /// System prompts, tools and their results.
    Other,
}

impl Role {
    fn of(side: Side) -> Self {
        match side {
            Side::User => Self::User,
            Side::Assistant => Self::Assistant,
        }
    }

    fn named(name: &str) -> Option<Self> {
        // LlamaIndex and smolagents print their enums, LangChain its classes.
        let name = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
        Some(match name.trim_end_matches("chunk") {
            "user" | "human" | "humanmessage" => Self::User,
            "assistant" | "ai" | "model" | "aimessage" => Self::Assistant,
            "system"
            | "developer"
            | "tool"
            | "function"
            | "systemmessage"
            | "toolmessage"
            | "function_call"
            | "function_call_output"
            | "reasoning" => Self::Other,
            _ => return None,
        })
    }
}

/// Whose message it is, if it is one.
fn role(map: &Map<String, Json>) -> Option<Role> {
    let word = |key: &str| map.get(key).and_then(Json::as_str);
    match word("event.name") {
        Some("gen_ai.user.message") => return Some(Role::User),
        Some("gen_ai.choice" | "gen_ai.assistant.message") => return Some(Role::Assistant),
        Some(name) if name.starts_with("gen_ai.") => return Some(Role::Other),
        _ => {}
    }
    let class = || map.get("id")?.as_array()?.last()?.as_str();
    let role = word("role").and_then(Role::named).or_else(|| word("type").and_then(Role::named));
    role.or_else(|| Role::named(class().filter(|_| map.contains_key("lc"))?))
}

fn content(message: &Json, depth: usize) -> Option<String> {
    content_of(message.as_object()?, depth)
}

fn content_of(map: &Map<String, Json>, depth: usize) -> Option<String> {
    const PLACES: [&str; 8] = ["content", "parts", "contents", "blocks", "text", "message", "data", "kwargs"];
    let depth = depth.checked_sub(1)?;
    PLACES.iter().filter_map(|place| map.get(*place)).find_map(|value| words(value, depth))
}

fn words(value: &Json, depth: usize) -> Option<String> {
    match value {
        Json::String(text) => (!text.trim().is_empty()).then(|| text.clone()),
        Json::Array(list) => parts(list, depth),
        Json::Object(map) => content_of(map, depth),
        _ => None,
    }
}

/// A piece of a message: text, or something that is none.
fn is_part(value: &Json) -> bool {
    let Some(map) = value.as_object() else { return false };
    // LangChain's generations have a text beside their message.
    if map.contains_key("message") {
        return false;
    }
    ["text", "toolUse", "toolResult", "block_type", "tool_use", "function_call", "functionCall"]
        .iter()
        .any(|key| map.contains_key(*key))
        || map.get("type").and_then(Json::as_str).is_some_and(|kind| TEXT_KINDS.contains(&kind))
}

const TEXT_KINDS: [&str; 3] = ["text", "output_text", "input_text"];

/// The texts of a message's parts, one below the other.
fn parts(list: &[Json], depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    let texts: Vec<String> = list.iter().filter_map(|part| part_text(part, depth)).collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}

fn part_text(part: &Json, depth: usize) -> Option<String> {
    let map = match part {
        Json::String(text) => return (!text.trim().is_empty()).then(|| text.clone()),
        Json::Object(map) => map,
        _ => return None,
    };
    let kind = map.get("type").or_else(|| map.get("block_type")).and_then(Json::as_str);
    if kind.is_some_and(|kind| !TEXT_KINDS.contains(&kind)) {
        return None;
    }
    ["text", "content"].iter().find_map(|key| words(map.get(*key)?, depth))
}

#[cfg(test)]
mod tests;
