//! Both sides. Single values of parameters.

use super::typed::milliseconds;
use super::{Choice, Dialect};
use crate::domain::error::Error;
use std::fmt::Display;

/// Splits at commas; `\` keeps the next character as it is.
pub(super) fn split(value: &str) -> Vec<(bool, String)> {
    let mut out = Vec::new();
    let mut part = String::new();
    let mut negated = false;
    let mut chars = value.chars();
    loop {
        match chars.next() {
            end @ (None | Some(',')) => {
                if !part.is_empty() {
                    out.push((negated, std::mem::take(&mut part)));
                }
                negated = false;
                if end.is_none() {
                    return out;
                }
            }
            Some('!') if part.is_empty() && !negated => negated = true,
            Some('\\') => part.extend(chars.next()),
            Some(c) => part.push(c),
        }
    }
}

pub(super) fn choice<T: Ord>(values: &[&str], parse: impl Fn(&str) -> Result<T, Error>) -> Result<Choice<T>, Error> {
    let mut choice = Choice { include: Vec::new(), exclude: Vec::new() };
    let mut errors = Vec::new();
    for (negated, text) in values.iter().flat_map(|v| split(v)) {
        match parse(&text) {
            Ok(v) if negated => choice.exclude.push(v),
            Ok(v) => choice.include.push(v),
            Err(Error::Invalid(e)) => errors.extend(e),
            Err(other) => return Err(other),
        }
    }
    if choice.include.len() + choice.exclude.len() > 200 {
        return Err(Error::invalid("", "has more than 200 values"));
    }
    for list in [&mut choice.include, &mut choice.exclude] {
        list.sort();
        list.dedup();
    }
    if errors.is_empty() { Ok(choice) } else { Err(Error::Invalid(errors)) }
}

pub(super) fn join<T: Display>(choice: &Choice<T>) -> Option<String> {
    let mut out = String::new();
    let parts = choice.include.iter().map(|v| (false, v)).chain(choice.exclude.iter().map(|v| (true, v)));
    for (i, (negated, value)) in parts.enumerate() {
        if i > 0 {
            out.push(',');
        }
        if negated {
            out.push('!');
        }
        for (j, c) in value.to_string().chars().enumerate() {
            if c == ',' || c == '\\' || (c == '!' && j == 0) {
                out.push('\\');
            }
            out.push(c);
        }
    }
    (!out.is_empty()).then_some(out)
}

pub(super) fn one<'a>(values: &[&'a str]) -> Result<&'a str, Error> {
    match values {
        [one] => Ok(one),
        _ => Err(Error::invalid("", "is given more than once")),
    }
}

/// Whole milliseconds; on pages, where people fill in forms, also with a unit.
pub(super) fn duration(values: &[&str], dialect: Dialect) -> Result<i64, Error> {
    if dialect == Dialect::Api {
        return count(values);
    }
    let text = one(values)?;
    let wrong = || Error::invalid("", format!("`{text}` is not a span like 500ms, 5m or 1.5h"));
    milliseconds(text.trim()).ok_or_else(wrong)
}

pub(super) fn count(values: &[&str]) -> Result<i64, Error> {
    let text = one(values)?;
    text.parse::<i64>()
        .ok()
        .filter(|n| *n >= 0)
        .ok_or_else(|| Error::invalid("", format!("`{text}` is not a whole number of 0 or more")))
}

pub(super) fn money(values: &[&str]) -> Result<f64, Error> {
    let text = one(values)?;
    decimal(text)
        .filter(|n| n.is_finite() && *n >= 0.0 && *n < 1e9)
        .ok_or_else(|| Error::invalid("", format!("`{text}` is not an amount of USD")))
}

/// By the reader of JSON, which the browser's program has anyway: the standard library's is 16 KB more.
fn decimal(text: &str) -> Option<f64> {
    text.starts_with(|c: char| c.is_ascii_digit() || c == '.').then_some(())?;
    // JSON wants one digit before the point, and some behind it.
    let digits = text.trim_start_matches('0');
    let zero = if digits.starts_with(|c: char| c.is_ascii_digit()) { "" } else { "0" };
    let whole = digits.strip_suffix('.').filter(|_| text.len() > 1).unwrap_or(digits);
    serde_json::from_str(&format!("{zero}{whole}")).ok()
}

pub(super) fn boolean(values: &[&str]) -> Result<bool, Error> {
    match one(values)? {
        "true" => Ok(true),
        "false" => Ok(false),
        other => Err(Error::invalid("", format!("`{other}` is neither true nor false"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_split_at_commas_and_a_bang_negates() {
        assert_eq!(split("a,!b,,c"), [(false, "a".into()), (true, "b".into()), (false, "c".into())]);
        assert_eq!(split(r"a\,b,\!c"), [(false, "a,b".into()), (false, "!c".into())]);
        assert_eq!(split(""), []);
        assert_eq!(split(","), []);
    }

    #[test]
    fn amounts_are_read_as_people_and_programs_write_them() {
        let read = |text| money(&[text]).ok();
        for (text, amount) in [
            ("0", 0.0),
            ("0.05", 0.05),
            (".5", 0.5),
            ("5.", 5.0),
            ("007", 7.0),
            ("0.1", 0.1),
            ("1e-7", 1e-7),
            ("12.345678", 12.345_678),
            ("999999999.99", 999_999_999.99),
            ("0.30000000000000004", 0.300_000_000_000_000_04),
        ] {
            assert_eq!(read(text), Some(amount), "{text}");
        }
        for text in ["", ".", "-1", "+1", " 1", "1,5", "x", "1x", "1e9", "NaN", "inf", "0x1", "\"1\""] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
