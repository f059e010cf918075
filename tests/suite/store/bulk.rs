//! One action on many runs: exactly the runs that were meant, each once, whatever happens meanwhile.

use crate::support::{Backend, World, ended, on_both, run_of};
use runboard::app::bulk::{self, Target};
use runboard::app::{Caller, agents, control, executions, record, tokens};
use runboard::domain::{
    BulkAction, BulkJob, BulkResult, BulkState, Error, ExecutionId, ExecutionPatch, Filter, Reason, Role, Scope, Status,
};
use runboard::store::{bulk as rows, events};
use std::collections::BTreeMap;

on_both!(
    a_dry_run_says_what_the_real_one_does,
    lesson_13_nothing_outside_the_filter_is_touched,
    lesson_13_a_run_that_came_after_the_list_is_left_alone,
    an_as_of_of_the_future_is_refused_and_an_old_one_holds,
    the_access_of_the_moment_decides,
    an_ended_token_ends_its_job,
    an_aborted_job_stops_before_its_next_run,
    two_servers_do_no_run_twice,
    a_job_goes_on_where_its_server_left_it,
    a_job_means_a_limited_number_of_runs,
    jobs_are_listed_for_those_who_may_see_them,
);

pub const STOP: BulkAction = BulkAction::Terminate;

pub fn ids(of: &[ExecutionId]) -> Target {
    Target::Ids(of.to_vec())
}

pub fn running(as_of: Option<i64>) -> Target {
    let filter = Filter { status: runboard::domain::Choice::only(Status::Running), ..Filter::default() };
    Target::Matching { filter: Box::new(filter), as_of }
}

pub async fn start(caller: &Caller, target: Target) -> BulkJob {
    bulk::start(caller, STOP, target, None).await.expect("a job").0
}

async fn stopped(world: &World, id: &ExecutionId) -> bool {
    executions::summary(&world.admin, id.as_str()).await.expect("the run").cancel_requested
}

/// The job as it is, and what became of each run.
pub async fn outcome(caller: &Caller, job: &BulkJob) -> (BulkJob, BTreeMap<ExecutionId, (BulkResult, Option<String>)>) {
    let (job, results, next) = bulk::get(caller, &job.id, None, Some(1_000)).await.expect("the job");
    assert_eq!(next, None);
    (job, results.into_iter().map(|r| (r.id, (r.result, r.reason))).collect())
}

pub fn counts(job: &BulkJob) -> (BulkState, i64, i64, i64, i64) {
    (job.state, job.counted, job.done, job.skipped, job.failed)
}

pub async fn some_runs(world: &World, agent: &str, n: usize) -> Vec<ExecutionId> {
    let answers = record::batch(&world.admin, vec![run_of(agent, "work"); n]).await.expect("recorded");
    answers.into_iter().map(|a| a.expect("accepted").0).collect()
}

