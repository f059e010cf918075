//! Both sides. Numbers with units, and the bounds made of them; exact, without floats.

/// A suffix and how many of the smallest unit it stands for. Longer suffixes first.
pub type Units = &'static [(&'static str, i64)];

pub const SPANS: Units =
    &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000)];
pub const COUNTS: Units = &[("k", 1_000), ("K", 1_000), ("M", 1_000_000), ("B", 1_000_000_000), ("", 1)];
/// Billionths of a USD.
pub const MONEY: Units = &[("", 1_000_000_000)];

/// `5m`, `1.5h`, `10k`: a decimal number and a unit, when it is a whole number of the smallest unit.
pub fn amount(text: &str, units: Units) -> Option<i64> {
    let number_len = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(number_len);
    let factor = units.iter().find(|(name, _)| *name == unit)?.1;
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || whole.len() > 18 || part.len() > 12 || part.contains('.') || number.ends_with('.') {
        return None;
    }
    let scale = 10_i128.pow(u32::try_from(part.len()).ok()?);
    let digits: i128 = format!("{whole}{part}").parse().ok()?;
    let all = digits.checked_mul(i128::from(factor))?;
    (all % scale == 0).then_some(all / scale).and_then(|n| i64::try_from(n).ok()).filter(|n| *n < i64::MAX / 2)
}

/// Inclusive bounds from `>5m`, `>=5m`, `<1h`, `<=1h`, `5m..1h`, `5m..` and `..1h`.
pub fn bounds(value: &str, read: impl Fn(&str) -> Option<i64>) -> Result<(Option<i64>, Option<i64>), Wrong> {
    let number = |text: &str| read(text).ok_or_else(|| Wrong::Number(text.to_owned()));
    if let Some(text) = value.strip_prefix(">=") {
        return Ok((Some(number(text)?), None));
    }
    if let Some(text) = value.strip_prefix("<=") {
        return Ok((None, Some(number(text)?)));
    }
    if let Some(text) = value.strip_prefix('>') {
        return Ok((Some(number(text)? + 1), None));
    }
    if let Some(text) = value.strip_prefix('<') {
        let below = number(text)? - 1;
        return if below < 0 { Err(Wrong::Empty) } else { Ok((None, Some(below))) };
    }
    let Some((low, high)) = value.split_once("..") else { return Err(Wrong::NoBound) };
    let open = |text: &str| if text.is_empty() { Ok(None) } else { number(text).map(Some) };
    match (open(low)?, open(high)?) {
        (None, None) => Err(Wrong::NoBound),
        (Some(low), Some(high)) if low > high => Err(Wrong::Empty),
        both => Ok(both),
    }
}

#[derive(Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Not a number of this kind.
    Number(String),
    /// A number without `>` or `<`.
    NoBound,
    /// Nothing can lie there.
    Empty,
}

/// The shortest exact form in these units.
pub fn written(n: i64, units: Units) -> String {
    let best = units.iter().filter(|(_, factor)| n % factor == 0 && (n != 0 || *factor == 1)).max_by_key(|(_, f)| *f);
    match best {
        Some((unit, factor)) => format!("{}{unit}", n / factor),
        None => n.to_string(),
    }
}

/// USD from billionths, without trailing zeros.
pub fn usd(nanos: i64) -> String {
    let (whole, part) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let part = format!("{part:09}");
    let part = part.trim_end_matches('0');
    if part.is_empty() { whole.to_string() } else { format!("{whole}.{part}") }
}
