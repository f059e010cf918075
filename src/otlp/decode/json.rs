//! Server. OTLP's JSON: protobuf's mapping with hexadecimal ids. Each span is cut out first and read by itself,
//! so that a wrong one is rejected alone.

use super::fit::{Room, double, reason, times};
use super::{DecodeError, Decoded, Limits, Rejected};
use crate::otlp::attributes::{Attributes, Value};
use crate::otlp::model::{Event, Link, LogRecord, Origin, Outcome, Span, SpanId, TraceId};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::Arc;

mod lenient;
mod parts;

use lenient::{AnyValue, KeyValue, Lenient, Number, Text};
use parts::{MOST_PARTS, Parts};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow, default)]
    resource_spans: Lenient<Parts<'a>>,
    #[serde(borrow, default)]
    resource_logs: Lenient<Parts<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct OfResource<'a> {
    #[serde(borrow, default)]
    resource: Option<&'a RawValue>,
    #[serde(borrow, default)]
    scope_spans: Lenient<Parts<'a>>,
    #[serde(borrow, default)]
    scope_logs: Lenient<Parts<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct OfScope<'a> {
    #[serde(borrow, default)]
    scope: Option<&'a RawValue>,
    #[serde(borrow, default)]
    spans: Lenient<Parts<'a>>,
    #[serde(borrow, default)]
    log_records: Lenient<Parts<'a>>,
}

#[derive(Deserialize, Default)]
struct JsonResource {
    #[serde(default)]
    attributes: Lenient<Vec<KeyValue>>,
}