async fn a_dry_run_says_what_the_real_one_does(backend: Backend) {
    let world = World::new(backend).await;
    let going = world.record(run_of("mine", "going")).await.id;
    let waiting = world.record(run_of("mine", "asked before")).await.id;
    control::terminate(&world.admin, waiting.as_str(), false).await.expect("asked");
    let over = world.record(ended("mine", Status::Failed, 0, 5)).await.id;
    let seen = world.record(run_of("seen", "for viewing")).await.id;
    let secret = world.record(run_of("secret", "foreign")).await.id;
    let absent: ExecutionId = uuid::Uuid::now_v7().to_string().parse().expect("an id");
    let (bo, _) = world.person("bo@example.com", Role::User, Scope::Write).await;
    for (agent, access) in [("mine", "operate"), ("seen", "view")] {
        agents::share(&world.admin, agent, "bo@example.com", access).await.expect("shared");
    }
    let bo = bo.refreshed().await.expect("looked up").expect("valid");
    let all = [&going, &waiting, &over, &seen, &secret, &absent, &going].map(Clone::clone);

    let (counted, excluded) = bulk::dry_run(&bo, STOP, ids(&all)).await.expect("a plan");
    assert_eq!(counted, std::slice::from_ref(&going));
    let why: BTreeMap<_, _> = excluded.iter().map(|e| (e.id.clone(), e.reason)).collect();
    let wanted = [
        (waiting.clone(), Reason::StopAsked),
        (over.clone(), Reason::Ended),
        (seen.clone(), Reason::NotYours),
        // What is foreign and what does not exist are not told apart.
        (secret.clone(), Reason::NotFound),
        (absent.clone(), Reason::NotFound),
    ];
    assert_eq!(why, BTreeMap::from(wanted));
    assert!(!stopped(&world, &going).await, "a dry run changes nothing");
    let preview = bulk::preview(&bo, STOP, ids(&all)).await.expect("a preview");
    assert_eq!((&preview.ids, preview.first[0].message.as_str()), (&counted, "going"));
    let missing = preview.excluded.iter().find(|g| g.reason == Reason::NotFound).expect("a group");
    assert_eq!((missing.count, missing.first.len()), (2, 0));
    assert!(bulk::list(&bo, None, None).await.expect("jobs").0.is_empty());

    let (job, really) = bulk::start(&bo, STOP, ids(&all), None).await.expect("a job");
    assert_eq!((really, counts(&job)), (excluded.clone(), (BulkState::Running, 1, 0, 0, 0)));
    assert_eq!(bulk::work_off(&world.app).await.expect("worked"), None);
    let (job, results) = outcome(&bo, &job).await;
    assert_eq!((counts(&job), job.excluded_count), ((BulkState::Done, 1, 1, 0, 0), 5));
    assert_eq!(results[&going], (BulkResult::Done, None));
    for e in excluded {
        assert_eq!(results[&e.id], (BulkResult::Excluded, Some(e.reason.to_string())));
    }
    assert!(stopped(&world, &going).await);
    for untouched in [&over, &seen, &secret] {
        assert!(!stopped(&world, untouched).await);
    }

    // Nothing is started from here yet, so nothing can be retried; what a filter does not show is not even counted.
    let everything = Target::Matching { filter: Box::default(), as_of: None };
    let (counted, excluded) = bulk::dry_run(&bo, BulkAction::Retry, everything).await.expect("a plan");
    assert_eq!(counted, []);
    let why: BTreeMap<_, _> = excluded.into_iter().map(|e| (e.id, e.reason)).collect();
    let here = |id: ExecutionId| (id, Reason::NotStartedHere);
    assert_eq!(why, BTreeMap::from([here(going), here(waiting), here(over), (seen, Reason::NotYours)]));
    let job = bulk::start(&bo, BulkAction::Retry, ids(&[absent]), None).await.expect("a job").0;
    assert_eq!(counts(&job), (BulkState::Done, 0, 0, 0, 0));
}

async fn lesson_13_nothing_outside_the_filter_is_touched(backend: Backend) {
    let world = World::new(backend).await;
    let meant = some_runs(&world, "a", 30).await;
    let queued =
        world.record(runboard::domain::NewExecution { status: Some(Status::Queued), ..run_of("a", "queued") }).await.id;
    let job = start(&world.admin, running(None)).await;
    // What comes to match after the job was made, and what is new, is not of it.
    let start_now = ExecutionPatch { status: Some(Status::Running), ..ExecutionPatch::default() };
    record::patch(&world.admin, queued.as_str(), start_now).await.expect("started");
    let later = some_runs(&world, "a", 5).await;
    // What ended before its turn is told.
    let end = ExecutionPatch { status: Some(Status::Success), ..ExecutionPatch::default() };
    record::patch(&world.admin, meant[3].as_str(), end).await.expect("ended");
    let before = events::newest(&mut world.app.store.read()).await.expect("a number");

    bulk::work_off(&world.app).await.expect("worked");
    let (job, results) = outcome(&world.admin, &job).await;
    assert_eq!(counts(&job), (BulkState::Done, 30, 29, 1, 0));
    assert_eq!(results[&meant[3]], (BulkResult::Skipped, Some(Reason::Ended.to_string())));
    for id in &meant {
        assert_eq!(stopped(&world, id).await, *id != meant[3]);
    }
    for id in later.iter().chain([&queued]) {
        assert!(!stopped(&world, id).await);
    }
    // Each change is an event of its own, for whoever watches.
    let told = events::after(&mut world.app.store.read(), before, 100).await.expect("events");
    assert_eq!(told.len(), 29);
}

