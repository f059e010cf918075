//! Server. What a span says it took: model, tokens, money.

use crate::otlp::model::Span;
use serde_json::Value as Json;

/// Tokens and USD. Cached tokens are part of the input, reasoning is part of the output.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    pub input: Option<i64>,
    pub output: Option<i64>,
    pub cached: Option<i64>,
    pub cache_written: Option<i64>,
    pub reasoning: Option<i64>,
    pub cost: Option<f64>,
}

impl Usage {
    pub fn has_tokens(&self) -> bool {
        self.input.is_some() || self.output.is_some()
    }

    /// Both together; what neither knows stays unknown. Money is not added up here: see `derive::calls`.
    pub fn plus(self, other: Self) -> Self {
        let sum = |a: Option<i64>, b: Option<i64>| match (a, b) {
            (Some(a), Some(b)) => Some(a.saturating_add(b).min(MOST)),
            (a, b) => a.or(b),
        };
        Self {
            input: sum(self.input, other.input),
            output: sum(self.output, other.output),
            cached: sum(self.cached, other.cached),
            cache_written: sum(self.cache_written, other.cache_written),
            reasoning: sum(self.reasoning, other.reasoning),
            cost: None,
        }
    }
}

/// Two costs together; what is not known of both is not known.
pub fn both_costs(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.zip(b).map(|(a, b)| (a + b).min(MOST_USD))
}

/// More than this is no count.
const MOST: i64 = 1_000_000_000_000;
/// A record takes no more.
const MOST_USD: f64 = 1_000_000.0;

// In each list the first that is there holds. Products write several of them side by side, meaning the same.
const INPUT: [&str; 8] = [
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.token_count.prompt",
    "ai.usage.inputTokens",
    "ai.usage.promptTokens",
    "gen_ai.aggregated_usage.input_tokens",
    "codex.turn.token_usage.input_tokens",
    "llm.usage.prompt_tokens",
];
const OUTPUT: [&str; 8] = [
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.token_count.completion",
    "ai.usage.outputTokens",
    "ai.usage.completionTokens",
    "gen_ai.aggregated_usage.output_tokens",
    "codex.turn.token_usage.output_tokens",
    "llm.usage.completion_tokens",
];
const CACHED: [&str; 10] = [
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.details.cache_read_tokens",
    "gen_ai.usage.details.cached_tokens",
    "gen_ai.usage.cached_input_tokens",
    "llm.token_count.prompt_details.cache_read",
    "ai.usage.cachedInputTokens",
    "ai.usage.inputTokenDetails.cacheReadTokens",
    "gen_ai.aggregated_usage.cache_read.input_tokens",
    "codex.turn.token_usage.cached_input_tokens",
];
const CACHE_WRITTEN: [&str; 8] = [
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.cache_write_input_tokens",
    "gen_ai.usage.details.cache_write_tokens",
    "llm.token_count.prompt_details.cache_write",
    "ai.usage.inputTokenDetails.cacheWriteTokens",
    "gen_ai.aggregated_usage.cache_creation.input_tokens",
];
const REASONING: [&str; 8] = [
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "gen_ai.usage.details.reasoning_tokens",
    "llm.token_count.completion_details.reasoning",
    "ai.usage.reasoningTokens",
    "ai.usage.outputTokenDetails.reasoningTokens",
    "gen_ai.aggregated_usage.details.reasoning_tokens",
    "codex.turn.token_usage.reasoning_output_tokens",
];
const COST: [&str; 3] = ["operation.cost", "gen_ai.usage.cost", "llm.cost.total"];

pub fn usage(span: &Span) -> Usage {
    let first = |keys: &[&str]| keys.iter().find_map(|key| count(span.attributes.int(key)));
    let usage = Usage {
        input: first(&INPUT),
        output: first(&OUTPUT),
        cached: first(&CACHED),
        cache_written: first(&CACHE_WRITTEN),
        reasoning: first(&REASONING),
        cost: None,
    };
    let usage = if usage.has_tokens() { usage } else { langfuse(span).or_else(|| crew(span)).unwrap_or(usage) };
    Usage { cost: cost(span), ..usage }
}

