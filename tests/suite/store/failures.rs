//! Failures in groups: what belongs together, counts that the list agrees with, access, older rows.

use crate::support::{Backend, START, World, ended, on_both, run_of};
use runboard::app::executions::{ListRequest, list};
use runboard::app::failures::{good, groups, names_for_page};
use runboard::app::{agents, record};
use runboard::domain::{
    Choice, Dialect, ExecutionPatch, ExecutionSummary, FailureGroup, Filter, NewExecution, Role, Scope, Status, Window,
};
use runboard::store::failures::{AgentRow, explain as explain_failures};
use runboard::store::list::{Selection, explain};
use runboard::store::{Executor as _, Query, Store, Visible};

on_both!(
    failures_of_one_kind_are_one_group_and_the_list_agrees_with_its_count,
    a_run_joins_its_group_when_it_fails_and_leaves_it_with_its_error,
    groups_say_when_it_worked_last_and_who_has_them,
    what_worked_last_is_of_the_kind_that_the_filter_is_about,
    groups_are_kept_for_five_seconds,
    a_group_without_runs_is_forgotten,
    groups_and_what_worked_last_go_by_indexes,
    a_group_is_told_to_those_who_see_a_run_of_it,
    runs_of_an_older_version_get_their_groups_when_the_database_is_opened,
    a_list_of_one_group_goes_by_its_index,
);

fn failed(agent: &str, start_ms: i64, error: &str) -> NewExecution {
    NewExecution { error: Some(error.to_owned()), ..ended(agent, Status::Failed, start_ms, 5) }
}

async fn all(world: &World) -> Vec<FailureGroup> {
    // Answers are up to five seconds old.
    world.pass_ms(5_000);
    groups(&world.admin, &Filter::default(), None).await.expect("groups").groups
}

async fn total(world: &World, group: &str, base: Filter) -> i64 {
    let filter = Filter { error_group: Choice::only(group.to_owned()), ..base };
    list(&world.admin, &ListRequest { filter, ..ListRequest::default() }).await.expect("a page").total_count
}

async fn failures_of_one_kind_are_one_group_and_the_list_agrees_with_its_count(backend: Backend) {
    let world = World::new(backend).await;
    for i in 0..6 {
        world.record(failed("a", i * 1_000, &format!("HTTP 502 from item {i}"))).await;
    }
    for i in 0..3 {
        world.record(failed("b", i * 1_000, &format!("Job {i} timed out after {i}.5s"))).await;
    }
    world.record(ended("b", Status::Failed, 9, 5)).await;
    world.record(ended("b", Status::Success, 9, 5)).await;
    // It ended well, with an error on the way.
    world.record(NewExecution { status: Some(Status::Success), ..failed("b", 4_000, "HTTP 502 from item 77") }).await;
    let found = all(&world).await;
    let told: Vec<_> = found.iter().map(|g| (g.pattern.as_str(), g.count)).collect();
    assert_eq!(told, [("HTTP 502 from item <n>", 7), ("Job <n> timed out after <n>s", 3), ("No error message", 1)]);
    for filter in [
        Filter::default(),
        Filter { status: Choice::only(Status::Failed), ..Filter::default() },
        Filter {
            agent: Choice::only("b".into()),
            window: Window::Last(7_200),
            include_unfinished: true,
            ..Filter::default()
        },
    ] {
        let found = groups(&world.admin, &filter, None).await.expect("groups");
        assert!(!found.groups.is_empty());
        for g in found.groups {
            assert_eq!(total(&world, &g.id, filter.clone()).await, g.count, "{} under {filter:?}", g.pattern);
            assert_eq!(g.over_time.iter().sum::<i64>(), g.count, "{}", g.pattern);
            assert_eq!(g.over_time.len(), 24);
        }
    }
    let few = groups(&world.admin, &Filter::default(), Some(1)).await.expect("groups");
    assert!(few.has_more && few.groups.len() == 1 && few.groups[0].count == 7);
    // Every run with an error is in exactly one group.
    let with_error = Filter { has_error: Some(true), ..Filter::default() };
    let runs = list(&world.admin, &ListRequest { filter: with_error, ..ListRequest::default() }).await.expect("a page");
    assert_eq!(runs.total_count, found.iter().map(|g| g.count).sum::<i64>());
    assert!(runs.executions.iter().all(|r| r.error_group.is_some()));
}

