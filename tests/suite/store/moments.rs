//! Lists as of a moment, and what happened while somebody was away.

use crate::support::{Backend, World, ended, on_both, run_of};
use runboard::app::executions::{ListRequest, list};
use runboard::app::{agents, marks, record};
use runboard::domain::{
    Choice, ExecutionPage, ExecutionPatch, Filter, NewExecution, Role, Scope, Since, Status, Window,
};

on_both!(
    a_list_as_of_a_moment_has_the_runs_of_then_in_their_present_state,
    newer_runs_are_counted_whatever_has_ended_since,
    away_and_back_shows_what_happened_meanwhile_over_reloads_until_it_is_seen,
    whoever_stayed_or_was_never_here_missed_nothing,
    only_what_one_may_see_counts_and_each_has_a_mark_of_their_own,
    counts_stop_at_a_hundred,
    a_seen_event_number_is_the_new_mark,
);

const MINUTE: i64 = 60_000;

async fn ask(world: &World, filter: Filter) -> ExecutionPage {
    list(&world.admin, &ListRequest { filter, ..ListRequest::default() }).await.expect("a page")
}

async fn set(world: &World, id: &str, status: Status) {
    let patch = ExecutionPatch { status: Some(status), ..ExecutionPatch::default() };
    record::patch(&world.admin, id, patch).await.expect("changed");
}

async fn a_list_as_of_a_moment_has_the_runs_of_then_in_their_present_state(backend: Backend) {
    let world = World::new(backend).await;
    let nothing = ask(&world, Filter::default()).await.as_of;
    let first = world.record(run_of("a", "first")).await;
    let runs = (0..20).map(|i| ended("a", Status::Success, i, 1)).collect();
    record::batch(&world.admin, runs).await.expect("recorded");
    let then = ask(&world, Filter::default()).await;
    world.record(run_of("a", "later")).await;
    set(&world, first.id.as_str(), Status::Failed).await;
    record::batch(&world.admin, vec![ended("a", Status::Failed, -5, 1)]).await.expect("recorded");

    let as_of = |seq| Filter { as_of: Some(seq), ..Filter::default() };
    let again = ask(&world, as_of(then.as_of)).await;
    let ids = |page: &ExecutionPage| page.executions.iter().map(|r| r.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&again), ids(&then));
    assert_eq!(again.total_count, 21);
    assert_eq!(ask(&world, as_of(nothing)).await.total_count, 0);
    assert_eq!(ask(&world, as_of(again.as_of)).await.total_count, 23);
    let now = again.executions.iter().find(|r| r.id == first.id).map(|r| r.status);
    assert_eq!(now, Some(Status::Failed));
    let beside = marks::beside(&world.admin, &format!("last=all&as_of={}", then.as_of)).await.expect("beside");
    assert_eq!(beside.newer, Some(2));
}

async fn newer_runs_are_counted_whatever_has_ended_since(backend: Backend) {
    let world = World::new(backend).await;
    let mut old = Vec::new();
    for _ in 0..3 {
        let started_at = Some(world.now().plus_secs(-3 * 86_400));
        old.push(world.record(NewExecution { started_at, ..run_of("a", "old, unfinished") }).await);
    }
    let then = ask(&world, Filter::page_default()).await;
    assert_eq!(then.total_count, 3);
    for run in &old {
        set(&world, run.id.as_str(), Status::Success).await;
    }
    for _ in 0..2 {
        world.record(run_of("a", "newer")).await;
    }
    let beside = marks::beside(&world.admin, &format!("as_of={}", then.as_of)).await.expect("beside");
    assert_eq!(beside.newer, Some(2));
    let none = marks::beside(&world.admin, &format!("status=success&as_of={}", then.as_of)).await.expect("beside");
    assert_eq!(none.newer, Some(0));
}

async fn agrees(world: &World, since: &Since) {
    for (status, count) in [
        (Status::Success, since.success),
        (Status::Failed, since.failed),
        (Status::Cancelled, since.cancelled),
        (Status::Waiting, since.waiting),
    ] {
        assert_eq!(ask(world, since.filter(&[status])).await.total_count, count, "{status}");
    }
}

