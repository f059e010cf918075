//! Jobs of bulk actions that are asked for twice, or can't go on.

use super::bulk::{STOP, counts, ids, outcome, running, some_runs, start};
use crate::support::{Backend, World, on_both};
use runboard::app::bulk;
use runboard::domain::{BulkAction, BulkResult, BulkState, Error};
use runboard::store::{Executor as _, Query};

on_both!(
    a_request_key_makes_one_job,
    a_request_key_is_for_one_request,
    a_job_that_is_stuck_stands_in_nobodys_way_and_is_given_up,
);

async fn a_request_key_makes_one_job(backend: Backend) {
    let world = World::new(backend).await;
    let runs = some_runs(&world, "a", 2).await;
    let ask = || bulk::start(&world.admin, STOP, ids(&runs), Some("dialog-1".to_owned()));
    let answers = futures::future::join_all((0..5).map(|_| ask())).await;
    let jobs: Vec<_> = answers.into_iter().map(|a| a.expect("a job").0.id).collect();
    assert!(jobs.iter().all(|id| *id == jobs[0]));
    bulk::work_off(&world.app).await.expect("worked");
    // Asked again after it is over, the answer is still that job.
    let (again, _) = ask().await.expect("the job");
    assert_eq!((again.id.as_str(), counts(&again)), (jobs[0].as_str(), (BulkState::Done, 2, 2, 0, 0)));
    assert_eq!(bulk::list(&world.admin, None, None).await.expect("jobs").0.len(), 1);
}

async fn a_request_key_is_for_one_request(backend: Backend) {
    let world = World::new(backend).await;
    let runs = some_runs(&world, "a", 2).await;
    let ask = |action, target| bulk::start(&world.admin, action, target, Some("dialog-1".to_owned()));
    ask(STOP, ids(&runs)).await.expect("a job");
    for (action, target) in [(STOP, ids(&runs[..1])), (BulkAction::Retry, ids(&runs)), (STOP, running(None))] {
        match ask(action, target).await {
            Err(Error::Invalid(e)) => assert_eq!(e[0].message, "was used for another request"),
            other => panic!("{other:?}"),
        }
    }
    ask(STOP, ids(&runs)).await.expect("the same job");
    assert_eq!(bulk::list(&world.admin, None, None).await.expect("jobs").0.len(), 1);
}

async fn a_job_that_is_stuck_stands_in_nobodys_way_and_is_given_up(backend: Backend) {
    let world = World::new(backend).await;
    let runs = some_runs(&world, "a", 4).await;
    let stuck = start(&world.admin, ids(&runs[..2])).await;
    let good = start(&world.admin, ids(&runs[2..])).await;
    let broken = "delete from bulk_rows where position = 1 and job_key = (select min(key) from bulk_jobs)";
    world.app.store.write(move |tx| Box::pin(tx.run(Query::new(broken)))).await.expect("a row is lost");
    assert!(bulk::work_off(&world.app).await.is_err());
    assert_eq!(counts(&outcome(&world.admin, &good).await.0), (BulkState::Done, 2, 2, 0, 0));
    let mut tries = 1;
    while bulk::work_off(&world.app).await.is_err() {
        tries += 1;
    }
    assert_eq!(tries, 9, "the tenth attempt is the last");
    let (job, results) = outcome(&world.admin, &stuck).await;
    assert_eq!(counts(&job), (BulkState::Done, 2, 0, 0, 2));
    let (result, reason) = &results[&runs[1]];
    assert_eq!(*result, BulkResult::Failed);
    assert!(reason.as_ref().is_some_and(|r| r.contains("given up")), "{reason:?}");
}
