//! A decision is one transaction: whichever of its writes fails, nothing has been decided, and the next try decides.

use crate::engine::{Works, prompt};
use crate::support::{Backend, on_both};
use runboard::app::interactions;
use runboard::domain::{Decision, InteractionStatus, PartStatus, Response, Role, Scope, Status};
use serde_json::json;

on_both!(a_fault_between_any_two_writes_of_a_decision_decides_nothing);

/// What a decision writes: (table, how).
const WRITES: [(&str, &str); 8] = [
    ("approvers", "update"),
    ("log_lines", "insert"),
    ("interactions", "update"),
    ("steps", "insert"),
    ("steps", "update"),
    ("queue", "update"),
    ("executions", "update"),
    ("events", "insert"),
];

async fn break_writes(works: &Works, backend: Backend, table: &str, how: &str) {
    works
        .world
        .sql(&match backend {
            Backend::Sqlite => {
                format!("create trigger boom before {how} on {table} begin select raise(abort, 'boom'); end")
            }
            Backend::Postgres => format!(
                "create or replace function boom() returns trigger as $$ begin raise 'boom'; end $$ language plpgsql; \
                 create trigger boom before {how} on {table} for each row execute function boom()"
            ),
        })
        .await;
}

async fn mend(works: &Works, backend: Backend, table: &str) {
    let sql = match backend {
        Backend::Sqlite => "drop trigger boom".to_owned(),
        Backend::Postgres => format!("drop trigger boom on {table}"),
    };
    works.world.sql(&sql).await;
}

async fn a_fault_between_any_two_writes_of_a_decision_decides_nothing(backend: Backend) {
    let works = Works::new(backend).await;
    let ann = works.world.person("ann@example.com", Role::User, Scope::Write).await.0;
    works.script("shouts", "tr a-z A-Z", json!({})).await;
    let gate = json!({"kind": "approval", "title": "Go on?", "approvers": ["ann@example.com"], "policy": "any"});
    let flow = works.flow("shouts", json!([gate, prompt("One", "one")])).await;
    let mut hit = 0;
    for (decision, status) in [(Decision::Approve, Status::Success), (Decision::Reject, Status::Failed)] {
        for (table, how) in WRITES {
            let id = works.start_flow(&flow, None).await;
            works.until_idle().await;
            let before = works.run(&id).await;
            let asked = before.interactions[0].id.clone();
            let response = Response { decision, comment: None, parameters_hash: None };
            break_writes(&works, backend, table, how).await;
            let broken = interactions::respond(&ann, &asked, response.clone()).await;
            mend(&works, backend, table).await;
            let about = format!("{decision} with a fault at {how} of {table}");
            if broken.is_err() {
                hit += 1;
                let now = works.run(&id).await;
                assert_eq!(
                    (now.summary.status, now.summary.version),
                    (Status::Waiting, before.summary.version),
                    "{about}"
                );
                assert_eq!(now.interactions, before.interactions, "{about}");
                assert_eq!(works.steps(&id).await[0].1, PartStatus::Running, "{about}");
                interactions::respond(&ann, &asked, response).await.expect(&about);
            }
            works.until_idle().await;
            let now = works.run(&id).await;
            let expected =
                if decision == Decision::Approve { InteractionStatus::Approved } else { InteractionStatus::Rejected };
            assert_eq!((now.summary.status, now.interactions[0].status), (status, expected), "{about}");
        }
    }
    // An approval writes to all of these, a rejection to all but some; a step is added or changed by one statement.
    assert!(hit >= 12, "only {hit} faults were met");
}
