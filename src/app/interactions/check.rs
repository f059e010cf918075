//! Server. The rules on what is asked and answered. Every broken one is named, all at once.

use crate::app::validate::Check;
use crate::auth::secret;
use crate::domain::interaction::{MOST_APPROVERS, MOST_FIELDS, MOST_OPTIONS};
use crate::domain::{Answers, Error, FieldKind, InteractionKind, NewInteraction, QuestionField, Result};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const TITLE_CHARS: usize = 200;
const MESSAGE_BYTES: usize = 64 << 10;
const PARAMETERS_BYTES: usize = 64 << 10;
const COMMENT_CHARS: usize = 4_000;
const ANSWER_BYTES: usize = 64 << 10;
const LONGEST_S: i64 = 366 * 86_400;

/// What is asked; `at` stands before the names of its fields.
pub(crate) fn interaction(check: &mut Check, at: &str, new: &NewInteraction) {
    let field = |name: &str| format!("{at}{name}");
    if new.title.trim().is_empty() || new.title.chars().count() > TITLE_CHARS {
        check.wrong(&field("title"), format!("needs 1 to {TITLE_CHARS} characters"));
    }
    if new.message.len() > MESSAGE_BYTES {
        check.wrong(&field("message"), format!("is longer than {MESSAGE_BYTES} bytes"));
    }
    if new.expires_in_s.is_some_and(|s| !(1..=LONGEST_S).contains(&s)) {
        check.wrong(&field("expires_in_s"), format!("must be from 1 to {LONGEST_S} seconds"));
    }
    if new.approvers.len() > MOST_APPROVERS {
        check.wrong(&field("approvers"), format!("names more than {MOST_APPROVERS}"));
    }
    check.depth(&field("parameters"), new.parameters.as_ref());
    if new.parameters.as_ref().is_some_and(|p| canonical(p).len() > PARAMETERS_BYTES) {
        check.wrong(&field("parameters"), format!("is longer than {PARAMETERS_BYTES} bytes"));
    }
    match new.kind {
        InteractionKind::Approval => {
            if new.approvers.iter().all(|name| name.trim().is_empty()) {
                check.wrong(&field("approvers"), "names nobody: somebody has to decide");
            }
            if !new.fields.is_empty() {
                check.wrong(&field("fields"), "are for questions");
            }
        }
        InteractionKind::Question => fields(check, at, &new.fields),
    }
}

fn fields(check: &mut Check, at: &str, fields: &[QuestionField]) {
    if fields.is_empty() || fields.len() > MOST_FIELDS {
        check.wrong(&format!("{at}fields"), format!("needs 1 to {MOST_FIELDS} fields"));
    }
    let mut names = BTreeSet::new();
    for (i, field) in fields.iter().take(MOST_FIELDS).enumerate() {
        let at = format!("{at}fields[{i}]");
        let plain = field.name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
        if field.name.is_empty() || field.name.len() > 64 || !plain {
            check.wrong(&format!("{at}.name"), "needs 1 to 64 letters, digits, `_`, `-` or `.`");
        } else if !names.insert(field.name.as_str()) {
            check.wrong(&format!("{at}.name"), "is the name of another field");
        }
        if field.label.trim().is_empty() || field.label.chars().count() > TITLE_CHARS {
            check.wrong(&format!("{at}.label"), format!("needs 1 to {TITLE_CHARS} characters"));
        }
        options(check, &at, field);
    }
}

fn options(check: &mut Check, at: &str, field: &QuestionField) {
    let at = format!("{at}.options");
    let distinct: BTreeSet<&str> = field.options.iter().map(String::as_str).collect();
    match field.kind {
        FieldKind::Text if !field.options.is_empty() => check.wrong(&at, "are for choice and multi"),
        FieldKind::Text => {}
        FieldKind::Choice | FieldKind::Multi if field.options.is_empty() || field.options.len() > MOST_OPTIONS => {
            check.wrong(&at, format!("needs 1 to {MOST_OPTIONS} options"));
        }
        FieldKind::Choice | FieldKind::Multi => {
            if distinct.len() < field.options.len() {
                check.wrong(&at, "has one of them twice");
            }
            if field.options.iter().any(|o| o.trim().is_empty() || o.chars().count() > TITLE_CHARS) {
                check.wrong(&at, format!("each needs 1 to {TITLE_CHARS} characters"));
            }
        }
    }
}

pub(super) fn comment(text: Option<&str>) -> Result<()> {
    match text {
        Some(text) if text.chars().count() > COMMENT_CHARS => {
            Err(Error::invalid("comment", format!("is longer than {COMMENT_CHARS} characters")))
        }
        _ => Ok(()),
    }
}

