//! Both sides. A step as it is written: its kind, its fields' texts, and what it asks for. Pure.

use super::asked::AskDraft;
use crate::domain::words::{read_words, write_words};
use crate::domain::{FlowStep, Policy};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Prompt,
    Approval,
    Question,
    Command,
    Webhook,
}

impl Kind {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Prompt => "Prompt",
            Self::Approval => "Approval",
            Self::Question => "Question",
            Self::Command => "Command",
            Self::Webhook => "Webhook",
        }
    }

    /// Its fields below the title, in order.
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Self::Prompt => &[Field::Prompt],
            Self::Approval => {
                &[Field::Message, Field::Approvers, Field::Policy, Field::ExpiresInS, Field::AllowRequester]
            }
            Self::Question => &[Field::Message, Field::Fields, Field::Approvers, Field::ExpiresInS],
            Self::Command => &[Field::Argv, Field::Cwd, Field::Env],
            Self::Webhook => &[Field::Url, Field::SecretEnv],
        }
    }

    const fn of(step: &FlowStep) -> Self {
        match step {
            FlowStep::Prompt { .. } => Self::Prompt,
            FlowStep::Approval { .. } => Self::Approval,
            FlowStep::Question { .. } => Self::Question,
            FlowStep::Command { .. } => Self::Command,
            FlowStep::Webhook { .. } => Self::Webhook,
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
    Message,
    /// What a question asks for: has no text of its own.
    Fields,
    Approvers,
    Policy,
    /// Seconds; empty: never.
    ExpiresInS,
    /// `on`, or nothing.
    AllowRequester,
}

const FIELDS: usize = 13;

impl Field {
    pub const ALL: [Self; FIELDS] = [
        Self::Title,
        Self::Prompt,
        Self::Argv,
        Self::Cwd,
        Self::Env,
        Self::Url,
        Self::SecretEnv,
        Self::Message,
        Self::Fields,
        Self::Approvers,
        Self::Policy,
        Self::ExpiresInS,
        Self::AllowRequester,
    ];

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
            Self::Message => "message",
            Self::Fields => "fields",
            Self::Approvers => "approvers",
            Self::Policy => "policy",
            Self::ExpiresInS => "expires_in_s",
            Self::AllowRequester => "allow_requester",
        }
    }
}

/// A step; `key` stays with it wherever it is moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepDraft {
    pub key: u32,
    pub kind: Kind,
    texts: [String; FIELDS],
    pub asked: Vec<AskDraft>,
    next_ask: u32,
}

impl StepDraft {
    pub(super) fn new(key: u32, kind: Kind) -> Self {
        let mut draft = Self { key, kind, texts: Default::default(), asked: Vec::new(), next_ask: 0 };
        if kind == Kind::Question {
            draft.ask();
        }
        draft
    }

    pub(super) fn of(key: u32, step: &FlowStep) -> Self {
        let mut draft = Self::new(key, Kind::of(step));
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
            FlowStep::Approval { message, approvers, policy, expires_in_s, allow_requester, .. } => {
                draft.asks_people(message, approvers, *expires_in_s);
                draft.set(Field::Policy, policy.as_str().to_owned());
                draft.set(Field::AllowRequester, if *allow_requester { "on".to_owned() } else { String::new() });
            }
            FlowStep::Question { message, approvers, expires_in_s, fields, .. } => {
                draft.asks_people(message, approvers, *expires_in_s);
                draft.asked = (1..).zip(fields).map(|(key, field)| AskDraft::of(key, field)).collect();
                draft.next_ask = u32::try_from(fields.len()).unwrap_or(u32::MAX);
            }
        }
        draft
    }

    fn asks_people(&mut self, message: &str, approvers: &[String], expires_in_s: Option<i64>) {
        self.set(Field::Message, message.to_owned());
        self.set(Field::Approvers, approvers.join("\n"));
        self.set(Field::ExpiresInS, expires_in_s.map(|s| s.to_string()).unwrap_or_default());
    }

    pub fn text(&self, field: Field) -> &str {
        &self.texts[field as usize]
    }

    pub fn set(&mut self, field: Field, text: String) {
        self.texts[field as usize] = text;
    }

    /// One more thing the question asks for; answers its key.
    pub fn ask(&mut self) -> u32 {
        self.next_ask += 1;
        self.asked.push(AskDraft::new(self.next_ask));
        self.next_ask
    }

    pub fn stop_asking(&mut self, key: u32) {
        self.asked.retain(|ask| ask.key != key);
    }

    pub fn asked(&self, key: u32) -> Option<&AskDraft> {
        self.asked.iter().find(|ask| ask.key == key)
    }

    pub(super) fn step(&self) -> FlowStep {
        let of = |field| self.text(field).trim().to_owned();
        let title = of(Field::Title);
        let if_any = |text: String| (!text.is_empty()).then_some(text);
        let words = |field| {
            let words = self.text(field).split([' ', ',', ';', '\n', '\t']);
            words.map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
        };
        let expires_in_s = self.text(Field::ExpiresInS).parse().ok();
        match self.kind {
            Kind::Prompt => FlowStep::Prompt { title, prompt: self.text(Field::Prompt).to_owned() },
            Kind::Command => FlowStep::Command {
                title,
                argv: read_words(self.text(Field::Argv)),
                cwd: if_any(of(Field::Cwd)),
                env: words(Field::Env),
            },
            Kind::Webhook => FlowStep::Webhook { title, url: of(Field::Url), secret_env: if_any(of(Field::SecretEnv)) },
            Kind::Approval => FlowStep::Approval {
                title,
                message: of(Field::Message),
                approvers: words(Field::Approvers),
                policy: self.text(Field::Policy).parse().unwrap_or(Policy::Any),
                expires_in_s,
                allow_requester: !self.text(Field::AllowRequester).is_empty(),
            },
            Kind::Question => FlowStep::Question {
                title,
                message: of(Field::Message),
                fields: self.asked.iter().map(AskDraft::field).collect(),
                approvers: words(Field::Approvers),
                expires_in_s,
            },
        }
    }
}
