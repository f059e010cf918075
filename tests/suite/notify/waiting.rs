//! What waits for people.

use super::{Telling, hook, of};
use crate::support::{Backend, on_both, run_of};
use runboard::app::interactions;
use runboard::domain::{
    Approval, Decision, DeliveryState, ExecutionSummary, NewsKind, Response, Role, Scope, WebhookFormat,
};
use serde_json::json;

on_both!(
    whoever_is_asked_is_led_to_the_decision,
    what_no_longer_waits_is_not_told,
    whom_a_standing_rule_has_spared_is_not_told,
);

/// A run asks.
async fn ask(t: &Telling, run: &ExecutionSummary, approvers: &[&str], seconds: i64) -> Approval {
    let new = json!({"kind": "approval", "title": "Pay 4,000 USD\nto Acme?", "approvers": approvers, "policy": "all",
        "expires_in_s": seconds, "allow_requester": true});
    let new = serde_json::from_value(new).expect("a request");
    interactions::ask(&t.world.admin, run.id.as_str(), new).await.expect("asked").0
}

fn yes() -> Response {
    Response { decision: Decision::Approve, comment: None, parameters_hash: None }
}

async fn whoever_is_asked_is_led_to_the_decision(backend: Backend) {
    let t = Telling::new(backend).await;
    let (bo, _) = t.world.person("bo@example.com", Role::Admin, Scope::Admin).await;
    hook(&bo, &t.receiver.url("bo"), WebhookFormat::Json).await;
    let run = t.world.record(run_of("payer", "pay")).await;
    // What can't be asked is not told.
    let nobody = serde_json::from_value(json!({"kind": "approval", "title": "x", "approvers": ["zoe@example.com"]}));
    let refused = interactions::ask(&t.world.admin, run.id.as_str(), nobody.expect("a request")).await;
    assert!(refused.is_err() && t.told().await.is_empty());
    let asked = ask(&t, &run, &["admin@example.com", "bo@example.com", "bo@example.com"], 3_600).await;
    t.go().await;
    for name in ["ann", "bo"] {
        let calls = t.receiver.calls(name);
        assert_eq!(calls.len(), 1, "{name}");
        let expected = json!({
            "id": calls[0].header("webhook-id"), "kind": "waiting", "at": t.world.now(),
            "title": "Waits for you: Pay 4,000 USD to Acme?",
            "text": format!("A run of payer goes on when you have decided. It expires at {} UTC.", "2026-09-21 15:13"),
            "link": format!("https://board.example/approvals/{}", asked.id), "approval_id": asked.id,
            "execution_id": run.id, "agent_name": "payer", "expires_at": asked.expires_at,
        });
        assert_eq!(calls[0].json(), expected);
    }
    // Who has decided is not reminded, and nobody twice.
    interactions::respond(&t.world.admin, &asked.id, yes()).await.expect("taken");
    t.world.pass_ms(2_700_000);
    for _ in 0..2 {
        interactions::expire_due(&t.world.app).await.expect("looked");
        t.go().await;
    }
    assert_eq!((t.receiver.calls("ann").len(), t.receiver.calls("bo").len()), (1, 2));
    let call = t.receiver.calls("bo").pop().expect("a call").json();
    assert_eq!(
        (&call["kind"], &call["title"]),
        (&json!("reminder"), &json!("Still waits for you: Pay 4,000 USD to Acme?"))
    );
}

async fn what_no_longer_waits_is_not_told(backend: Backend) {
    let t = Telling::new(backend).await;
    let run = t.world.record(run_of("payer", "pay")).await;
    let asked = ask(&t, &run, &["admin@example.com"], 3_600).await;
    interactions::withdraw(&t.world.admin, &asked.id).await.expect("taken back");
    t.go().await;
    ask(&t, &run, &["admin@example.com"], 60).await;
    t.world.pass_ms(60_000);
    t.go().await;
    assert!(t.receiver.all().is_empty());
    let told = t.told().await;
    assert!(told.iter().all(|d| d.kind == NewsKind::Waiting));
    let why: Vec<_> = told.iter().map(of).collect();
    let gone = |why: &str| (DeliveryState::GivenUp, 1, why.to_owned());
    assert_eq!(why, [gone("it no longer waits for this person"), gone("it has expired")]);
}

async fn whom_a_standing_rule_has_spared_is_not_told(backend: Backend) {
    let t = Telling::new(backend).await;
    let run = t.world.record(run_of("payer", "pay")).await;
    let asked = ask(&t, &run, &["admin@example.com"], 3_600).await;
    interactions::respond(&t.world.admin, &asked.id, yes()).await.expect("taken");
    let rule = serde_json::from_value(json!({"approval_id": asked.id})).expect("a rule");
    interactions::make_rule(&t.world.admin, rule).await.expect("made");
    let before = t.told().await.len();
    let again = ask(&t, &run, &["admin@example.com"], 3_600).await;
    assert_eq!((again.status.as_str(), t.told().await.len()), ("approved", before));
}
