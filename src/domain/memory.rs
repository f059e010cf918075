//! Both sides. What an agent is reminded of.

use super::error::{Error, FieldError, Result};
use super::time::Timestamp;
use super::visible::has_visible;
use serde::{Deserialize, Serialize};

const NAME_CHARS: usize = 80;
const CONTENT_BYTES: usize = 8 << 10;

/// A short named note on an agent, given to its prompts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Memory {
    /// Once per agent.
    pub name: String,
    pub content: String,
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub updated_at: Timestamp,
}

/// What a note is to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct MemoryContent {
    /// 1 byte to 8 KiB.
    pub content: String,
}

impl Memory {
    /// Every broken rule is named.
    pub fn check(name: &str, content: &str) -> Result<()> {
        let wrong_name = if name.chars().any(char::is_control) || name.trim() != name {
            Some("has control characters, or blanks at its ends")
        } else if !has_visible(name) || name.chars().count() > NAME_CHARS {
            Some("needs 1 to 80 characters")
        } else {
            None
        };
        let wrong_content = if !has_visible(content) {
            Some("is empty")
        } else if content.len() > CONTENT_BYTES {
            Some("is longer than 8 KiB")
        } else {
            None
        };
        let wrong = [("name", wrong_name), ("content", wrong_content)].into_iter().filter_map(|(field, message)| {
            message.map(|message| FieldError { field: field.to_owned(), message: message.to_owned() })
        });
        let wrong: Vec<_> = wrong.collect();
        if wrong.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_has_a_name_and_something_to_say() {
        assert_eq!(Memory::check("Tone", "Be brief."), Ok(()));
        assert_eq!(Memory::check(&"é".repeat(80), &"x".repeat(8 << 10)), Ok(()));
        for (name, content, fields) in [
            ("", "x", &["name"][..]),
            (" a", "x", &["name"]),
            ("a\n", "x", &["name"]),
            (&"é".repeat(81), "x", &["name"]),
            ("a", " \n", &["content"]),
            ("a", &"x".repeat(8 * 1024 + 1), &["content"]),
            ("", "", &["name", "content"]),
        ] {
            let Err(Error::Invalid(errors)) = Memory::check(name, content) else { panic!("{name:?} is taken") };
            assert_eq!(errors.iter().map(|e| e.field.as_str()).collect::<Vec<_>>(), fields, "{name:?}");
        }
    }
}
