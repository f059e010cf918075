//! Both sides. A flow as it is written in its editor: texts of fields, their order, and what is wrong with which. Pure.

use crate::domain::words::{read_words, write_words};
use crate::domain::{FieldError, Flow, FlowStep, NewFlow, OnInterruption};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Prompt,
    Command,
    Webhook,
}

impl Kind {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Prompt => "Prompt",
            Self::Command => "Command",
            Self::Webhook => "Webhook",
        }
    }

    /// Its fields below the title, in order.
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Self::Prompt => &[Field::Prompt],
            Self::Command => &[Field::Argv, Field::Cwd, Field::Env],
            Self::Webhook => &[Field::Url, Field::SecretEnv],
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Title,
    Prompt,
    Argv,
    Cwd,
    Env,
    Url,
    SecretEnv,
}

impl Field {
    const ALL: [Self; 7] = [Self::Title, Self::Prompt, Self::Argv, Self::Cwd, Self::Env, Self::Url, Self::SecretEnv];

    /// As the server calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Prompt => "prompt",
            Self::Argv => "argv",
            Self::Cwd => "cwd",
            Self::Env => "env",
            Self::Url => "url",
            Self::SecretEnv => "secret_env",
        }
    }
}

/// A step; `key` stays with it wherever it is moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepDraft {
    pub key: u32,
    pub kind: Kind,
    texts: [String; 7],
}

impl StepDraft {
    fn new(key: u32, kind: Kind) -> Self {
        Self { key, kind, texts: Default::default() }
    }

    fn of(key: u32, step: &FlowStep) -> Self {
        let kind = match step {
            FlowStep::Prompt { .. } => Kind::Prompt,
            FlowStep::Command { .. } => Kind::Command,
            FlowStep::Webhook { .. } => Kind::Webhook,
        };
        let mut draft = Self::new(key, kind);
        draft.set(Field::Title, step.title().to_owned());
        match step {
            FlowStep::Prompt { prompt, .. } => draft.set(Field::Prompt, prompt.clone()),
            FlowStep::Command { argv, cwd, env, .. } => {
                draft.set(Field::Argv, write_words(argv));
                draft.set(Field::Cwd, cwd.clone().unwrap_or_default());
                draft.set(Field::Env, env.join(" "));
            }
            FlowStep::Webhook { url, secret_env, .. } => {
                draft.set(Field::Url, url.clone());
                draft.set(Field::SecretEnv, secret_env.clone().unwrap_or_default());
            }
        }
        draft
    }

    pub fn text(&self, field: Field) -> &str {
        &self.texts[field as usize]
    }

    pub fn set(&mut self, field: Field, text: String) {
        self.texts[field as usize] = text;
    }

    fn step(&self) -> FlowStep {
        let of = |field| self.text(field).trim().to_owned();
        let title = of(Field::Title);
        let if_any = |text: String| (!text.is_empty()).then_some(text);
        match self.kind {
            Kind::Prompt => FlowStep::Prompt { title, prompt: self.text(Field::Prompt).to_owned() },
            Kind::Command => FlowStep::Command {
                title,
                argv: read_words(self.text(Field::Argv)),
                cwd: if_any(of(Field::Cwd)),
                env: self
                    .text(Field::Env)
                    .split([' ', ',', '\n', '\t'])
                    .map(str::trim)
                    .filter(|n| !n.is_empty())
                    .map(str::to_owned)
                    .collect(),
            },
            Kind::Webhook => FlowStep::Webhook { title, url: of(Field::Url), secret_env: if_any(of(Field::SecretEnv)) },
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    pub name: String,
    pub agent: String,
    pub on_interruption: OnInterruption,
    pub steps: Vec<StepDraft>,
    next_key: u32,
}

impl Draft {
    /// One to begin with: an empty prompt.
    pub fn new(agent: String) -> Self {
        let mut draft = Self { agent, ..Self::default() };
        draft.add(Kind::Prompt);
        draft
    }

    pub fn of(flow: &Flow) -> Self {
        let mut draft = Self {
            name: flow.name.clone(),
            agent: flow.agent_name.clone(),
            on_interruption: flow.on_interruption,
            ..Self::default()
        };
        for step in &flow.steps {
            let key = draft.key();
            draft.steps.push(StepDraft::of(key, step));
        }
        draft
    }

    fn key(&mut self) -> u32 {
        self.next_key += 1;
        self.next_key
    }

    /// Answers the new step's key.
    pub fn add(&mut self, kind: Kind) -> u32 {
        let key = self.key();
        self.steps.push(StepDraft::new(key, kind));
        key
    }

    pub fn place(&self, key: u32) -> Option<usize> {
        self.steps.iter().position(|step| step.key == key)
    }

    pub fn text(&self, key: u32, field: Field) -> String {
        self.place(key).map(|at| self.steps[at].text(field).to_owned()).unwrap_or_default()
    }

    pub fn set(&mut self, key: u32, field: Field, text: String) {
        if let Some(at) = self.place(key) {
            self.steps[at].set(field, text);
        }
    }

    /// Moves a step up (-1) or down (1); answers where it is then.
    pub fn shift(&mut self, key: u32, by: isize) -> Option<usize> {
        let at = self.place(key)?;
        let to = at.checked_add_signed(by).filter(|to| *to < self.steps.len())?;
        self.steps.swap(at, to);
        Some(to)
    }

    /// Takes a step out; `put_back` undoes it.
    pub fn remove(&mut self, key: u32) -> Option<(usize, StepDraft)> {
        let at = self.place(key)?;
        Some((at, self.steps.remove(at)))
    }

    pub fn put_back(&mut self, at: usize, step: StepDraft) {
        self.steps.insert(at.min(self.steps.len()), step);
    }

    /// The flow as it is sent.
    pub fn flow(&self) -> NewFlow {
        NewFlow {
            name: self.name.trim().to_owned(),
            agent_name: self.agent.clone(),
            steps: self.steps.iter().map(StepDraft::step).collect(),
            on_interruption: self.on_interruption,
        }
    }
}

/// What the server found wrong, and with what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems {
    pub name: Option<String>,
    pub agent: Option<String>,
    steps: Vec<(u32, Field, String)>,
    /// What has no field of its own.
    pub others: Vec<String>,
}

impl Problems {
    /// Places are those of the draft that was sent.
    pub fn of(errors: &[FieldError], sent: &Draft) -> Self {
        let mut all = Self::default();
        for error in errors {
            let text = sentence(&error.message);
            match (error.field.as_str(), step_field(&error.field)) {
                ("name", _) => all.name = Some(text),
                ("agent_name", _) => all.agent = Some(text),
                (_, Some((at, field))) if at < sent.steps.len() => all.steps.push((sent.steps[at].key, field, text)),
                ("steps", _) => all.others.push(format!("A flow {}", error.message)),
                _ => all.others.push(format!("{}: {}", error.field, error.message)),
            }
        }
        all
    }

