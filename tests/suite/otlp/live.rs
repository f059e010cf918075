//! Runs while their spans come in: there with the first, over with the root, moved and taken away where that shows only
//! later, and told to whoever listens.

use super::made::{agent, by, failed, id, model, send, span, tool, trace, with};
use super::{JSON, all_recorded, ids_of, only, person, post};
use crate::live::{Socket, listen};
use crate::support::{Backend, World, on_both};
use runboard::app::{control, executions, otlp};
use runboard::domain::{Role, Scope};
use serde_json::{Value, json};

on_both!(
    a_run_is_there_with_its_first_span_and_over_with_its_root,
    the_same_again_is_no_news,
    a_late_failure_still_counts_and_later_the_end_stands,
    a_run_moves_to_the_agent_that_its_root_names,
    a_call_that_was_told_of_twice_leaves_one_run,
    a_conversation_of_bare_calls_is_one_run,
    what_a_person_said_of_a_run_stays,
);

async fn a_run_is_there_with_its_first_span_and_over_with_its_root(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    send(&http, &token, &[model(1, 2, Some(1), 100, 10), tool(1, 3, Some(1), "search")]).await;
    let run = only(&world, &who).await;
    assert_eq!((run["status"].as_str(), run["input_tokens"].as_i64()), (Some("running"), Some(100)));
    assert_eq!((run["tool_call_count"].as_i64(), run["completed_at"].as_str()), (Some(1), None));
    send(&http, &token, &[agent(1, 1, Some(0), "helper"), model(1, 4, Some(1), 50, 5)]).await;
    send(&http, &token, &[agent(1, 0, None, "helper")]).await;
    let run = only(&world, &who).await;
    assert_eq!((run["status"].as_str(), run["message"].as_str()), (Some("success"), Some("Go")));
    assert_eq!((run["input_tokens"].as_i64(), run["output_tokens"].as_i64()), (Some(150), Some(15)));
    assert_eq!((run["duration_ms"].as_i64(), run["agent_name"].as_str()), (Some(1_000), Some("helper")));
    // Late, but a part of it.
    world.pass_ms(61_000);
    otlp::step(&world.app).await.expect("looked");
    send(&http, &token, &[tool(1, 5, Some(1), "open")]).await;
    let run = only(&world, &who).await;
    assert_eq!((run["status"].as_str(), run["tool_call_count"].as_i64()), (Some("success"), Some(2)));
    let rollup =
        world.text("select cast(sum(runs) as text) from execution_rollup where span = 3600 and agent_key = 0").await;
    assert_eq!(rollup.as_deref(), Some("1"));
}

async fn the_same_again_is_no_news(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (_, token) = person(&world, "ann", Role::User).await;
    let spans =
        [agent(1, 0, None, "helper"), failed(tool(1, 1, Some(0), "search"), "no net"), model(1, 2, Some(0), 1, 1)];
    send(&http, &token, &spans).await;
    let newest = world.text("select cast(max(seq) as text) from events").await;
    for _ in 0..3 {
        send(&http, &token, &spans).await;
    }
    world.pass_ms(61_000);
    otlp::step(&world.app).await.expect("looked");
    assert_eq!(world.text("select cast(max(seq) as text) from events").await, newest);
}

async fn a_late_failure_still_counts_and_later_the_end_stands(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    let workflow = |of: u32| span(of, 0, None, "Agent workflow", &json!({"openinference.span.kind": "CHAIN"}));
    let broken = |of: u32| failed(agent(of, 1, Some(0), "helper"), "no more quota");
    for of in [1, 2] {
        send(&http, &token, &[workflow(of), model(of, 2, Some(1), 1, 1)]).await;
    }
    send(&http, &token, &[broken(1)]).await;
    world.pass_ms(61_000);
    otlp::step(&world.app).await.expect("looked");
    send(&http, &token, &[broken(2)]).await;
    let runs = all_recorded(&world, &who).await;
    let by_trace = |of: u32| {
        let found = runs.iter().find(|run| run["metadata"]["otlp"]["traces"][0] == trace(of).as_str());
        let run = found.expect("a run");
        (run["status"].as_str().expect("a status").to_owned(), run["error"].as_str().map(str::to_owned))
    };
    assert_eq!(by_trace(1), ("failed".to_owned(), Some("no more quota".to_owned())));
    assert_eq!(by_trace(2), ("success".to_owned(), None), "after a minute how it ended stands");
}

async fn a_run_moves_to_the_agent_that_its_root_names(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    send(&http, &token, &[model(1, 1, Some(0), 100, 10)]).await;
    assert_eq!(only(&world, &who).await["agent_name"], "shop");
    let before = executions::as_of(&world.admin).await.expect("a number");
    send(&http, &token, &[agent(1, 0, None, "helper")]).await;
    let run = only(&world, &who).await;
    assert_eq!((run["agent_name"].as_str(), run["status"].as_str()), (Some("helper"), Some("success")));
    assert_eq!(http.get(&token, "/api/agents/shop").await.status, 404, "nobody ever used it");
    let stats = http.get(&token, "/api/executions/stats?agent_name=helper").await.json();
    assert_eq!(stats["total_executions"], 1, "{stats}");
    let all = http.get(&token, "/api/executions/stats").await.json();
    assert_eq!((&all["total_executions"], &all["by_agent"][0]["agent_name"]), (&1.into(), &"helper".into()), "{all}");
    // Who listens to all hears of it where it is now; who listens to the old agent, that it has left.
    let (_, admins) = world.person("root@example.com", Role::Admin, Scope::Admin).await;
    let mut socket = Socket::open(listen(&http).await, &admins).await;
    let told = since(&mut socket, &json!({}), before).await;
    assert_eq!(told, [("helper".to_owned(), None)]);
    assert_eq!(since(&mut socket, &json!({"agent_name": "shop"}), before).await, [("shop".to_owned(), Some(false))]);
}

