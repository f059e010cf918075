//! Agents that may spend so much and no more.

use super::Works;
use crate::support::{Backend, on_both};
use runboard::app::{agents, control, record};
use runboard::domain::{BudgetLevel, Error, ExecutionPatch, NewRun, Status};
use serde_json::json;

on_both!(an_agent_that_has_spent_its_budget_is_paused_until_the_day_is_over);

async fn an_agent_that_has_spent_its_budget_is_paused_until_the_day_is_over(backend: Backend) {
    let works = Works::new(backend).await;
    let admin = &works.world.admin;
    works.script("dear", "cat", json!({"budget": {"usd_per_day": 1.0}})).await;
    let level = async || {
        let state = agents::detail(admin, "dear").await.expect("an agent").budget_state.expect("a budget");
        state.day.expect("a day").level
    };
    let spend = async |usd: f64| {
        let id = works.start("dear", "m").await;
        works.until_idle().await;
        let cost = ExecutionPatch { cost: Some(usd), ..ExecutionPatch::default() };
        record::patch(admin, &id, cost).await.expect("noted");
    };
    assert_eq!(level().await, BudgetLevel::Fine);
    spend(0.8).await;
    assert_eq!(level().await, BudgetLevel::Warn);
    let waits = works.start("dear", "already waiting").await;
    works.until_idle().await;
    assert_eq!(works.status(&waits).await, Status::Success, "a warning pauses nothing");
    // One waits behind another that spends the rest.
    let last = works.start("dear", "m").await;
    record::patch(admin, &last, ExecutionPatch { cost: Some(0.2), ..ExecutionPatch::default() }).await.expect("noted");
    works.until_idle().await;
    assert_eq!((level().await, works.status(&last).await), (BudgetLevel::Spent, Status::Queued));
    match control::start(admin, "dear", NewRun::default()).await {
        Err(Error::Conflict(text)) => assert!(text.contains("has spent 1.00 of its 1.00 USD"), "{text}"),
        other => panic!("{other:?}"),
    }
    // `START` is 14:13:20 UTC.
    works.world.pass_ms(10 * 3_600_000);
    works.until_idle().await;
    assert_eq!((works.status(&last).await, level().await), (Status::Success, BudgetLevel::Fine));
}
