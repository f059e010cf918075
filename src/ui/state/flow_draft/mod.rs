//! Both sides. A flow as it is written in its editor: texts of fields, their order, and what is wrong with which. Pure.

mod asked;
mod problems;
mod step;

pub use asked::{Ask, AskDraft};
pub use problems::{Place, Problems};
pub use step::{Field, Kind, StepDraft};

use crate::domain::{Flow, NewFlow, OnInterruption};

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

    /// What is written of something the step asks for.
    pub fn asked(&self, key: u32, ask: u32, part: Ask) -> String {
        let step = self.place(key).and_then(|at| self.steps[at].asked(ask));
        step.map(|ask| ask.text(part).to_owned()).unwrap_or_default()
    }

    pub fn change_asked(&mut self, key: u32, ask: u32, change: impl FnOnce(&mut AskDraft)) {
        let step = self.place(key).map(|at| &mut self.steps[at]);
        if let Some(ask) = step.and_then(|step| step.asked.iter_mut().find(|a| a.key == ask)) {
            change(ask);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::words::read_words;
    use crate::domain::{FieldError, FieldKind, FlowStep, Policy, QuestionField};

    fn wrong(field: &str, message: &str) -> FieldError {
        FieldError { field: field.to_owned(), message: message.to_owned() }
    }

    fn command(argv: &[&str]) -> FlowStep {
        let argv = argv.iter().map(|&word| word.to_owned()).collect();
        FlowStep::Command { title: "T".into(), argv, cwd: Some("/srv".into()), env: vec!["A".into(), "B".into()] }
    }

    fn approval() -> FlowStep {
        FlowStep::Approval {
            title: "Send it?".into(),
            message: "To **everybody**".into(),
            approvers: vec!["ann@example.com".into(), "role:admin".into()],
            policy: Policy::Majority,
            expires_in_s: Some(5_400),
            allow_requester: true,
        }
    }

    fn asked(name: &str, kind: FieldKind, options: &[&str]) -> QuestionField {
        let options = options.iter().map(|&o| o.to_owned()).collect();
        QuestionField { name: name.into(), label: format!("About {name}"), kind, options, optional: name == "c" }
    }

    fn question() -> FlowStep {
        let fields = vec![
            asked("about_a", FieldKind::Text, &[]),
            asked("b", FieldKind::Choice, &["Red", "Dark green"]),
            asked("c", FieldKind::Multi, &["1", "2"]),
        ];
        let (title, message, approvers) = ("Which?".into(), String::new(), Vec::new());
        FlowStep::Question { title, message, fields, approvers, expires_in_s: None }
    }

    #[test]
    fn what_is_wrong_with_a_question_stands_beside_what_it_asks_for() {
        let mut draft = Draft::new("a".into());
        let key = draft.add(Kind::Question);
        let first = draft.steps[1].asked[0].key;
        let second = draft.steps[1].ask();
        let errors = [
            wrong("steps[1].fields[1].options", "needs 1 to 100 options"),
            wrong("steps[1].fields[0].name", "is used twice"),
            wrong("steps[1].approvers[0]", "is nobody here"),
            wrong("steps[1].fields", "needs 1 to 20 fields"),
        ];
        let problems = Problems::of(&errors, &draft);
        let at = |ask, part| problems.at(key, Place::Asked(ask, part));
        assert_eq!(at(second, Ask::Options).as_deref(), Some("Needs 1 to 100 options"));
        assert_eq!(at(first, Ask::Name).as_deref(), Some("Is used twice"));
        assert_eq!(problems.at(key, Place::Field(Field::Approvers)).as_deref(), Some("Is nobody here"));
        assert_eq!(problems.first(&draft), Some((key, Place::Field(Field::Fields))));
        draft.steps[1].stop_asking(second);
        assert_eq!(draft.steps[1].asked.len(), 1);
        assert_ne!(draft.steps[1].ask(), second, "a key is given once");
        assert!(problems.others.is_empty());
    }

    #[test]
    fn approvers_are_read_however_they_are_separated() {
        let mut draft = StepDraft::new(1, Kind::Approval);
        draft.set(Field::Approvers, "ann@example.com, bo@example.com\n role:admin ;".into());
        let step = draft.step();
        assert!(matches!(&step, FlowStep::Approval { approvers, .. } if approvers.len() == 3), "{step:?}");
    }

    #[test]
    fn steps_come_back_as_they_were() {
        let steps = [
            FlowStep::Prompt { title: "One".into(), prompt: "\nSay \"one\"\n  twice ".into() },
            command(&["sh", "-c", "printf 'a\\n'", "two\nlines", "\"quoted\"", "", " x "]),
            FlowStep::Webhook { title: "W".into(), url: "https://example.org".into(), secret_env: None },
            approval(),
            question(),
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
        assert_eq!(problems.at(second, Place::Field(Field::Argv)).as_deref(), Some("Is empty"));
        assert_eq!(problems.at(first, Place::Field(Field::Prompt)), None);
        assert_eq!(problems.first(&draft), Some((second, Place::Field(Field::Argv))));
        assert_eq!(draft.shift(third, -1), Some(1));
        assert_eq!(problems.first(&draft), Some((third, Place::Field(Field::Prompt))));
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