async fn lesson_13_a_run_that_came_after_the_list_is_left_alone(backend: Backend) {
    let world = World::new(backend).await;
    let old = some_runs(&world, "a", 3).await;
    let as_of = executions::as_of(&world.admin).await.expect("a number");
    // Newer by what happened here, whatever it says about its own start.
    let early = runboard::domain::NewExecution { started_at: Some(world.now().plus_secs(-500)), ..run_of("a", "new") };
    let new = world.record(early).await.id;
    record::heartbeat(&world.admin, old[0].as_str()).await.expect("alive");
    let meant = |ids: Vec<ExecutionId>| ids.into_iter().collect::<std::collections::BTreeSet<_>>();
    let (counted, _) = bulk::dry_run(&world.admin, STOP, running(Some(as_of))).await.expect("a plan");
    assert_eq!(meant(counted), meant(old.clone()));
    let job = start(&world.admin, running(Some(as_of))).await;
    bulk::work_off(&world.app).await.expect("worked");
    assert_eq!(counts(&outcome(&world.admin, &job).await.0), (BulkState::Done, 3, 3, 0, 0));
    assert!(!stopped(&world, &new).await);
    let (counted, _) = bulk::dry_run(&world.admin, STOP, running(None)).await.expect("a plan");
    assert_eq!(counted, [new]);
}

async fn an_as_of_of_the_future_is_refused_and_an_old_one_holds(backend: Backend) {
    let world = World::new(backend).await;
    let first = some_runs(&world, "a", 1).await;
    let as_of = executions::as_of(&world.admin).await.expect("a number");
    for wrong in [as_of + 1, i64::MAX, -1] {
        let refused = bulk::dry_run(&world.admin, STOP, running(Some(wrong))).await;
        assert!(matches!(&refused, Err(Error::Invalid(f)) if f[0].field == "as_of"), "{wrong}: {refused:?}");
    }
    some_runs(&world, "a", 3).await;
    // Two days later, all events but the newest are forgotten; what is newer is still known.
    world.pass_ms(2 * 86_400_000);
    runboard::app::housekeeping::tidy(&world.app).await.expect("tidied");
    let (counted, _) = bulk::dry_run(&world.admin, STOP, running(Some(as_of))).await.expect("a plan");
    assert_eq!(counted, first);
    let (counted, _) = bulk::dry_run(&world.admin, STOP, running(None)).await.expect("a plan");
    assert_eq!(counted.len(), 4);
}

async fn the_access_of_the_moment_decides(backend: Backend) {
    let world = World::new(backend).await;
    let kept = some_runs(&world, "kept", 1).await;
    let viewed = some_runs(&world, "viewed", 1).await;
    let lost = some_runs(&world, "lost", 1).await;
    let (bo, _) = world.person("bo@example.com", Role::User, Scope::Write).await;
    for agent in ["kept", "viewed", "lost"] {
        agents::share(&world.admin, agent, "bo@example.com", "operate").await.expect("shared");
    }
    let bo = bo.refreshed().await.expect("looked up").expect("valid");
    let job = start(&bo, running(None)).await;
    agents::share(&world.admin, "viewed", "bo@example.com", "view").await.expect("shared");
    agents::unshare(&world.admin, "lost", "bo@example.com").await.expect("taken back");
    bulk::work_off(&world.app).await.expect("worked");
    let (job, results) = outcome(&bo, &job).await;
    assert_eq!(counts(&job), (BulkState::Done, 3, 1, 2, 0));
    assert_eq!(results[&viewed[0]].1, Some(Reason::NotYours.to_string()));
    assert_eq!(results[&lost[0]].1, Some(Reason::NotFound.to_string()));
    assert!(stopped(&world, &kept[0]).await && !stopped(&world, &viewed[0]).await && !stopped(&world, &lost[0]).await);
}

