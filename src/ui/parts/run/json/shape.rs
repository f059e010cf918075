//! Both sides. JSON for reading: what a value looks like closed, what of it is shown at first.

use serde_json::Value;

/// Characters of a string shown at first.
pub const STRING: usize = 600;
/// Entries of an object or list shown at first, and added with each "Show more".
pub const ENTRIES: usize = 100;

/// Programs often send JSON inside a string: then the inner value is shown.
pub fn readable(value: Value) -> Value {
    if let Value::String(text) = &value
        && text.trim_start().starts_with(['{', '['])
        && let Ok(inner @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text)
    {
        return inner;
    }
    value
}

/// The first `most` characters, and how many are left.
pub fn cut(text: &str, most: usize) -> (&str, usize) {
    match text.char_indices().nth(most) {
        Some((at, _)) => (&text[..at], text[at..].chars().count()),
        None => (text, 0),
    }
}

/// A closed object or list in a few words; `None` for everything else.
pub fn closed(value: &Value) -> Option<String> {
    match value {
        Value::Object(map) if map.is_empty() => Some("{}".to_owned()),
        Value::Array(list) if list.is_empty() => Some("[]".to_owned()),
        Value::Object(map) => {
            let keys: Vec<&str> = map.keys().take(3).map(|k| cut(k, 24).0).collect();
            let more = if map.len() > 3 { ", …" } else { "" };
            Some(format!("{{ {}{more} }}", keys.join(", ")))
        }
        Value::Array(list) if list.len() == 1 => Some("[ 1 item ]".to_owned()),
        Value::Array(list) => Some(format!("[ {} items ]", list.len())),
        _ => None,
    }
}

/// Its entries by name; a list's are numbered from 0. Scalars have none.
pub fn entries(value: &Value) -> Vec<(String, &Value)> {
    match value {
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), v)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect(),
        _ => Vec::new(),
    }
}

/// Indented text. Serialising a `Value` can't fail: its keys are strings.
pub fn pretty(value: &Value) -> String {
    format!("{value:#}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_inside_a_string_is_read_and_other_strings_stay() {
        assert_eq!(readable(json!("{\"url\":\"a\"}")), json!({"url": "a"}));
        assert_eq!(readable(json!("{not json")), json!("{not json"));
        assert_eq!(readable(json!("42")), json!("42"));
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut("日本語です", 2), ("日本", 3));
        assert_eq!(cut("ab", 2), ("ab", 0));
    }

    #[test]
    fn a_closed_value_tells_what_is_inside() {
        assert_eq!(closed(&json!({"a": 1, "b": 2, "c": 3, "d": 4})).as_deref(), Some("{ a, b, c, … }"));
        assert_eq!(closed(&json!([1])).as_deref(), Some("[ 1 item ]"));
        assert_eq!(closed(&json!([1, 2])).as_deref(), Some("[ 2 items ]"));
        assert_eq!(closed(&json!([])).as_deref(), Some("[]"));
        assert_eq!(closed(&json!("x")), None);
    }

    #[test]
    fn pretty_text_is_indented_json() {
        assert_eq!(pretty(&json!({"a": [1]})), "{\n  \"a\": [\n    1\n  ]\n}");
    }
}
