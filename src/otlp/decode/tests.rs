//! Server. Bodies as they should not be.

use super::*;
use crate::otlp::attributes::Value;
use crate::otlp::model::Outcome;
use proptest::prelude::*;
use serde_json::json;
use std::time::{Duration, Instant};

/// A protobuf field that is a message or text.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2], varint(bytes.len() as u64).as_slice(), bytes].concat()
}

fn fixed(number: u8, n: u64) -> Vec<u8> {
    [&[number << 3 | 1][..], &n.to_le_bytes()].concat()
}

fn varint(mut n: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(n & 0x7f).expect("seven bits");
        n >>= 7;
        if n == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// What each span in JSON has.
const REQUIRED: &str =
    r#""traceId":"00000000000000000000000000000007","spanId":"0000000000000008","startTimeUnixNano":"1""#;

const START: u64 = 1_795_000_000_000_000_000;

fn span(id: u64, name: &[u8], start: u64, end: u64, more: &[u8]) -> Vec<u8> {
    let ids = [field(1, &[7; 16]), field(2, &(id + 1).to_be_bytes()), field(5, name)].concat();
    [ids, fixed(7, start), fixed(8, end), more.to_vec()].concat()
}

fn body(spans: &[Vec<u8>]) -> Vec<u8> {
    let spans: Vec<u8> = spans.iter().flat_map(|span| field(2, span)).collect();
    field(1, &field(2, &spans))
}

fn attribute(key: &str, value: &[u8]) -> Vec<u8> {
    field(9, &[field(1, key.as_bytes()), field(2, value)].concat())
}

fn read(body: &[u8]) -> Decoded<Span> {
    traces(body, Encoding::Protobuf, &Limits::default()).expect("a body")
}

fn read_json(spans: serde_json::Value) -> Decoded<Span> {
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).to_string();
    traces(body.as_bytes(), Encoding::Json, &Limits::default()).expect("a body")
}

#[track_caller]
fn rejected(spans: &[Vec<u8>], reason: &str) {
    let good = span(99, b"good", START, START + 1, &[]);
    let decoded = read(&body(&[spans, &[good]].concat()));
    assert_eq!(decoded.items.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["good"]);
    assert_eq!((decoded.rejected.count, decoded.rejected.message().as_deref()), (spans.len() as u64, Some(reason)));
}

#[test]
fn a_wrong_span_is_rejected_alone() {
    rejected(&[span(1, b"\xff", START, START, &[])], "a text is not UTF-8");
    rejected(&[span(1, b"", START, START, &field(1, &[1; 8]))], "a span has no trace id of 16 bytes");
    rejected(&[span(1, b"", START, START, &field(2, &[0; 8]))], "a span has no span id of 8 bytes");
    rejected(&[span(1, b"", START, START, &field(4, &[1; 7]))], "a span's parent id is not 8 bytes");
    rejected(&[span(1, b"", 0, START, &[])], "a span has no start time");
    rejected(&[span(1, b"", START, 1 << 63, &[])], "a span's time is after the year 2262");
    rejected(&[span(1, b"", START, START, &[0x4b])], "a span is broken: a field has the unknown wire type 3");
    rejected(&vec![span(1, b"", 0, 0, &[]); 1_000], "a span has no start time");
}

#[test]
fn times_are_taken_as_far_as_they_can_be_told() {
    let latest = i64::MAX.unsigned_abs();
    let ends = |start, end| read(&body(&[span(1, b"", start, end, &[])])).items.first().map(|s| (s.start, s.end));
    assert_eq!(ends(1, 1), Some((1, Some(1))), "1970");
    assert_eq!(ends(latest, latest), Some((latest, Some(latest))), "2262");
    assert_eq!(ends(START, 0), Some((START, None)), "under way");
    assert_eq!(ends(START, START - 5), Some((START, Some(START))), "two clocks");
}

#[test]
fn values_nested_without_end_reject_the_span_and_break_nothing() {
    let deep = (0..100_000)
        .fold(Vec::new(), |inner, _| if inner.len() < 200_000 { field(5, &field(1, &inner)) } else { inner });
    rejected(&[span(1, b"", START, START, &attribute("a", &deep))], "values are nested deeper than 30");
    let deep = format!("{}{}", r#"{"arrayValue":{"values":["#.repeat(50_000), "]}}".repeat(50_000));
    let one = format!(r#"{{{REQUIRED},"attributes":[{{"key":"a","value":{deep}}}]}}"#);
    let other = one.replace(&deep, "{}");
    let body = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{one},{other}]}}]}}]}}"#);
    let decoded = traces(body.as_bytes(), Encoding::Json, &Limits::default()).expect("a body");
    assert_eq!((decoded.items.len(), decoded.rejected.count), (1, 1), "{:?}", decoded.rejected.message());
}

