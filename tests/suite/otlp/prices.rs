//! What runs cost, and prices that an installation gives itself.

use super::made::{agent, model, send, span, with};
use super::{all_recorded, only, person};
use crate::support::{Backend, World, on_both};
use runboard::domain::{Role, Scope};
use serde_json::json;

on_both!(
    tokens_are_priced_by_the_list_and_what_the_emitter_says_goes_first,
    each_call_is_priced_by_itself,
    an_unknown_model_costs_an_unknown_amount,
    an_installation_has_its_own_prices,
    a_full_list_of_prices_can_still_be_changed,
);

async fn tokens_are_priced_by_the_list_and_what_the_emitter_says_goes_first(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    let cached = json!({"gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic",
        "gen_ai.response.model": "claude-sonnet-4-5-20250929", "gen_ai.usage.input_tokens": 1_000_000,
        "gen_ai.usage.output_tokens": 10_000, "gen_ai.usage.cache_read.input_tokens": 600_000,
        "gen_ai.usage.cache_creation.input_tokens": 200_000});
    let spans =
        [agent(1, 0, None, "a"), model(1, 1, Some(0), 1_000_000, 100_000), span(1, 2, Some(0), "chat", &cached)];
    send(&http, &token, &spans).await;
    // 0.15 + 0.06, and 0.6 + 0.18 + 0.75 + 0.15: nothing is paid twice.
    assert_eq!(only(&world, &who).await["cost"], 1.89);
    let (ben, bens) = person(&world, "ben", Role::User).await;
    let told = with(model(1, 1, Some(0), 1_000_000, 0), "operation.cost", "0.5");
    send(&http, &bens, &[agent(1, 0, None, "b"), told]).await;
    assert_eq!(only(&world, &ben).await["cost"], 0.5);
    let (cem, cems) = person(&world, "cem", Role::User).await;
    let nothing = with(model(1, 1, Some(0), 1_000_000, 0), "gen_ai.usage.cost", "0");
    send(&http, &cems, &[agent(1, 0, None, "c"), nothing]).await;
    assert_eq!(only(&world, &cem).await["cost"], 0.15, "nothing is what those say who know none");
}

/// Some emitters count cached tokens beside the input, which only a call by itself shows; and large calls cost more.
async fn each_call_is_priced_by_itself(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    let call = |model: &str, input: i64, cached: i64| {
        json!({"gen_ai.operation.name": "chat", "gen_ai.request.model": model, "gen_ai.usage.input_tokens": input,
            "gen_ai.usage.output_tokens": 0, "gen_ai.usage.cache_read.input_tokens": cached})
    };
    let sonnet = "claude-sonnet-4-5-20250929";
    let beside = [
        agent(1, 0, None, "a"),
        span(1, 1, Some(0), "chat", &call(sonnet, 600_000, 0)),
        span(1, 2, Some(0), "chat", &call(sonnet, 5_000, 590_000)),
    ];
    send(&http, &token, &beside).await;
    // 1.8, and 0.015 + 0.177.
    assert_eq!(only(&world, &who).await["cost"], 1.992);
    let (ben, bens) = person(&world, "ben", Role::User).await;
    let gemini = |n, input| span(1, n, Some(0), "chat", &call("gemini-2.5-pro", input, 0));
    send(&http, &bens, &[agent(1, 0, None, "b"), gemini(1, 200_000), gemini(2, 300_000)]).await;
    assert_eq!(only(&world, &ben).await["cost"], 1.0, "0.25 and 0.75");
}

async fn an_unknown_model_costs_an_unknown_amount(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    let ours = json!({"gen_ai.operation.name": "chat", "gen_ai.request.model": "ours", "gen_ai.usage.input_tokens": 5,
        "gen_ai.usage.output_tokens": 5});
    send(&http, &token, &[agent(1, 0, None, "a"), model(1, 1, Some(0), 5, 5), span(1, 2, Some(0), "chat", &ours)])
        .await;
    assert!(only(&world, &who).await["cost"].is_null());
    let stats = http.get(&token, "/api/executions/stats?last=all").await.json();
    assert_eq!((stats["unpriced"].as_i64(), stats["total_cost"].as_f64().unwrap_or_default()), (Some(1), 0.0));
}

