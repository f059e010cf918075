//! What a run may ask, and what comes of it.

use super::{People, approval, mail, text};
use crate::support::{Backend, on_both};
use serde_json::{Value, json};

on_both!(
    a_run_waits_and_goes_on_when_it_is_approved,
    a_rejected_run_has_failed_or_goes_on_as_it_wants,
    a_question_is_answered_once,
    what_cannot_be_asked_is_refused_by_name,
    asking_again_asks_once_and_what_is_taken_back_is_not_decided,
    a_run_that_ends_is_not_waited_for,
);

async fn a_run_waits_and_goes_on_when_it_is_approved(backend: Backend) {
    let people = People::new(backend).await;
    let (run, id) = people.approval(&["ann", "bo"], "all").await;
    let now = people.run_now(&run).await;
    assert_eq!((&now["status"], &now["waiting_on"]), (&json!("waiting"), &json!("ann and bo")));
    let asked = people.get("ann", &format!("/api/approvals/{id}")).await.json();
    assert_eq!(
        (&asked["you"], &asked["waits_for_you"], &asked["run"]["can_open"]),
        (&json!("may_decide"), &json!(true), &json!(false))
    );
    assert_eq!(asked["parameters"], json!({"to": "production", "version": 3}));
    // printf '{"to":"production","version":3}' | sha256sum
    assert_eq!(asked["parameters_hash"], json!("bdd68c2d15e5094329dfbd325d7ebb8b132de76f756e8d2b7aeabce4c7dde17c"));
    let first = people.respond("ann", &id, "approve").await;
    assert_eq!((first.status.as_u16(), &first.json()["status"]), (200, &json!("pending")));
    assert_eq!(people.run_now(&run).await["waiting_on"], "bo");
    let body = json!({"decision": "approve", "comment": " go ", "parameters_hash": asked["parameters_hash"]});
    let second = people.post("bo", &format!("/api/approvals/{id}/respond"), body).await.json();
    assert_eq!((&second["status"], &second["outcome"]), (&json!("approved"), &json!("approved by ann; bo: go")));
    let now = people.run_now(&run).await;
    assert_eq!((&now["status"], &now["waiting_on"]), (&json!("running"), &Value::Null));
    assert_eq!(now["interactions"][0]["status"], "approved");
    let beat = people.post("owner", &format!("/api/executions/{run}/heartbeat"), json!({})).await.json();
    assert_eq!((&beat["interactions"][0]["id"], &beat["interactions"][0]["status"]), (&json!(id), &json!("approved")));
    let alone = people.get("owner", &format!("/api/interactions/{id}")).await.json();
    assert_eq!(alone["approvers"][1]["comment"], "go");
    let log = people.get("owner", &format!("/api/executions/{run}/log")).await.text;
    for line in ["asks ann and bo: Deploy", "ann approved “Deploy”", "bo approved “Deploy”: go"] {
        assert!(log.contains(line), "{line} is not in {log}");
    }
}

async fn a_rejected_run_has_failed_or_goes_on_as_it_wants(backend: Backend) {
    let people = People::new(backend).await;
    let (run, id) = people.approval(&["ann", "bo"], "all").await;
    let body = json!({"decision": "reject", "comment": "not today"});
    people.post("ann", &format!("/api/approvals/{id}/respond"), body).await;
    let now = people.run_now(&run).await;
    assert_eq!((&now["status"], &now["error"]), (&json!("failed"), &json!("rejected by ann: not today")));
    let late =
        people.http.patch(people.token("owner"), &format!("/api/executions/{run}"), r#"{"status":"success"}"#).await;
    assert_eq!(late.status, 409, "{}", late.text);
    let run = people.run().await;
    let mut asked = approval(&["ann"], "any");
    asked["on_reject"] = json!("continue");
    let id = text(&people.ask(&run, asked).await.json()["id"]);
    people.respond("ann", &id, "reject").await;
    let now = people.run_now(&run).await;
    assert_eq!((&now["status"], &now["interactions"][0]["outcome"]), (&json!("running"), &json!("rejected by ann")));
}

async fn a_question_is_answered_once(backend: Backend) {
    let people = People::new(backend).await;
    let run = people.run().await;
    let question = json!({"kind": "question", "title": "Which?", "approvers": [mail("ann"), mail("bo")], "fields": [
        {"name": "colour", "label": "Colour", "type": "choice", "options": ["red", "blue"]},
        {"name": "sizes", "label": "Sizes", "type": "multi", "options": ["s", "m"], "optional": true},
        {"name": "why", "label": "Why", "type": "text"}]});
    let id = text(&people.ask(&run, question).await.json()["id"]);
    let path = format!("/api/interactions/{id}/answer");
    let wrong = people.post("ann", &path, json!({"answers": {"colour": "green", "size": "s"}})).await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.fields()),
        (422, vec!["answers.size".into(), "answers.colour".into(), "answers.why".into()])
    );
    assert_eq!(people.respond("ann", &id, "approve").await.status, 409);
    let answers = json!({"colour": "red", "sizes": ["m"], "why": "warm"});
    let answered = people.post("ann", &path, json!({"answers": answers})).await;
    assert_eq!((answered.status.as_u16(), &answered.json()["answers"]), (200, &answers));
    let late = people.post("bo", &path, json!({"answers": answers})).await;
    assert_eq!(late.status, 409);
    assert!(late.text.contains("answered by ann"), "{}", late.text);
    let now = people.run_now(&run).await;
    assert_eq!((&now["status"], &now["interactions"][0]["answers"]["colour"]), (&json!("running"), &json!("red")));
    // Without anybody named: whoever operates the agent may answer.
    let open = json!({"kind": "question", "title": "And?", "fields": [{"name": "a", "label": "A", "type": "text"}]});
    let id = text(&people.ask(&run, open).await.json()["id"]);
    let path = format!("/api/interactions/{id}/answer");
    assert_eq!(people.post("ann", &path, json!({"answers": {"a": "x"}})).await.status, 404);
    assert_eq!(people.post("root", &path, json!({"answers": {"a": "x"}})).await.status, 200);
}