async fn away_and_back_shows_what_happened_meanwhile_over_reloads_until_it_is_seen(backend: Backend) {
    let world = World::new(backend).await;
    let old = world.record(run_of("a", "still going")).await;
    let waits = world.record(run_of("a", "will wait")).await;
    world.record(ended("a", Status::Failed, 0, 1)).await;
    marks::here(&world.admin).await.expect("here");
    let left = world.now();
    // Away: one of old fails, others come and end, one waits, one only changes a little.
    world.pass_ms(5 * MINUTE);
    set(&world, old.id.as_str(), Status::Failed).await;
    set(&world, waits.id.as_str(), Status::Waiting).await;
    for _ in 0..3 {
        world.record(ended("a", Status::Success, 0, 1)).await;
    }
    let small = ExecutionPatch { cost: Some(1.0), ..ExecutionPatch::default() };
    record::patch(&world.admin, old.id.as_str(), small).await.expect("changed");
    world.pass_ms(3 * 60 * MINUTE);

    let since = marks::since(&world.admin).await.expect("read").expect("a mark");
    assert_eq!((since.success, since.failed, since.cancelled, since.waiting), (3, 1, 0, 1));
    assert_eq!(since.at, left);
    agrees(&world, &since).await;
    // Back, and what happens from now on is seen as it happens.
    let back = marks::here(&world.admin).await.expect("here");
    assert_eq!(back, since);
    world.record(ended("a", Status::Failed, 0, 1)).await;
    world.pass_ms(2 * MINUTE);
    assert_eq!(marks::since(&world.admin).await.expect("read"), Some(since.clone()), "a reload loses nothing");
    assert_eq!(marks::here(&world.admin).await.expect("here"), since);
    // What waited has gone on: it does not wait any more.
    set(&world, waits.id.as_str(), Status::Running).await;
    let later = marks::since(&world.admin).await.expect("read").expect("a mark");
    assert_eq!((later.failed, later.waiting), (1, 0));
    agrees(&world, &later).await;

    assert!(marks::seen(&world.admin, None).await.expect("seen").is_quiet());
    assert!(marks::since(&world.admin).await.expect("read").is_some_and(|s| s.is_quiet()));
}

async fn whoever_stayed_or_was_never_here_missed_nothing(backend: Backend) {
    let world = World::new(backend).await;
    world.record(ended("a", Status::Failed, 0, 1)).await;
    assert_eq!(marks::since(&world.admin).await.expect("read"), None);
    for _ in 0..30 {
        assert!(marks::here(&world.admin).await.expect("here").is_quiet());
        world.record(ended("a", Status::Failed, 0, 1)).await;
        world.pass_ms(MINUTE);
    }
    // Half an hour of presence; then away, which counts from the last sign on.
    world.pass_ms(20 * MINUTE);
    assert_eq!(marks::since(&world.admin).await.expect("read").map(|s| s.failed), Some(1));
}

async fn only_what_one_may_see_counts_and_each_has_a_mark_of_their_own(backend: Backend) {
    let world = World::new(backend).await;
    world.record(run_of("shared", "x")).await;
    world.record(run_of("hers", "x")).await;
    let (bo, _) = world.person("bo@example.com", Role::User, Scope::Write).await;
    agents::share(&world.admin, "shared", "bo@example.com", "view").await.expect("shared");
    let bo = bo.refreshed().await.expect("looked up").expect("valid");
    marks::here(&bo).await.expect("here");
    world.record(ended("shared", Status::Failed, 0, 1)).await;
    world.record(ended("hers", Status::Failed, 0, 1)).await;
    world.pass_ms(20 * MINUTE);
    assert_eq!(marks::since(&bo).await.expect("read").map(|s| s.failed), Some(1));
    assert_eq!(marks::since(&world.admin).await.expect("read"), None);
    let (reader, _) = world.person("bo@example.com", Role::User, Scope::Read).await;
    assert!(marks::seen(&reader, None).await.is_err() && marks::here(&reader).await.is_err(), "may only read");
    let (client, _) = world.person("cy@example.com", Role::Client, Scope::Write).await;
    assert!(marks::here(&client).await.is_err() && marks::since(&client).await.is_err());
}

async fn counts_stop_at_a_hundred(backend: Backend) {
    let world = World::new(backend).await;
    marks::here(&world.admin).await.expect("here");
    let runs = (0..150).map(|i| ended("a", Status::Success, i, 1)).collect();
    record::batch(&world.admin, runs).await.expect("recorded");
    world.pass_ms(20 * MINUTE);
    let since = marks::since(&world.admin).await.expect("read").expect("a mark");
    assert_eq!((since.success, since.failed), (100, 0));
    let filter = Filter { status: Choice::only(Status::Success), window: Window::DAY, ..since.filter(&[]) };
    assert_eq!(ask(&world, filter).await.total_count, 150);
}

async fn a_seen_event_number_is_the_new_mark(backend: Backend) {
    let world = World::new(backend).await;
    world.record(ended("a", Status::Failed, 0, 1)).await;
    let seq = ask(&world, Filter::default()).await.as_of;
    world.record(ended("a", Status::Failed, 0, 1)).await;
    assert_eq!(marks::seen(&world.admin, Some(seq)).await.expect("seen").failed, 1);
    // From another life of the database: no further than there is.
    assert!(marks::seen(&world.admin, Some(1_000_000)).await.expect("seen").is_quiet());
}
