//! Server. OTLP's protobuf messages, field by field. The numbers are those of opentelemetry-proto 1.x.

use super::fit::{Room, double, times};
use super::wire::{Broken, Wire, fields};
use super::{DecodeError, Decoded, Limits};
use crate::otlp::attributes::{Attributes, Value};
use crate::otlp::model::{Event, Link, LogRecord, Origin, Outcome, Span, SpanId, TraceId};
use base64::Engine;
use std::sync::Arc;

/// Why one span is not taken.
type Part<T> = Result<T, String>;

type Reader<T> = fn(&[u8], &Arc<Origin>, &Limits) -> Part<T>;

/// Reads the two levels around spans and log records, which are the same for both.
pub fn read<T>(body: &[u8], limits: &Limits, item: Reader<T>) -> Result<Decoded<T>, DecodeError> {
    let mut decoded = Decoded::new();
    for of_resource in messages(body, 1) {
        let of_resource = of_resource?;
        let resource = resource(of_resource, limits)?;
        for of_scope in messages(of_resource, 2) {
            let of_scope = of_scope?;
            let origin = match &resource {
                Ok(resource) => scope(of_scope, resource, limits)?,
                Err(reason) => Err(reason.clone()),
            };
            for one in messages(of_scope, 2) {
                let one = one?;
                decoded.take(origin.as_ref().map_err(Clone::clone).and_then(|o| item(one, o, limits)), limits);
            }
        }
    }
    Ok(decoded)
}

impl From<Broken> for DecodeError {
    fn from(broken: Broken) -> Self {
        Self::Unreadable(broken.to_string())
    }
}

/// The fields of this number that are messages or texts.
fn messages(message: &[u8], number: u32) -> impl Iterator<Item = Result<&[u8], Broken>> {
    fields(message).filter_map(move |field| match field {
        Ok((n, Wire::Bytes(bytes))) if n == number => Some(Ok(bytes)),
        Ok(_) => None,
        Err(broken) => Some(Err(broken)),
    })
}

/// Attributes that can't be read make the spans below wrong, not the request.
fn resource(message: &[u8], limits: &Limits) -> Result<Part<Arc<Attributes>>, DecodeError> {
    let mut resource = Ok(Attributes::default());
    for bytes in messages(message, 1) {
        resource = attributes_in(bytes?, 1, &mut Room::new(limits)).map_err(|reason| format!("resource: {reason}"));
    }
    Ok(resource.map(Arc::new))
}

fn scope(message: &[u8], resource: &Arc<Attributes>, limits: &Limits) -> Result<Part<Arc<Origin>>, DecodeError> {
    let mut origin = Origin { resource: Arc::clone(resource), ..Origin::default() };
    for bytes in messages(message, 1) {
        if let Err(reason) = name_of_scope(bytes?, &mut origin, &mut Room::new(limits)) {
            return Ok(Err(format!("scope: {reason}")));
        }
    }
    Ok(Ok(Arc::new(origin)))
}

fn name_of_scope(bytes: &[u8], origin: &mut Origin, room: &mut Room<'_>) -> Part<()> {
    for field in fields(bytes) {
        match field.map_err(|b| b.to_string())? {
            (1, Wire::Bytes(name)) => origin.scope = text(name, room)?,
            (2, Wire::Bytes(version)) => origin.scope_version = text(version, room)?,
            _ => {}
        }
    }
    Ok(())
}

