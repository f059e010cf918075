//! Real bodies, cut off and with flipped bits: never a panic, and what is left makes runs or none.

use super::samples::body;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use runboard::otlp::decode::{self, Encoding, Limits};
use runboard::otlp::derive;

const SAMPLES: [&str; 5] = [
    "autogen-native/ok-1.pb",
    "crewai-traceloop/ok-1.pb",
    "pydantic-ai/toolerr-1.pb",
    "vercel-ai-v4/stream-1.json",
    "pydantic-ai/toolerr-pyjson-1.json",
];
const LOGS: &str = "openai-v2/wrapped-latest-gzip-logs-1.pb.gz";

fn take(body: &[u8], encoding: Encoding) {
    if let Ok(decoded) = decode::traces(body, encoding, &Limits::default()) {
        derive(&decoded.items, &[]);
    }
}

#[test]
fn cut_off_at_every_byte() {
    for path in SAMPLES {
        let (body, encoding) = body(path);
        for end in 0..body.len() {
            let part = body.get(..end).expect("a part");
            // A message cut off within its one field is none; so is JSON.
            let read = decode::traces(part, encoding, &Limits::default());
            assert!(end == 0 || read.is_err() || encoding == Encoding::Protobuf, "{path} at {end}");
            if let Ok(decoded) = read {
                derive(&decoded.items, &[]);
            }
        }
    }
    let (body, encoding) = body(LOGS);
    for end in 0..body.len() {
        if let Ok(logs) = decode::logs(body.get(..end).expect("a part"), encoding, &Limits::default()) {
            derive(&[], &logs.items);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn with_flipped_bits(which in 0..SAMPLES.len(), flips in vec((any::<Index>(), 0..8u8), 1..30)) {
        let (mut body, encoding) = body(SAMPLES[which]);
        for (at, bit) in flips {
            let at = at.index(body.len());
            body[at] ^= 1 << bit;
        }
        take(&body, encoding);
    }
}
