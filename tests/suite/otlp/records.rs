//! Every captured scenario becomes the records that are expected of it: through HTTP as it was sent, and in whatever
//! order, cut however, its spans come.

use super::rpc::{LOGS, Rpc, TRACES};
use super::samples::{Body, Scenario, bodies, scenarios, shuffled};
use super::{all_recorded, person, post, take, take_logs};
use crate::support::{Backend, World, on_both};
use runboard::app::otlp;
use runboard::domain::Role;
use runboard::domain::agent::slug;
use serde_json::Value;
use std::collections::BTreeMap;

on_both!(whatever_the_order_the_records_are_the_same);

async fn whatever_the_order_the_records_are_the_same(backend: Backend) {
    let scenarios = scenarios();
    let given = records(backend, &scenarios, Way::Http, bodies).await;
    let mut wrong: Vec<String> = Vec::new();
    for scenario in &scenarios {
        let facts = facts(scenario, &given[&scenario.id]);
        wrong.extend(facts.into_iter().map(|fact| format!("{}: {fact}", scenario.id)));
    }
    let backwards = records(backend, &scenarios, Way::Http, |s| bodies(s).into_iter().rev().collect()).await;
    wrong.extend(differences("backwards", &given, &backwards));
    let again = records(backend, &scenarios, Way::InParts, |s| {
        let twice = bodies(s).into_iter().chain(bodies(s)).collect();
        shuffled(twice, 7)
    });
    wrong.extend(differences("shuffled", &given, &again.await));
    assert!(wrong.is_empty(), "{} facts:\n{}", wrong.len(), wrong.join("\n"));
}

/// How spans come.
#[derive(Debug, Clone, Copy)]
pub enum Way {
    /// In the requests in which they were sent.
    Http,
    /// The same, where they are protobuf.
    Grpc,
    /// Past both, a few at a time.
    InParts,
}

pub type Records = BTreeMap<String, Vec<Value>>;

pub fn differences(order: &str, given: &Records, other: &Records) -> Vec<String> {
    let mut differences = Vec::new();
    for (id, records) in given {
        if records.len() != other[id].len() {
            differences.push(format!("{id} {order}: {} runs instead of {}", other[id].len(), records.len()));
        }
        for (a, b) in records.iter().zip(&other[id]) {
            let fields = a.as_object().expect("an object").iter();
            let differ = fields.filter(|(name, value)| b[name.as_str()] != **value);
            differences.extend(
                differ.map(|(name, value)| format!("{id} {order}: {name} is {}, was {value}", b[name.as_str()])),
            );
        }
    }
    differences
}

/// What is recorded of all scenarios in the end, each sent by somebody else.
pub async fn records(
    backend: Backend,
    scenarios: &[Scenario],
    way: Way,
    order: impl Fn(&Scenario) -> Vec<Body>,
) -> Records {
    let world = World::new(backend).await;
    let http = world.http();
    let rpc = Rpc::start(world.app.clone()).await;
    let mut people = Vec::new();
    for (n, scenario) in scenarios.iter().enumerate() {
        let (who, token) = person(&world, &format!("p{n}"), Role::Admin).await;
        for body in order(scenario) {
            match way {
                Way::Http => {
                    let path = if body.logs { "/v1/logs" } else { "/v1/traces" };
                    let answer = post(&http, &token, path, &body.content_type, body.packed, body.bytes).await;
                    let said = (answer.status.as_u16(), answer.text.trim_matches(['{', '}']));
                    assert_eq!(said, (200, ""), "{}", body.path);
                }
                Way::Grpc => {
                    let path = if body.logs { LOGS } else { TRACES };
                    let answer = rpc.client.export(&token, path, body.packed, &body.bytes).await.expect("taken");
                    assert_eq!(answer, "", "{}", body.path);
                }
                Way::InParts if body.logs => take_logs(&who, body.log_records()).await,
                Way::InParts => {
                    for part in shuffled(body.spans(), 11).chunks(3) {
                        assert_eq!(take(&who, part.to_vec()).await.message(), None, "{}", body.path);
                    }
                }
            }
        }
        people.push(who);
    }
    // What has not ended by then ends now.
    world.pass_ms(601_000);
    otlp::step(&world.app).await.expect("looked");
    let mut records = BTreeMap::new();
    for (scenario, who) in scenarios.iter().zip(people) {
        records.insert(scenario.id.clone(), all_recorded(&world, &who).await);
    }
    records
}

/// What is recorded otherwise than the index says.
fn facts(scenario: &Scenario, runs: &[Value]) -> Vec<String> {
    let e = &scenario.expected;
    let mut wrong = Vec::new();
    let mut check = |what: &str, is: String, expected: String| {
        if is != expected {
            wrong.push(format!("{what} is {is}, expected {expected}"));
        }
    };
    let sum = |field: &str| runs.iter().filter_map(|run| run[field].as_i64()).reduce(|a, b| a + b);
    for field in ["input_tokens", "output_tokens"] {
        check(field, format!("{:?}", sum(field)), format!("{:?}", e[field].as_i64()));
    }
    let names = |list: &mut dyn Iterator<Item = (String, bool)>| {
        let mut names: Vec<_> = list.collect();
        names.sort();
        format!("{names:?}")
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let calls = runs.iter().flat_map(|run| run["tool_calls"].as_array().into_iter().flatten());
    let is = names(&mut calls.map(|call| (text(&call["name"]), call["status"] == "failed")));
    let expected = e["tool_calls"].as_array().into_iter().flatten();
    check("tools", is, names(&mut expected.map(|call| (text(&call["name"]), call["status"] == "ERROR"))));
    let outcome = runs.last().map(|run| if run["status"] == "failed" { "failed" } else { "succeeded" });
    check("outcome", outcome.unwrap_or("none").to_owned(), text(&e["outcome"]));
    if let Some(failed) = runs.iter().find(|run| run["status"] == "failed") {
        check("an error", (!text(&failed["error"]).is_empty()).to_string(), true.to_string());
    }
    let open = runs.iter().filter(|run| run["completed_at"].is_null()).count();
    check("unfinished", open.to_string(), 0.to_string());
    if let (Some(agent), Some(run)) = (e["top_agent"].as_str(), runs.first()) {
        check("agent", text(&run["agent_name"]), slug(agent));
    }
    wrong
}