pub fn span(message: &[u8], origin: &Arc<Origin>, limits: &Limits) -> Part<Span> {
    let mut room = Room::new(limits);
    let (mut trace, mut id, mut parent) = (None, None, None);
    let (mut name, mut start, mut end) = (String::new(), 0, 0);
    let (mut outcome, mut status_text) = (Outcome::Unset, String::new());
    let (mut attributes, mut events, mut links) = (Vec::new(), Vec::new(), Vec::new());
    for field in fields(message) {
        match field.map_err(|b| format!("a span is broken: {b}"))? {
            (1, Wire::Bytes(bytes)) => trace = TraceId::from_bytes(bytes),
            (2, Wire::Bytes(bytes)) => id = SpanId::from_bytes(bytes),
            (4, Wire::Bytes(bytes)) => parent = parent_id(bytes)?,
            (5, Wire::Bytes(bytes)) => name = text(bytes, &mut room)?,
            (7, Wire::Fixed64(nanos)) => start = nanos,
            (8, Wire::Fixed64(nanos)) => end = nanos,
            (9, Wire::Bytes(bytes)) => push_attribute(&mut attributes, bytes, &mut room)?,
            (11, Wire::Bytes(bytes)) if events.len() < limits.events => events.push(event(bytes, &mut room)?),
            (13, Wire::Bytes(bytes)) if links.len() < limits.links => links.extend(link(bytes)?),
            (15, Wire::Bytes(bytes)) => (outcome, status_text) = status(bytes, &mut room)?,
            _ => {}
        }
    }
    let trace = trace.ok_or("a span has no trace id of 16 bytes")?;
    let id = id.ok_or("a span has no span id of 8 bytes")?;
    let (start, end) = times(start, end)?;
    let (attributes, origin, message) = (attributes.into(), Arc::clone(origin), status_text);
    Ok(Span { trace, id, parent, name, start, end, outcome, message, attributes, events, links, origin })
}

/// Absent, empty or all zeros: a root.
fn parent_id(bytes: &[u8]) -> Part<Option<SpanId>> {
    if bytes.is_empty() || bytes.len() == 8 {
        return Ok(SpanId::from_bytes(bytes));
    }
    Err("a span's parent id is not 8 bytes".to_owned())
}

pub fn log_record(message: &[u8], origin: &Arc<Origin>, limits: &Limits) -> Part<LogRecord> {
    let mut room = Room::new(limits);
    let (mut trace, mut span, mut name) = (None, None, String::new());
    let (mut time, mut observed, mut body, mut attributes) = (0, 0, Value::Null, Vec::new());
    for field in fields(message) {
        match field.map_err(|b| format!("a log record is broken: {b}"))? {
            (1, Wire::Fixed64(nanos)) => time = nanos,
            (5, Wire::Bytes(bytes)) => body = value(bytes, &mut room, limits.depth)?,
            (6, Wire::Bytes(bytes)) => push_attribute(&mut attributes, bytes, &mut room)?,
            (9, Wire::Bytes(bytes)) => trace = TraceId::from_bytes(bytes),
            (10, Wire::Bytes(bytes)) => span = SpanId::from_bytes(bytes),
            (11, Wire::Fixed64(nanos)) => observed = nanos,
            (12, Wire::Bytes(bytes)) => name = text(bytes, &mut room)?,
            _ => {}
        }
    }
    let (time, attributes) = (if time == 0 { observed } else { time }, attributes.into());
    Ok(LogRecord { trace, span, time, name, body, attributes, origin: Arc::clone(origin) })
}

fn event(message: &[u8], room: &mut Room<'_>) -> Part<Event> {
    let (mut time, mut name, mut attributes) = (0, String::new(), Vec::new());
    for field in fields(message) {
        match field.map_err(|b| format!("an event is broken: {b}"))? {
            (1, Wire::Fixed64(nanos)) => time = nanos,
            (2, Wire::Bytes(bytes)) => name = text(bytes, room)?,
            (3, Wire::Bytes(bytes)) => push_attribute(&mut attributes, bytes, room)?,
            _ => {}
        }
    }
    Ok(Event { time, name, attributes: attributes.into() })
}

/// A link to nothing is none.
fn link(message: &[u8]) -> Part<Option<Link>> {
    let (mut trace, mut span) = (None, None);
    for field in fields(message) {
        match field.map_err(|b| format!("a link is broken: {b}"))? {
            (1, Wire::Bytes(bytes)) => trace = TraceId::from_bytes(bytes),
            (2, Wire::Bytes(bytes)) => span = SpanId::from_bytes(bytes),
            _ => {}
        }
    }
    Ok(trace.zip(span).map(|(trace, span)| Link { trace, span }))
}

