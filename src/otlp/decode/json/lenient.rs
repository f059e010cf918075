//! Server. Values of OTLP's JSON as emitters really write them: null for what is absent or not a number, 64-bit
//! numbers as text or number, halves of surrogate pairs where a JavaScript program cut a text.

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use std::fmt;

/// Null is the same as absent.
#[derive(Default)]
pub struct Lenient<T>(pub T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self(Option::<T>::deserialize(d)?.unwrap_or_default()))
    }
}

/// Text that may hold half a surrogate pair, which becomes a replacement character.
#[derive(Default)]
pub struct Text(pub String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }
            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Text, E> {
                Ok(Text(String::from_utf8_lossy(bytes).into_owned()))
            }
        }
        // As bytes: asked for text, serde_json refuses the half pair.
        d.deserialize_bytes(Read)
    }
}

/// A number, also when it is written as text; or the name of an enum's value.
pub enum Number {
    Int(i64),
    /// Beyond an `i64`.
    Large(u64),
    Double(f64),
    Word(String),
}

impl Default for Number {
    fn default() -> Self {
        Self::Int(0)
    }
}

impl Lenient<Number> {
    /// A moment. Absent and zero are the same.
    pub fn nanos(&self) -> Result<u64, String> {
        match &self.0 {
            Number::Int(n) => u64::try_from(*n).map_err(|_| "a time is before 1970".to_owned()),
            Number::Large(n) => Ok(*n),
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of a double saturates")]
            Number::Double(n) if *n >= 0.0 => Ok(*n as u64),
            Number::Double(_) | Number::Word(_) => Err("a time is no number".to_owned()),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Number;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_i64<E: Error>(self, n: i64) -> Result<Number, E> {
                Ok(Number::Int(n))
            }
            fn visit_u64<E: Error>(self, n: u64) -> Result<Number, E> {
                Ok(i64::try_from(n).map_or(Number::Large(n), Number::Int))
            }
            fn visit_f64<E: Error>(self, n: f64) -> Result<Number, E> {
                Ok(crate::otlp::attributes::whole(n).map_or(Number::Double(n), Number::Int))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
                let text = text.trim();
                let whole = text.parse().map(Number::Int).or_else(|_| text.parse().map(Number::Large));
                Ok(match whole {
                    Ok(number) => number,
                    // "NaN" and "Infinity" are doubles too.
                    Err(_) => text.parse().map_or_else(|_| Number::Word(text.to_owned()), Number::Double),
                })
            }
        }
        d.deserialize_any(Read)
    }
}

#[derive(serde::Deserialize, Default)]
pub struct KeyValue {
    #[serde(default)]
    pub key: Lenient<Text>,
    #[serde(default)]
    pub value: Lenient<AnyValue>,
}

/// `{"stringValue": "…"}` and its like. A number that is none (null, as JavaScript writes NaN) is null.
#[derive(Default)]
pub enum AnyValue {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
    List(Vec<AnyValue>),
    Map(Vec<KeyValue>),
}

#[derive(serde::Deserialize, Default)]
struct Values<T> {
    #[serde(default = "Vec::new")]
    values: Vec<T>,
}

impl<'de> Deserialize<'de> for AnyValue {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = AnyValue;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value as OTLP writes it")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<AnyValue, A::Error> {
                let mut value = AnyValue::Null;
                while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                    value = match key.as_ref() {
                        "stringValue" | "bytesValue" => {
                            map.next_value::<Option<Text>>()?.map_or(AnyValue::Null, |t| AnyValue::Text(t.0))
                        }
                        "boolValue" => map.next_value::<Option<bool>>()?.map_or(AnyValue::Null, AnyValue::Bool),
                        "intValue" | "doubleValue" => number(map.next_value()?, key.as_ref() == "doubleValue")
                            .ok_or_else(|| A::Error::custom(format!("`{key}` is no number")))?,
                        "arrayValue" => {
                            AnyValue::List(map.next_value::<Option<Values<AnyValue>>>()?.unwrap_or_default().values)
                        }
                        "kvlistValue" => {
                            AnyValue::Map(map.next_value::<Option<Values<KeyValue>>>()?.unwrap_or_default().values)
                        }
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            value
                        }
                    };
                }
                Ok(value)
            }
        }
        d.deserialize_map(Read)
    }
}

fn number(read: Option<Number>, double: bool) -> Option<AnyValue> {
    Some(match read {
        None => AnyValue::Null,
        Some(Number::Int(n)) if double => AnyValue::Double(n as f64),
        Some(Number::Int(n)) => AnyValue::Int(n),
        Some(Number::Large(n)) => AnyValue::Double(n as f64),
        Some(Number::Double(n)) => AnyValue::Double(n),
        Some(Number::Word(_)) => return None,
    })
}