#[test]
fn what_is_too_much_is_cut_and_said_so() {
    let limits = Limits { items: 2, attributes: 3, text_bytes: 10, values: 6, ..Limits::default() };
    let long = field(1, "ééééééé".as_bytes());
    let many: Vec<u8> = (0..9).flat_map(|n| attribute(&format!("k{n}"), &long)).collect();
    let list: Vec<u8> = (0..9).flat_map(|_| field(1, &field(1, b"x"))).collect();
    let spans = [
        span(1, b"a", START, START, &many),
        span(2, b"b", START, START, &attribute("list", &field(5, &list))),
        span(3, b"c", START, START, &[]),
    ];
    let decoded = traces(&body(&spans), Encoding::Protobuf, &limits).expect("a body");
    assert_eq!(decoded.rejected.message().as_deref(), Some("more than 2 in one request"));
    let [a, b] = decoded.items.as_slice() else { panic!("two spans") };
    assert_eq!((a.attributes.len(), a.attributes.text("k0")), (3, Some("ééééé… [4 more bytes are not kept]")));
    assert_eq!(b.attributes.get("list"), Some(&Value::List(vec![Value::Text("x".into()); 5])));
}

#[test]
fn a_body_that_is_none_is_one_error() {
    let unreadable = |body: &[u8], encoding| {
        let error = traces(body, encoding, &Limits::default()).expect_err("no body");
        assert!(matches!(error, DecodeError::Unreadable(_)), "{error}");
    };
    unreadable(b"{\"resourceSpans\":[]}", Encoding::Protobuf);
    unreadable(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", Encoding::Protobuf);
    unreadable(&body(&[]), Encoding::Json);
    unreadable(b"{\"resourceSpans\":7}", Encoding::Json);
    unreadable(b"{\"resourceSpans\":[\xff]}", Encoding::Json);
    assert_eq!(read(&[]).items.len(), 0, "an empty message is one");
    assert_eq!(traces(b"{}", Encoding::Json, &Limits::default()).expect("a body").items.len(), 0);
}

#[test]
fn json_is_read_as_emitters_write_it() {
    let id = "00112233445566778899aabbccddeeff";
    let decoded = read_json(json!([
        {"traceId": id.to_uppercase(), "spanId": "0123456789abcdef", "parentSpanId": "", "name": "a",
         "kind": "SPAN_KIND_CLIENT", "startTimeUnixNano": START, "endTimeUnixNano": (START + 1).to_string(),
         "status": {}, "unknown": {"x": [1]}, "traceState": null,
         "attributes": [
            {"key": "nan", "value": {"doubleValue": null}}, {"key": "inf", "value": {"doubleValue": "Infinity"}},
            {"key": "int", "value": {"intValue": "42"}}, {"key": "number", "value": {"intValue": 43}},
            {"key": "list", "value": {"arrayValue": {"values": [{"stringValue": "x"}, {"boolValue": true}]}}},
            {"key": "map", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"doubleValue": 1.5}}]}}},
            {"key": "none"}, {"key": "empty", "value": {"arrayValue": {}}},
            {"key": "bytes", "value": {"bytesValue": "AQI="}}],
         "events": [{"name": "e", "timeUnixNano": "5"}],
         "links": [{"traceId": id, "spanId": "0123456789abcdef"}, {"traceId": ""}]},
        {"traceId": id, "spanId": "0123456789abcdee", "parentSpanId": "0123456789abcdef", "startTimeUnixNano": "1",
         "status": {"code": "STATUS_CODE_ERROR", "message": "m"}},
        {"traceId": id, "spanId": "0123456789abcded", "startTimeUnixNano": "1", "status": {"code": 2}},
        {"traceId": "AAECAwQFBgcICQoLDA0ODw==", "spanId": "0123456789abcdef", "startTimeUnixNano": "1"},
        {"traceId": id, "spanId": "0123456789abcdef", "startTimeUnixNano": "soon"},
        {"traceId": id, "spanId": "0123456789abcdef", "startTimeUnixNano": -1},
        7
    ]));
    assert_eq!(decoded.rejected.count, 4, "{:?}", decoded.rejected.message());
    let [a, b, c] = decoded.items.as_slice() else { panic!("three spans: {:?}", decoded.rejected.message()) };
    assert_eq!((a.trace.to_string().as_str(), a.parent, a.start, a.end), (id, None, START, Some(START + 1)));
    assert_eq!((a.events.len(), a.links.len(), a.outcome), (1, 1, Outcome::Unset));
    let value = |key| a.attributes.get(key).map(Value::to_json);
    assert_eq!((value("nan"), value("inf"), value("none")), (Some(json!(null)), Some(json!(null)), Some(json!(null))));
    assert_eq!((value("int"), value("number"), value("empty")), (Some(json!(42)), Some(json!(43)), Some(json!([]))));
    assert_eq!((value("list"), value("map")), (Some(json!(["x", true])), Some(json!({"k": 1.5}))));
    assert_eq!((b.outcome, b.message.as_str(), c.outcome), (Outcome::Error, "m", Outcome::Error));
}

