//! Server. What holds for a span in either encoding: its allowance of texts and values, and times that can be.

use super::Limits;
use crate::otlp::attributes::Value;
use std::fmt::Display;

/// What is left of one span's allowance. Texts are cut with a mark, what is beyond is left out.
pub struct Room<'a> {
    pub limits: &'a Limits,
    bytes: usize,
    values: usize,
}

impl<'a> Room<'a> {
    pub fn new(limits: &'a Limits) -> Self {
        Self { limits, bytes: limits.item_bytes, values: limits.values }
    }

    /// Whether there is room for one more value.
    pub fn value(&mut self) -> bool {
        let some = self.values > 0;
        self.values = self.values.saturating_sub(1);
        some
    }

    pub fn text(&mut self, text: &str) -> String {
        let room = self.limits.text_bytes.min(self.bytes);
        let kept = text.get(..text.floor_char_boundary(room)).unwrap_or_default();
        self.bytes -= kept.len();
        if kept.len() == text.len() {
            return kept.to_owned();
        }
        format!("{kept}… [{} more bytes are not kept]", text.len() - kept.len())
    }
}

/// Why something is not taken. Readers quote what they found, however long it is.
pub fn reason(what: &str, why: impl Display) -> String {
    const LONGEST: usize = 300;
    let mut text = format!("{what}{why}");
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
    }
    text
}

/// As it is stored, which is as JSON: what is no number is null there, and zero has no sign. A span is the same whether
/// it has just come or was stored.
pub fn double(n: f64) -> Value {
    if n.is_finite() { Value::Double(n + 0.0) } else { Value::Null }
}

/// The last moment an `i64` of nanoseconds can tell, in the year 2262.
const LATEST: u64 = i64::MAX.unsigned_abs();

/// A span must have begun, and both ends must be moments that can be written down. Where the end is before the
/// beginning, two clocks were at work: the span has no length.
pub fn times(start: u64, end: u64) -> Result<(u64, Option<u64>), String> {
    if start == 0 {
        return Err("a span has no start time".to_owned());
    }
    if start > LATEST || end > LATEST {
        return Err("a span's time is after the year 2262".to_owned());
    }
    Ok((start, (end != 0).then(|| end.max(start))))
}
