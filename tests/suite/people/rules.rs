//! Less asking: equal requests together, and standing rules.

use super::{People, approval, text};
use crate::support::{Backend, on_both};
use serde_json::{Value, json};

on_both!(equal_requests_are_decided_together, after_five_equal_approvals_a_rule_is_offered_and_holds_for_a_week);

async fn equal_requests_are_decided_together(backend: Backend) {
    let people = People::new(backend).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(people.approval(&["ann", "bo"], "any").await.1);
    }
    let run = people.run().await;
    let mut other = approval(&["ann"], "any");
    other["parameters"]["version"] = json!(4);
    let other = text(&people.ask(&run, other).await.json()["id"]);
    let seen = people.get("ann", &format!("/api/approvals/{}", ids[0])).await.json();
    assert_eq!(seen["alike"], json!([ids[1], ids[2]]));
    let respond = async |ids: &[String]| {
        people.post("ann", "/api/approvals/respond", json!({"ids": ids, "decision": "approve"})).await
    };
    assert_eq!(respond(&[ids[0].clone(), other.clone()]).await.fields(), ["ids[1]"]);
    people.respond("bo", &ids[1], "reject").await;
    people.respond("bo", &ids[2], "approve").await;
    let results = respond(&ids).await.json();
    let status: Vec<&Value> = results["results"].as_array().expect("results").iter().map(|r| &r["status"]).collect();
    assert_eq!(status, [&json!("approved"), &json!("approved"), &Value::Null]);
    assert!(text(&results["results"][2]["error"]).contains("approved by bo"), "{results}");
}

async fn after_five_equal_approvals_a_rule_is_offered_and_holds_for_a_week(backend: Backend) {
    let people = People::new(backend).await;
    let mut last = String::new();
    for n in 0..5 {
        let (_, id) = people.approval(&["ann", "bo"], "any").await;
        let offered = people.get("ann", &format!("/api/approvals/{id}")).await.json()["rule_offered"].clone();
        assert_eq!(offered, json!(false), "after {n}");
        people.respond("ann", &id, "approve").await;
        last = id;
    }
    assert_eq!(people.get("ann", &format!("/api/approvals/{last}")).await.json()["rule_offered"], json!(true));
    let make = async |who: &str, id: &str, days: i64| {
        people.post(who, "/api/approvals/rules", json!({"approval_id": id, "days": days})).await
    };
    assert_eq!(make("ann", &last, 31).await.fields(), ["days"]);
    assert_eq!(make("bo", &last, 7).await.status, 409, "bo gave none");
    let rule = make("ann", &last, 7).await;
    assert_eq!(rule.status, 201, "{}", rule.text);
    let rule = text(&rule.json()["id"]);
    assert_eq!(make("ann", &last, 7).await.status, 409, "there is one");
    // The same again waits for nobody; where others must agree too, it is one voice.
    let (run, id) = people.approval(&["ann", "bo"], "any").await;
    let now = people.approval_now(&id).await;
    assert_eq!((&now["status"], &now["outcome"]), (&json!("approved"), &json!("approved by a standing rule of ann")));
    assert_eq!(people.run_now(&run).await["status"], "running");
    let (run, _) = people.approval(&["ann", "bo"], "all").await;
    assert_eq!(people.run_now(&run).await["waiting_on"], "bo");
    // Anything else is asked.
    let other = people.run().await;
    let mut asked = approval(&["ann"], "any");
    asked["parameters"]["to"] = json!("elsewhere");
    assert_eq!(people.ask(&other, asked).await.json()["status"], "pending");
    let listed = people.get("owner", "/api/approvals/rules").await.json();
    assert_eq!((&listed["rules"][0]["uses"], &listed["rules"][0]["made_by"]), (&json!(2), &json!("ann@example.com")));
    let path = format!("/api/approvals/rules/{rule}");
    assert_eq!(people.http.delete(people.token("bo"), &path).await.status, 404);
    assert_eq!(people.http.delete(people.token("owner"), &path).await.status, 204);
    assert_eq!(people.http.delete(people.token("ann"), &path).await.status, 409);
    let (run, id) = people.approval(&["ann"], "any").await;
    assert_eq!(people.run_now(&run).await["status"], "waiting", "the rule is over");
    assert_eq!(people.get("ann", "/api/approvals/rules").await.json()["rules"][0]["revoked_by"], "owner@example.com");
    // And one that nobody ends is over after a week.
    people.respond("ann", &id, "approve").await;
    assert_eq!(make("ann", &id, 7).await.status, 201);
    people.world.pass_ms(7 * 86_400_000);
    let (run, _) = people.approval(&["ann"], "any").await;
    assert_eq!(people.run_now(&run).await["status"], "waiting");
}
