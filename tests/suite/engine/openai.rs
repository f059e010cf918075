//! Agents that are a model behind an OpenAI-compatible endpoint, against one that the tests start.

use super::endpoint::Endpoint;
use super::{Works, until};
use crate::support::{Backend, on_both};
use runboard::app::otlp::prices;
use runboard::app::{agents, control, executions, parts};
use runboard::domain::{PartStatus, Role, Scope, Status};
use serde_json::{Value, json};

on_both!(
    an_answer_is_written_into_the_record_as_it_comes,
    an_answer_without_a_cost_is_priced_by_the_list,
    what_goes_wrong_is_said_in_words,
    tools_the_model_asks_for_are_recorded,
    a_stop_aborts_the_request,
    an_endpoint_that_hangs_ends_with_the_agents_timeout,
    an_endpoint_that_is_busy_is_left_alone_as_long_as_it_asks,
    only_an_admins_agent_reaches_inside,
);

/// `PATH` stands for a key: every process has it, and a test can't set another.
async fn works(backend: Backend) -> (Works, Endpoint) {
    (Works::with(backend, |config| config.secret_env = vec!["PATH".to_owned()]).await, Endpoint::start().await)
}

fn agent(name: &str, base_url: &str) -> Value {
    json!({"name": name, "kind": "openai", "config": {"base_url": base_url, "model": name}})
}

async fn ask(works: &Works, endpoint: &Endpoint, model: &str) -> String {
    works.agent(agent(model, &endpoint.base_url), json!({})).await;
    works.start(model, "Say hello").await
}

