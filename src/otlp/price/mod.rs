//! Server. What the use of a model costs: a list of prices, and a sum. A model that no list has costs an unknown
//! amount, which is not nothing.

#[cfg(test)]
mod tests;

use super::conventions::Usage;
use crate::domain::Timestamp;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// USD for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    pub input: f64,
    pub output: f64,
    /// Input that the provider had in its cache; as other input where this is not told.
    pub cached: Option<f64>,
    /// Input that was written to a cache.
    pub cache_write: Option<f64>,
}

/// What one call's input was: plain, from a cache, and written to one; each token once.
fn split(usage: &Usage, input: i64) -> (i64, i64, i64) {
    let (cached, written) = (usage.cached.unwrap_or(0), usage.cache_written.unwrap_or(0));
    // Some emitters count what came from the cache beside the input, and not as part of it.
    let plain = if cached + written <= input { input - cached - written } else { input };
    (plain, cached, written)
}

impl Price {
    /// What one call cost. Cached tokens are part of the input, and paid once. None where it can't be told.
    pub fn cost(&self, usage: &Usage) -> Option<f64> {
        let needed = |tokens: Option<i64>, price: f64| tokens.or((price == 0.0).then_some(0));
        let (input, output) = (needed(usage.input, self.input)?, needed(usage.output, self.output)?);
        let (plain, cached, written) = split(usage, input);
        let parts = [
            (plain, self.input),
            (cached, self.cached.unwrap_or(self.input)),
            (written, self.cache_write.unwrap_or(self.input)),
            (output, self.output),
        ];
        Some(parts.iter().map(|(tokens, usd)| *tokens as f64 * usd).sum::<f64>() / 1e6)
    }
}

/// What a call costs that has more input than so many tokens: all of it, not only what is above.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Large {
    pub above: i64,
    pub price: Price,
}

/// A price and what it is for.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Empty: whoever provides it.
    pub provider: String,
    pub model: String,
    /// None: as long as anybody remembers.
    pub from: Option<Timestamp>,
    pub price: Price,
    pub large: Option<Large>,
}

impl Listed {
    /// `one_call`: how large each of several was can't be told from their sum.
    pub fn cost(&self, usage: &Usage, one_call: bool) -> Option<f64> {
        let (plain, cached, written) = split(usage, usage.input.unwrap_or(0));
        let is_large = |large: &Large| one_call && plain + cached + written > large.above;
        self.large.filter(is_large).map_or(self.price, |large| large.price).cost(usage)
    }
}

/// The list that Runboard comes with, as published on the day that it says.
const SHIPPED: &str = include_str!("shipped.tsv");

static LIST: LazyLock<Vec<Listed>> = LazyLock::new(|| SHIPPED.lines().filter_map(read).collect());

pub fn shipped() -> &'static [Listed] {
    &LIST
}

fn read(line: &str) -> Option<Listed> {
    let columns: Vec<&str> = line.split('\t').collect();
    let ([provider, model, from, rest @ ..], false) = (&columns[..], line.starts_with('#')) else { return None };
    let large = match rest.get(4..) {
        Some([above, prices @ ..]) => Some(Large { above: above.parse().ok()?, price: price(prices)? }),
        _ => None,
    };
    Some(Listed {
        provider: (*provider).to_owned(),
        model: (*model).to_owned(),
        from: told(from).and_then(|day| Timestamp::parse(&format!("{day}T00:00:00Z"))),
        price: price(rest.get(..4)?)?,
        large,
    })
}

fn price(columns: &[&str]) -> Option<Price> {
    let &[input, output, cached, cache_write] = columns else { return None };
    Some(Price {
        input: input.parse().ok()?,
        output: output.parse().ok()?,
        cached: told(cached).and_then(|usd| usd.parse().ok()),
        cache_write: told(cache_write).and_then(|usd| usd.parse().ok()),
    })
}

fn told(column: &str) -> Option<&str> {
    Some(column).filter(|text| *text != "-")
}

/// Prices to look up in: those of the installation go before those shipped.
#[derive(Debug, Clone, Default)]
pub struct PriceList {
    own: ByModel,
    /// Providers that it has a price of, each by the one word for it.
    providers: HashSet<String>,
}

/// By model; of each the newest first.
type ByModel = HashMap<String, Vec<Named>>;

/// A price, and the one word for its provider.
#[derive(Debug, Clone)]
struct Named {
    known: String,
    listed: Listed,
}

/// Who makes a model sells it. A model that only others host costs what they ask.
const MAKERS: [&str; 6] = ["openai", "anthropic", "google", "mistral", "deepseek", "xai"];
const BEDROCK: &str = "bedrock";

static BY_MODEL: LazyLock<ByModel> = LazyLock::new(|| by_model(shipped().to_vec()));
static PROVIDERS: LazyLock<HashSet<String>> = LazyLock::new(|| providers(&BY_MODEL));

fn providers(list: &ByModel) -> HashSet<String> {
    list.values().flatten().map(|named| named.known.clone()).collect()
}

/// What serves models on one's own machines, as letters and digits: nobody pays by the token for what runs there.
const LOCAL: [&str; 10] =
    ["ollama", "vllm", "lmstudio", "llamacpp", "llamafile", "koboldcpp", "gpt4all", "sglang", "transformers", "local"];

fn is_local(provider: &str) -> bool {
    let word: String = provider.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    LOCAL.iter().any(|local| word.contains(local))
}