async fn an_ended_token_ends_its_job(backend: Backend) {
    let world = World::new(backend).await;
    let runs = some_runs(&world, "a", 2).await;
    let (id, token) = tokens::create(&world.admin, tokens::TokenRequest::default()).await.expect("a token");
    let caller = world.app.by_token(&token).await.expect("looked up").expect("valid");
    let job = start(&caller, ids(&runs)).await;
    tokens::revoke(&world.admin, &id).await.expect("revoked");
    bulk::work_off(&world.app).await.expect("worked");
    let (job, results) = outcome(&world.admin, &job).await;
    assert_eq!(counts(&job), (BulkState::Done, 2, 0, 0, 2));
    assert_eq!(results[&runs[0]], (BulkResult::Failed, Some(Reason::AccessEnded.to_string())));
    assert!(!stopped(&world, &runs[0]).await);
}

async fn an_aborted_job_stops_before_its_next_run(backend: Backend) {
    let world = World::new(backend).await;
    let runs = some_runs(&world, "a", 200).await;
    let job = start(&world.admin, ids(&runs)).await;
    let worker = tokio::spawn({
        let app = world.app.clone();
        async move { bulk::work_off(&app).await }
    });
    // Aborted once something has been done.
    let mut commits = world.app.store.commits();
    while bulk::get(&world.admin, &job.id, None, Some(1)).await.expect("the job").0.over() == 0 {
        commits.changed().await.expect("the store goes on");
    }
    let aborted = bulk::abort(&world.admin, &job.id).await;
    worker.await.expect("ended").expect("worked");
    let (job, results) = outcome(&world.admin, &job).await;
    assert!(job.ended() && job.over() == 200 && job.done > 0, "{job:?}");
    // The worker may have been through before.
    match aborted {
        Ok(_) => assert_eq!(job.state, BulkState::Aborted),
        Err(e) => assert!(matches!(e, Error::Conflict(_)) && job.state == BulkState::Done),
    }
    for (id, (result, reason)) in results {
        assert_eq!(stopped(&world, &id).await, result == BulkResult::Done);
        assert_eq!(reason.is_some(), result == BulkResult::Skipped);
    }
    assert!(matches!(bulk::abort(&world.admin, &job.id).await, Err(Error::Conflict(_))));

    let fresh = some_runs(&world, "a", 2).await;
    let job = start(&world.admin, ids(&fresh)).await;
    let job = bulk::abort(&world.admin, &job.id).await.expect("aborted");
    assert_eq!(counts(&job), (BulkState::Aborted, 2, 0, 2, 0));
    bulk::work_off(&world.app).await.expect("worked");
    assert!(!stopped(&world, &fresh[0]).await);
}

async fn two_servers_do_no_run_twice(backend: Backend) {
    let world = World::new(backend).await;
    let runs = some_runs(&world, "a", 120).await;
    let jobs = [start(&world.admin, ids(&runs[..60])).await, start(&world.admin, ids(&runs[60..])).await];
    let other = world.another_server().await;
    // Each takes what the other is not at; whoever finds it taken comes back when the lease has ended.
    let (one, two) = tokio::join!(bulk::work_off(&world.app), bulk::work_off(&other));
    one.expect("worked");
    two.expect("worked");
    for job in &jobs {
        assert_eq!(counts(&outcome(&world.admin, job).await.0), (BulkState::Done, 60, 60, 0, 0));
    }
    for id in &runs {
        let run = executions::summary(&world.admin, id.as_str()).await.expect("the run");
        assert!(run.cancel_requested && run.version == 2, "asked once: {}", run.version);
    }
}

