//! Budgets that are used up.

use super::{Telling, told};
use crate::support::{Backend, on_both};
use runboard::app::{agents, notify, record};
use runboard::domain::{AgentPatch, NewExecution, NewsKind, Status};
use serde_json::json;

on_both!(a_budget_is_told_of_once_for_each_level_and_period);

async fn a_budget_is_told_of_once_for_each_level_and_period(backend: Backend) {
    let t = Telling::new(backend).await;
    let new = json!({"name": "dear", "display_name": "Dear one", "kind": "external", "budget": {"usd_per_day": 10.0}});
    agents::create(&t.world.admin, serde_json::from_value(new).expect("an agent")).await.expect("made");
    let other = t.world.another_server().await;
    let spend = async |usd: f64| {
        let run = NewExecution {
            agent_name: "dear".to_owned(),
            message: "m".to_owned(),
            status: Some(Status::Success),
            cost: Some(usd),
            ..NewExecution::default()
        };
        record::create(&t.world.admin, run).await.expect("recorded");
        for _ in 0..2 {
            let both = tokio::join!(notify::watch_budgets(&t.world.app), notify::watch_budgets(&other));
            both.0.and(both.1).expect("looked");
        }
        told(&t.world.admin).await.iter().map(|d| d.title.clone()).collect::<Vec<_>>()
    };
    let (warned, spent) =
        ("Dear one has spent 80 % of its budget for today", "Dear one has spent its budget for today");
    assert!(spend(7.9).await.is_empty());
    assert_eq!(spend(0.1).await, [warned]);
    assert_eq!(spend(1.0).await, [warned], "once");
    assert_eq!(spend(1.0).await, [warned, spent]);
    assert_eq!(spend(5.0).await, [warned, spent]);
    t.go().await;
    t.go().await;
    let call = t.receiver.calls("ann").pop().expect("a call").json();
    assert_eq!((&call["kind"], &call["link"]), (&json!("budget"), &json!("https://board.example/agents/dear")));
    assert!(call["text"].as_str().is_some_and(|s| s.starts_with("10.00 of 10.00 USD are spent.")), "{call}");
    // The next day, at once beyond it: one message.
    t.world.pass_ms(86_400_000);
    assert_eq!(spend(12.0).await, [warned, spent, spent]);
    // A new limit is another matter.
    let patch: AgentPatch = serde_json::from_value(json!({"budget": {"usd_per_day": 14.0}})).expect("a patch");
    agents::change(&t.world.admin, "dear", patch).await.expect("changed");
    assert_eq!(spend(0.0).await, [warned, spent, spent, warned]);
    assert!(told(&t.world.admin).await.iter().all(|d| d.kind == NewsKind::Budget));
    // A server looks by itself.
    t.world.pass_ms(86_400_000);
    t.world
        .record(NewExecution {
            agent_name: "dear".to_owned(),
            message: "m".to_owned(),
            status: Some(Status::Success),
            cost: Some(20.0),
            ..NewExecution::default()
        })
        .await;
    t.go().await;
    assert_eq!(told(&t.world.admin).await.len(), 5);
}
