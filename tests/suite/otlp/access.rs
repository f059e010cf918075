//! Who may record what: two people's spans never mix, and nobody records for another's agent.

use super::made::{agent, model, send, trace};
use super::{all_recorded, ids_of, only, person};
use crate::support::{Backend, World, on_both};
use runboard::app::tokens::{self, TokenRequest};
use runboard::app::{Caller, users};
use runboard::domain::{Role, Scope};

on_both!(
    the_same_trace_of_two_people_is_two_runs,
    an_agent_of_somebody_else_is_named_and_the_neighbours_are_kept,
    a_token_that_reads_and_one_for_other_agents_record_nothing,
    the_run_belongs_to_who_sent_it,
);

async fn the_same_trace_of_two_people_is_two_runs(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (ann, anns) = person(&world, "ann", Role::User).await;
    let (ben, bens) = person(&world, "ben", Role::User).await;
    send(&http, &anns, &[agent(1, 0, None, "anns"), model(1, 1, Some(0), 10, 1)]).await;
    send(&http, &bens, &[agent(1, 0, None, "bens"), model(1, 2, Some(0), 200, 20)]).await;
    let (a, b) = (only(&world, &ann).await, only(&world, &ben).await);
    assert_ne!(a["id"], b["id"]);
    assert_eq!((&a["agent_name"], &a["input_tokens"]), (&"anns".into(), &10.into()));
    assert_eq!((&b["agent_name"], &b["input_tokens"]), (&"bens".into(), &200.into()));
    let id = a["id"].as_str().expect("an id");
    assert_eq!(http.get(&bens, &format!("/api/executions/{id}/spans")).await.status, 404);
    assert_eq!(http.get(&anns, &format!("/api/executions/{id}/spans")).await.status, 200);
}

async fn an_agent_of_somebody_else_is_named_and_the_neighbours_are_kept(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (ann, anns) = person(&world, "ann", Role::User).await;
    let (ben, bens) = person(&world, "ben", Role::User).await;
    send(&http, &anns, &[agent(1, 0, None, "Anns agent")]).await;
    let spans = [agent(2, 0, None, "Anns agent"), model(2, 1, Some(0), 1, 1), agent(3, 0, None, "bens")];
    let answer = send(&http, &bens, &spans).await.json();
    let partial = &answer["partialSuccess"];
    assert_eq!(partial["rejectedSpans"], "2", "{partial}");
    assert!(partial["errorMessage"].as_str().expect("a reason").contains("`anns-agent`"), "{partial}");
    assert_eq!(only(&world, &ben).await["agent_name"], "bens");
    assert_eq!(ids_of(&world, &ann).await.len(), 1);
    let sql = "select cast(count(*) as text) from spans s join traces t on t.key = s.trace_key where t.trace_id = ";
    let kept = world.text(&format!("{sql}'{}'", trace(2))).await;
    assert_eq!(kept.as_deref(), Some("0"), "what is refused is not kept either");
}

async fn a_token_that_reads_and_one_for_other_agents_record_nothing(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (ann, anns) = person(&world, "ann", Role::User).await;
    send(&http, &anns, &[agent(1, 0, None, "one"), agent(2, 0, None, "two")]).await;
    let local = Caller::local(&world.app, users::by_email(&world.app, "ann@example.com").await.expect("ann"));
    let token = async |scope: Scope, agents: Option<Vec<String>>| {
        let request = TokenRequest { name: "t".into(), scope: Some(scope), agents, ..TokenRequest::default() };
        tokens::create(&local, request).await.expect("a token").1
    };
    let body = || super::made::by("lib", &[agent(3, 0, None, "one")]).to_string().into_bytes();
    let reads = token(Scope::Read, None).await;
    assert_eq!(super::post(&http, &reads, "/v1/traces", super::JSON, false, body()).await.status, 403);
    let for_one = token(Scope::Write, Some(vec!["one".to_owned()])).await;
    let answer =
        send(&http, &for_one, &[agent(4, 0, None, "two"), agent(5, 0, None, "three"), agent(6, 0, None, "one")]).await;
    assert_eq!(answer.json()["partialSuccess"]["rejectedSpans"], "2", "{}", answer.text);
    assert_eq!(ids_of(&world, &ann).await.len(), 3);
}

async fn the_run_belongs_to_who_sent_it(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (ann, anns) = person(&world, "ann", Role::User).await;
    send(&http, &anns, &[agent(1, 0, None, "Market Researcher (EU)")]).await;
    let run = all_recorded(&world, &ann).await.remove(0);
    assert_eq!(
        (run["agent_name"].as_str(), run["agent_display_name"].as_str()),
        (Some("market-researcher-eu"), Some("Market Researcher (EU)"))
    );
    let agent = http.get(&anns, "/api/agents/market-researcher-eu").await.json();
    assert_eq!((agent["owner"].as_str(), agent["kind"].as_str()), (Some("ann@example.com"), Some("external")));
}