async fn a_run_joins_its_group_when_it_fails_and_leaves_it_with_its_error(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.record(run_of("a", "x")).await;
    let change = |patch: ExecutionPatch| {
        let (admin, id) = (world.admin.clone(), run.id.to_string());
        async move { record::patch(&admin, &id, patch).await.expect("changed") }
    };
    let patch = |error: &str| ExecutionPatch { error: Some(error.to_owned()), ..ExecutionPatch::default() };
    assert_eq!(run.error_group, None);
    let group = async |world: &World| all(world).await.into_iter().map(|g| g.pattern).collect::<Vec<_>>();
    // The telling line of a long Python error lies beyond what a row holds.
    let trace =
        format!("Traceback (most recent call last):\n{}ValueError: bad row 17", "  File \"a.py\", line 3\n".repeat(30));
    change(patch(&trace)).await;
    assert_eq!(group(&world).await, ["ValueError: bad row <n>"]);
    let kept = change(ExecutionPatch { cost: Some(1.0), ..ExecutionPatch::default() }).await;
    assert!(kept.error_group.is_some());
    assert_eq!(group(&world).await, ["ValueError: bad row <n>"]);
    change(patch("")).await;
    assert!(all(&world).await.is_empty());
    change(ExecutionPatch { status: Some(Status::Failed), ..ExecutionPatch::default() }).await;
    assert_eq!(group(&world).await, ["No error message"]);
    change(patch("disk full")).await;
    assert_eq!(group(&world).await, ["disk full"]);
}

async fn groups_say_when_it_worked_last_and_who_has_them(backend: Backend) {
    let world = World::new(backend).await;
    world.record(ended("a", Status::Success, -9_000, 5)).await;
    let good = world.record(ended("a", Status::Success, -5_000, 5)).await;
    world.record(ended("b", Status::Success, -4_000, 5)).await;
    world.record(failed("a", -3_000, "boom 1")).await;
    world.record(ended("a", Status::Success, -2_000, 5)).await;
    world.record(failed("b", -1_000, "boom 2")).await;
    let newest = world.record(failed("b", -500, "boom 3")).await;
    world.record(failed("new", 0, "never worked")).await;
    let found = all(&world).await;
    let boom = &found[0];
    assert_eq!(
        (boom.pattern.as_str(), boom.agents.as_slice()),
        ("boom <n>", ["b".to_owned(), "a".to_owned()].as_slice())
    );
    assert_eq!((boom.first_seen, boom.last_seen), (START.plus_millis(-3_000), START.plus_millis(-500)));
    assert_eq!(boom.sample, newest.id);
    assert_eq!(boom.last_good.as_ref().map(|g| &g.id), Some(&good.id));
    assert_eq!(found[1].last_good, None);
}

async fn what_worked_last_is_of_the_kind_that_the_filter_is_about(backend: Backend) {
    let world = World::new(backend).await;
    let of = |env: &str, run: NewExecution| NewExecution { labels: [("env".into(), env.into())].into(), ..run };
    let prod = world.record(of("prod", ended("a", Status::Success, -9_000, 5))).await;
    let test = world.record(of("test", ended("a", Status::Success, -5_000, 5))).await;
    // At the same moment as the first of the group under the filter, before by its key.
    world.record(of("test", failed("b", -1_000, "boom"))).await;
    world.record(of("prod", failed("a", -1_000, "boom"))).await;
    for (label, good) in [("env:prod", &prod), ("!env:prod", &test), ("env:test,env:prod", &test)] {
        let (filter, errors) = Filter::default().parse([("label", label), ("status", "failed")], Dialect::Api);
        assert_eq!(errors, []);
        let found = groups(&world.admin, &filter, None).await.expect("groups").groups;
        let told = found[0].last_good.as_ref().map(|g| g.id.clone());
        let wanted = (label != "!env:prod").then(|| good.id.clone());
        assert_eq!(told, wanted, "{label}");
    }
}

async fn groups_are_kept_for_five_seconds(backend: Backend) {
    let world = World::new(backend).await;
    world.record(failed("a", 0, "boom")).await;
    let count = async || groups(&world.admin, &Filter::default(), None).await.expect("groups").groups[0].count;
    assert_eq!(count().await, 1);
    world.record(failed("a", 0, "boom")).await;
    assert_eq!(count().await, 1);
    world.pass_ms(5_000);
    assert_eq!(count().await, 2);
}

async fn a_group_without_runs_is_forgotten(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.record(NewExecution { error: Some("try 1".into()), ..run_of("a", "x") }).await;
    let other = ExecutionPatch { error: Some("gave up".into()), ..ExecutionPatch::default() };
    record::patch(&world.admin, run.id.as_str(), other).await.expect("changed");
    let kept = async || {
        let q = Query::new("select pattern from error_groups order by pattern");
        let rows: Vec<(String,)> = world.app.store.read().all(q).await.expect("read");
        rows.into_iter().map(|(pattern,)| pattern).collect::<Vec<_>>()
    };
    assert_eq!(kept().await, ["gave up", "try <n>"]);
    runboard::app::housekeeping::tidy(&world.app).await.expect("tidied");
    assert_eq!(kept().await, ["gave up"]);
}

