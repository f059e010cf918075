//! Server. Writes a made set as exporters do, in both encodings.

use crate::made::{Held, Made, MadeSpan, Pairs};
use base64::Engine as _;
use serde_json::{Value, json};
use std::fmt::Write as _;

pub fn json_of_spans(made: &Made) -> Vec<u8> {
    let groups = made.spans.chunk_by(|a, b| a.origin == b.origin).map(|spans| {
        let origin = spans.first().and_then(|span| made.origins.get(span.origin));
        let spans: Vec<Value> = spans.iter().map(json_span).collect();
        json!({"resource": {"attributes": origin.map(|o| json_pairs(&o.resource))},
            "scopeSpans": [{"scope": {"name": origin.map(|o| &o.scope)}, "spans": spans}]})
    });
    json!({"resourceSpans": groups.collect::<Vec<_>>()}).to_string().into()
}

pub fn json_of_logs(made: &Made) -> Vec<u8> {
    let logs = made.logs.iter().map(|log| {
        json!({"traceId": hex(&log.trace), "spanId": hex(&log.span), "timeUnixNano": log.time.to_string(),
            "eventName": log.name, "body": json_held(&log.body), "attributes": json_pairs(&log.attributes)})
    });
    json!({"resourceLogs": [{"scopeLogs": [{"logRecords": logs.collect::<Vec<_>>()}]}]}).to_string().into()
}

fn json_span(span: &MadeSpan) -> Value {
    let events = span
        .events
        .iter()
        .map(|e| json!({"timeUnixNano": e.time.to_string(), "name": e.name, "attributes": json_pairs(&e.attributes)}));
    let links = span.links.iter().map(|(trace, id)| json!({"traceId": hex(trace), "spanId": hex(id)}));
    json!({"traceId": hex(&span.trace), "spanId": hex(&span.id), "parentSpanId": hex(&span.parent), "name": span.name,
        "startTimeUnixNano": span.start.to_string(), "endTimeUnixNano": span.end,
        "status": {"code": span.outcome, "message": span.message}, "attributes": json_pairs(&span.attributes),
        "events": events.collect::<Vec<_>>(), "links": links.collect::<Vec<_>>()})
}

fn json_pairs(pairs: &Pairs) -> Value {
    pairs.iter().map(|(key, held)| json!({"key": key, "value": json_held(held)})).collect()
}

fn json_held(held: &Held) -> Value {
    match held {
        Held::Null => json!({}),
        Held::Bool(b) => json!({"boolValue": b}),
        Held::Int(n) => json!({"intValue": n.to_string()}),
        Held::Double(n) if n.is_finite() => json!({"doubleValue": n}),
        Held::Double(n) => json!({"doubleValue": if n.is_nan() { "NaN" } else { "Infinity" }}),
        Held::Text(text) => json!({"stringValue": text}),
        Held::Bytes(bytes) => json!({"bytesValue": base64::engine::general_purpose::STANDARD.encode(bytes)}),
        Held::List(list) => json!({"arrayValue": {"values": list.iter().map(json_held).collect::<Value>()}}),
        Held::Map(pairs) => json!({"kvlistValue": {"values": json_pairs(pairs)}}),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub fn protobuf_of_spans(made: &Made) -> Vec<u8> {
    let groups = made.spans.chunk_by(|a, b| a.origin == b.origin).map(|spans| {
        let origin = spans.first().and_then(|span| made.origins.get(span.origin));
        let resource = origin.map(|o| pairs(1, &o.resource)).unwrap_or_default();
        let scope = origin.map(|o| field(1, o.scope.as_bytes())).unwrap_or_default();
        let spans: Vec<u8> = spans.iter().flat_map(|span| field(2, &protobuf_span(span))).collect();
        field(1, &[field(1, &resource), field(2, &[field(1, &scope), spans].concat())].concat())
    });
    groups.flatten().collect()
}

fn protobuf_span(span: &MadeSpan) -> Vec<u8> {
    let events = span
        .events
        .iter()
        .flat_map(|e| field(11, &[fixed(1, e.time), field(2, e.name.as_bytes()), pairs(3, &e.attributes)].concat()));
    let links = span.links.iter().flat_map(|(trace, id)| field(13, &[field(1, trace), field(2, id)].concat()));
    let status = [field(2, span.message.as_bytes()), number(3, span.outcome.into())].concat();
    [
        field(1, &span.trace),
        field(2, &span.id),
        field(4, &span.parent),
        field(5, span.name.as_bytes()),
        fixed(7, span.start),
        fixed(8, span.end),
        // The reader's allowance goes to the status first, as it does in JSON.
        field(15, &status),
        pairs(9, &span.attributes),
        events.collect(),
        links.collect(),
    ]
    .concat()
}

fn pairs(number: u8, pairs: &Pairs) -> Vec<u8> {
    pairs.iter().flat_map(|(key, held)| field(number, &pair(key, held))).collect()
}

fn pair(key: &str, held: &Held) -> Vec<u8> {
    [field(1, key.as_bytes()), field(2, &value(held))].concat()
}

fn value(held: &Held) -> Vec<u8> {
    match held {
        Held::Null => Vec::new(),
        Held::Bool(b) => number(2, (*b).into()),
        Held::Int(n) => number(3, n.cast_unsigned()),
        Held::Double(n) => fixed(4, n.to_bits()),
        Held::Text(text) => field(1, text.as_bytes()),
        Held::Bytes(bytes) => field(7, bytes),
        Held::List(list) => field(5, &list.iter().flat_map(|held| field(1, &value(held))).collect::<Vec<u8>>()),
        Held::Map(pairs) => field(6, &pairs.iter().flat_map(|(k, v)| field(1, &pair(k, v))).collect::<Vec<u8>>()),
    }
}

fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2], varint(bytes.len() as u64).as_slice(), bytes].concat()
}

fn number(field: u8, n: u64) -> Vec<u8> {
    [&[field << 3], varint(n).as_slice()].concat()
}

fn fixed(number: u8, n: u64) -> Vec<u8> {
    [&[number << 3 | 1][..], &n.to_le_bytes()].concat()
}

fn varint(mut n: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n >= 0x80 {
        bytes.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes
}
