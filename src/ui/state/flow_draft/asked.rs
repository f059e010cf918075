//! Both sides. One thing a question asks for, as it is written. Pure.

use crate::domain::{FieldKind, QuestionField};

/// What is written of it, and what errors are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    Label,
    Name,
    Kind,
    Options,
}

impl Ask {
    pub const ALL: [Self; 4] = [Self::Label, Self::Name, Self::Kind, Self::Options];

    /// As the server calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::Name => "name",
            Self::Kind => "type",
            Self::Options => "options",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskDraft {
    pub key: u32,
    pub kind: FieldKind,
    pub optional: bool,
    label: String,
    /// Empty: made from the label.
    name: String,
    /// One a line.
    options: String,
}

impl AskDraft {
    pub(super) const fn new(key: u32) -> Self {
        Self {
            key,
            kind: FieldKind::Text,
            optional: false,
            label: String::new(),
            name: String::new(),
            options: String::new(),
        }
    }

    pub(super) fn of(key: u32, field: &QuestionField) -> Self {
        let QuestionField { name, label, kind, options, optional } = field;
        let name = if *name == short_name(label, key) { String::new() } else { name.clone() };
        Self { key, kind: *kind, optional: *optional, label: label.clone(), name, options: options.join("\n") }
    }

    pub fn text(&self, part: Ask) -> &str {
        match part {
            Ask::Label => &self.label,
            Ask::Name => &self.name,
            Ask::Kind => self.kind.as_str(),
            Ask::Options => &self.options,
        }
    }

    pub fn set(&mut self, part: Ask, text: String) {
        match part {
            Ask::Label => self.label = text,
            Ask::Name => self.name = text,
            Ask::Kind => self.kind = text.parse().unwrap_or(self.kind),
            Ask::Options => self.options = text,
        }
    }

    /// The name it is sent with.
    pub fn sent_name(&self) -> String {
        match self.name.trim() {
            "" => short_name(&self.label, self.key),
            name => name.to_owned(),
        }
    }

    pub(super) fn field(&self) -> QuestionField {
        let options = self.options.lines().map(str::trim).filter(|o| !o.is_empty()).map(str::to_owned);
        QuestionField {
            name: self.sent_name(),
            label: self.label.trim().to_owned(),
            kind: self.kind,
            options: if self.kind == FieldKind::Text { Vec::new() } else { options.collect() },
            optional: self.optional,
        }
    }
}

/// `Which customer?` → `which_customer`; where nothing is left of it, `field_2`.
fn short_name(label: &str, key: u32) -> String {
    let mut name = String::new();
    for c in label.chars() {
        if c.is_ascii_alphanumeric() {
            name.push(c.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        if name.len() >= 40 {
            break;
        }
    }
    let name = name.trim_end_matches('_');
    if name.is_empty() { format!("field_{key}") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_makes_the_name_until_one_is_written() {
        let mut ask = AskDraft::new(2);
        assert_eq!(ask.sent_name(), "field_2");
        ask.set(Ask::Label, "  Which customer, please?".to_owned());
        assert_eq!(ask.sent_name(), "which_customer_please");
        ask.set(Ask::Label, "誰ですか".to_owned());
        assert_eq!(ask.sent_name(), "field_2");
        ask.set(Ask::Name, " who ".to_owned());
        assert_eq!(ask.field().name, "who");
    }

    #[test]
    fn a_text_has_no_options_but_those_written_before_stay() {
        let mut ask = AskDraft::new(1);
        ask.set(Ask::Kind, "choice".to_owned());
        ask.set(Ask::Options, "Red\n\n Green \n".to_owned());
        assert_eq!(ask.field().options, ["Red", "Green"]);
        ask.set(Ask::Kind, "text".to_owned());
        assert!(ask.field().options.is_empty());
        ask.set(Ask::Kind, "multi".to_owned());
        assert_eq!(ask.field().options.len(), 2);
    }
}
