//! Both sides. A filter written as a JSON object: in the socket's `subscribe` and in bulk actions.

use super::{Dialect, Filter};
use crate::domain::error::{Error, Result};
use serde_json::Value;
use std::collections::BTreeMap;

impl Filter {
    /// List filters by their API names; values as text, number, boolean or a list of them.
    pub fn from_object(given: &BTreeMap<String, Value>) -> Result<Self> {
        let text = |v: &Value| match v {
            Value::String(s) => s.clone(),
            other => other.to_string(),
        };
        let mut pairs = Vec::new();
        for (name, value) in given {
            // Emptiness is nobody's wish: in a bulk action it would mean everything.
            let empty = match value {
                Value::Array(list) => {
                    list.is_empty() || list.iter().any(|v| text(v).trim_matches([',', '!', ' ']).is_empty())
                }
                Value::String(s) => s.trim_matches([',', '!', ' ']).is_empty(),
                _ => false,
            };
            if empty {
                return Err(Error::invalid(name, "has no value; leave it out"));
            }
            match value {
                Value::Array(list) => pairs.extend(list.iter().map(|v| (name.clone(), text(v)))),
                Value::Null => {}
                one => pairs.push((name.clone(), text(one))),
            }
        }
        let (filter, errors) = Self::default().parse(pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())), Dialect::Api);
        if errors.is_empty() { Ok(filter) } else { Err(Error::Invalid(errors)) }
    }
}
