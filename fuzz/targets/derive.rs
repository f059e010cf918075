//! Server. Bytes to spans to runs, as a request goes: what `holds` checks, for whatever can be read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use runboard_fuzz::holds;
use runboard_fuzz::otlp::{Encoding, Limits, decode};

fuzz_target!(|bytes: &[u8]| {
    for encoding in [Encoding::Json, Encoding::Protobuf] {
        let Ok(spans) = decode::traces(bytes, encoding, &Limits::default()) else { continue };
        let logs = decode::logs(bytes, encoding, &Limits::default()).map(|logs| logs.items).unwrap_or_default();
        if !spans.items.is_empty() {
            holds::check(&spans.items, &logs, (bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
    }
});