async fn an_answer_is_written_into_the_record_as_it_comes(backend: Backend) {
    let (works, endpoint) = works(backend).await;
    let mut agent = agent("words", &format!("{}/", endpoint.base_url));
    agent["config"]["system_prompt"] = json!("Be brief.");
    agent["config"]["api_key_env"] = json!("PATH");
    works.agent(agent, json!({})).await;
    let id = works.start("words", "Say hello").await;
    works.step().await;
    until("a part of the answer", async || works.run(&id).await.response.as_deref() == Some("Hello")).await;
    assert_eq!(works.status(&id).await, Status::Running);
    endpoint.go.send_replace(true);
    works.engine.idle().await;
    let run = works.run(&id).await;
    assert_eq!((run.summary.status, run.response.as_deref()), (Status::Success, Some("Hello, world")));
    assert_eq!((run.summary.input_tokens, run.summary.output_tokens), (Some(100), Some(7)));
    assert_eq!((run.cached_tokens, run.reasoning_tokens), (Some(40), Some(3)));
    assert_eq!((run.summary.model.as_deref(), run.summary.cost), (Some("m-2026"), Some(0.0125)));
    let asked = endpoint.asked.lock().expect("unpoisoned").clone();
    let (question, key) = &asked[0];
    let messages = json!([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say hello"}]);
    assert_eq!((&question["messages"], &question["stream"]), (&messages, &json!(true)));
    assert_eq!(*key, format!("Bearer {}", std::env::var("PATH").expect("a path")));
}

async fn an_answer_without_a_cost_is_priced_by_the_list(backend: Backend) {
    let (works, endpoint) = works(backend).await;
    let unpriced = ask(&works, &endpoint, "plain").await;
    works.until_idle().await;
    assert_eq!(works.run(&unpriced).await.summary.cost, None, "nobody knows what a server of one's own asks");
    let price = json!({"model": "m", "input": 2.0, "output": 10.0, "source": "the contract"});
    let price = serde_json::from_value(price).expect("a price");
    prices::put(&works.world.admin, price).await.expect("given");
    let id = works.start("plain", "Say hello").await;
    works.until_idle().await;
    assert_eq!(works.run(&id).await.summary.cost, Some(0.000_02));
    assert_eq!(works.run(&unpriced).await.summary.cost, None, "what is recorded stays");
}

async fn what_goes_wrong_is_said_in_words(backend: Backend) {
    let (works, endpoint) = works(backend).await;
    let cases = [
        ("plain", Status::Success, None, Some("whole")),
        ("cut", Status::Success, None, Some("Hello")),
        ("half", Status::Failed, Some("the endpoint's answer broke off half-way"), Some("Hello")),
        (
            "nonsense",
            Status::Failed,
            Some("the endpoint sent something that is no chat completion: <html>"),
            Some("Hello"),
        ),
        ("breaks", Status::Failed, Some("the endpoint broke off: overloaded"), Some("Hello")),
        ("filtered", Status::Failed, Some("the endpoint's content filter stopped the answer"), Some("Hel")),
        ("page", Status::Failed, Some("the endpoint answered text/html, which is no chat completion"), None),
        ("busy", Status::Failed, Some("the endpoint answered 429 Too Many Requests: slow down"), None),
        ("away", Status::Failed, Some("the endpoint answered 500 Internal Server Error: it fell over"), None),
        ("moved", Status::Failed, Some("the endpoint answered 302 Found; redirects are not followed"), None),
    ];
    for (model, status, error, response) in cases {
        let id = ask(&works, &endpoint, model).await;
        works.until_idle().await;
        let run = works.run(&id).await;
        let told = (run.summary.status, run.summary.error.as_deref(), run.response.as_deref());
        assert_eq!(told, (status, error, response), "{model}");
    }
    // A key that the endpoint repeats does not get into the record.
    let mut agent = agent("locked", &endpoint.base_url);
    agent["config"]["api_key_env"] = json!("PATH");
    works.agent(agent, json!({})).await;
    let id = works.start("locked", "m").await;
    works.until_idle().await;
    let error = works.run(&id).await.summary.error;
    assert_eq!(error.as_deref(), Some("the endpoint answered 401 Unauthorized: incorrect key: …"));
    // Nobody listens there.
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    works.agent(self::agent("nobody", &format!("http://{nobody}/v1")), json!({})).await;
    let id = works.start("nobody", "m").await;
    works.until_idle().await;
    let error = works.run(&id).await.summary.error.expect("an error");
    assert!(error.starts_with("the endpoint can't be reached: "), "{error}");
}

async fn tools_the_model_asks_for_are_recorded(backend: Backend) {
    let (works, endpoint) = works(backend).await;
    let id = ask(&works, &endpoint, "tools").await;
    works.until_idle().await;
    let run = works.run(&id).await.summary;
    let expected = "the model asked for tools, and this agent has none: web.search";
    assert_eq!((run.status, run.error.as_deref(), run.tool_call_count), (Status::Failed, Some(expected), 1));
    let calls = parts::tool_calls(&works.world.admin, &id, None, None).await.expect("calls").0;
    assert_eq!((calls[0].call_id.as_str(), calls[0].name.as_str()), ("c1", "web.search"));
    assert_eq!((calls[0].status, &calls[0].arguments), (PartStatus::Failed, &Some(json!({"q": "rust"}))));
}

async fn a_stop_aborts_the_request(backend: Backend) {
    let (works, endpoint) = works(backend).await;
    let id = ask(&works, &endpoint, "hangs").await;
    works.step().await;
    until("a part of the answer", async || works.run(&id).await.response.is_some()).await;
    control::terminate(&works.world.admin, &id, false).await.expect("asked");
    works.until_idle().await;
    let run = works.run(&id).await;
    assert_eq!((run.summary.status, run.response.as_deref()), (Status::Cancelled, Some("Hello")));
    assert!(run.stop.expect("a stop").acknowledged_at.is_some());
    endpoint.aborted.subscribe().wait_for(|n| *n == 1).await.expect("the endpoint noticed");
}

async fn an_endpoint_that_hangs_ends_with_the_agents_timeout(backend: Backend) {
    let (works, endpoint) = works(backend).await;
    works.agent(agent("hangs", &endpoint.base_url), json!({"timeout_s": 30})).await;
    let id = works.start("hangs", "m").await;
    works.step().await;
    until("a part of the answer", async || works.run(&id).await.response.is_some()).await;
    works.world.pass_ms(30_000);
    works.until_idle().await;
    let run = works.run(&id).await.summary;
    assert_eq!((run.status, run.error.as_deref()), (Status::Failed, Some("timed out after 30 s")));
}

async fn an_endpoint_that_is_busy_is_left_alone_as_long_as_it_asks(backend: Backend) {
    let (works, endpoint) = works(backend).await;
    let policy = json!({"retry": {"attempts": 2, "backoff_s": 1, "on": ["rate_limited"]}});
    works.agent(agent("busy", &endpoint.base_url), policy).await;
    works.start("busy", "m").await;
    works.until_idle().await;
    let asked = || endpoint.asked.lock().expect("unpoisoned").len();
    assert_eq!(asked(), 1);
    works.world.pass_ms(19_999);
    works.until_idle().await;
    assert_eq!(asked(), 1);
    works.world.pass_ms(1);
    works.until_idle().await;
    assert_eq!(asked(), 2);
    assert_eq!(executions::recent(&works.world.admin, None).await.expect("a list").executions.len(), 2);
}

async fn only_an_admins_agent_reaches_inside(backend: Backend) {
    let (works, endpoint) = works(backend).await;
    let (ann, _) = works.world.person("ann@example.com", Role::User, Scope::Write).await;
    let by_name = endpoint.base_url.replace("127.0.0.1", "localhost");
    for (model, base_url) in [("plain", &endpoint.base_url), ("words", &by_name)] {
        let new = serde_json::from_value(agent(model, base_url)).expect("an agent");
        agents::create(&ann, new).await.expect("made");
        let id = works.start(model, "m").await;
        works.until_idle().await;
        let run = works.run(&id).await.summary;
        let error = run.error.expect("an error");
        assert!(
            run.status == Status::Failed && error.contains("which only agents and webhooks of an admin may use"),
            "{error}"
        );
    }
    assert!(endpoint.asked.lock().expect("unpoisoned").is_empty());
}
