//! Server. What a prompt is sent with: the agent's memories, and the prompts and responses before it.

use serde_json::{Value, json};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    pub memories: Vec<(String, String)>,
    pub before: Vec<Exchange>,
}

/// A step that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    pub title: String,
    pub by: By,
    pub input: String,
    pub output: String,
}

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Agent,
    /// People allowed that it goes on.
    Approval,
    /// People answered.
    Answer,
}

impl Context {
    /// As the messages of a chat that ends with this prompt.
    pub fn messages(&self, system: Option<&str>, prompt: &str) -> Vec<Value> {
        let system: Vec<String> = system.map(str::to_owned).into_iter().chain(self.memories_in_words()).collect();
        let system = (!system.is_empty()).then(|| json!({"role": "system", "content": system.join("\n\n")}));
        let mut messages: Vec<Value> = system.into_iter().collect();
        // What people said goes with the next prompt: there are models that want to be spoken to in turns.
        let mut said: Vec<String> = Vec::new();
        for e in &self.before {
            if e.by == By::Agent {
                said.push(e.input.clone());
                messages.push(json!({"role": "user", "content": said.join("\n\n")}));
                messages.push(json!({"role": "assistant", "content": e.output}));
                said.clear();
            } else {
                said.push(format!("{}\n{}", e.title, e.output));
            }
        }
        said.push(prompt.to_owned());
        messages.push(json!({"role": "user", "content": said.join("\n\n")}));
        messages
    }

    /// What a step that is no prompt is sent: what the one before it came to. An approval lets through what was there.
    pub fn passed_on(&self) -> Option<&str> {
        self.before.iter().rev().find(|e| e.by != By::Approval).map(|e| e.output.as_str())
    }

    /// As one text that ends with this prompt, for programs; without anything before it, the prompt alone.
    pub fn text(&self, prompt: &str) -> String {
        let before = self.before.iter().map(|e| match e.by {
            By::Agent => format!("# {}\n\n{}\n\n## Response\n\n{}", e.title, e.input, e.output),
            By::Approval | By::Answer => format!("# {}\n\n{}", e.title, e.output),
        });
        let before: Vec<String> = self.memories_in_words().into_iter().chain(before).collect();
        if before.is_empty() { prompt.to_owned() } else { format!("{}\n\n# Now\n\n{prompt}", before.join("\n\n")) }
    }

    fn memories_in_words(&self) -> Option<String> {
        if self.memories.is_empty() {
            return None;
        }
        let lines: Vec<String> = self.memories.iter().map(|(name, text)| format!("- {name}: {text}")).collect();
        Some(format!("What you remember:\n{}", lines.join("\n")))
    }

    pub fn memories_as_json(&self) -> Value {
        self.memories.iter().map(|(name, text)| json!({"name": name, "content": text})).collect()
    }

    pub fn before_as_json(&self) -> Value {
        self.before.iter().map(|e| json!({"title": e.title, "input": e.input, "output": e.output})).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> Context {
        let before =
            vec![Exchange { title: "One".into(), by: By::Agent, input: "Say one".into(), output: "one".into() }];
        Context { memories: vec![("tone".into(), "short".into())], before }
    }

    #[test]
    fn a_chat_has_what_came_before_in_order() {
        let roles: Vec<(String, String)> = context()
            .messages(Some("Be kind"), "Say two")
            .iter()
            .map(|m| (m["role"].as_str().expect("a role").to_owned(), m["content"].as_str().expect("text").to_owned()))
            .collect();
        let expected = [
            ("system", "Be kind\n\nWhat you remember:\n- tone: short"),
            ("user", "Say one"),
            ("assistant", "one"),
            ("user", "Say two"),
        ];
        assert_eq!(roles, expected.map(|(r, c)| (r.to_owned(), c.to_owned())));
        assert_eq!(Context::default().messages(None, "Hi"), vec![json!({"role": "user", "content": "Hi"})]);
    }

    #[test]
    fn what_people_said_goes_with_the_next_prompt_and_an_approval_passes_on_what_was_there() {
        let mut context = context();
        let people = |title: &str, by, output: &str| Exchange {
            title: title.into(),
            by,
            input: String::new(),
            output: output.into(),
        };
        context.before.push(people("Go on?", By::Approval, "approved by Ann"));
        assert_eq!(context.passed_on(), Some("one"));
        context.before.push(people("Which?", By::Answer, "Colour: red"));
        assert_eq!(context.passed_on(), Some("Colour: red"));
        let last = context.messages(None, "Paint").pop().expect("a message");
        assert_eq!(last["content"], "Go on?\napproved by Ann\n\nWhich?\nColour: red\n\nPaint");
        assert_eq!(context.messages(None, "Paint").len(), 4, "memories, one prompt, its answer, the next prompt");
    }

    #[test]
    fn a_program_reads_it_as_one_text() {
        let expected =
            "What you remember:\n- tone: short\n\n# One\n\nSay one\n\n## Response\n\none\n\n# Now\n\nSay two";
        assert_eq!(context().text("Say two"), expected);
        assert_eq!(Context::default().text("Hi"), "Hi");
    }
}