#[derive(Deserialize, Default)]
struct JsonScope {
    #[serde(default)]
    name: Lenient<Text>,
    #[serde(default)]
    version: Lenient<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonSpan {
    #[serde(default)]
    trace_id: Lenient<Text>,
    #[serde(default)]
    span_id: Lenient<Text>,
    #[serde(default)]
    parent_span_id: Lenient<Text>,
    #[serde(default)]
    name: Lenient<Text>,
    #[serde(default)]
    start_time_unix_nano: Lenient<Number>,
    #[serde(default)]
    end_time_unix_nano: Lenient<Number>,
    #[serde(default)]
    attributes: Lenient<Vec<KeyValue>>,
    #[serde(default)]
    events: Lenient<Vec<JsonEvent>>,
    #[serde(default)]
    links: Lenient<Vec<JsonLink>>,
    #[serde(default)]
    status: Lenient<JsonStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonEvent {
    #[serde(default)]
    time_unix_nano: Lenient<Number>,
    #[serde(default)]
    name: Lenient<Text>,
    #[serde(default)]
    attributes: Lenient<Vec<KeyValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonLink {
    #[serde(default)]
    trace_id: Lenient<Text>,
    #[serde(default)]
    span_id: Lenient<Text>,
}

#[derive(Deserialize, Default)]
struct JsonStatus {
    #[serde(default)]
    code: Lenient<Number>,
    #[serde(default)]
    message: Lenient<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonLog {
    #[serde(default)]
    time_unix_nano: Lenient<Number>,
    #[serde(default)]
    observed_time_unix_nano: Lenient<Number>,
    #[serde(default)]
    body: Lenient<AnyValue>,
    #[serde(default)]
    attributes: Lenient<Vec<KeyValue>>,
    #[serde(default)]
    trace_id: Lenient<Text>,
    #[serde(default)]
    span_id: Lenient<Text>,
    #[serde(default)]
    event_name: Lenient<Text>,
}

pub fn traces(body: &[u8], limits: &Limits) -> Result<Decoded<Span>, DecodeError> {
    let text = String::from_utf8_lossy(body);
    Ok(read(&of_body(&text)?.resource_spans.0, |r| r.scope_spans.0, |s| (s.scope, s.spans.0), limits, span))
}

pub fn logs(body: &[u8], limits: &Limits) -> Result<Decoded<LogRecord>, DecodeError> {
    let text = String::from_utf8_lossy(body);
    Ok(read(&of_body(&text)?.resource_logs.0, |r| r.scope_logs.0, |s| (s.scope, s.log_records.0), limits, log_record))
}

/// What is not UTF-8 in a text costs that text some characters, and the other spans nothing.
fn of_body(body: &str) -> Result<Body<'_>, DecodeError> {
    serde_json::from_str(body).map_err(|e| DecodeError::Unreadable(reason("", e)))
}

type Raw<'a> = &'a RawValue;

/// One resource, one scope and one span at a time: a body may hold millions of empty ones.
fn read<'a, T>(
    resources: &Parts<'a>,
    scopes_of: fn(OfResource<'a>) -> Parts<'a>,
    items_of: fn(OfScope<'a>) -> (Option<Raw<'a>>, Parts<'a>),
    limits: &Limits,
    item: fn(&str, &Arc<Origin>, &Limits) -> Result<T, String>,
) -> Decoded<T> {
    let mut decoded = Decoded::new();
    left_out(&mut decoded.rejected, resources);
    for raw in &resources.kept {
        let of_resource: OfResource = taken(part(Some(raw)), &mut decoded.rejected);
        let resource = part(of_resource.resource).map_err(|e| reason("resource: ", e));
        let resource = resource.map(|read: JsonResource| Arc::new(attributes(read.attributes, &mut Room::new(limits))));
        let scopes = scopes_of(of_resource);
        left_out(&mut decoded.rejected, &scopes);
        for raw in &scopes.kept {
            let (scope, items) = items_of(taken(part(Some(raw)), &mut decoded.rejected));
            left_out(&mut decoded.rejected, &items);
            let origin = resource.as_ref().map_err(Clone::clone).and_then(|resource| origin(resource, scope, limits));
            for one in items.kept {
                let one = origin.as_ref().map_err(Clone::clone).and_then(|origin| item(one.get(), origin, limits));
                decoded.take(one, limits);
            }
        }
    }
    decoded
}

/// A resource or scope that can't be read is rejected as one.
fn taken<T: Default>(read: serde_json::Result<T>, rejected: &mut Rejected) -> T {
    read.unwrap_or_else(|e| {
        rejected.add(reason("a group of spans is broken: ", e));
        T::default()
    })
}

fn left_out(rejected: &mut Rejected, parts: &Parts<'_>) {
    rejected.add_many(parts.beyond, format!("more than {MOST_PARTS} in one list"));
}

fn origin(resource: &Arc<Attributes>, scope: Option<Raw<'_>>, limits: &Limits) -> Result<Arc<Origin>, String> {
    let scope: JsonScope = part(scope).map_err(|e| reason("scope: ", e))?;
    let mut room = Room::new(limits);
    Ok(Arc::new(Origin {
        resource: Arc::clone(resource),
        scope: room.text(&scope.name.0.0),
        scope_version: room.text(&scope.version.0.0),
    }))
}

fn part<'a, T: Deserialize<'a> + Default>(raw: Option<&'a RawValue>) -> serde_json::Result<T> {
    Ok(raw.map(|raw| serde_json::from_str::<Option<T>>(raw.get())).transpose()?.flatten().unwrap_or_default())
}

/// Every value is an object, of three bytes at least; what is read of it takes twenty times as much.
fn fits(json: &str) -> Result<(), String> {
    const MOST: usize = 1_000_000;
    let objects = json.bytes().filter(|byte| *byte == b'{').count();
    if objects > MOST { Err(format!("more than {MOST} values in one span or log record")) } else { Ok(()) }
}

fn span(json: &str, origin: &Arc<Origin>, limits: &Limits) -> Result<Span, String> {
    fits(json)?;
    let read: JsonSpan = serde_json::from_str(json).map_err(|e| reason("a span is broken: ", e))?;
    let mut room = Room::new(limits);
    let trace = read.trace_id.0.0.parse().map_err(|_| "a span has no trace id of 32 hexadecimal digits")?;
    let id = read.span_id.0.0.parse().map_err(|_| "a span has no span id of 16 hexadecimal digits")?;
    let parent = parent_id(&read.parent_span_id.0.0)?;
    let (start, end) = times(read.start_time_unix_nano.nanos()?, read.end_time_unix_nano.nanos()?)?;
    let outcome = match read.status.0.code.0 {
        Number::Int(1) => Outcome::Ok,
        Number::Int(2) => Outcome::Error,
        Number::Word(ref word) if word.ends_with("_OK") => Outcome::Ok,
        Number::Word(ref word) if word.ends_with("_ERROR") => Outcome::Error,
        _ => Outcome::Unset,
    };
    let events = read.events.0.into_iter().take(limits.events);
    let links = read.links.0.into_iter().take(limits.links);
    Ok(Span {
        trace,
        id,
        parent,
        name: room.text(&read.name.0.0),
        start,
        end,
        outcome,
        message: room.text(&read.status.0.message.0.0),
        attributes: attributes(read.attributes, &mut room),
        events: events.map(|e| event(e, &mut room)).collect::<Result<_, _>>()?,
        links: links.filter_map(link).collect(),
        origin: Arc::clone(origin),
    })
}

fn parent_id(text: &str) -> Result<Option<SpanId>, String> {
    if text.is_empty() || (text.len() == 16 && text.bytes().all(|c| c == b'0')) {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| "a span's parent id is not 16 hexadecimal digits".to_owned())
}

fn event(read: JsonEvent, room: &mut Room<'_>) -> Result<Event, String> {
    let time = read.time_unix_nano.nanos()?;
    Ok(Event { time, name: room.text(&read.name.0.0), attributes: attributes(read.attributes, room) })
}

/// A link to nothing is none.
fn link(read: JsonLink) -> Option<Link> {
    Some(Link { trace: read.trace_id.0.0.parse().ok()?, span: read.span_id.0.0.parse().ok()? })
}

fn log_record(json: &str, origin: &Arc<Origin>, limits: &Limits) -> Result<LogRecord, String> {
    fits(json)?;
    let read: JsonLog = serde_json::from_str(json).map_err(|e| reason("a log record is broken: ", e))?;
    let mut room = Room::new(limits);
    let time = read.time_unix_nano.nanos()?;
    Ok(LogRecord {
        trace: read.trace_id.0.0.parse::<TraceId>().ok(),
        span: read.span_id.0.0.parse::<SpanId>().ok(),
        time: if time == 0 { read.observed_time_unix_nano.nanos()? } else { time },
        name: room.text(&read.event_name.0.0),
        body: value(read.body.0, &mut room),
        attributes: attributes(read.attributes, &mut room),
        origin: Arc::clone(origin),
    })
}

fn attributes(pairs: Lenient<Vec<KeyValue>>, room: &mut Room<'_>) -> Attributes {
    let pairs = pairs.0.into_iter().take(room.limits.attributes);
    pairs_of(pairs, room).into()
}

fn pairs_of(pairs: impl Iterator<Item = KeyValue>, room: &mut Room<'_>) -> Vec<(String, Value)> {
    pairs.map_while(|kv| room.value().then(|| (room.text(&kv.key.0.0), value(kv.value.0, room)))).collect()
}

fn value(read: AnyValue, room: &mut Room<'_>) -> Value {
    match read {
        AnyValue::Null => Value::Null,
        AnyValue::Bool(b) => Value::Bool(b),
        AnyValue::Int(n) => Value::Int(n),
        AnyValue::Double(n) => double(n),
        AnyValue::Text(text) => Value::Text(room.text(&text)),
        AnyValue::List(list) => {
            Value::List(list.into_iter().map_while(|v| room.value().then(|| value(v, room))).collect())
        }
        AnyValue::Map(pairs) => Value::Map(pairs_of(pairs.into_iter(), room).into()),
    }
}
