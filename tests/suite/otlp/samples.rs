//! Reads the captured samples.

use runboard::otlp::decode::{self, Encoding, Limits};
use runboard::otlp::{LogRecord, Span};
use serde::Deserialize;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// The samples, from the package's root.
const SAMPLES: &str = "tests/otlp-samples";

#[derive(Deserialize)]
struct Index {
    scenarios: Vec<Described>,
}

#[derive(Deserialize)]
struct Described {
    id: String,
    files: Vec<File>,
    expected: Value,
    service_name: Option<String>,
}

#[derive(Deserialize)]
struct File {
    path: String,
    signal: String,
    content_type: String,
    content_encoding: Option<String>,
    spans: Option<usize>,
}

/// A body as it was sent.
pub struct Body {
    pub path: String,
    pub logs: bool,
    pub content_type: String,
    pub packed: bool,
    pub bytes: Vec<u8>,
}

impl Body {
    pub fn spans(&self) -> Vec<Span> {
        let (body, encoding) = body(&self.path);
        decode::traces(&body, encoding, &Limits::default()).expect("traces").items
    }

    pub fn log_records(&self) -> Vec<LogRecord> {
        let (body, encoding) = body(&self.path);
        decode::logs(&body, encoding, &Limits::default()).expect("logs").items
    }
}

/// The bodies of a scenario, in the order in which they were sent.
pub fn bodies(scenario: &Scenario) -> Vec<Body> {
    let bodies = scenario.files.iter().map(|file| Body {
        path: file.path.clone(),
        logs: file.signal == "logs",
        content_type: file.content_type.clone(),
        packed: file.content_encoding.as_deref() == Some("gzip"),
        bytes: fs::read(folder().join(&file.path)).expect("a body"),
    });
    bodies.collect()
}

pub struct Scenario {
    pub id: String,
    pub service: Option<String>,
    pub expected: Value,
    /// Spans request by request.
    pub batches: Vec<Vec<Span>>,
    pub log_batches: Vec<Vec<LogRecord>>,
    files: Vec<File>,
}

impl Scenario {
    pub fn spans(&self) -> Vec<Span> {
        self.batches.concat()
    }

    pub fn logs(&self) -> Vec<LogRecord> {
        self.log_batches.concat()
    }
}

pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(SAMPLES)
}

/// A body as it is after unpacking, and how it is encoded.
pub fn body(path: &str) -> (Vec<u8>, Encoding) {
    let raw = fs::read(folder().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
    let packed = raw.starts_with(&[0x1f, 0x8b]);
    let body = if packed { decode::gunzip(&raw, 64 << 20).expect("gzip") } else { raw };
    (body, if path.contains(".json") { Encoding::Json } else { Encoding::Protobuf })
}

/// Those whose files are here: the project may carry a part of them.
pub fn scenarios() -> Vec<Scenario> {
    let index = fs::read(folder().join("index.json")).expect("the index");
    let index: Index = serde_json::from_slice(&index).expect("the index");
    let here = index.scenarios.into_iter().filter(|s| s.files.iter().all(|file| folder().join(&file.path).exists()));
    let scenarios: Vec<Scenario> = here.map(read).collect();
    assert!(!scenarios.is_empty(), "no samples");
    scenarios
}

fn read(described: Described) -> Scenario {
    let (mut batches, mut log_batches) = (Vec::new(), Vec::new());
    for file in &described.files {
        let (body, encoding) = body(&file.path);
        if file.signal == "logs" {
            let decoded = decode::logs(&body, encoding, &Limits::default()).expect("logs");
            assert_eq!(decoded.rejected.message(), None, "{}", file.path);
            log_batches.push(decoded.items);
        } else {
            let decoded = decode::traces(&body, encoding, &Limits::default()).expect("traces");
            assert_eq!((decoded.rejected.message(), Some(decoded.items.len())), (None, file.spans), "{}", file.path);
            batches.push(decoded.items);
        }
    }
    let Described { id, expected, service_name, files } = described;
    Scenario { id, service: service_name, expected, batches, log_batches, files }
}

/// A shuffle that is the same each time.
pub fn shuffled<T>(mut items: Vec<T>, seed: u64) -> Vec<T> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for i in (1..items.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let bound = u64::try_from(i + 1).expect("small");
        items.swap(i, usize::try_from(state % bound).expect("small"));
    }
    items
}