/// The answers as they are kept: those of the fields, without empty ones.
pub(super) fn answers(fields: &[QuestionField], given: Answers) -> Result<Answers> {
    let mut check = Check::default();
    let mut kept = BTreeMap::new();
    for name in given.keys().filter(|name| fields.iter().all(|f| f.name != **name)) {
        check.wrong(&format!("answers.{name}"), "is no field of this question");
    }
    for field in fields {
        let at = format!("answers.{}", field.name);
        match given.get(&field.name) {
            None | Some(Value::Null) => missing(&mut check, &at, field),
            Some(Value::String(text)) if text.trim().is_empty() => missing(&mut check, &at, field),
            Some(Value::Array(all)) if all.is_empty() => missing(&mut check, &at, field),
            Some(value) => match problem(field, value) {
                Some(problem) => check.wrong(&at, problem),
                None => drop(kept.insert(field.name.clone(), value.clone())),
            },
        }
    }
    check.done()?;
    Ok(kept)
}

fn missing(check: &mut Check, at: &str, field: &QuestionField) {
    if !field.optional {
        check.wrong(at, format!("`{}` needs an answer", field.label));
    }
}

fn problem(field: &QuestionField, value: &Value) -> Option<String> {
    let among = |text: &str| field.options.iter().any(|option| option == text);
    match (field.kind, value) {
        (FieldKind::Text, Value::String(text)) => {
            (text.len() > ANSWER_BYTES).then(|| format!("is longer than {ANSWER_BYTES} bytes"))
        }
        (FieldKind::Text, _) => Some("must be a text".to_owned()),
        (FieldKind::Choice, Value::String(text)) => (!among(text)).then(|| format!("`{text}` is none of the options")),
        (FieldKind::Choice, _) => Some("must be one of the options".to_owned()),
        (FieldKind::Multi, Value::Array(all)) => {
            let texts: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
            let distinct: BTreeSet<&&str> = texts.iter().collect();
            let good = texts.len() == all.len() && distinct.len() == all.len() && texts.iter().all(|text| among(text));
            (!good).then(|| "must be a list of options, each once".to_owned())
        }
        (FieldKind::Multi, _) => Some("must be a list of options".to_owned()),
    }
}

/// What people decide on: the parameters as they are kept, their hash, and what makes requests of one agent equal.
pub(super) struct Bound {
    pub parameters: Option<String>,
    pub hash: String,
    pub alike: String,
}

pub(super) fn bound(agent_key: i64, new: &NewInteraction) -> Bound {
    let parameters = new.parameters.as_ref().map(canonical);
    let hash = secret::sha256_hex(parameters.as_deref().unwrap_or("null").as_bytes());
    let (agent, kind) = (agent_key.to_string(), new.kind.as_str());
    let alike = secret::fingerprint(&[
        agent.as_bytes(),
        kind.as_bytes(),
        new.title.as_bytes(),
        new.message.as_bytes(),
        hash.as_bytes(),
    ]);
    Bound { parameters, hash, alike }
}

/// Parameters as they are hashed: without blanks, keys sorted.
pub(crate) fn canonical(parameters: &Value) -> String {
    sorted(parameters).to_string()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let by_key: BTreeMap<&String, &Value> = map.iter().collect();
            Value::Object(by_key.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect())
        }
        Value::Array(all) => Value::Array(all.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn equal_parameters_are_written_equally() {
        let (a, b) =
            (json!({"b": {"d": 1, "c": [2, null]}, "a": "x"}), json!({"a": "x", "b": {"c": [2, null], "d": 1}}));
        assert_eq!(canonical(&a), canonical(&b));
        assert_eq!(canonical(&a), r#"{"a":"x","b":{"c":[2,null],"d":1}}"#);
    }

    #[test]
    fn answers_fit_their_fields() {
        let field = |name: &str, kind, optional| QuestionField {
            name: name.to_owned(),
            label: name.to_uppercase(),
            kind,
            options: if kind == FieldKind::Text { Vec::new() } else { vec!["x".to_owned(), "y".to_owned()] },
            optional,
        };
        let fields = [
            field("t", FieldKind::Text, false),
            field("c", FieldKind::Choice, false),
            field("m", FieldKind::Multi, true),
        ];
        let given = |value: Value| serde_json::from_value::<Answers>(value).expect("answers");
        let good = answers(&fields, given(json!({"t": "hi", "c": "x", "m": []}))).expect("they fit");
        assert_eq!(good.keys().collect::<Vec<_>>(), ["c", "t"]);
        for (wrong, named) in [
            (json!({"c": "x"}), "answers.t"),
            (json!({"t": " ", "c": "x"}), "answers.t"),
            (json!({"t": "hi", "c": "z"}), "answers.c"),
            (json!({"t": "hi", "c": ["x"]}), "answers.c"),
            (json!({"t": "hi", "c": "x", "m": ["x", "x"]}), "answers.m"),
            (json!({"t": "hi", "c": "x", "m": "x"}), "answers.m"),
            (json!({"t": 1, "c": "x"}), "answers.t"),
            (json!({"t": "hi", "c": "x", "z": 1}), "answers.z"),
        ] {
            let Err(Error::Invalid(problems)) = answers(&fields, given(wrong.clone())) else { panic!("{wrong}") };
            assert_eq!(problems.iter().map(|p| p.field.as_str()).collect::<Vec<_>>(), [named], "{wrong}");
        }
    }
}
