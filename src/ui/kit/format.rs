//! Both sides. Numbers and spans as people read them. The server writes them in English; the browser does so while it
//! takes the page over, and then in the viewer's locale where that is another.

use crate::browser::{NumberStyle, number};
use crate::domain::Timestamp;

/// What stands for an unknown value.
pub const UNKNOWN: &str = "—";

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// USD: `$0.02`, `<$0.01`, `$1,234`.
pub fn money(usd: f64) -> String {
    if usd > 0.0 && usd < 0.01 {
        return format!("<{}", money(0.01));
    }
    let places = if usd < 999.995 { 2 } else { 0 };
    number(usd, NumberStyle::Usd(places)).unwrap_or_else(|| format!("${}", grouped(&fixed(usd, places))))
}

/// Tokens and the like, short: `850`, `12.5K`, `1.2M`.
pub fn short_count(n: i64) -> String {
    let scaled = |unit: f64, suffix: &str| {
        let value = n as f64 / unit;
        format!("{}{suffix}", fixed(value, u8::from(value < 99.95)))
    };
    number(n as f64, NumberStyle::Short).unwrap_or_else(|| match n {
        n if n < 1_000 => n.to_string(),
        n if n < 999_500 => scaled(1e3, "K"),
        n if n < 999_500_000 => scaled(1e6, "M"),
        n if n < 999_500_000_000 => scaled(1e9, "B"),
        _ => scaled(1e12, "T"),
    })
}

/// In full, with thousands: `1,284`.
pub fn count(n: i64) -> String {
    number(n as f64, NumberStyle::Decimal(0)).unwrap_or_else(|| grouped(&n.to_string()))
}

/// With so many digits after the point, and no thousands.
fn fixed(value: f64, places: u8) -> String {
    format!("{value:.*}", usize::from(places))
}

/// Puts commas between the thousands of `1284` or `1284.50`.
fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |d| ("-", d));
    let whole = digits.find('.').unwrap_or(digits.len());
    let mut out = sign.to_owned();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && i < whole && (whole - i) % 3 == 0 {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A share of 0–1: `94.2 %`, `100 %`.
pub fn percent(share: f64) -> String {
    let tenths = (share * 1_000.0).round() / 10.0;
    let places = u8::from(tenths.fract() != 0.0);
    format!("{} %", number(tenths, NumberStyle::Decimal(places)).unwrap_or_else(|| fixed(tenths, places)))
}

/// How long something took: `0.4 s`, `45 s`, `2 m 10 s`, `3 h 05 m`, `2 d 4 h`.
pub fn duration(ms: i64) -> String {
    match ms.max(0) {
        ms if ms < 10 * SECOND => {
            let tenths = (ms / 100) as f64 / 10.0;
            format!("{} s", number(tenths, NumberStyle::Decimal(1)).unwrap_or_else(|| fixed(tenths, 1)))
        }
        ms if ms < MINUTE => format!("{} s", ms / SECOND),
        ms if ms < HOUR => format!("{} m {:02} s", ms / MINUTE, ms % MINUTE / SECOND),
        ms if ms < DAY => format!("{} h {:02} m", ms / HOUR, ms % HOUR / MINUTE),
        ms => format!("{} d {} h", ms / DAY, ms % DAY / HOUR),
    }
}

/// How long something has been going on, ticking: `00:42`, `1:02:03`.
pub fn elapsed(ms: i64) -> String {
    let s = ms.max(0) / SECOND;
    if s < 3_600 {
        format!("{:02}:{:02}", s / 60, s % 60)
    } else {
        format!("{}:{:02}:{:02}", s / 3_600, s / 60 % 60, s % 60)
    }
}

/// A span in its largest unit: `12 s`, `4 m`, `3 h`, `5 d`.
pub fn span(ms: i64) -> String {
    match ms.max(0) {
        ms if ms < MINUTE => format!("{} s", ms / SECOND),
        ms if ms < HOUR => format!("{} m", ms / MINUTE),
        ms if ms < DAY => format!("{} h", ms / HOUR),
        ms => format!("{} d", ms / DAY),
    }
}

/// How long ago: `now`, `42 s ago`, `2 m ago`, `5 d ago`.
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let ms = now.millis_since(at);
    if ms < 2 * SECOND { "now".to_owned() } else { format!("{} ago", span(ms)) }
}

/// How long ago, or how soon: `in 3 h`.
pub fn around(at: Timestamp, now: Timestamp) -> String {
    let ms = at.millis_since(now);
    if ms < 2 * SECOND { ago(at, now) } else { format!("in {}", span(ms)) }
}

/// `2026-11-21 12:03:41 UTC`.
pub fn utc(at: Timestamp) -> String {
    let text = Timestamp::from_millis(at.millis() / SECOND * SECOND).to_string();
    text.replace('T', " ").replace('Z', " UTC")
}

/// `one` or `many` of something: `1 run`, `3 runs`.
pub fn plural(n: i64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_short_and_never_rounds_something_to_nothing() {
        assert_eq!(money(0.0), "$0.00");
        assert_eq!(money(0.0004), "<$0.01");
        assert_eq!(money(0.02), "$0.02");
        assert_eq!(money(48.119), "$48.12");
        assert_eq!(money(1_234.4), "$1,234");
        assert_eq!(money(999.996), "$1,000");
    }

    #[test]
    fn counts_are_short_in_rows_and_full_on_cards() {
        assert_eq!(short_count(850), "850");
        assert_eq!(short_count(12_480), "12.5K");
        assert_eq!(short_count(999_960), "1.0M");
        assert_eq!(count(1_284), "1,284");
        assert_eq!(count(-1_000_000), "-1,000,000");
        assert_eq!(percent(0.942), "94.2 %");
        assert_eq!(percent(1.0), "100 %");
    }

    #[test]
    fn spans_read_as_people_say_them() {
        assert_eq!(duration(430), "0.4 s");
        assert_eq!(duration(45_000), "45 s");
        assert_eq!(duration(130_000), "2 m 10 s");
        assert_eq!(duration(3 * HOUR + 5 * MINUTE), "3 h 05 m");
        assert_eq!(duration(-5), "0.0 s");
        assert_eq!(elapsed(42_900), "00:42");
        assert_eq!(elapsed(3_723_000), "1:02:03");
    }

    #[test]
    fn a_moment_in_the_future_is_now() {
        let at = Timestamp::from_millis(10_000);
        assert_eq!(ago(at, Timestamp::from_millis(0)), "now");
        assert_eq!(around(at, Timestamp::from_millis(10_000 - 3 * HOUR)), "in 3 h");
        assert_eq!(around(at, Timestamp::from_millis(52_000)), "42 s ago");
        assert_eq!(ago(at, Timestamp::from_millis(52_000)), "42 s ago");
        assert_eq!(ago(at, Timestamp::from_millis(10_000 + 3 * HOUR)), "3 h ago");
    }

    #[test]
    fn utc_is_spelled_out() {
        assert_eq!(utc(Timestamp::from_millis(1_770_000_000_123)), "2026-02-02 02:40:00 UTC");
    }
}
