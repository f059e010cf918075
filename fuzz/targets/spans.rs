//! Server. Made sets of spans, written in both encodings: both are read as the same, wrong spans are rejected alone, and
//! what `holds` checks.

#![no_main]

use libfuzzer_sys::fuzz_target;
use runboard_fuzz::made::Made;
use runboard_fuzz::otlp::{Encoding, Limits, Span, decode};
use runboard_fuzz::{bodies, holds};

fuzz_target!(|made: Made| {
    let limits = Limits::default();
    let read = |body: &[u8], encoding| decode::traces(body, encoding, &limits).expect("a body that is right");
    let json = read(&bodies::json_of_spans(&made), Encoding::Json);
    let protobuf = read(&bodies::protobuf_of_spans(&made), Encoding::Protobuf);
    let right = made.right();
    assert_eq!(json.items.len(), right, "{:?}", json.rejected.message());
    assert_eq!(json.rejected.count, (made.spans.len() - right) as u64);
    assert_eq!(json.rejected.count, protobuf.rejected.count, "{:?}", protobuf.rejected.message());
    for (a, b) in json.items.iter().zip(&protobuf.items) {
        assert_eq!(spelt(a), spelt(b), "read otherwise as protobuf");
    }
    let logs = decode::logs(&bodies::json_of_logs(&made), Encoding::Json, &limits).expect("a body that is right");
    holds::check(&protobuf.items, &logs.items, made.turn);
});

/// JSON's reader makes a whole number of -0.0.
fn spelt(span: &Span) -> String {
    format!("{span:?}").replace("-0.0", "0.0")
}