/// Agents of what is told after an event, and whether it matches.
async fn since(socket: &mut Socket, filter: &Value, since: i64) -> Vec<(String, Option<bool>)> {
    let frame = json!({"op": "subscribe", "topic": "executions", "filter": filter, "since": since});
    assert_eq!(socket.subscribe(frame).await["type"], "subscribed");
    let told = socket.all_so_far().await.into_iter();
    told.map(|f| (f["execution"]["agent_name"].as_str().expect("an agent").to_owned(), f["matches"].as_bool()))
        .collect()
}

async fn a_call_that_was_told_of_twice_leaves_one_run(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    let call = |of: u32, n: u32| with(model(of, n, None, 10, 1), "gen_ai.response.id", "msg_1");
    send(&http, &token, &[call(2, 5)]).await;
    let gone = ids_of(&world, &who).await.remove(0);
    let (_, admins) = world.person("root@example.com", Role::Admin, Scope::Admin).await;
    let mut socket = Socket::open(listen(&http).await, &admins).await;
    let before = executions::as_of(&world.admin).await.expect("a number");
    send(&http, &token, &[call(1, 4)]).await;
    let run = only(&world, &who).await;
    assert_eq!((run["input_tokens"].as_i64(), run["id"] == gone.as_str()), (Some(10), false));
    assert_eq!(http.get(&token, &format!("/api/executions/{gone}")).await.status, 404);
    let found = http.get(&token, "/api/executions?last=all").await.json();
    assert_eq!(found["total_count"], 1);
    let rollup =
        world.text("select cast(sum(runs) as text) from execution_rollup where span = 3600 and agent_key = 0").await;
    assert_eq!(rollup.as_deref(), Some("1"));
    let frame = json!({"op": "subscribe", "topic": "executions", "since": before});
    assert_eq!(socket.subscribe(frame).await["type"], "subscribed");
    let frames = socket.all_so_far().await;
    let left = |frame: &&Value| frame["execution"]["id"] == gone.as_str() && frame["matches"] == false;
    let came = |frame: &&Value| frame["execution"]["id"] == run["id"] && frame["matches"].is_null();
    assert_eq!((frames.iter().filter(left).count(), frames.iter().filter(came).count()), (1, 1), "{frames:?}");
}

async fn a_conversation_of_bare_calls_is_one_run(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    for of in 1..=5 {
        let call = with(model(of, of, None, 10, 1), "gen_ai.conversation.id", "talk");
        send(&http, &token, &[call]).await;
        let run = only(&world, &who).await;
        assert_eq!((run["status"].as_str(), run["input_tokens"].as_i64()), (Some("running"), Some(i64::from(of) * 10)));
        assert_eq!((run["thread_id"].as_str(), run["labels"]["kind"].as_str()), (Some("talk"), Some("model-call")));
    }
    world.pass_ms(600_000);
    otlp::step(&world.app).await.expect("looked");
    let run = only(&world, &who).await;
    assert_eq!((run["status"].as_str(), run["metadata"]["otlp"]["end"].as_str()), (Some("success"), Some("inferred")));
    send(&http, &token, &[with(model(9, 9, None, 10, 1), "gen_ai.conversation.id", "talk")]).await;
    let run = only(&world, &who).await;
    assert_eq!((run["status"].as_str(), run["input_tokens"].as_i64()), (Some("success"), Some(60)));
}

async fn what_a_person_said_of_a_run_stays(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    send(&http, &token, &[model(1, 1, Some(0), 10, 1)]).await;
    let run = ids_of(&world, &who).await.remove(0);
    control::terminate(&who.refreshed().await.expect("asked").expect("known"), &run, false)
        .await
        .expect("asked to stop");
    let path = format!("/api/executions/{run}");
    let stopped =
        http.patch(&token, &path, json!({"labels": {"team": "blue"}, "status": "cancelled"}).to_string()).await;
    assert_eq!(stopped.status, 200, "{}", stopped.text);
    let body = by("lib", &[agent(1, 0, None, "helper"), model(1, 2, Some(0), 5, 5)]).to_string().into();
    assert_eq!(post(&http, &token, "/v1/traces", JSON, false, body).await.status, 200);
    let run = only(&world, &who).await;
    assert_eq!((run["status"].as_str(), run["input_tokens"].as_i64()), (Some("cancelled"), Some(15)));
    assert_eq!((run["labels"]["team"].as_str(), run["labels"]["service.name"].as_str()), (Some("blue"), Some("shop")));
    assert_eq!(run["metadata"]["otlp"]["root_span"], id(0).as_str());
}
