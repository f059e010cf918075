//! What nobody decides in time fails closed.

use super::{People, approval, text};
use crate::support::{Backend, on_both};
use runboard::app::interactions;
use serde_json::{Value, json};

on_both!(what_nobody_decides_in_time_fails, an_answer_that_comes_too_late_is_none, a_waiting_run_is_nobodys_stuck_run);

async fn asked(people: &People, more: Value) -> (String, String) {
    let run = people.run().await;
    let mut asked = approval(&["ann", "bo"], "all");
    for (field, value) in more.as_object().expect("fields") {
        asked[field] = value.clone();
    }
    let id = text(&people.ask(&run, asked).await.json()["id"]);
    (run, id)
}

async fn what_nobody_decides_in_time_fails(backend: Backend) {
    let people = People::new(backend).await;
    let (run, id) = asked(&people, json!({"expires_in_s": 60})).await;
    let (patient, _) = asked(&people, json!({"expires_in_s": 61})).await;
    let (goes_on, other) = asked(&people, json!({"expires_in_s": 60, "on_reject": "continue"})).await;
    people.respond("ann", &id, "approve").await;
    people.world.pass_ms(59_999);
    interactions::expire_due(&people.world.app).await.expect("looked");
    assert_eq!(people.run_now(&run).await["status"], "waiting");
    people.world.pass_ms(1);
    interactions::expire_due(&people.world.app).await.expect("looked");
    let (now, approval) = (people.run_now(&run).await, people.approval_now(&id).await);
    assert_eq!((&now["status"], &approval["status"]), (&json!("failed"), &json!("timeout")));
    let error = text(&now["error"]);
    assert!(error.starts_with("timeout: bo did not decide about “Deploy” by 2026-"), "{error}");
    assert_eq!(people.run_now(&patient).await["status"], "waiting");
    assert_eq!(people.approval_now(&other).await["status"], "timeout");
    assert_eq!(people.run_now(&goes_on).await["status"], "running");
}

async fn an_answer_that_comes_too_late_is_none(backend: Backend) {
    let people = People::new(backend).await;
    let (run, id) = asked(&people, json!({"expires_in_s": 60})).await;
    people.world.pass_ms(60_000);
    // Nobody has looked at the clock yet.
    let late = people.respond("ann", &id, "reject").await;
    assert_eq!(late.status, 409);
    assert!(late.text.contains("it expired at 2026-"), "{}", late.text);
    interactions::expire_due(&people.world.app).await.expect("looked");
    let late = people.respond("ann", &id, "reject").await;
    assert_eq!(late.status, 409);
    assert!(late.text.contains("timeout: ann and bo did not decide"), "{}", late.text);
    assert_eq!(people.run_now(&run).await["status"], "failed");
}

/// Lesson 10: a run that waits for a person is neither stuck nor too late.
async fn a_waiting_run_is_nobodys_stuck_run(backend: Backend) {
    let people = People::new(backend).await;
    let (run, id) = people.approval(&["ann"], "any").await;
    people.world.sql("update agents set timeout_s = 60 where name = 'worker'").await;
    let engine = runboard::engine::Engine::new(people.world.app.clone());
    for _ in 0..3 {
        people.world.pass_ms(3_600_000);
        engine.step().await.expect("a step");
    }
    assert_eq!(people.run_now(&run).await["status"], "waiting");
    assert_eq!(people.respond("ann", &id, "approve").await.status, 200);
    for (ms, status) in [(59_000, "running"), (12_000, "failed")] {
        people.world.pass_ms(ms);
        engine.step().await.expect("a step");
        assert_eq!(people.run_now(&run).await["status"], status, "its time begins when it goes on");
    }
}
