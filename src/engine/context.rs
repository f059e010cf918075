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
    pub input: String,
    pub output: String,
}

impl Context {
    /// As the messages of a chat that ends with this prompt.
    pub fn messages(&self, system: Option<&str>, prompt: &str) -> Vec<Value> {
        let system: Vec<String> = system.map(str::to_owned).into_iter().chain(self.memories_in_words()).collect();
        let system = (!system.is_empty()).then(|| json!({"role": "system", "content": system.join("\n\n")}));
        let before = self.before.iter().flat_map(|e| {
            [json!({"role": "user", "content": e.input}), json!({"role": "assistant", "content": e.output})]
        });
        system.into_iter().chain(before).chain([json!({"role": "user", "content": prompt})]).collect()
    }

    /// As one text that ends with this prompt, for programs; without anything before it, the prompt alone.
    pub fn text(&self, prompt: &str) -> String {
        let before = self.before.iter().map(|e| format!("# {}\n\n{}\n\n## Response\n\n{}", e.title, e.input, e.output));
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
        let before = vec![Exchange { title: "One".into(), input: "Say one".into(), output: "one".into() }];
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
    fn a_program_reads_it_as_one_text() {
        let expected =
            "What you remember:\n- tone: short\n\n# One\n\nSay one\n\n## Response\n\none\n\n# Now\n\nSay two";
        assert_eq!(context().text("Say two"), expected);
        assert_eq!(Context::default().text("Hi"), "Hi");
    }
}