async fn groups_and_what_worked_last_go_by_indexes(backend: Backend) {
    let world = World::new(backend).await;
    for agent in ["a", "b"] {
        let runs =
            (0..500).map(|i| if i % 2 == 0 { failed(agent, i, "boom") } else { ended(agent, Status::Success, i, 1) });
        record::batch(&world.admin, runs.collect()).await.expect("recorded");
    }
    let (labelled, _) = Filter::default().parse([("label", "env:prod"), ("triggered_by", "api")], Dialect::Api);
    for filter in [Filter::default(), labelled] {
        let mut tx = world.app.store.snapshot().await.expect("a snapshot");
        let some = Filter { error_group: Choice::only("x".into()), ..filter.clone() };
        let selection = Selection::resolve(&mut tx, &some, &Visible::All, START).await.expect("resolved");
        let good = Selection::resolve(&mut tx, &good(&filter), &Visible::All, START).await.expect("resolved");
        let of = AgentRow { id: "x".into(), agent_key: 1, agent_name: "a".into(), first_at: 7 };
        for line in explain_failures(&mut tx, &selection, &good, &[&of, &of]).await.expect("a plan") {
            let scans = match backend {
                Backend::Sqlite => ["SCAN e", "SCAN g"].iter().any(|s| line.starts_with(s)) && !line.contains("INDEX"),
                Backend::Postgres => line.contains("Seq Scan on executions"),
            };
            assert!(!scans, "{filter:?}: {line}");
        }
    }
}

async fn a_group_is_told_to_those_who_see_a_run_of_it(backend: Backend) {
    let world = World::new(backend).await;
    world.record(failed("hers", 0, "her secret")).await;
    world.record(failed("shared", 0, "HTTP 500")).await;
    let hers = all(&world).await.into_iter().find(|g| g.pattern == "her secret").expect("her group");
    let (bo, _) = world.person("bo@example.com", Role::User, Scope::Read).await;
    agents::share(&world.admin, "shared", "bo@example.com", "view").await.expect("shared");
    let bo = bo.refreshed().await.expect("looked up").expect("valid");
    let seen = groups(&bo, &Filter::default(), None).await.expect("groups").groups;
    assert_eq!(seen.iter().map(|g| g.pattern.as_str()).collect::<Vec<_>>(), ["HTTP 500"]);
    assert_eq!(names_for_page(&bo, &format!("group={}", hers.id)).await.expect("names"), []);
    let names = names_for_page(&world.admin, &format!("group={}", hers.id)).await.expect("names");
    assert_eq!(names, [(hers.id, "her secret".to_owned())]);
    let (client, _) = world.person("cy@example.com", Role::Client, Scope::Read).await;
    assert!(groups(&client, &Filter::default(), None).await.is_err());
}

async fn runs_of_an_older_version_get_their_groups_when_the_database_is_opened(backend: Backend) {
    let world = World::new(backend).await;
    let long = format!("Traceback (most recent call last):\n{}KeyError: 'x'", "  at ÿ\n".repeat(60));
    let longer = format!("Traceback (most recent call last):\n{}IndexError: 17", "  at ÿ\n".repeat(6_000));
    let runs: Vec<ExecutionSummary> = vec![
        world.record(failed("a", 0, "HTTP 500 at 12")).await,
        world.record(failed("a", 1, &long)).await,
        world.record(failed("a", 1, &longer)).await,
        world.record(ended("a", Status::Success, 2, 5)).await,
    ];
    let before = all(&world).await;
    world
        .app
        .store
        .write(|tx| {
            Box::pin(async move {
                tx.run(Query::new("update executions set error_group = null")).await?;
                tx.run(Query::new("delete from error_groups")).await?;
                tx.run(Query::new("delete from settings where name = 'error_groups_filled'")).await
            })
        })
        .await
        .expect("as an older version left it");
    assert!(all(&world).await.is_empty());
    Store::open(&world.database.url).await.expect("opened").close().await;
    assert_eq!(all(&world).await, before);
    assert_eq!(before.len(), 3);
    assert_eq!(runs.len(), 4);
    Store::open(&world.database.url).await.expect("opened again").close().await;
}

async fn a_list_of_one_group_goes_by_its_index(backend: Backend) {
    let world = World::new(backend).await;
    let runs: Vec<_> = (0..500).map(|i| failed("a", i, if i % 2 == 0 { "kind x" } else { "kind y" })).collect();
    record::batch(&world.admin, runs).await.expect("recorded");
    for filter in [
        Filter { error_group: Choice::only("x".into()), ..Filter::default() },
        Filter { changed: runboard::domain::Range { min: Some(400), max: Some(420) }, ..Filter::default() },
        Filter { as_of: Some(100), ..Filter::default() },
    ] {
        let mut tx = world.app.store.snapshot().await.expect("a snapshot");
        let selection = Selection::resolve(&mut tx, &filter, &Visible::All, START).await.expect("resolved");
        for line in explain(&mut tx, &selection, runboard::domain::Sort::default()).await.expect("a plan") {
            let scans = match backend {
                Backend::Sqlite => line.starts_with("SCAN e") && !line.contains("INDEX"),
                Backend::Postgres => line.contains("Seq Scan on executions"),
            };
            assert!(!scans, "{filter:?}: {line}");
        }
    }
}