#[test]
fn half_a_surrogate_pair_costs_one_character() {
    let span = format!(r#"{{{REQUIRED},"name":"cut \ud83d"}}"#);
    let body = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{span}]}}]}}]}}"#);
    let decoded = traces(body.as_bytes(), Encoding::Json, &Limits::default()).expect("a body");
    let name = decoded.items.first().map(|s| s.name.as_str());
    assert!(name.is_some_and(|name| name.starts_with("cut \u{fffd}")), "{name:?} {:?}", decoded.rejected.message());
}

#[test]
fn what_is_not_utf8_in_json_costs_a_text_some_characters_and_no_span() {
    let span = |name: &[u8]| [b"{", REQUIRED.as_bytes(), br#","name":""#, name, br#""}"#].concat();
    let spans = [span(b"cut \xc3"), b",".to_vec(), span(b"good")].concat();
    let body = [br#"{"resourceSpans":[{"scopeSpans":[{"spans":["#, spans.as_slice(), b"]}]}]}"].concat();
    let decoded = traces(&body, Encoding::Json, &Limits::default()).expect("a body");
    let names: Vec<&str> = decoded.items.iter().map(|s| s.name.as_str()).collect();
    assert_eq!((names.as_slice(), decoded.rejected.count), (["cut \u{fffd}", "good"].as_slice(), 0));
}

#[test]
fn a_broken_group_of_spans_is_rejected_alone() {
    let good: serde_json::Value = serde_json::from_str(&format!("{{{REQUIRED}}}")).expect("JSON");
    let scopes = json!([{"spans": 7}, 8, {"spans": [good]}]);
    let body = json!({"resourceSpans": [{"scopeSpans": {}}, {"scopeSpans": scopes}, "x"]}).to_string();
    let decoded = traces(body.as_bytes(), Encoding::Json, &Limits::default()).expect("a body");
    assert_eq!((decoded.items.len(), decoded.rejected.count), (1, 4), "{:?}", decoded.rejected.message());
}

#[test]
fn a_reason_does_not_repeat_what_was_sent() {
    let long = "é".repeat(1 << 20);
    let wrong = json!([{"key": "k", "value": {"boolValue": long}}]);
    let decoded = read_json(json!([{"attributes": wrong}]));
    assert!(decoded.rejected.message().is_some_and(|message| message.len() < 400));
    let body =
        json!({"resourceSpans": [{"resource": {"attributes": wrong}, "scopeSpans": [{"spans": vec![0; 100_000]}]}]});
    let begun = Instant::now();
    let decoded = traces(body.to_string().as_bytes(), Encoding::Json, &Limits::default()).expect("a body");
    assert_eq!(decoded.rejected.count, 100_000);
    assert!(decoded.rejected.message().is_some_and(|message| message.len() < 400));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let error = traces(json!({"resourceSpans": long}).to_string().as_bytes(), Encoding::Json, &Limits::default());
    assert!(error.is_err_and(|e| e.to_string().len() < 400));
}

#[test]
fn zero_has_no_sign() {
    let span = |zero: f64| span(1, b"a", START, START, &attribute("n", &fixed(4, zero.to_bits())));
    let read = read(&body(&[span(0.0), span(-0.0)])).items;
    assert_eq!(format!("{:?}", read[0]), format!("{:?}", read[1]));
}

#[test]
fn what_is_no_number_is_null_in_either_encoding() {
    for n in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let span = span(1, b"a", START, START, &attribute("n", &fixed(4, n.to_bits())));
        let id = "00000000000000000000000000000007";
        let number = json!({"doubleValue": if n.is_nan() { "NaN" } else { "Infinity" }});
        let json = json!([{"traceId": id, "spanId": "0000000000000002", "startTimeUnixNano": "1",
            "attributes": [{"key": "n", "value": number}]}]);
        for read in [read(&body(&[span])), read_json(json)] {
            assert_eq!(read.items.first().and_then(|s| s.attributes.get("n")), Some(&Value::Null));
        }
    }
}

#[test]
fn bombs_are_refused() {
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&vec![0; 50 << 20]).expect("in memory");
    let packed = packed.finish().expect("in memory");
    let error = gunzip(&packed, 1 << 20).expect_err("too large");
    assert_eq!(error.to_string(), "the body is more than 1048576 bytes once unpacked");
    assert_eq!(gunzip(&packed, 50 << 20).map(|b| b.len()), Ok(50 << 20));
    assert!(matches!(gunzip(b"{}", 100), Err(DecodeError::NotGzip(_))));
    assert!(matches!(
        gunzip(packed.get(..50).expect("a part"), 100),
        Err(DecodeError::NotGzip(_) | DecodeError::TooLarge { .. })
    ));
}