async fn an_installation_has_its_own_prices(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    let (_, admins) = world.person("root@example.com", Role::Admin, Scope::Admin).await;
    let bearer = format!("Bearer {admins}");
    let headers = [("authorization", bearer.as_str())];
    let price =
        json!({"provider": "openai", "model": "gpt-4o-mini", "input": 1, "output": 1, "source": "our contract"});
    let given = http.send("PUT", "/api/prices", &headers, price.to_string()).await;
    assert_eq!(given.status, 204, "{}", given.text);
    let theirs = format!("Bearer {token}");
    let refused = http.send("PUT", "/api/prices", &[("authorization", theirs.as_str())], price.to_string()).await;
    assert_eq!(refused.status, 403);
    let wrong = json!({"model": " ", "input": -1, "output": 1}).to_string();
    assert_eq!(http.send("PUT", "/api/prices", &headers, wrong).await.fields(), ["model", "input"]);
    let listed = http.get(&token, "/api/prices").await.json();
    let first = &listed["prices"][0];
    assert_eq!(
        (first["model"].as_str(), first["own"].as_bool(), first["source"].as_str()),
        (Some("gpt-4o-mini"), Some(true), Some("our contract"))
    );
    assert_eq!(listed["prices"].as_array().expect("a list").len(), 200);
    let (mut seen, mut cursor) = (200, listed["next_cursor"].clone());
    while let Some(after) = cursor.as_str() {
        let page = http.get(&token, &format!("/api/prices?limit=150&cursor={after}")).await.json();
        seen += page["prices"].as_array().expect("a list").len();
        cursor = page["next_cursor"].clone();
    }
    assert!(seen > 300, "{seen}");
    assert_eq!(http.get(&token, "/api/prices?cursor=abc").await.status, 422);
    assert_eq!(http.get(&token, "/api/prices?limit=0").await.status, 422);
    send(&http, &token, &[agent(1, 0, None, "a"), model(1, 1, Some(0), 1_000_000, 1_000_000)]).await;
    assert_eq!(only(&world, &who).await["cost"], 2.0);
    let path = "/api/prices?provider=openai&model=gpt-4o-mini";
    assert_eq!(http.delete(&admins, path).await.status, 204);
    assert_eq!(http.delete(&admins, path).await.status, 404);
    send(&http, &token, &[agent(2, 10, None, "a"), model(2, 11, Some(10), 1_000_000, 1_000_000)]).await;
    let costs: Vec<_> = all_recorded(&world, &who).await.iter().map(|run| run["cost"].as_f64()).collect();
    assert_eq!(costs, [Some(2.0), Some(0.75)], "what is recorded stays, what is new costs what the list says");
}

async fn a_full_list_of_prices_can_still_be_changed(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (_, admins) = world.person("root@example.com", Role::Admin, Scope::Admin).await;
    world
        .sql(
            "insert into prices (provider, model, from_at, input, output) \
             with recursive n (i) as (select 1 union all select i + 1 from n where i < 10000) \
             select 'azure', 'model-' || i, 0, 1, 1 from n",
        )
        .await;
    let bearer = format!("Bearer {admins}");
    let put = async |model: &str| {
        let price = json!({"provider": "azure", "model": model, "input": 2, "output": 2}).to_string();
        http.send("PUT", "/api/prices", &[("authorization", bearer.as_str())], price).await.status.as_u16()
    };
    assert_eq!((put("one-more").await, put("Model-7").await), (409, 204));
    let (who, token) = person(&world, "ann", Role::User).await;
    let call = json!({"gen_ai.operation.name": "chat", "gen_ai.provider.name": "azure.ai.openai",
        "gen_ai.request.model": "model-7", "gen_ai.usage.input_tokens": 1_000_000, "gen_ai.usage.output_tokens": 0});
    send(&http, &token, &[agent(1, 0, None, "a"), span(1, 1, Some(0), "chat", &call)]).await;
    assert_eq!(only(&world, &who).await["cost"], 2.0, "whatever the provider is called");
}
