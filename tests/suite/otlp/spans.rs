//! The spans of a run, for the waterfall.

use super::made::{agent, id, model, send, tool, with};
use super::{ids_of, person};
use crate::support::{Backend, World, on_both};
use runboard::domain::Role;
use runboard::store::traces;

on_both!(the_tree_is_read_a_page_at_a_time_and_a_span_alone, what_is_asked_all_the_time_scans_no_table);

async fn the_tree_is_read_a_page_at_a_time_and_a_span_alone(backend: Backend) {
    let world = World::new(backend).await;
    let http = world.http();
    let (who, token) = person(&world, "ann", Role::User).await;
    let spans =
        [agent(1, 0, None, "helper"), model(1, 1, Some(0), 10, 1), with(tool(1, 2, Some(0), "search"), "note", "long")];
    send(&http, &token, &spans).await;
    let run = ids_of(&world, &who).await.remove(0);
    let first = http.get(&token, &format!("/api/executions/{run}/spans?limit=2")).await.json();
    let names = |page: &serde_json::Value| {
        let spans = page["spans"].as_array().expect("spans").iter();
        spans.map(|s| (s["name"].to_string(), s["depth"].as_i64(), s["class"].to_string())).collect::<Vec<_>>()
    };
    assert_eq!(first["spans"].as_array().expect("spans").len(), 2);
    let cursor = first["next_cursor"].as_str().expect("more");
    let rest = http.get(&token, &format!("/api/executions/{run}/spans?limit=2&cursor={cursor}")).await.json();
    let (all, last) = ([names(&first), names(&rest)].concat(), &rest["next_cursor"]);
    let depths: Vec<_> = all.iter().map(|(_, depth, class)| (depth.unwrap_or_default(), class.as_str())).collect();
    assert_eq!(depths, [(0, "\"agent\""), (1, "\"llm\""), (1, "\"tool\"")]);
    assert!(last.is_null());
    assert_eq!((&first["spans"][1]["input_tokens"], &first["spans"][1]["parent_span_id"]), (&10.into(), &id(0).into()));
    let one = http.get(&token, &format!("/api/executions/{run}/spans/{}", id(2))).await.json();
    assert_eq!((&one["attributes"]["note"], &one["resource"]["service.name"]), (&"long".into(), &"shop".into()));
    assert_eq!(http.get(&token, &format!("/api/executions/{run}/spans/{}", id(9))).await.status, 404);
    assert_eq!(http.get(&token, &format!("/api/executions/{run}/spans/x")).await.status, 404);
    assert_eq!(http.get(&token, &format!("/api/executions/{run}/spans?limit=0")).await.fields(), ["limit"]);
}

async fn what_is_asked_all_the_time_scans_no_table(backend: Backend) {
    let world = World::new(backend).await;
    let mut tx = world.app.store.snapshot().await.expect("a snapshot");
    for line in traces::explain(&mut tx).await.expect("plans") {
        let scans = match backend {
            Backend::Sqlite => line.starts_with("SCAN ") && !line.contains("INDEX"),
            Backend::Postgres => line.contains("Seq Scan"),
        };
        assert!(!scans, "{line}");
    }
}