fn status(message: &[u8], room: &mut Room<'_>) -> Part<(Outcome, String)> {
    let (mut outcome, mut words) = (Outcome::Unset, String::new());
    for field in fields(message) {
        match field.map_err(|b| format!("a status is broken: {b}"))? {
            (2, Wire::Bytes(bytes)) => words = text(bytes, room)?,
            (3, Wire::Varint(1)) => outcome = Outcome::Ok,
            (3, Wire::Varint(2)) => outcome = Outcome::Error,
            _ => {}
        }
    }
    Ok((outcome, words))
}

fn attributes_in(message: &[u8], number: u32, room: &mut Room<'_>) -> Part<Attributes> {
    let mut attributes = Vec::new();
    for pair in messages(message, number) {
        push_attribute(&mut attributes, pair.map_err(|b| b.to_string())?, room)?;
    }
    Ok(attributes.into())
}

fn push_attribute(attributes: &mut Vec<(String, Value)>, pair: &[u8], room: &mut Room<'_>) -> Part<()> {
    if attributes.len() < room.limits.attributes && room.value() {
        attributes.push(key_value(pair, room, room.limits.depth)?);
    }
    Ok(())
}

fn key_value(message: &[u8], room: &mut Room<'_>, depth: usize) -> Part<(String, Value)> {
    let (mut key, mut held) = (String::new(), Value::Null);
    for field in fields(message) {
        match field.map_err(|b| format!("an attribute is broken: {b}"))? {
            (1, Wire::Bytes(bytes)) => key = text(bytes, room)?,
            (2, Wire::Bytes(bytes)) => held = value(bytes, room, depth)?,
            _ => {}
        }
    }
    Ok((key, held))
}

fn value(message: &[u8], room: &mut Room<'_>, depth: usize) -> Part<Value> {
    let below = depth.checked_sub(1).ok_or_else(|| format!("values are nested deeper than {}", room.limits.depth))?;
    let mut held = Value::Null;
    for field in fields(message) {
        held = match field.map_err(|b| format!("a value is broken: {b}"))? {
            (1, Wire::Bytes(bytes)) => Value::Text(text(bytes, room)?),
            (2, Wire::Varint(n)) => Value::Bool(n != 0),
            (3, Wire::Varint(n)) => Value::Int(n.cast_signed()),
            (4, Wire::Fixed64(bits)) => double(f64::from_bits(bits)),
            (5, Wire::Bytes(bytes)) => list(bytes, room, below)?,
            (6, Wire::Bytes(bytes)) => map(bytes, room, below)?,
            (7, Wire::Bytes(bytes)) => base64_text(bytes, room),
            _ => held,
        };
    }
    Ok(held)
}

fn list(message: &[u8], room: &mut Room<'_>, depth: usize) -> Part<Value> {
    let mut list = Vec::new();
    for element in messages(message, 1) {
        let element = element.map_err(|b| b.to_string())?;
        if room.value() {
            list.push(value(element, room, depth)?);
        }
    }
    Ok(Value::List(list))
}

fn map(message: &[u8], room: &mut Room<'_>, depth: usize) -> Part<Value> {
    let mut pairs = Vec::new();
    for pair in messages(message, 1) {
        let pair = pair.map_err(|b| b.to_string())?;
        if room.value() {
            pairs.push(key_value(pair, room, depth)?);
        }
    }
    Ok(Value::Map(pairs.into()))
}

/// As OTLP's JSON writes bytes; only as much of it is made as is kept.
fn base64_text(bytes: &[u8], room: &mut Room<'_>) -> Value {
    let kept = bytes.get(..room.limits.text_bytes.min(bytes.len())).unwrap_or_default();
    Value::Text(room.text(&base64::engine::general_purpose::STANDARD.encode(kept)))
}

fn text(bytes: &[u8], room: &mut Room<'_>) -> Part<String> {
    let text = str::from_utf8(bytes).map_err(|_| "a text is not UTF-8")?;
    Ok(room.text(text))
}
