//! Whose a run is may be said last: until then nothing is lost, and nobody changes what is not theirs.

use super::made::{agent, failed, model, send, trace, with};
use super::{all_recorded, ids_of, only, person};
use crate::support::{Backend, World, on_both};
use runboard::app::tokens::{self, TokenRequest};
use runboard::app::{Caller, otlp, users};
use runboard::domain::{Role, Scope};
use serde_json::json;

on_both!(
    children_wait_for_the_agent_that_their_token_is_for,
    a_root_that_names_anothers_agent_takes_its_children_away,
    a_token_for_one_agent_changes_no_run_of_another,
    calls_of_a_conversation_join_it_whichever_span_comes_first,
    a_late_word_that_makes_another_run_of_it_leaves_none_open,
    what_somebody_else_reported_stays_where_spans_say_nothing,
    a_trace_without_a_run_is_seen_to_have_come,
);

/// A token of Ann's for agents that she has.
async fn limited(world: &World, agents: &[&str]) -> String {
    let local = Caller::local(&world.app, users::by_email(&world.app, "ann@example.com").await.expect("ann"));
    let agents = Some(agents.iter().map(|name| (*name).to_owned()).collect());
    let request = TokenRequest { name: "t".into(), scope: Some(Scope::Write), agents, ..TokenRequest::default() };
    tokens::create(&local, request).await.expect("a token").1
}

async fn children_wait_for_the_agent_that_their_token_is_for(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (ann, anns) = person(&world, "ann", Role::User).await;
    send(&http, &anns, &[agent(1, 0, None, "helper")]).await;
    let token = limited(&world, &["helper"]).await;
    // Until its agent's span comes a run would have the name of its service, which is not one of theirs.
    assert_eq!(send(&http, &token, &[model(2, 1, Some(0), 10, 1)]).await.text, "{}");
    assert_eq!(send(&http, &token, &[model(2, 2, Some(0), 20, 2)]).await.text, "{}");
    assert_eq!(ids_of(&world, &ann).await.len(), 1);
    assert_eq!(send(&http, &token, &[agent(2, 0, None, "helper")]).await.text, "{}");
    let runs = all_recorded(&world, &ann).await;
    assert_eq!(runs.len(), 2);
    let run = runs.iter().find(|run| !run["input_tokens"].is_null()).expect("the second");
    assert_eq!((&run["agent_name"], &run["input_tokens"]), (&json!("helper"), &json!(30)));
}

async fn a_root_that_names_anothers_agent_takes_its_children_away(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (_, anns) = person(&world, "ann", Role::User).await;
    let (ben, bens) = person(&world, "ben", Role::User).await;
    send(&http, &anns, &[agent(1, 0, None, "Anns agent")]).await;
    assert_eq!(send(&http, &bens, &[model(2, 1, Some(0), 10, 1)]).await.text, "{}");
    assert_eq!(only(&world, &ben).await["agent_name"], "shop");
    let answer = send(&http, &bens, &[agent(2, 0, None, "Anns agent")]).await;
    assert_eq!(answer.json()["partialSuccess"]["rejectedSpans"], "1", "{}", answer.text);
    assert_eq!(ids_of(&world, &ben).await.len(), 0, "as if the root had come first");
    let answer = send(&http, &bens, &[model(2, 3, Some(0), 10, 1)]).await;
    assert_eq!(answer.json()["partialSuccess"]["rejectedSpans"], "1", "{}", answer.text);
    assert_eq!(ids_of(&world, &ben).await.len(), 0);
    let kept = format!(
        "select cast(count(*) as text) from spans s join traces t on t.key = s.trace_key where \
        t.trace_id = '{}'",
        trace(2)
    );
    assert_eq!(world.text(&kept).await.as_deref(), Some("0"), "what is refused is not kept");
}

