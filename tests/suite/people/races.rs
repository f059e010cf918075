//! A thousand races: answers against each other, against time, against Stop and against somebody being taken off the list.
//! Each has one outcome, and everybody is told the same.

use super::{People, approval, mail, text};
use crate::support::{Backend, on_both};
use futures::future::join_all;
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use runboard::app::interactions;
use serde_json::{Value, json};

on_both!(a_thousand_races_have_one_outcome_each, a_hundred_answers_at_once_are_one);

const RACES: usize = 1_000;
const AT_ONCE: usize = 50;

#[derive(Debug, Clone, Copy)]
enum Contender {
    Says(&'static str, &'static str),
    Stops,
    Expires,
    Removes(&'static str),
}

const FIELD: [Contender; 5] = [
    Contender::Says("ann", "approve"),
    Contender::Says("bo", "reject"),
    Contender::Stops,
    Contender::Expires,
    Contender::Removes("cy"),
];

async fn run(people: &People, run: &str, id: &str, contender: Contender) -> Option<Value> {
    match contender {
        Contender::Says(who, decision) => {
            let answer = people.respond(who, id, decision).await;
            assert!(matches!(answer.status.as_u16(), 200 | 409), "{}", answer.text);
            (answer.status == 200).then(|| answer.json())
        }
        Contender::Stops => {
            let answer = people.post("owner", &format!("/api/executions/{run}/terminate"), json!({})).await;
            assert!(matches!(answer.status.as_u16(), 202 | 409), "{}", answer.text);
            None
        }
        Contender::Expires => {
            people.world.pass_ms(60_000);
            interactions::expire_due(&people.world.app).await.expect("looked");
            None
        }
        Contender::Removes(who) => {
            let path = format!("/api/approvals/{id}/approvers/{}", mail(who));
            let answer = people.http.delete(people.token("root"), &path).await;
            assert!(matches!(answer.status.as_u16(), 200 | 404 | 409), "{}", answer.text);
            None
        }
    }
}

async fn race(people: &People, policy: &str, field: &[Contender]) {
    let execution = people.run().await;
    let mut asked = approval(&["ann", "bo", "cy"], policy);
    asked["expires_in_s"] = json!(50);
    let answer = people.ask(&execution, asked).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let id = text(&answer.json()["id"]);
    let taken = join_all(field.iter().map(|contender| run(people, &execution, &id, *contender))).await;
    // Both as of one moment: for the others that race, time goes on.
    let now = people.run_now(&execution).await;
    let end = now["interactions"][0].clone();
    let status = text(&end["status"]);
    let about = format!("{policy} {field:?}: {end} {now}");
    // The run is where its approval left it.
    let expected: &[&str] = match status.as_str() {
        "pending" => &["waiting"],
        "approved" => &["running"],
        "rejected" | "timeout" => &["failed"],
        "cancelled" => &["running", "failed"],
        other => panic!("{other}: {about}"),
    };
    assert!(expected.contains(&text(&now["status"]).as_str()), "{about}");
    // Whoever was told that their answer ended it was told the truth.
    for told in taken.iter().flatten().filter(|told| told["status"] != "pending") {
        assert_eq!((&told["status"], &told["outcome"]), (&end["status"], &end["outcome"]), "{about}");
    }
    assert!(taken.iter().flatten().filter(|told| told["status"] != "pending").count() <= 1, "{about}");
    // Ended once: one line in the log for each answer that was taken, and none of others.
    let log = people.get("root", &format!("/api/executions/{execution}/log")).await.text;
    let lines = log.matches(" approved “Deploy”").count() + log.matches(" rejected “Deploy”").count();
    assert_eq!(lines, taken.iter().flatten().count(), "{about}: {log}");
}

async fn a_thousand_races_have_one_outcome_each(backend: Backend) {
    let people = People::new(backend).await;
    let mut dice = rand::rngs::StdRng::seed_from_u64(5);
    for round in 0..RACES / AT_ONCE {
        let fields: Vec<(&str, Vec<Contender>)> = (0..AT_ONCE)
            .map(|n| {
                let mut field = FIELD.to_vec();
                field.shuffle(&mut dice);
                // Time runs out for all that race at once: not in each round.
                field.retain(|c| !matches!(c, Contender::Expires) || (n == 0 && round % 4 == 0));
                field.truncate(2 + n % 3);
                (["any", "all", "majority"][(round + n) % 3], field)
            })
            .collect();
        join_all(fields.iter().map(|(policy, field)| race(&people, policy, field))).await;
    }
}

async fn a_hundred_answers_at_once_are_one(backend: Backend) {
    let people = People::new(backend).await;
    let (execution, id) = people.approval(&["ann"], "any").await;
    let answers =
        join_all((0..100).map(|n| people.respond("ann", &id, if n % 2 == 0 { "approve" } else { "reject" }))).await;
    let taken: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!((taken.len(), answers.iter().filter(|answer| answer.status == 409).count()), (1, 99));
    let end = people.approval_now(&id).await;
    assert_eq!(end["status"], taken[0].json()["status"]);
    let expected = if end["status"] == "approved" { "running" } else { "failed" };
    assert_eq!(people.run_now(&execution).await["status"], expected);
}