    pub fn step(&self, key: u32, field: Field) -> Option<String> {
        self.steps.iter().find(|(k, f, _)| *k == key && *f == field).map(|(_, _, text)| text.clone())
    }

    /// The first step's field that is wrong, as the steps stand now.
    pub fn first(&self, draft: &Draft) -> Option<(u32, Field)> {
        let place = |(key, field, _): &&(u32, Field, String)| (draft.place(*key), *field as usize);
        self.steps.iter().min_by_key(place).map(|(key, field, _)| (*key, *field))
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

/// `steps[1].argv[0]` → the second step's words.
fn step_field(path: &str) -> Option<(usize, Field)> {
    let (at, rest) = path.strip_prefix("steps[")?.split_once("].")?;
    let name = rest.split('[').next()?;
    Some((at.parse().ok()?, Field::ALL.into_iter().find(|field| field.name() == name)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(field: &str, message: &str) -> FieldError {
        FieldError { field: field.to_owned(), message: message.to_owned() }
    }

    fn command(argv: &[&str]) -> FlowStep {
        let argv = argv.iter().map(|&word| word.to_owned()).collect();
        FlowStep::Command { title: "T".into(), argv, cwd: Some("/srv".into()), env: vec!["A".into(), "B".into()] }
    }

    #[test]
    fn steps_come_back_as_they_were() {
        let steps = [
            FlowStep::Prompt { title: "One".into(), prompt: "\nSay \"one\"\n  twice ".into() },
            command(&["sh", "-c", "printf 'a\\n'", "two\nlines", "\"quoted\"", "", " x "]),
            FlowStep::Webhook { title: "W".into(), url: "https://example.org".into(), secret_env: None },
        ];
        for step in steps {
            assert_eq!(StepDraft::of(1, &step).step(), step);
        }
        let words = StepDraft::of(1, &command(&["sh", "-c", "two\nlines"]));
        assert_eq!(words.text(Field::Argv), "sh\n-c\n\"two\\nlines\"");
        assert_eq!(read_words("sh\n\n\"not closed"), ["sh", "\"not closed"]);
    }

    #[test]
    fn what_is_wrong_stays_with_its_step_when_that_is_moved() {
        let mut draft = Draft::new("a".into());
        let (second, third) = (draft.add(Kind::Command), draft.add(Kind::Prompt));
        let first = draft.steps[0].key;
        let errors = [
            wrong("steps[2].prompt", "is empty"),
            wrong("steps[1].argv[0]", "is empty"),
            wrong("name", "needs 1 to 100 characters"),
            wrong("steps", "needs 1 to 100 steps"),
            wrong("steps[9].prompt", "is empty"),
        ];
        let problems = Problems::of(&errors, &draft);
        assert_eq!(problems.name.as_deref(), Some("Needs 1 to 100 characters"));
        assert_eq!(problems.others, ["A flow needs 1 to 100 steps", "steps[9].prompt: is empty"]);
        assert_eq!(problems.step(second, Field::Argv).as_deref(), Some("Is empty"));
        assert_eq!(problems.step(first, Field::Prompt), None);
        assert_eq!(problems.first(&draft), Some((second, Field::Argv)));
        assert_eq!(draft.shift(third, -1), Some(1));
        assert_eq!(problems.first(&draft), Some((third, Field::Prompt)));
    }

    #[test]
    fn a_step_moves_within_the_flow_and_comes_back_when_it_was_removed() {
        let mut draft = Draft::new("a".into());
        let second = draft.add(Kind::Webhook);
        let before = draft.clone();
        assert_eq!(draft.shift(second, 1), None);
        assert_eq!(draft.shift(second, -1), Some(0));
        assert_eq!(draft.shift(second, -1), None);
        assert_eq!(draft.shift(second, 1), Some(1));
        let (at, step) = draft.remove(second).expect("it was there");
        assert_eq!(draft.steps.len(), 1);
        draft.put_back(at, step);
        assert_eq!(draft, before);
        assert_ne!(draft.add(Kind::Prompt), second, "a key is given once");
    }
}