async fn a_token_for_one_agent_changes_no_run_of_another(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (ann, anns) = person(&world, "ann", Role::User).await;
    let said = |span| with(span, "gen_ai.conversation.id", "c1");
    send(&http, &anns, &[agent(1, 0, None, "one")]).await;
    send(&http, &anns, &[agent(2, 0, None, "two"), model(2, 1, Some(0), 10, 1)]).await;
    send(&http, &anns, &[said(model(3, 0, None, 100, 1))]).await;
    let before = all_recorded(&world, &ann).await;
    let token = limited(&world, &["one"]).await;
    // Into another run's trace, and into a conversation.
    for spans in [vec![failed(model(2, 5, Some(0), 1_000, 1), "no")], vec![said(model(4, 0, None, 1_000, 1))]] {
        let answer = send(&http, &token, &spans).await;
        assert_eq!(answer.json()["partialSuccess"]["rejectedSpans"], "1", "{}", answer.text);
    }
    assert_eq!(all_recorded(&world, &ann).await, before);
    // Their owner goes on with them.
    send(&http, &anns, &[said(model(5, 0, None, 11, 1))]).await;
    let sum: i64 = all_recorded(&world, &ann).await.iter().filter_map(|run| run["input_tokens"].as_i64()).sum();
    assert_eq!(sum, 121);
}

async fn calls_of_a_conversation_join_it_whichever_span_comes_first(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (ann, anns) = person(&world, "ann", Role::User).await;
    let said = |span| with(span, "gen_ai.conversation.id", "c1");
    send(&http, &anns, &[said(model(1, 0, None, 10, 1))]).await;
    // The second turn's inner span first.
    send(&http, &anns, &[said(model(2, 1, Some(0), 20, 2))]).await;
    send(&http, &anns, &[said(model(2, 0, None, 20, 2))]).await;
    send(&http, &anns, &[said(model(3, 0, None, 30, 3))]).await;
    assert_eq!(only(&world, &ann).await["input_tokens"], 60);
}

async fn a_late_word_that_makes_another_run_of_it_leaves_none_open(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (ann, anns) = person(&world, "ann", Role::User).await;
    send(&http, &anns, &[model(1, 0, None, 10, 1)]).await;
    world.pass_ms(61_000);
    otlp::step(&world.app).await.expect("looked");
    send(&http, &anns, &[with(model(1, 1, Some(0), 10, 1), "gen_ai.conversation.id", "c1")]).await;
    world.pass_ms(700_000);
    otlp::step(&world.app).await.expect("looked");
    let run = only(&world, &ann).await;
    assert!(!run["completed_at"].is_null() && run["status"] == "success", "{run:#}");
    let due = world.text("select cast(count(*) as text) from traces where due_at is not null").await;
    assert_eq!(due.as_deref(), Some("0"), "nothing is looked at for ever");
}

async fn what_somebody_else_reported_stays_where_spans_say_nothing(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (ann, anns) = person(&world, "ann", Role::User).await;
    send(&http, &anns, &[agent(1, 0, None, "quiet one")]).await;
    let id = ids_of(&world, &ann).await.remove(0);
    let path = format!("/api/executions/{id}");
    let body = json!({"response": "Told by hand", "cost": 0.5, "labels": {"team": "a"}});
    assert_eq!(http.patch(&anns, &path, body.to_string()).await.status, 200);
    send(&http, &anns, &[model(1, 1, Some(0), 10, 1)]).await;
    let run = only(&world, &ann).await;
    assert_eq!((&run["response"], &run["input_tokens"]), (&json!("Told by hand"), &json!(10)));
    assert_eq!(run["labels"]["team"], "a");
    // Of what spans tell theirs holds.
    assert_ne!(run["cost"], json!(0.5), "the price of the tokens is known");
}

async fn a_trace_without_a_run_is_seen_to_have_come(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (ann, anns) = person(&world, "ann", Role::User).await;
    let (ben, _) = person(&world, "ben", Role::User).await;
    let since = ann.now();
    let arrivals = async |who| runboard::app::connect::arrivals(who, since).await.expect("counted");
    assert_eq!(arrivals(&ann).await.traces, 0);
    send(&http, &anns, &[super::made::span(1, 0, None, "GET /", &json!({"http.request.method": "GET"}))]).await;
    let come = arrivals(&ann).await;
    assert_eq!((come.traces, come.run.is_none()), (1, true));
    send(&http, &anns, &[agent(2, 0, None, "helper")]).await;
    // The agent is hers since a moment.
    let ann = ann.refreshed().await.expect("looked up").expect("valid");
    let come = arrivals(&ann).await;
    assert_eq!((come.traces, come.run.map(|run| run.agent_name)), (2, Some("helper".to_owned())));
    assert_eq!(arrivals(&ben).await.traces, 0, "they are not Ben's");
}
