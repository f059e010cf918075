//! Server. Prices: the list, how models are found in it, and sums.

use super::{Listed, Price, PriceList, shipped};
use crate::domain::Timestamp;
use crate::otlp::conventions::Usage;

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

fn usage(input: i64, output: i64) -> Usage {
    Usage { input: Some(input), output: Some(output), ..Usage::default() }
}

fn price(provider: Option<&str>, model: &str) -> Option<f64> {
    PriceList::default().price(provider, model, NOW).map(|listed| listed.price.input)
}

#[track_caller]
fn is(cost: Option<f64>, expected: f64) {
    assert!(cost.is_some_and(|cost| (cost - expected).abs() < 1e-12), "{cost:?} is not {expected}");
}

#[test]
fn each_line_of_the_list_is_a_price() {
    let lines = super::SHIPPED.lines().filter(|line| !line.starts_with('#')).count();
    assert!(lines > 300 && shipped().len() == lines, "{} of {lines}", shipped().len());
    let sound = |usd: f64| usd.is_finite() && (0.0..1_000.0).contains(&usd);
    for listed in shipped() {
        let large = listed.large.map(|large| large.price);
        for Price { input, output, cached, cache_write } in std::iter::once(listed.price).chain(large) {
            assert!(sound(input) && sound(output), "{listed:?}");
            assert!(cached.is_none_or(|usd| sound(usd) && usd <= input), "{listed:?}");
            assert!(cache_write.is_none_or(sound), "{listed:?}");
        }
        assert!(listed.large.is_none_or(|large| large.above >= 100_000), "{listed:?}");
    }
}

#[test]
fn cached_tokens_are_paid_once_and_as_cached() {
    let price = Price { input: 3.0, output: 15.0, cached: Some(0.3), cache_write: Some(3.75) };
    is(price.cost(&usage(1_000_000, 100_000)), 4.5);
    let cached = Usage { cached: Some(600_000), cache_written: Some(200_000), ..usage(1_000_000, 0) };
    is(price.cost(&cached), 0.6 + 0.18 + 0.75);
    is(Price { cached: None, cache_write: None, ..price }.cost(&cached), 3.0);
    let beside = Usage { cached: Some(600_000), ..usage(100_000, 0) };
    is(price.cost(&beside), 0.3 + 0.18);
    let reasoning = Usage { reasoning: Some(50), ..usage(0, 100) };
    is(price.cost(&reasoning), 0.0015);
}

#[test]
fn a_large_call_costs_more_and_many_small_ones_do_not() {
    let list = PriceList::default();
    let listed = list.price(Some("google"), "gemini-2.5-pro", NOW).expect("a price");
    is(listed.cost(&usage(200_000, 1_000), true), 0.25 + 0.01);
    is(listed.cost(&usage(300_000, 1_000), true), 0.75 + 0.015);
    is(listed.cost(&usage(300_000, 1_000), false), 0.375 + 0.01);
    let cached = Usage { cached: Some(250_000), ..usage(300_000, 0) };
    is(listed.cost(&cached, true), 0.125 + 0.0625);
    let beside = Usage { cached: Some(250_000), ..usage(50_000, 0) };
    is(listed.cost(&beside, true), 0.125 + 0.0625);
}

#[test]
fn bedrock_has_its_own_names_and_prices() {
    let name = "anthropic.claude-sonnet-4-5-20250929-v1:0";
    for provider in [Some("aws.bedrock"), Some("amazon-bedrock"), Some("anthropic"), None] {
        assert_eq!(price(provider, name), Some(3.0), "{provider:?}");
        assert_eq!(price(provider, &format!("us.{name}")), Some(3.3), "{provider:?}");
        assert_eq!(price(provider, &format!("bedrock/converse/global.{name}")), Some(3.0), "{provider:?}");
    }
    let arn = "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-haiku-4-5-20251001-v1:0";
    assert_eq!(price(Some("aws.bedrock"), arn), Some(1.1));
    for unknown in [
        "anthropic.claude-sonnet-4-5-20250929-v7:0",
        "mars.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/gpt-4o-mini",
        "arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
    ] {
        assert_eq!(price(Some("aws.bedrock"), unknown), None, "{unknown}");
    }
    assert_eq!(price(Some("cohere"), "embed-multilingual-light-v3.0"), None, "its published price is a slip");
}

#[test]
fn what_is_not_known_is_not_nothing() {
    let price = Price { input: 3.0, output: 15.0, cached: None, cache_write: None };
    assert_eq!(price.cost(&Usage { output: None, ..usage(10, 0) }), None);
    assert_eq!(price.cost(&Usage::default()), None);
    let embedding = Price { output: 0.0, ..price };
    is(embedding.cost(&Usage { output: None, ..usage(1_000_000, 0) }), 3.0);
    assert_eq!(super::PriceList::default().price(None, "our-own-model", NOW), None);
}

