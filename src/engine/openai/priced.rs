//! Server. What an answer cost, where the endpoint doesn't say: by the list of prices. A server of one's own has no price
//! by the token, unless the installation gives it one.

use crate::app::App;
use crate::app::otlp::prices::Prices;
use crate::domain::{ExecutionPatch, OpenaiConfig};
use crate::otlp::conventions::Usage;

/// Whose endpoint it is, by the end of its host's name.
const HOSTS: [(&str, &str); 9] = [
    ("api.openai.com", "openai"),
    ("openai.azure.com", "openai"),
    ("api.anthropic.com", "anthropic"),
    ("generativelanguage.googleapis.com", "google"),
    ("api.mistral.ai", "mistral"),
    ("api.deepseek.com", "deepseek"),
    ("api.x.ai", "xai"),
    ("api.groq.com", "groq"),
    ("api.together.xyz", "together"),
];

pub(super) async fn priced(app: &App, config: &OpenaiConfig, patch: ExecutionPatch) -> ExecutionPatch {
    let usage = Usage {
        input: patch.input_tokens,
        output: patch.output_tokens,
        cached: patch.cached_tokens,
        reasoning: patch.reasoning_tokens,
        ..Usage::default()
    };
    // What an endpoint says of its own prices holds. Nothing is what those say who know none.
    if patch.cost.is_some_and(|usd| usd > 0.0) || !usage.has_tokens() {
        return patch;
    }
    let model = patch.model.as_deref().unwrap_or(&config.model);
    let prices = Prices::load(app).await.unwrap_or_else(|e| {
        tracing::warn!(error = %e, "an answer is priced without the prices of this installation");
        Prices::default()
    });
    let cost = |model: &str| prices.of_model(Some(provider(&config.base_url)), model, &usage, app.now());
    let cost = cost(model).or_else(|| cost(&config.model)).or(patch.cost);
    ExecutionPatch { cost, ..patch }
}

/// The provider's name, or its host's.
fn provider(base_url: &str) -> &str {
    let rest = base_url.split_once("://").map_or(base_url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host =
        host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |(h, _)| h);
    let of = |end: &str| host == end || host.strip_suffix(end).is_some_and(|before| before.ends_with('.'));
    HOSTS.iter().find(|(end, _)| of(end)).map_or(host, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::provider;

    #[test]
    fn a_provider_is_known_by_its_host() {
        assert_eq!(provider("https://api.openai.com/v1"), "openai");
        assert_eq!(provider("https://ours.openai.azure.com/openai/v1"), "openai");
        assert_eq!(provider("https://api.x.ai:443/v1"), "xai");
        assert_eq!(provider("http://notapi.openai.com.example/v1"), "notapi.openai.com.example");
        assert_eq!(provider("http://127.0.0.1:8000/v1"), "127.0.0.1");
    }
}
