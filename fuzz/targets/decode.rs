//! Server. Any bytes as any body: no panic, no more memory than is right, and nothing counted wrongly.

#![no_main]

use libfuzzer_sys::fuzz_target;
use runboard_fuzz::otlp::decode::{gunzip, logs, traces};
use runboard_fuzz::otlp::{Decoded, Encoding, Limits};

/// As a server unpacks, only less: a bomb is one at any size.
const UNPACKED: usize = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    if let Ok(unpacked) = gunzip(bytes, UNPACKED) {
        assert!(unpacked.len() <= UNPACKED);
        read(&unpacked);
    }
});

fn read(bytes: &[u8]) {
    let small =
        Limits { items: 3, attributes: 3, events: 2, links: 1, text_bytes: 9, item_bytes: 40, values: 8, depth: 3 };
    for encoding in [Encoding::Protobuf, Encoding::Json] {
        for limits in [Limits::default(), small] {
            if let Ok(decoded) = traces(bytes, encoding, &limits) {
                counted(&decoded, &limits);
                for span in &decoded.items {
                    assert!(span.start > 0 && span.start <= i64::MAX.unsigned_abs());
                    assert!(span.end.is_none_or(|end| end >= span.start && end <= i64::MAX.unsigned_abs()));
                    assert!(span.events.len() <= limits.events && span.links.len() <= limits.links);
                    assert!(span.attributes.len() <= limits.attributes);
                }
            }
            if let Err(e) = traces(bytes, encoding, &limits) {
                assert!(e.to_string().len() < 1_000, "{e}");
            }
            if let Ok(decoded) = logs(bytes, encoding, &limits) {
                counted(&decoded, &limits);
            }
        }
    }
}

fn counted<T>(decoded: &Decoded<T>, limits: &Limits) {
    assert!(decoded.items.len() <= limits.items);
    let message = decoded.rejected.message();
    assert_eq!(message.is_some(), decoded.rejected.count > 0);
    assert!(message.is_none_or(|message| message.len() < 2_000), "a request is not to be told all it sent");
}