async fn what_cannot_be_asked_is_refused_by_name(backend: Backend) {
    let people = People::new(backend).await;
    let run = people.run().await;
    let with = |field: &str, value: Value| {
        let mut asked = approval(&["ann"], "any");
        asked[field] = value;
        asked
    };
    let question = |fields: Value| json!({"kind": "question", "title": "Which?", "fields": fields});
    for (asked, named) in [
        (with("approvers", json!([])), "approvers"),
        (with("approvers", json!([" "])), "approvers"),
        (with("approvers", json!([mail("nobody")])), "approvers[0]"),
        (with("approvers", json!(["role:boss"])), "approvers[0]"),
        (with("approvers", json!(["role:client"])), "approvers[0]"),
        (with("approvers", json!([mail("owner")])), "approvers"),
        (with("title", json!("  ")), "title"),
        (with("expires_in_s", json!(0)), "expires_in_s"),
        (with("parameters", json!("x".repeat(70_000))), "parameters"),
        (with("policy", json!("most")), "policy"),
        (with("fields", json!([{"name": "a", "label": "A", "type": "text"}])), "fields"),
        (question(json!([])), "fields"),
        (question(json!([{"name": "a b", "label": "A", "type": "text"}])), "fields[0].name"),
        (question(json!([{"name": "a", "label": "A", "type": "choice"}])), "fields[0].options"),
        (question(json!([{"name": "a", "label": "A", "type": "choice", "options": ["x", "x"]}])), "fields[0].options"),
    ] {
        let answer = people.ask(&run, asked.clone()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.fields()),
            (422, vec![named.to_owned()]),
            "{asked}: {}",
            answer.text
        );
    }
    assert_eq!(people.run_now(&run).await["status"], "running", "nothing was asked");
    assert_eq!(people.get("root", "/api/approvals").await.json()["approvals"], json!([]));
}

async fn asking_again_asks_once_and_what_is_taken_back_is_not_decided(backend: Backend) {
    let people = People::new(backend).await;
    let (run, id) = people.approval(&["ann"], "any").await;
    let again = people.ask(&run, approval(&["ann"], "any")).await;
    assert_eq!((again.status.as_u16(), &again.json()["id"]), (200, &json!(id)));
    // Others are asked about the same: that is another request.
    let second = people.ask(&run, approval(&["bo"], "any")).await;
    assert_eq!(second.status, 201);
    people.respond("bo", &text(&second.json()["id"]), "approve").await;
    assert_eq!(people.run_now(&run).await["waiting_on"], "ann");
    let mut other = approval(&["ann"], "any");
    other["parameters"]["version"] = json!(4);
    let other = text(&people.ask(&run, other).await.json()["id"]);
    assert_ne!(other, id);
    let running =
        people.http.patch(people.token("owner"), &format!("/api/executions/{run}"), r#"{"status":"running"}"#).await;
    assert_eq!(running.status, 409, "{}", running.text);
    // The parameters that were looked at are not those that are asked for.
    let hash = people.approval_now(&id).await["parameters_hash"].clone();
    let body = json!({"decision": "approve", "parameters_hash": hash});
    assert_eq!(people.post("ann", &format!("/api/approvals/{other}/respond"), body).await.status, 409);
    assert_eq!(people.http.delete(people.token("owner"), &format!("/api/interactions/{id}")).await.status, 200);
    let late = people.respond("ann", &id, "approve").await;
    assert_eq!(late.status, 409);
    assert!(late.text.contains("taken back by owner"), "{}", late.text);
    assert_eq!(people.run_now(&run).await["status"], "waiting", "for the other");
    people.respond("ann", &other, "approve").await;
    assert_eq!(people.run_now(&run).await["status"], "running");
}

async fn a_run_that_ends_is_not_waited_for(backend: Backend) {
    let people = People::new(backend).await;
    let (run, id) = people.approval(&["ann"], "any").await;
    let stop = people.post("owner", &format!("/api/executions/{run}/terminate"), json!({})).await;
    assert_eq!((stop.status.as_u16(), &stop.json()["status"]), (202, &json!("running")));
    let late = people.respond("ann", &id, "approve").await;
    assert_eq!(late.status, 409);
    assert!(late.text.contains("owner asked the run to stop"), "{}", late.text);
    assert_eq!(people.ask(&run, approval(&["ann"], "any")).await.status, 409);
    let (run, id) = people.approval(&["ann"], "any").await;
    people
        .http
        .patch(people.token("owner"), &format!("/api/executions/{run}"), r#"{"status":"failed","error":"gone"}"#)
        .await;
    let now = people.approval_now(&id).await;
    assert_eq!((&now["status"], &now["outcome"]), (&json!("cancelled"), &json!("the run ended: failed")));
    assert_eq!(people.get("ann", "/api/approvals?waiting_for=me").await.json()["approvals"], json!([]));
}