fn count(n: Option<i64>) -> Option<i64> {
    n.filter(|n| (0..=MOST).contains(n))
}

/// Zero is what emitters write that have no price for the model.
fn cost(span: &Span) -> Option<f64> {
    let stated = COST.iter().find_map(|key| span.attributes.get(key)?.double());
    let stated = stated.or_else(|| of_json(span, "langfuse.observation.cost_details")?.get("total")?.as_f64());
    stated.filter(|usd| 0.0 < *usd && *usd <= MOST_USD)
}

fn of_json(span: &Span, key: &str) -> Option<Json> {
    serde_json::from_str(span.attributes.text(key)?).ok()
}

fn langfuse(span: &Span) -> Option<Usage> {
    let details = of_json(span, "langfuse.observation.usage_details")?;
    let first = |keys: &[&str]| keys.iter().find_map(|key| count(details.get(key)?.as_i64()));
    let usage = Usage {
        input: first(&["input", "input_tokens", "prompt_tokens"]),
        output: first(&["output", "output_tokens", "completion_tokens"]),
        cached: first(&["input_cached_tokens", "cache_read_input_tokens", "cached_tokens"]),
        cache_written: first(&["cache_creation_input_tokens"]),
        reasoning: first(&["output_reasoning_tokens", "reasoning_tokens"]),
        cost: None,
    };
    usage.has_tokens().then_some(usage)
}

/// A Python dictionary as Python prints it: `{'prompt_tokens': 521, …}`.
fn crew(span: &Span) -> Option<Usage> {
    let text = span.attributes.first_text(&["crewai.crew.usage_metrics", "crewai.crew.token_usage"])?;
    let field = |key: &str| {
        let entry = text.split(['{', '}', ',', ' ']).collect::<Vec<_>>();
        let at = entry.iter().position(|word| word.trim_matches(['\'', '"', ':']).split('=').next() == Some(key))?;
        let same = entry.get(at)?.split_once('=').map(|(_, n)| n);
        count(same.or_else(|| entry.get(at + 1).copied())?.parse().ok())
    };
    let usage = Usage {
        input: field("prompt_tokens"),
        output: field("completion_tokens"),
        cached: field("cached_prompt_tokens"),
        cache_written: field("cache_creation_tokens"),
        reasoning: field("reasoning_tokens"),
        cost: None,
    };
    usage.has_tokens().then_some(usage)
}

/// The model that answered; the one that was asked where none did.
pub fn model(span: &Span) -> Option<String> {
    const KEYS: [&str; 9] = [
        "gen_ai.response.model",
        "ai.response.model",
        "llm.response.model_name",
        "gen_ai.request.model",
        "llm.model_name",
        "llm.request.model_name",
        "ai.model.id",
        "langfuse.observation.model.name",
        "model_name",
    ];
    span.attributes.first_text(&KEYS).map(super::name::short)
}

/// The model that a call was to have. OpenInference takes it from the answer: of one that failed nothing else is known.
pub fn asked_for(span: &Span) -> Option<String> {
    let parameters = of_json(span, "llm.invocation_parameters")?;
    let name = ["model", "model_name"].iter().find_map(|key| parameters.get(key)?.as_str());
    name.filter(|name| !name.trim().is_empty()).map(super::name::short)
}

pub fn provider(span: &Span) -> Option<String> {
    const KEYS: [&str; 5] =
        ["gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "ai.model.provider"];
    span.attributes.first_text(&KEYS).map(super::name::short)
}

/// What the provider calls this answer: two spans with the same one are two reports of one call.
pub fn response_id(span: &Span) -> Option<&str> {
    span.attributes.first_text(&["gen_ai.response.id", "ai.response.id"])
}
