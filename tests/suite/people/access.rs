//! Who may see and decide what.

use super::{People, approval, mail};
use crate::support::{Backend, on_both};
use runboard::domain::{Role, Scope};
use serde_json::json;

on_both!(
    owners_read_approvers_decide_outsiders_know_nothing,
    whoever_started_the_run_does_not_decide_unless_allowed,
    a_token_decides_what_it_is_for,
    who_only_views_does_not_see_what_an_agent_is_told,
);

async fn owners_read_approvers_decide_outsiders_know_nothing(backend: Backend) {
    let people = People::new(backend).await;
    let (run, id) = people.approval(&["ann"], "any").await;
    let path = format!("/api/approvals/{id}");
    assert_eq!(people.get("bo", &path).await.status, 404);
    assert_eq!(people.respond("bo", &id, "approve").await.status, 404);
    assert_eq!(people.get("owner", &path).await.json()["you"], "requester");
    assert_eq!(people.respond("owner", &id, "approve").await.status, 403);
    assert_eq!(people.get("root", &path).await.json()["you"], "reader");
    assert_eq!(people.respond("root", &id, "approve").await.status, 403, "an admin who is not asked");
    // The approver sees what it takes to decide, and nothing else of the agent.
    let seen = people.get("ann", &path).await;
    assert_eq!((seen.status.as_u16(), &seen.json()["run"]["message"]), (200, &json!("work")));
    assert_eq!(people.get("ann", &format!("/api/executions/{run}")).await.status, 404);
    assert_eq!(people.get("ann", "/api/agents/worker").await.status, 404);
    for (who, count) in [("ann", 1), ("owner", 1), ("root", 1), ("bo", 0)] {
        let listed = people.get(who, "/api/approvals?status=pending").await.json();
        assert_eq!(listed["approvals"].as_array().expect("a list").len(), count, "{who}");
    }
    assert_eq!(people.get("ann", "/api/approvals?status=done").await.fields(), ["status"]);
    for bad in ["/api/approvals/x", "/api/interactions/x"] {
        assert_eq!(people.get("root", bad).await.status, 404);
    }
}

async fn whoever_started_the_run_does_not_decide_unless_allowed(backend: Backend) {
    let people = People::new(backend).await;
    let (run, id) = people.approval(&["owner", "ann"], "all").await;
    assert_eq!(people.run_now(&run).await["waiting_on"], "ann");
    assert_eq!(people.respond("owner", &id, "approve").await.status, 403);
    let answer = people.respond("ann", &id, "approve").await.json();
    assert_eq!((&answer["status"], &answer["approvers"][1]["excluded"]), (&json!("approved"), &json!("requester")));
    let mut asked = approval(&["owner"], "any");
    asked["allow_requester"] = json!(true);
    let run = people.run().await;
    let id = super::text(&people.ask(&run, asked).await.json()["id"]);
    assert_eq!(people.respond("owner", &id, "approve").await.json()["status"], "approved");
}

async fn a_token_decides_what_it_is_for(backend: Backend) {
    let people = People::new(backend).await;
    let (_, id) = people.approval(&["ann"], "any").await;
    let (_, reads) = people.world.person(&mail("ann"), Role::User, Scope::Read).await;
    let body = json!({"decision": "approve"}).to_string();
    let path = format!("/api/approvals/{id}/respond");
    assert_eq!(people.http.get(&reads, &format!("/api/approvals/{id}")).await.status, 200);
    assert_eq!(people.http.post(&reads, &path, body.clone()).await.status, 403);
    // A token for other agents is not for this one, whoever is asked.
    people.post("ann", "/api/executions", json!({"agent_name": "anns", "message": "x"})).await;
    let limited = json!({"name": "t", "scope": "write", "agents": ["anns"]});
    let made = people
        .http
        .post(&people.world.person(&mail("ann"), Role::User, Scope::Admin).await.1, "/api/tokens", limited.to_string())
        .await;
    let token = super::text(&made.json()["token"]);
    assert_eq!(people.http.post(&token, &path, body.clone()).await.status, 404);
    for list in ["/api/approvals", "/api/approvals?status=pending", "/api/approvals?waiting_for=me"] {
        assert_eq!(people.http.get(&token, list).await.json()["approvals"], json!([]), "{list}");
        assert_eq!(people.get("ann", list).await.json()["approvals"].as_array().map(Vec::len), Some(1), "{list}");
    }
    assert_eq!(people.http.post(people.token("ann"), &path, body).await.status, 200);
}

async fn who_only_views_does_not_see_what_an_agent_is_told(backend: Backend) {
    let people = People::new(backend).await;
    let (run, id) = people.approval(&["ann"], "any").await;
    let share = json!({"email": mail("cy"), "access": "view"});
    assert_eq!(people.post("owner", "/api/agents/worker/shares", share).await.status, 204);
    let seen = people.get("cy", &format!("/api/approvals/{id}")).await.json();
    assert_eq!((&seen["you"], &seen["parameters"], &seen["title"]), (&json!("reader"), &json!(null), &json!("Deploy")));
    let listed = people.get("cy", &format!("/api/executions/{run}")).await.json();
    assert_eq!(listed["interactions"][0]["parameters"], json!(null));
    assert_ne!(people.get("owner", &format!("/api/approvals/{id}")).await.json()["parameters"], json!(null));
    // Whoever asks for a run does not decide about it either.
    let share = json!({"email": mail("bo"), "access": "operate"});
    people.post("owner", "/api/agents/worker/shares", share).await;
    let asked = people.post("bo", &format!("/api/executions/{run}/interactions"), approval(&["bo"], "any")).await;
    assert_eq!((asked.status.as_u16(), asked.fields()), (422, vec!["approvers".to_owned()]));
}
