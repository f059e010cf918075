//! Both sides. A moment in UTC, microseconds since 1970; RFC 3339 in JSON, an integer in SQL.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// What is wrong with text that is none.
pub const NO_TIME: &str = "not an RFC 3339 time of the years 1970 to 9999";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The last one with a year of four digits.
    pub const LATEST: Self = Self(253_402_300_799_999_999);

    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis * 1_000)
    }
    pub const fn micros(self) -> i64 {
        self.0
    }
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }
    pub const fn plus_millis(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000)))
    }
    pub const fn plus_secs(self, s: i64) -> Self {
        self.plus_millis(s.saturating_mul(1_000))
    }
    /// Milliseconds from `earlier` to `self`; never negative, because clocks step back.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        let d = (self.0 - earlier.0) / 1_000;
        if d < 0 { 0 } else { d }
    }
    /// Whether it can be written with a year of four digits and is no earlier than 1970.
    pub const fn is_usual(self) -> bool {
        0 <= self.0 && self.0 <= Self::LATEST.0
    }
    /// Accepts RFC 3339 with any offset, for the years 1970 to 9999.
    pub fn parse(text: &str) -> Option<Self> {
        // A '+' that was not escaped in a query string arrives as a space.
        let text = text.trim();
        let repaired;
        let text = if text.len() > 6 && text.as_bytes()[text.len() - 6] == b' ' {
            repaired = format!("{}+{}", &text[..text.len() - 6], &text[text.len() - 5..]);
            &repaired
        } else {
            text
        };
        DateTime::parse_from_rfc3339(text).ok().map(|t| Self(t.timestamp_micros())).filter(|t| t.is_usual())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::<Utc>::from_timestamp_micros(self.0) {
            Some(t) => f.write_str(&t.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            None => write!(f, "{} µs", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom(format!("`{text}` is {NO_TIME}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_survives_the_wire() {
        let t = Timestamp::from_micros(1_770_000_000_123_456);
        assert_eq!(Timestamp::parse(&t.to_string()), Some(t));
    }

    #[test]
    fn years_have_four_digits_and_begin_with_1970() {
        let latest = Timestamp::parse("9999-12-31T23:59:59.999999Z");
        assert_eq!(latest, Some(Timestamp::LATEST));
        assert_eq!(Timestamp::LATEST.to_string(), "9999-12-31T23:59:59.999999Z");
        for text in
            ["9999-12-31T23:59:60Z", "9999-12-31T23:59:59-01:00", "+10000-01-01T00:00:00Z", "1969-12-31T23:59:59.9Z"]
        {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_unescaped_plus_is_forgiven() {
        assert_eq!(Timestamp::parse("2026-01-01T01:00:00 01:00"), Timestamp::parse("2026-01-01T00:00:00Z"));
    }

    #[test]
    fn elapsed_time_is_never_negative() {
        assert_eq!(Timestamp::from_millis(1).millis_since(Timestamp::from_millis(5)), 0);
    }
}
