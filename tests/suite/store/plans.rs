//! Every query of a page has its index. SQLite says how it would answer; PostgreSQL is asked with sequential
//! scans forbidden, because a small table is rightly scanned.

use crate::support::{Backend, START, World, ended, on_both};
use runboard::app::record;
use runboard::domain::{Choice, Filter, NewExecution, Range, Sort, SortField, Status, Trigger, Window};
use runboard::store::list::{self, Selection};
use runboard::store::{Visible, flows, interactions, queue};

on_both!(no_list_scans_the_table, the_page_of_flows_scans_no_table, the_engine_scans_no_table, approvals_scan_no_table);

fn filters() -> Vec<(&'static str, Filter)> {
    let with = |name, change: fn(&mut Filter)| {
        let mut filter = Filter::default();
        change(&mut filter);
        (name, filter)
    };
    vec![
        with("everything", |_| {}),
        with("agent", |f| f.agent = Choice::only("a".into())),
        with("two agents", |f| f.agent.include = vec!["a".into(), "b".into()]),
        with("status", |f| f.status = Choice::only(Status::Failed)),
        with("trigger", |f| f.trigger = Choice::only(Trigger::Api)),
        with("model", |f| f.model = Choice::only("m".into())),
        with("thread", |f| f.thread = Choice::only("t".into())),
        with("agent and status", |f| {
            f.agent = Choice::only("a".into());
            f.status = Choice::only(Status::Failed);
        }),
        with("the page's default", |f| {
            f.window = Window::DAY;
            f.include_unfinished = true;
        }),
        with("search", |f| f.search = Some("needle".into())),
        with("label", |f| f.label = Choice::only("env:prod".parse().expect("a label"))),
        with("tool", |f| f.tool = Choice::only("web.*".into())),
        with("cost", |f| f.cost.min = Some(0.5)),
        with("duration", |f| f.duration_ms = Range { min: Some(10), max: Some(20) }),
    ]
}

async fn no_list_scans_the_table(backend: Backend) {
    let world = World::new(backend).await;
    for agent in ["a", "b"] {
        let runs: Vec<NewExecution> = (0..500).map(|i| ended(agent, Status::Success, i, i)).collect();
        record::batch(&world.admin, runs).await.expect("recorded");
    }
    for (name, filter) in filters() {
        for field in [SortField::StartedAt, SortField::Duration, SortField::Cost] {
            let sort = Sort { field, descending: true };
            let mut tx = world.app.store.snapshot().await.expect("a snapshot");
            let selection = Selection::resolve(&mut tx, &filter, &Visible::All, START).await.expect("resolved");
            let mut lines = list::explain(&mut tx, &selection, sort).await.expect("a plan");
            let many = selection.for_sort(sort, 1_000_000, backend == Backend::Sqlite);
            lines.extend(list::explain(&mut tx, &many, sort).await.expect("a plan"));
            for line in lines {
                let scans = match backend {
                    // "SCAN e" alone reads the table; "SCAN e USING INDEX" walks an index in the wanted order.
                    Backend::Sqlite => line.starts_with("SCAN e") && !line.contains("INDEX"),
                    Backend::Postgres => line.contains("Seq Scan on executions"),
                };
                assert!(!scans, "{name} by {field:?}: {line}");
            }
        }
    }
}

async fn the_page_of_flows_scans_no_table(backend: Backend) {
    let world = World::new(backend).await;
    let runs: Vec<NewExecution> = (0..500)
        .map(|i| {
            let flow_id = (i % 10 == 0).then(|| "f".to_owned());
            NewExecution { flow_id, ..ended("a", Status::Success, i, i) }
        })
        .collect();
    record::batch(&world.admin, runs).await.expect("recorded");
    let mut tx = world.app.store.snapshot().await.expect("a snapshot");
    let history = flows::explain_history(&mut tx).await.expect("a plan");
    if backend == Backend::Sqlite {
        // In the order of the index, however many runs there are. PostgreSQL rightly sorts a small table.
        assert!(history.iter().any(|line| line.contains("executions_of_flows")), "{history:?}");
        assert!(!history.iter().any(|line| line.contains("TEMP B-TREE")), "{history:?}");
    }
    for line in history.into_iter().chain(flows::explain(&mut tx).await.expect("a plan")) {
        let scans = match backend {
            Backend::Sqlite => line.starts_with("SCAN e") && !line.contains("INDEX"),
            Backend::Postgres => line.contains("Seq Scan on executions") || line.contains("Seq Scan on flow_runs"),
        };
        assert!(!scans, "{line}");
    }
}

async fn the_engine_scans_no_table(backend: Backend) {
    let world = World::new(backend).await;
    let runs: Vec<NewExecution> = (0..500).map(|i| ended("a", Status::Success, i, i)).collect();
    record::batch(&world.admin, runs).await.expect("recorded");
    let mut tx = world.app.store.snapshot().await.expect("a snapshot");
    for line in queue::explain(&mut tx, START).await.expect("a plan") {
        let scans = match backend {
            Backend::Sqlite => ["SCAN e", "SCAN queue", "SCAN q", "SCAN r"].contains(&line.as_str()),
            Backend::Postgres => line.contains("Seq Scan on executions") || line.contains("Seq Scan on queue"),
        };
        assert!(!scans, "{line}");
    }
}

async fn approvals_scan_no_table(backend: Backend) {
    let world = World::new(backend).await;
    let runs: Vec<NewExecution> = (0..500).map(|i| ended("a", Status::Success, i, i)).collect();
    record::batch(&world.admin, runs).await.expect("recorded");
    let mut tx = world.app.store.snapshot().await.expect("a snapshot");
    let lines = interactions::explain(&mut tx, START).await.expect("a plan");
    assert!(lines.len() > 12, "{lines:?}");
    for line in lines {
        let scans = match backend {
            Backend::Sqlite => ["SCAN e", "SCAN i", "SCAN p", "SCAN s", "SCAN approvers"].contains(&line.as_str()),
            Backend::Postgres => {
                ["executions", "interactions", "approvers"].iter().any(|t| line.contains(&format!("Seq Scan on {t}")))
            }
        };
        assert!(!scans, "{line}");
    }
}
