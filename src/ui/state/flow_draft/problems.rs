//! Both sides. What the server found wrong with a flow, and with what of it. Pure.

use super::{Ask, Draft, Field};
use crate::domain::FieldError;

/// A field of a step, or of what a step asks for (by its key).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Field(Field),
    Asked(u32, Ask),
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems {
    pub name: Option<String>,
    pub agent: Option<String>,
    steps: Vec<(u32, Place, String)>,
    /// What has no field of its own.
    pub others: Vec<String>,
}

impl Problems {
    /// Places are those of the draft that was sent.
    pub fn of(errors: &[FieldError], sent: &Draft) -> Self {
        let mut all = Self::default();
        for error in errors {
            let text = sentence(&error.message);
            match (error.field.as_str(), place(&error.field, sent)) {
                ("name", _) => all.name = Some(text),
                ("agent_name", _) => all.agent = Some(text),
                (_, Some((key, place))) => all.steps.push((key, place, text)),
                ("steps", _) => all.others.push(format!("A flow {}", error.message)),
                _ => all.others.push(format!("{}: {}", error.field, error.message)),
            }
        }
        all
    }

    pub fn at(&self, key: u32, place: Place) -> Option<String> {
        self.steps.iter().find(|(k, p, _)| *k == key && *p == place).map(|(_, _, text)| text.clone())
    }

    /// The first place that is wrong, as the steps stand now.
    pub fn first(&self, draft: &Draft) -> Option<(u32, Place)> {
        let order = |(key, place, _): &&(u32, Place, String)| {
            let within = match place {
                Place::Field(field) => (*field as usize, 0, 0),
                Place::Asked(key, part) => (Field::Fields as usize, *key, *part as usize),
            };
            (draft.place(*key), within)
        };
        self.steps.iter().min_by_key(order).map(|(key, place, _)| (*key, *place))
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// `is empty` → `Is empty`.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `steps[1].argv[0]` → the second step's words; `steps[0].fields[1].options` → the options of what it asks for second.
fn place(path: &str, sent: &Draft) -> Option<(u32, Place)> {
    let (at, rest) = path.strip_prefix("steps[")?.split_once("].")?;
    let step = sent.steps.get(at.parse::<usize>().ok()?)?;
    if let Some((at, part)) = rest.strip_prefix("fields[").and_then(|rest| rest.split_once(']')) {
        let asked = step.asked.get(at.parse::<usize>().ok()?)?;
        let part = part.trim_start_matches('.').split('[').next().unwrap_or_default();
        let part = Ask::ALL.into_iter().find(|ask| ask.name() == part).unwrap_or(Ask::Label);
        return Some((step.key, Place::Asked(asked.key, part)));
    }
    let name = rest.split('[').next()?;
    let field = Field::ALL.into_iter().find(|field| field.name() == name)?;
    Some((step.key, Place::Field(field)))
}