#[test]
fn a_stored_span_is_the_same_again() {
    let more = [
        attribute("n", &[0x18, 5]),
        attribute("l", &field(5, &field(1, &field(1, b"x")))),
        attribute("m", &field(6, &field(1, &field(1, b"k")))),
    ];
    for span in read(&body(&[span(1, b"a", START, 0, &more.concat())])).items {
        let stored = serde_json::to_string(&span).expect("JSON");
        assert_eq!(serde_json::from_str::<Span>(&stored).expect("a span"), span);
    }
}

#[test]
fn a_hundred_thousand_spans_are_read_at_once() {
    let more = [attribute("gen_ai.operation.name", &field(1, b"chat")), attribute("n", &[0x18, 5])].concat();
    let spans: Vec<Vec<u8>> =
        (0..100_000).map(|n| span(n, b"chat gpt-4o-mini", START + n, START + n + 5, &more)).collect();
    let body = body(&spans);
    let begun = Instant::now();
    assert_eq!(read(&body).items.len(), 100_000);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn millions_of_empty_fields_take_no_memory_to_speak_of() {
    let empty: Vec<u8> = [0x4a, 0x00].repeat(4 << 20);
    let decoded = read(&body(&[span(1, b"a", START, START, &empty)]));
    assert_eq!(decoded.items.first().map(|s| s.attributes.len()), Some(1), "they all have the same empty key");
    let decoded = read(&field(1, &field(2, &[0x12, 0x00].repeat(4 << 20))));
    assert_eq!((decoded.items.len(), decoded.rejected.count), (0, 4 << 20));
    let resource = field(1, &field(1, &[field(1, b"k"), field(2, &field(1, &vec![b'x'; 1 << 20]))].concat()));
    let scopes = field(1, &[resource, [0x12, 0x00].repeat(1 << 20)].concat());
    assert_eq!(read(&scopes).items.len(), 0, "a megabyte once, not once for each of a million scopes");
    for levels in ["{\"resourceSpans\":[", "{\"resourceSpans\":[{\"scopeSpans\":["] {
        let ends = if levels.contains("scope") { "]}]}" } else { "]}" };
        let many = format!("{levels}{}{{}}{ends}", "{},".repeat(1 << 20));
        let decoded = traces(many.as_bytes(), Encoding::Json, &Limits::default()).expect("a body");
        assert_eq!((decoded.items.len(), decoded.rejected.count), (0, (1 << 20) + 1 - 200_000));
    }
    let decoded = read_json(json!([{"attributes": vec![json!({}); 1_000_001]}, {}]));
    assert_eq!(decoded.rejected.count, 2);
    let message = decoded.rejected.message().unwrap_or_default();
    assert!(message.starts_with("more than 1000000 values in one span or log record; "), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for encoding in [Encoding::Protobuf, Encoding::Json] {
            let _ = (traces(&bytes, encoding, &Limits::default()), logs(&bytes, encoding, &Limits::default()));
        }
        let _ = traces(&body(std::slice::from_ref(&bytes)), Encoding::Protobuf, &Limits::default());
        let _ = gunzip(&bytes, 1 << 16);
    }
}