async fn a_job_goes_on_where_its_server_left_it(backend: Backend) {
    let world = World::new(backend).await;
    let runs = some_runs(&world, "a", 3).await;
    let job = start(&world.admin, ids(&runs)).await;
    // A server that did one row and was killed.
    let now = world.now();
    let key = rows::open_jobs(&mut world.app.store.read(), 10).await.expect("read")[0].key;
    let first = world.app.store.write(move |tx| {
        Box::pin(async move {
            let taken = rows::take(tx, key, "gone", now, now.plus_secs(10)).await?.expect("a row");
            rows::note(tx, key, taken.0, BulkResult::Done, None, now).await?;
            Ok(taken)
        })
    });
    assert_eq!(first.await.expect("taken"), (1, runs[0].to_string()));
    assert_eq!(bulk::work_off(&world.app).await.expect("looked"), Some(now.plus_secs(10)), "another one's job");
    assert_eq!(outcome(&world.admin, &job).await.0.done, 1);
    world.pass_ms(10_000);
    assert_eq!(bulk::work_off(&world.app).await.expect("worked"), None);
    assert_eq!(counts(&outcome(&world.admin, &job).await.0), (BulkState::Done, 3, 3, 0, 0));
    assert!(!stopped(&world, &runs[0]).await, "a row that is over is not done again");
    assert!(stopped(&world, &runs[1]).await && stopped(&world, &runs[2]).await);
}

async fn a_job_means_a_limited_number_of_runs(backend: Backend) {
    let world = World::new(backend).await;
    let most = runboard::domain::BULK_LIMIT;
    for _ in 0..most / 1_000 {
        some_runs(&world, "a", 1_000).await;
    }
    let (counted, excluded) = bulk::dry_run(&world.admin, STOP, running(None)).await.expect("a plan");
    assert_eq!((counted.len(), excluded.len()), (most, 0));
    let job = start(&world.admin, running(None)).await;
    assert_eq!(job.counted, most as i64);
    bulk::abort(&world.admin, &job.id).await.expect("aborted");
    some_runs(&world, "a", 1).await;
    let refused = bulk::start(&world.admin, STOP, running(None), None).await;
    assert!(matches!(&refused, Err(Error::Invalid(f)) if f[0].message.contains("10000")), "{refused:?}");
}

async fn jobs_are_listed_for_those_who_may_see_them(backend: Backend) {
    let world = World::new(backend).await;
    let (ann, _) = world.person("ann@example.com", Role::User, Scope::Write).await;
    let (bo, _) = world.person("bo@example.com", Role::User, Scope::Write).await;
    record::create(&ann, run_of("anns", "m")).await.expect("recorded");
    let ann = ann.refreshed().await.expect("looked up").expect("valid");
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(start(&ann, running(None)).await.id);
    }
    made.reverse();
    let of = |jobs: Vec<BulkJob>| jobs.into_iter().map(|j| j.id).collect::<Vec<_>>();
    let (page, next) = bulk::list(&ann, None, Some(2)).await.expect("jobs");
    assert_eq!((of(page), next.is_some()), (made[..2].to_vec(), true));
    let (page, next) = bulk::list(&ann, next, Some(2)).await.expect("jobs");
    assert_eq!((of(page), next), (made[2..].to_vec(), None));
    assert_eq!(of(bulk::list(&world.admin, None, None).await.expect("jobs").0), made);
    assert!(bulk::list(&bo, None, None).await.expect("jobs").0.is_empty());
    assert_eq!(bulk::get(&bo, &made[0], None, None).await.err(), Some(Error::NotFound));
    assert_eq!(bulk::abort(&bo, &made[0]).await.err(), Some(Error::NotFound));
    // A token for one agent is not told what its owner does with others.
    let request = tokens::TokenRequest { agents: Some(vec!["anns".into()]), ..tokens::TokenRequest::default() };
    let local =
        Caller::local(&world.app, runboard::app::users::by_email(&world.app, "ann@example.com").await.expect("ann"));
    let (_, token) = tokens::create(&local, request).await.expect("a token");
    let limited = world.app.by_token(&token).await.expect("looked up").expect("valid");
    assert!(bulk::list(&limited, None, None).await.expect("jobs").0.is_empty());
    let own = start(&limited, running(None)).await;
    assert_eq!(of(bulk::list(&limited, None, None).await.expect("jobs").0), [own.id]);
    // After a month they are forgotten.
    bulk::work_off(&world.app).await.expect("worked");
    world.pass_ms(31 * 86_400_000);
    runboard::app::housekeeping::tidy(&world.app).await.expect("tidied");
    assert!(bulk::list(&world.admin, None, None).await.expect("jobs").0.is_empty());
}
