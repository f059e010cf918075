//! Server. Attributes of spans: values of OpenTelemetry's types, found by key.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Number};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A value as OTLP knows it. Bytes are kept as their base64 text: nothing here reads them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
    List(Vec<Value>),
    Map(Attributes),
}

impl Value {
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number, however it was written: some emitters send counts as text or with a fraction of zero.
    pub fn int(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(*n),
            Self::Double(n) => whole(*n),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub fn double(&self) -> Option<f64> {
        let n = match self {
            Self::Int(n) => *n as f64,
            Self::Double(n) => *n,
            Self::Text(text) => text.trim().parse().ok()?,
            _ => return None,
        };
        n.is_finite().then_some(n)
    }

    /// The same as JSON; numbers that JSON has no words for are null.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(b) => (*b).into(),
            Self::Int(n) => (*n).into(),
            Self::Double(n) => Number::from_f64(*n).map_or(serde_json::Value::Null, Into::into),
            Self::Text(text) => text.as_str().into(),
            Self::List(list) => list.iter().map(Self::to_json).collect(),
            Self::Map(map) => map.to_json(),
        }
    }
}

/// A double that is a whole number within what a double tells exactly.
pub(super) fn whole(n: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and small enough")]
    (n.fract() == 0.0 && n.abs() <= EXACT).then_some(n as i64)
}

/// Each key once, in an order of our own: the one in which an emitter wrote them says nothing. Shorter keys come
/// first, because most look-ups are for keys that are not there: lengths tell most of them apart, and all
/// conventions' keys begin alike.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(from = "BTreeMap<String, Value>")]
pub struct Attributes(Vec<(String, Value)>);

impl From<BTreeMap<String, Value>> for Attributes {
    fn from(map: BTreeMap<String, Value>) -> Self {
        map.into_iter().collect::<Vec<_>>().into()
    }
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(self.iter())
    }
}

impl From<Vec<(String, Value)>> for Attributes {
    /// Of two values of one key the later holds, as in every language's dictionary.
    fn from(mut pairs: Vec<(String, Value)>) -> Self {
        pairs.reverse();
        pairs.sort_by(|a, b| order(&a.0, &b.0));
        pairs.dedup_by(|later, earlier| later.0 == earlier.0);
        Self(pairs)
    }
}

fn order(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

impl Attributes {
    pub fn get(&self, key: &str) -> Option<&Value> {
        let at = self.0.binary_search_by(|(k, _)| order(k, key)).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Text that is some: blank is the same as absent.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.text().filter(|text| !text.trim().is_empty())
    }

    /// The first of these keys that has text.
    pub fn first_text(&self, keys: &[&str]) -> Option<&str> {
        keys.iter().find_map(|key| self.text(key))
    }

    pub fn int(&self, key: &str) -> Option<i64> {
        self.get(key)?.int()
    }

    /// All whose key starts with this; of keys that differ by a number the lower come first.
    pub fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.0.iter().filter_map(move |(key, value)| Some((key.strip_prefix(prefix)?, value)))
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn to_json(&self) -> serde_json::Value {
        let pairs: Map<String, serde_json::Value> =
            self.0.iter().map(|(key, value)| (key.clone(), value.to_json())).collect();
        serde_json::Value::Object(pairs)
    }
}
