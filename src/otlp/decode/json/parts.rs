//! Server. A list of which each element is cut out, to be read by itself.

use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// As many as a request may hold spans.
pub const MOST_PARTS: usize = 200_000;

/// Those beyond are only counted: an element may be one byte, and what is kept of it is sixteen.
#[derive(Default)]
pub struct Parts<'a> {
    pub kept: Vec<&'a RawValue>,
    pub beyond: u64,
}

impl<'de: 'a, 'a> Deserialize<'de> for Parts<'a> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Parts<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Parts<'de>, A::Error> {
                let mut parts = Parts::default();
                while parts.kept.len() < MOST_PARTS {
                    let Some(part) = list.next_element()? else { return Ok(parts) };
                    parts.kept.push(part);
                }
                while list.next_element::<IgnoredAny>()?.is_some() {
                    parts.beyond += 1;
                }
                Ok(parts)
            }
        }
        d.deserialize_seq(Read)
    }
}