#[test]
fn a_model_is_found_under_the_names_it_goes_by() {
    let mini = price(None, "gpt-4o-mini");
    assert_eq!(mini, Some(0.15));
    for name in ["gpt-4o-mini-2024-07-18", "GPT-4o-mini", "openai/gpt-4o-mini", "gpt-4o-mini-2031-01-01"] {
        assert_eq!(price(Some("openai"), name), mini, "{name}");
    }
    assert_eq!(price(Some("azure.ai.openai"), "gpt-4o-mini"), mini);
    let sonnet = price(Some("anthropic"), "claude-sonnet-4-5");
    assert_eq!(sonnet, Some(3.0));
    assert_eq!(price(None, "claude-sonnet-4-5-20310101"), sonnet);
    assert_eq!(price(Some("gcp.vertex_ai"), "models/gemini-2.5-flash"), Some(0.3));
}

#[test]
fn a_host_sells_what_it_lists_and_a_protocol_is_no_provider() {
    let spoken = price(Some("openai"), "deepseek-chat");
    assert_eq!((spoken, price(Some("deepseek"), "deepseek-chat")), (Some(0.28), Some(0.28)));
    assert_eq!(price(Some("ollama"), "gpt-4o-mini"), None, "whose it is, nobody pays by the token for");
}

#[test]
fn a_frameworks_name_is_no_provider() {
    for name in ["strands-agents", "autogen", "some-gateway"] {
        assert_eq!(price(Some(name), "gpt-4o-mini"), Some(0.15), "{name}");
    }
    for local in ["vllm", "hosted_vllm", "lmstudio.chat", "llama.cpp", "huggingface-local", "LM Studio", "ollama_chat"]
    {
        assert_eq!(price(Some(local), "gpt-4o-mini"), None, "{local}");
    }
    assert_eq!(price(Some("groq"), "gpt-4o-mini"), None, "it sells by a list of its own");
    let list = PriceList::new(vec![own("ours", "some-gateway", None, 1.0)]);
    assert_eq!(list.price(Some("some-gateway"), "gpt-4o-mini", NOW), None, "and so does this one here");
}

fn own(model: &str, provider: &str, from: Option<i64>, input: f64) -> Listed {
    Listed {
        provider: provider.to_owned(),
        model: model.to_owned(),
        from: from.map(Timestamp::from_millis),
        price: Price { input, output: 0.0, cached: None, cache_write: None },
        large: None,
    }
}

#[test]
fn prices_of_the_installation_go_first_and_each_has_its_time() {
    let list = PriceList::new(vec![
        own("gpt-4o-mini", "openai", Some(NOW.millis()), 9.0),
        own("gpt-4o-mini", "openai", None, 7.0),
        own("Ours", "", None, 1.0),
    ]);
    let at = |model: &str, at: Timestamp| list.price(Some("openai"), model, at).map(|listed| listed.price.input);
    assert_eq!((at("gpt-4o-mini", NOW), at("gpt-4o-mini", NOW.plus_millis(-1))), (Some(9.0), Some(7.0)));
    let ours = list.price(Some("ollama"), "ours", NOW).map(|listed| listed.price.input);
    assert_eq!((at("ours", NOW), ours), (Some(1.0), Some(1.0)));
    assert_eq!(at("gpt-5", NOW), Some(1.25), "others as shipped");
}

#[test]
fn a_price_holds_whichever_word_is_used_for_its_provider() {
    let azure =
        PriceList::new(vec![own("gpt-4o-mini", "azure", None, 9.0), own("gemini-2.5-flash", "vertex_ai", None, 8.0)]);
    let input = |list: &PriceList, provider, model| list.price(provider, model, NOW).map(|listed| listed.price.input);
    for provider in [Some("azure"), Some("azure.ai.openai"), Some("az.ai.inference"), Some("openai"), None] {
        assert_eq!(input(&azure, provider, "gpt-4o-mini"), Some(9.0), "{provider:?}");
    }
    assert_eq!(input(&azure, Some("gcp.gemini"), "gemini-2.5-flash"), Some(8.0));
    assert_eq!(input(&azure, Some("ollama"), "gpt-4o-mini"), None);
    let both =
        PriceList::new(vec![own("gpt-4o", "azure", Some(NOW.millis()), 9.0), own("gpt-4o", "openai", None, 7.0)]);
    for (provider, expected) in [("azure", 9.0), ("openai", 7.0), ("OpenAI", 7.0)] {
        assert_eq!(input(&both, Some(provider), "gpt-4o"), Some(expected), "{provider}");
    }
}
