//! Policies, and people who are taken off the list.

use super::{People, approval, mail};
use crate::support::{Backend, on_both};
use serde_json::json;

on_both!(
    policies_count_distinct_people,
    nobody_decides_twice,
    who_is_removed_is_not_counted,
    who_leaves_is_not_waited_for,
    a_role_is_whoever_has_it,
);

async fn policies_count_distinct_people(backend: Backend) {
    let people = People::new(backend).await;
    for (policy, said, status) in [
        ("any", vec![("ann", "reject"), ("bo", "approve")], "approved"),
        ("any", vec![("ann", "reject"), ("bo", "reject"), ("cy", "reject")], "rejected"),
        ("all", vec![("ann", "approve"), ("bo", "approve"), ("cy", "approve")], "approved"),
        ("all", vec![("ann", "approve"), ("bo", "reject")], "rejected"),
        ("majority", vec![("ann", "approve"), ("bo", "reject"), ("cy", "approve")], "approved"),
        ("majority", vec![("ann", "reject"), ("bo", "reject")], "rejected"),
    ] {
        // Named twice, counted once.
        let (run, id) = people.approval(&["ann", "bo", "cy", "ann"], policy).await;
        let (last, before) = said.split_last().expect("answers");
        for (who, decision) in before {
            let answer = people.respond(who, &id, decision).await;
            assert_eq!(answer.json()["status"], "pending", "{policy}: {said:?}");
        }
        let answer = people.respond(last.0, &id, last.1).await;
        assert_eq!(answer.json()["status"], status, "{policy}: {said:?}");
        let expected = if status == "approved" { "running" } else { "failed" };
        assert_eq!(people.run_now(&run).await["status"], expected);
    }
}

async fn nobody_decides_twice(backend: Backend) {
    let people = People::new(backend).await;
    let (run, id) = people.approval(&["ann", "bo"], "all").await;
    people.respond("ann", &id, "approve").await;
    let again = people.respond("ann", &id, "approve").await;
    assert_eq!(again.status, 409);
    assert!(again.text.contains("you approved this at 2026-"), "{}", again.text);
    assert_eq!(people.respond("ann", &id, "reject").await.status, 409);
    assert_eq!(people.run_now(&run).await["status"], "waiting", "one person is one voice");
    people.respond("bo", &id, "reject").await;
    let late = people.respond("bo", &id, "approve").await;
    assert_eq!(late.status, 409);
    assert!(late.text.contains("rejected by bo"), "{}", late.text);
}

async fn who_is_removed_is_not_counted(backend: Backend) {
    let people = People::new(backend).await;
    let remove = async |id: &str, who: &str, by: &str| {
        people.http.delete(people.token(by), &format!("/api/approvals/{id}/approvers/{}", mail(who))).await
    };
    let (run, id) = people.approval(&["ann", "bo", "cy"], "all").await;
    people.respond("ann", &id, "approve").await;
    assert_eq!(remove(&id, "bo", "owner").await.status, 403, "only admins");
    assert_eq!(remove(&id, "ed", "root").await.status, 404);
    let answer = remove(&id, "bo", "root").await;
    assert_eq!(
        (&answer.json()["status"], &answer.json()["approvers"][1]["excluded"]),
        (&json!("pending"), &json!("removed"))
    );
    assert_eq!(people.respond("bo", &id, "approve").await.status, 403, "bo may read, and no more");
    assert_eq!(people.run_now(&run).await["waiting_on"], "cy");
    assert_eq!(remove(&id, "cy", "root").await.json()["status"], "approved");
    assert_eq!(people.run_now(&run).await["status"], "running");
    let (run, id) = people.approval(&["ann"], "any").await;
    assert_eq!(remove(&id, "ann", "root").await.json()["status"], "cancelled");
    let now = people.run_now(&run).await;
    assert_eq!(
        (&now["status"], &now["error"]),
        (&json!("failed"), &json!("nobody is left who could decide, after root took ann off the list"))
    );
}

async fn who_leaves_is_not_waited_for(backend: Backend) {
    let people = People::new(backend).await;
    let (run, id) = people.approval(&["ann", "bo"], "all").await;
    people.respond("bo", &id, "approve").await;
    let leave = |who: &str, by: &str| (people.token(by).to_owned(), format!("/api/users/{}", mail(who)));
    let (token, path) = leave("ann", "owner");
    assert_eq!(people.http.delete(&token, &path).await.status, 403);
    let (token, path) = leave("root", "root");
    assert_eq!(people.http.delete(&token, &path).await.status, 409);
    let (token, path) = leave("ann", "root");
    assert_eq!(people.http.delete(&token, &path).await.status, 204);
    assert_eq!(people.get("ann", "/api/me").await.status, 401);
    assert_eq!(people.run_now(&run).await["status"], "running", "bo alone was left, and had approved");
    assert_eq!(people.approval_now(&id).await["approvers"][0]["excluded"], "removed");
    let run = people.run().await;
    assert_eq!(people.ask(&run, approval(&["ann"], "any")).await.fields(), ["approvers[0]"]);
    // Who comes back begins anew.
    let back = json!({"email": mail("ann"), "role": "user"});
    assert_eq!(people.post("root", "/api/users", back).await.status, 201);
    assert_eq!(people.ask(&run, approval(&["ann"], "any")).await.status, 201);
}

async fn a_role_is_whoever_has_it(backend: Backend) {
    let people = People::new(backend).await;
    let run = people.run().await;
    let mut asked = approval(&[], "any");
    asked["approvers"] = json!(["role:admin", mail("ann")]);
    let answer = people.ask(&run, asked).await.json();
    let emails: Vec<&str> = answer["approvers"]
        .as_array()
        .expect("people")
        .iter()
        .map(|p| p["email"].as_str().expect("an e-mail"))
        .collect();
    assert_eq!(emails, ["admin@example.com", "ann@example.com", "root@example.com"]);
}
