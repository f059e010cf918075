//! Both sides. Execution ids: UUID text, lower case; Runboard makes version 7, which sorts by creation.

use super::error::Error;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::{fmt, str::FromStr};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ssr", schema(value_type = String))]
pub struct ExecutionId(String);

impl ExecutionId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The first id that stands in a text, as in a link to a run.
    pub fn in_text(text: &str) -> Option<Self> {
        let at = |i: usize| text.get(i..i + 36).filter(|t| t.as_bytes()[8] == b'-').and_then(|t| t.parse().ok());
        (0..text.len().min(4_096)).find_map(at)
    }
    /// First eight and last four characters, for people.
    pub fn short(&self) -> String {
        format!("{}…{}", &self.0[..8], &self.0[self.0.len() - 4..])
    }
}

impl FromStr for ExecutionId {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self, Error> {
        match uuid::Uuid::try_parse(s) {
            Ok(id) => Ok(Self(id.hyphenated().to_string())),
            Err(_) => Err(Error::invalid("id", format!("`{}` is not a UUID", s.chars().take(64).collect::<String>()))),
        }
    }
}

impl TryFrom<String> for ExecutionId {
    type Error = Error;
    fn try_from(s: String) -> Result<Self, Error> {
        s.parse()
    }
}

impl fmt::Display for ExecutionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ExecutionId {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(|_| de::Error::custom("not a UUID"))
    }
}

#[cfg(test)]
mod tests {
    use super::ExecutionId;

    #[test]
    fn an_id_is_found_in_a_link() {
        let id = "0199a3f2-0000-7000-8000-00000000c41e";
        for text in [id.to_owned(), format!(" https://board.example/executions?run={id}&tab=log"), format!("日本/{id}")]
        {
            assert_eq!(ExecutionId::in_text(&text).as_ref().map(ExecutionId::as_str), Some(id), "{text}");
        }
        assert_eq!(ExecutionId::in_text("no id, 0199a3f2-0000"), None);
    }
}