fn by_model(list: Vec<Listed>) -> ByModel {
    let mut by_model = ByModel::new();
    for listed in list {
        let named = Named { known: known_as(&listed.provider), listed };
        by_model.entry(named.listed.model.to_lowercase()).or_default().push(named);
    }
    for prices in by_model.values_mut() {
        prices.sort_by_key(|named| std::cmp::Reverse(named.listed.from));
    }
    by_model
}

impl PriceList {
    pub fn new(own: Vec<Listed>) -> Self {
        let own = by_model(own);
        Self { providers: providers(&own), own }
    }

    /// What a model cost then.
    pub fn price(&self, provider: Option<&str>, model: &str, at: Timestamp) -> Option<&Listed> {
        let provider = provider.map(|said| Provider { said, known: known_as(said) });
        // Frameworks put their own names there. One that sells nothing says as little as none.
        let provider = provider.filter(|of| self.knows(of) || is_local(of.said));
        let names = names(model);
        let own = names.iter().find_map(|name| find(&self.own, name, provider.as_ref(), at));
        own.or_else(|| names.iter().find_map(|name| find(&BY_MODEL, name, provider.as_ref(), at)))
    }

    fn knows(&self, provider: &Provider<'_>) -> bool {
        self.providers.contains(&provider.known) || PROVIDERS.contains(&provider.known)
    }
}

/// As a span says it, and in one word for what several say.
struct Provider<'a> {
    said: &'a str,
    known: String,
}

fn find<'a>(list: &'a ByModel, model: &str, provider: Option<&Provider<'_>>, at: Timestamp) -> Option<&'a Listed> {
    let then = || list.get(model).into_iter().flatten().filter(|named| named.listed.from.is_none_or(|from| from <= at));
    let by = |wanted: &dyn Fn(&Named) -> bool| then().find(|named| wanted(named)).map(|named| &named.listed);
    // An installation may pay one price through Azure and another one to OpenAI: the very word goes first.
    let by_word = |of: &Provider<'_>| by(&|named| named.listed.provider.eq_ignore_ascii_case(of.said.trim()));
    let by_provider = provider.and_then(|of| by_word(of).or_else(|| by(&|named| named.known == of.known)));
    // Many servers speak a maker's protocol, and emitters take one for the other: then the model's own maker holds,
    // and Bedrock for the names that only it has.
    let is_maker = |word: &str| MAKERS.contains(&word);
    let spoken = provider.is_none_or(|of| is_maker(&of.known));
    let by_maker = || by(&|named| is_maker(&named.known) || named.known == BEDROCK).filter(|_| spoken);
    by_provider.or_else(|| by(&|named| named.known.is_empty())).or_else(by_maker)
}

/// One word for what conventions call a provider.
fn known_as(provider: &str) -> String {
    let word = provider.trim().to_lowercase();
    let known = match word.as_str() {
        "azure" | "azure.ai.openai" | "azure.ai.inference" | "az.ai.openai" | "az.ai.inference" | "azure_openai" => {
            "openai"
        }
        "gcp.gemini" | "gcp.gen_ai" | "gcp.vertex_ai" | "vertex_ai" | "vertexai" | "gemini" | "google_genai"
        | "google-gla" | "google-vertex" | "gcp.vertex.agent" => "google",
        "mistral_ai" | "mistralai" => "mistral",
        "x_ai" | "x.ai" | "grok" => "xai",
        "together_ai" | "togetherai" => "together",
        "aws.bedrock" | "aws_bedrock" | "amazon_bedrock" | "amazon-bedrock" | "aws" => BEDROCK,
        other if MAKERS.iter().any(|maker| other.starts_with(&format!("{maker}."))) => {
            other.split('.').next().unwrap_or_default()
        }
        other => other,
    };
    known.to_owned()
}

/// What a model may be listed as: its name, without who makes it, without the day of its making.
fn names(model: &str) -> Vec<String> {
    let whole = model.trim().to_lowercase();
    let whole = whole.strip_prefix("models/").unwrap_or(&whole).to_owned();
    if let Some(name) = of_bedrock(&whole) {
        return vec![name.to_owned()];
    }
    let mut names = vec![whole.clone()];
    if let Some((maker, rest)) = whole.split_once('/')
        && (MAKERS.contains(&maker) || matches!(maker, "mistralai" | "x-ai" | "gemini"))
    {
        names.push(rest.to_owned());
    }
    for name in names.clone() {
        names.extend(undated(&name).map(str::to_owned));
    }
    names
}

/// Bedrock's name of a model, without what stands around it. It is looked up as it is: where the call goes
/// (`us.`, `global.`) and which version of a model it is have prices of their own.
fn of_bedrock(name: &str) -> Option<&str> {
    if name.starts_with("arn:") {
        // Other partitions than `aws` have other prices. The ending of some is an installation's own.
        let rest = name.strip_prefix("arn:aws:bedrock:")?;
        return rest.rsplit_once('/').map(|(_, name)| name);
    }
    let name = name.strip_prefix("bedrock/")?;
    Some(name.strip_prefix("converse/").unwrap_or(name))
}

fn undated(name: &str) -> Option<&str> {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    if let Some(rest) = name.strip_suffix("-latest") {
        return Some(rest);
    }
    if let Some((rest, day)) = name.rsplit_once(['-', '@'])
        && (digits(day, 8) || digits(day, 3))
    {
        return Some(rest);
    }
    let mut parts = name.rsplitn(4, '-');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let is_date = digits(day, 2) && digits(month, 2) && digits(year, 4);
    parts.next().filter(|_| is_date)
}
