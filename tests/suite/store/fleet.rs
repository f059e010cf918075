//! The dashboard's agents and what is under way.

use crate::support::{Backend, World, ended, on_both, run_of};
use runboard::app::executions::as_of;
use runboard::app::{agents, numbers, record};
use runboard::domain::{ExecutionPatch, Filter, NewExecution, Role, Scope, Status};
use runboard::store::executions::explain_newest;

on_both!(
    the_agents_add_up_to_the_cards_and_have_their_newest_run,
    who_waits_is_under_way_however_many_run,
    somebody_sees_their_agents_alone,
    the_newest_runs_go_by_the_index,
);

fn now(agent: &str, message: &str, status: Status) -> NewExecution {
    NewExecution { status: Some(status), ..run_of(agent, message) }
}

async fn the_agents_add_up_to_the_cards_and_have_their_newest_run(backend: Backend) {
    let world = World::new(backend).await;
    let priced = |i| NewExecution { cost: Some(0.5), ..ended("b", Status::Success, i, 10) };
    record::batch(&world.admin, (0..30).map(priced).collect()).await.expect("recorded");
    record::batch(&world.admin, vec![ended("b", Status::Failed, 40, 10), ended("a", Status::Failed, 1, 1)])
        .await
        .expect("recorded");
    // Long before the window, and still at it.
    let old = NewExecution { started_at: Some(world.now().plus_secs(-90_000)), ..now("c", "old", Status::Running) };
    let old = world.record(old).await;
    world.record(ended("d", Status::Success, -90_000_000, 10)).await;
    world.pass_ms(60_000);

    let fleet = numbers::fleet(&world.admin, 100).await.expect("the fleet");
    let names: Vec<_> = fleet.agents.iter().map(|a| a.name.as_str()).collect();
    assert_eq!((names.as_slice(), fleet.more), (["a", "b", "c", "d"].as_slice(), false));
    let stats = numbers::stats(&world.admin, &Filter::page_default()).await.expect("the cards");
    assert_eq!(fleet.agents.iter().map(|a| a.counts.runs).sum::<i64>(), stats.total_executions);
    assert!((fleet.agents.iter().map(|a| a.counts.cost).sum::<f64>() - stats.total_cost).abs() < 1e-9);
    assert_eq!(fleet.agents.iter().map(|a| a.counts.unpriced).sum::<i64>(), stats.unpriced);
    let [a, b, c, d] = fleet.agents.try_into().expect("four");
    assert_eq!((a.counts.success_rate, a.counts.unpriced), (Some(0.0), 1));
    assert_eq!((b.counts.runs, b.counts.success_rate), (31, Some(30.0 / 31.0)));
    assert_eq!(b.last_run.map(|r| r.status), Some(Status::Failed));
    assert_eq!((c.counts.running, c.counts.success_rate, c.last_run.map(|r| r.id)), (1, None, Some(old.id)));
    assert_eq!((d.counts.runs, d.counts.success_rate), (0, None));
    assert!(d.last_run.is_some());

    let first = numbers::fleet(&world.admin, 2).await.expect("two");
    assert_eq!((first.agents.len(), first.more), (2, true));
    assert!(numbers::fleet(&world.admin, 0).await.is_err());
}

async fn who_waits_is_under_way_however_many_run(backend: Backend) {
    let world = World::new(backend).await;
    let waits = NewExecution {
        started_at: Some(world.now().plus_secs(-900_000)),
        ..now("patient", "Approve the refund", Status::Waiting)
    };
    let waits = world.record(waits).await;
    let others = (0..120).map(|i| now("busy", &format!("Job {i}"), Status::Running)).collect();
    record::batch(&world.admin, others).await.expect("recorded");
    world.record(ended("busy", Status::Success, 0, 1)).await;

    let page = numbers::under_way(&world.admin).await.expect("what is under way");
    assert_eq!((page.executions.len(), page.total_count, page.has_more), (101, 121, true));
    assert_eq!(page.executions.last().map(|r| &r.id), Some(&waits.id));
    assert!(page.executions.is_sorted_by(|a, b| a.effective_start() >= b.effective_start()));
    assert_eq!(page.as_of, as_of(&world.admin).await.expect("a moment"));

    let end = ExecutionPatch { status: Some(Status::Success), ..ExecutionPatch::default() };
    record::patch(&world.admin, waits.id.as_str(), end).await.expect("ended");
    let page = numbers::under_way(&world.admin).await.expect("what is under way");
    assert!(page.executions.iter().all(|r| r.id != waits.id));
}

async fn somebody_sees_their_agents_alone(backend: Backend) {
    let world = World::new(backend).await;
    world.record(now("hers", "secret", Status::Running)).await;
    world.record(now("shared", "open", Status::Running)).await;
    let (bo, _) = world.person("bo@example.com", Role::User, Scope::Read).await;
    assert!(numbers::fleet(&bo, 10).await.expect("nothing").agents.is_empty());
    assert!(numbers::under_way(&bo).await.expect("nothing").executions.is_empty());
    agents::share(&world.admin, "shared", "bo@example.com", "view").await.expect("shared");
    let bo = bo.refreshed().await.expect("looked up").expect("valid");
    let fleet = numbers::fleet(&bo, 10).await.expect("one");
    assert_eq!(fleet.agents.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["shared"]);
    let page = numbers::under_way(&bo).await.expect("one");
    assert_eq!(page.executions.iter().map(|r| r.message.as_str()).collect::<Vec<_>>(), ["open"]);
    let (client, _) = world.person("cy@example.com", Role::Client, Scope::Read).await;
    assert!(numbers::fleet(&client, 10).await.is_err());
    assert!(numbers::under_way(&client).await.is_err());
}

async fn the_newest_runs_go_by_the_index(backend: Backend) {
    let world = World::new(backend).await;
    for agent in ["a", "b"] {
        let runs = (0..300).map(|i| ended(agent, Status::Success, i, 1)).collect();
        record::batch(&world.admin, runs).await.expect("recorded");
    }
    let mut tx = world.app.store.snapshot().await.expect("a snapshot");
    for line in explain_newest(&mut tx, &[1, 2]).await.expect("a plan") {
        let scans = match backend {
            Backend::Sqlite => ["SCAN e", "SCAN n"].iter().any(|s| line.starts_with(s)) && !line.contains("INDEX"),
            Backend::Postgres => line.contains("Seq Scan on executions"),
        };
        assert!(!scans, "{line}");
    }
}
