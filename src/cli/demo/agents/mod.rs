//! Server. The agents of the demo fleet: who they are, when they work, what they do and how they fail.

mod business;
mod engineering;
mod operations;
mod world;

use crate::domain::Trigger;

/// List prices in USD for a million tokens.
#[derive(Debug)]
pub struct Model {
    pub name: &'static str,
    pub input: f64,
    pub output: f64,
    /// Tokens of context; `priced: false` for models on own hardware, whose runs have no known cost.
    pub context: i64,
    pub priced: bool,
}

const fn model(name: &'static str, input: f64, output: f64, context: i64) -> Model {
    Model { name, input, output, context, priced: true }
}

pub static OPUS: Model = model("claude-opus-4-1", 15.0, 75.0, 200_000);
pub static SONNET: Model = model("claude-sonnet-4-5", 3.0, 15.0, 200_000);
pub static HAIKU: Model = model("claude-haiku-4-5", 1.0, 5.0, 200_000);
pub static GPT: Model = model("gpt-4.1", 2.0, 8.0, 1_047_576);
pub static GPT_MINI: Model = model("gpt-4.1-mini", 0.4, 1.6, 1_047_576);
pub static GEMINI: Model = model("gemini-2.5-pro", 1.25, 10.0, 1_048_576);
pub static FLASH: Model = model("gemini-2.5-flash", 0.3, 2.5, 1_048_576);
pub static MISTRAL: Model = model("mistral-large", 2.0, 6.0, 128_000);
pub static LLAMA: Model = Model { name: "llama-3.3-70b", input: 0.0, output: 0.0, context: 128_000, priced: false };

/// When an agent's runs start.
#[derive(Debug, Clone, Copy)]
pub enum Habit {
    /// Day and night, weekends a little less.
    Always,
    /// When people are at work; weekends are quiet.
    Office,
    /// At these hours (UTC), at this minute; every day or on workdays.
    At { hours: &'static [u8], minute: u8, weekends: bool },
    /// Every so many minutes.
    Every { minutes: u8 },
    /// Several at once, then long nothing.
    Bursts,
    /// Only as sub-runs of others.
    Called,
}

#[derive(Debug)]
pub struct Tool {
    pub name: &'static str,
    /// JSON with placeholders.
    pub arguments: &'static str,
    pub result: &'static str,
    /// Typical milliseconds.
    pub takes: f64,
}

const fn tool(name: &'static str, arguments: &'static str, result: &'static str, takes: f64) -> Tool {
    Tool { name, arguments, result, takes }
}

#[derive(Debug)]
pub struct Agent {
    pub name: &'static str,
    pub team: &'static str,
    /// Share of all runs, in parts of the whole fleet's sum.
    pub share: f64,
    pub habit: Habit,
    pub triggers: &'static [(Trigger, f64)],
    pub model: Option<&'static Model>,
    /// Typical seconds, and how far they scatter.
    pub takes: f64,
    pub spread: f64,
    /// Typical tokens in and out.
    pub tokens: (f64, f64),
    /// Of all runs, how many fail, and with what.
    pub fails: f64,
    pub errors: &'static [&'static str],
    pub messages: &'static [&'static str],
    pub answers: &'static [&'static str],
    pub tools: &'static [Tool],
    /// Tool calls of a run, at most.
    pub calls: i64,
    /// Titles of the steps, for agents that follow a flow.
    pub steps: &'static [&'static str],
    pub log: &'static [&'static str],
    /// An agent it hands work to, and to how many of its runs at most.
    pub hands_to: Option<(&'static str, i64)>,
    /// Its runs belong to conversations.
    pub talks: bool,
    /// Failed runs are tried again.
    pub retries: bool,
}

/// What most agents have in common.
const PLAIN: Agent = Agent {
    name: "",
    team: "",
    share: 1.0,
    habit: Habit::Always,
    triggers: &[(Trigger::Api, 1.0)],
    model: None,
    takes: 30.0,
    spread: 0.6,
    tokens: (0.0, 0.0),
    fails: 0.03,
    errors: &[],
    messages: &[],
    answers: &[],
    tools: &[],
    calls: 0,
    steps: &[],
    log: &[],
    hands_to: None,
    talks: false,
    retries: false,
};

/// Everybody.
pub fn all() -> impl Iterator<Item = &'static Agent> {
    business::AGENTS.iter().chain(&engineering::AGENTS).chain(&operations::AGENTS).chain(&world::AGENTS)
}

pub fn by_name(name: &str) -> Option<&'static Agent> {
    all().find(|a| a.name == name)
}

#[cfg(test)]
mod tests {
    use super::super::dice::Dice;
    use super::*;
    use crate::domain::agent::slug;
    use std::collections::BTreeSet;

    #[test]
    fn there_are_about_twenty_agents_with_names_of_their_own() {
        let slugs: BTreeSet<String> = all().map(|a| slug(a.name)).collect();
        assert_eq!(slugs.len(), all().count());
        assert!((18..=24).contains(&slugs.len()));
    }

    #[test]
    fn every_agent_has_something_to_say() {
        let mut dice = Dice::new(1);
        for a in all() {
            assert!(!a.messages.is_empty() && !a.answers.is_empty() && !a.errors.is_empty(), "{}", a.name);
            assert!(a.tools.is_empty() == (a.calls == 0), "{}", a.name);
            for text in a.tools.iter().flat_map(|t| [t.arguments, t.result]) {
                let filled = dice.fill(text);
                assert!(serde_json::from_str::<serde_json::Value>(&filled).is_ok(), "{}: {filled}", a.name);
            }
            assert!(a.hands_to.is_none_or(|(name, _)| by_name(name).is_some()), "{}", a.name);
        }
    }
}
