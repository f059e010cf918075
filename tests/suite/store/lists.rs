//! Lists: pages, sorts, counts, search, statistics.

use crate::support::{Backend, START, World, ended, on_both, run_of};
use runboard::app::executions::{ListRequest, list};
use runboard::app::{numbers, record};
use runboard::domain::{
    Choice, Dialect, Error, ExecutionPage, ExecutionPatch, Filter, NewExecution, NewToolCall, Sort, Status, Window,
};
use std::collections::{BTreeMap, HashSet};

on_both!(
    every_old_row_is_seen_exactly_once_while_new_ones_arrive,
    lesson_5_a_full_last_page_is_the_last,
    lesson_5_equal_start_times_are_paged_without_loss,
    unknown_values_sort_last_both_ways,
    search_finds_any_script_and_short_terms,
    an_id_in_the_search_finds_its_run,
    statistics_add_up_and_obey_the_filter,
    unfinished_runs_outside_the_window_are_included_on_request,
    labels_of_one_key_are_alternatives,
    tools_match_by_glob,
    a_tool_is_one_whatever_its_case,
    a_parent_narrows_beside_a_model_and_a_thread,
    counts_are_capped,
    a_changed_text_is_found_and_the_old_one_is_not,
);

fn filter(pairs: &[(&str, &str)]) -> Filter {
    let (filter, errors) = Filter::default().parse(pairs.iter().copied(), Dialect::Api);
    assert_eq!(errors, []);
    filter
}

async fn ask(world: &World, request: ListRequest) -> ExecutionPage {
    list(&world.admin, &request).await.expect("a page")
}

async fn messages(world: &World, pairs: &[(&str, &str)]) -> Vec<String> {
    let request = ListRequest { filter: filter(pairs), limit: Some(200), ..ListRequest::default() };
    let page = ask(world, request).await;
    assert_eq!(page.total_count, page.executions.len() as i64);
    page.executions.into_iter().map(|e| e.message).collect()
}

fn sort(text: &str) -> Sort {
    text.parse().expect("a sort")
}

async fn every_old_row_is_seen_exactly_once_while_new_ones_arrive(backend: Backend) {
    let world = World::new(backend).await;
    let mut old = HashSet::new();
    for i in 0..97_i64 {
        // Many ties, some rows without duration or cost.
        let mut new = ended("walker", Status::Success, (i / 7) * 1_000, (i % 5) * 100);
        new.cost = (i % 3 != 0).then_some((i % 4) as f64 / 100.0);
        if i % 11 == 0 {
            new = NewExecution { started_at: Some(START.plus_millis(i)), ..run_of("walker", "still going") };
        }
        old.insert(world.record(new).await.id);
    }
    for order in ["-started_at", "started_at", "-duration_ms", "duration_ms", "-cost", "cost"] {
        let mut seen = HashSet::new();
        let mut cursor = None;
        let mut pages = 0;
        loop {
            let request = ListRequest { sort: sort(order), limit: Some(7), cursor, ..ListRequest::default() };
            let page = ask(&world, request).await;
            for run in page.executions {
                assert!(seen.insert(run.id.clone()), "{order}: a run was seen twice");
            }
            pages += 1;
            world.record(ended("walker", Status::Failed, pages * 500, 250)).await;
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert!(old.is_subset(&seen), "{order}: a run was not seen");
    }
}

async fn lesson_5_a_full_last_page_is_the_last(backend: Backend) {
    let world = World::new(backend).await;
    for i in 0..10 {
        world.record(ended("a", Status::Success, i, 1)).await;
    }
    let first = ask(&world, ListRequest { limit: Some(5), ..ListRequest::default() }).await;
    assert!(first.has_more && first.total_count == 10);
    let second = ask(&world, ListRequest { limit: Some(5), cursor: first.next_cursor, ..ListRequest::default() }).await;
    assert_eq!((second.executions.len(), second.has_more, second.next_cursor), (5, false, None));
    let by_offset = ask(&world, ListRequest { limit: Some(5), offset: Some(5), ..ListRequest::default() }).await;
    assert_eq!(by_offset.executions, second.executions);
}

async fn lesson_5_equal_start_times_are_paged_without_loss(backend: Backend) {
    let world = World::new(backend).await;
    let runs: Vec<NewExecution> = (0..60).map(|_| ended("tie", Status::Success, 0, 5)).collect();
    record::batch(&world.admin, runs).await.expect("recorded");
    let mut seen = HashSet::new();
    let mut cursor = None;
    loop {
        let page = ask(&world, ListRequest { limit: Some(25), cursor, ..ListRequest::default() }).await;
        seen.extend(page.executions.into_iter().map(|e| e.id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 60);
}

async fn unknown_values_sort_last_both_ways(backend: Backend) {
    let world = World::new(backend).await;
    for (message, cost) in [("cheap", Some(0.01)), ("unknown", None), ("dear", Some(2.5))] {
        world.record(NewExecution { cost, message: message.into(), ..ended("a", Status::Success, 0, 1) }).await;
    }
    for (order, wanted) in [("-cost", ["dear", "cheap", "unknown"]), ("cost", ["cheap", "dear", "unknown"])] {
        let page = ask(&world, ListRequest { sort: sort(order), ..ListRequest::default() }).await;
        let got: Vec<_> = page.executions.iter().map(|e| e.message.as_str()).collect();
        assert_eq!(got, wanted, "{order}");
    }
}

async fn search_finds_any_script_and_short_terms(backend: Backend) {
    let world = World::new(backend).await;
    world.record(run_of("a", "Rechnung für Müller & Söhne")).await;
    world.record(run_of("a", "お客様からの返品に関するお問い合わせ")).await;
    world.record(run_of("a", "100% done_with \"quotes\" and 'more'")).await;
    let response = format!("{}NEEDLE", "hay ".repeat(500));
    world.record(NewExecution { response: Some(response), ..run_of("a", "long") }).await;
    world.record(NewExecution { error: Some("Σίσυφος stumbled".into()), ..run_of("a", "greek") }).await;
    for (term, wanted) in [
        ("MÜLLER", 1),
        ("ö", 1),
        ("返品", 1),
        ("お", 1),
        ("%", 1),
        ("100% D", 1),
        ("e_w", 1),
        ("\"quotes\"", 1),
        ("'", 1),
        ("needle", 1),
        ("ΣΊΣΥΦΟΣ", 1),
        ("muller", 0),
        ("zzz", 0),
        ("x%y", 0),
        ("\\", 0),
    ] {
        assert_eq!(messages(&world, &[("search", term)]).await.len(), wanted, "{term}");
    }
}

async fn an_id_in_the_search_finds_its_run(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.record(run_of("a", "this one")).await;
    world.record(run_of("a", "another")).await;
    assert_eq!(messages(&world, &[("search", run.id.as_str())]).await, ["this one"]);
}

async fn a_changed_text_is_found_and_the_old_one_is_not(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.record(NewExecution { response: Some("first draft".into()), ..run_of("a", "m") }).await;
    let patch = ExecutionPatch { response: Some("final version".into()), ..ExecutionPatch::default() };
    record::patch(&world.admin, run.id.as_str(), patch).await.expect("patched");
    assert_eq!(messages(&world, &[("search", "first draft")]).await.len(), 0);
    assert_eq!(messages(&world, &[("search", "FINAL")]).await.len(), 1);
}

async fn statistics_add_up_and_obey_the_filter(backend: Backend) {
    let world = World::new(backend).await;
    for i in 1..=20 {
        let status = if i % 4 == 0 { Status::Failed } else { Status::Success };
        let cost = (i % 2 == 0).then_some(0.25);
        let new = NewExecution { cost, input_tokens: Some(10), ..ended("a", status, i, i * 100) };
        world.record(new).await;
    }
    world.record(ended("b", Status::Cancelled, 0, 50)).await;
    world.record(run_of("b", "going")).await;
    let all = numbers::stats(&world.admin, &Filter::default()).await.expect("stats");
    assert_eq!((all.total_executions, all.successful, all.failed, all.cancelled, all.running), (22, 15, 5, 1, 1));
    assert_eq!((all.total_cost, all.unpriced, all.total_tokens), (2.5, 11, 200));
    assert_eq!(all.success_rate, Some(15.0 / 21.0));
    assert_eq!((all.p50_duration_ms, all.p95_duration_ms), (Some(1_000), Some(1_900)));
    let counted: i64 = all.by_agent.iter().map(|a| a.count).sum();
    assert_eq!((counted, all.by_trigger.values().sum::<i64>()), (22, 22));
    let failed = numbers::stats(&world.admin, &filter(&[("status", "failed")])).await.expect("stats");
    assert_eq!((failed.total_executions, failed.success_rate), (5, Some(0.0)));
    let none = numbers::stats(&world.admin, &filter(&[("agent_name", "nobody")])).await.expect("stats");
    assert_eq!((none.total_executions, none.success_rate, none.avg_duration_ms), (0, None, None));
}

async fn unfinished_runs_outside_the_window_are_included_on_request(backend: Backend) {
    let world = World::new(backend).await;
    let day = 86_400_000;
    world.record(NewExecution { started_at: Some(START.plus_millis(-3 * day)), ..run_of("a", "old, running") }).await;
    world.record(NewExecution { message: "old, ended".into(), ..ended("a", Status::Success, -3 * day, 5) }).await;
    world.record(NewExecution { message: "new".into(), ..ended("a", Status::Success, -1_000, 5) }).await;
    assert_eq!(messages(&world, &[("last", "24h")]).await, ["new"]);
    let with = [("last", "24h"), ("include_unfinished", "true")];
    assert_eq!(messages(&world, &with).await, ["new", "old, running"]);
    let ended_only = [("last", "24h"), ("include_unfinished", "true"), ("status", "success")];
    assert_eq!(messages(&world, &ended_only).await, ["new"]);
    let both = numbers::stats(&world.admin, &filter(&with)).await.expect("stats");
    assert_eq!((both.total_executions, both.running), (2, 1));
}

async fn labels_of_one_key_are_alternatives(backend: Backend) {
    let world = World::new(backend).await;
    for (message, env, team) in [("1", "prod", "a"), ("2", "test", "a"), ("3", "prod", "b")] {
        let labels = BTreeMap::from([("env".into(), env.into()), ("team".into(), team.into())]);
        world.record(NewExecution { labels, message: message.into(), ..ended("x", Status::Success, 0, 1) }).await;
    }
    assert_eq!(messages(&world, &[("label", "env:prod")]).await.len(), 2);
    assert_eq!(messages(&world, &[("label", "env:prod,env:test")]).await.len(), 3);
    assert_eq!(messages(&world, &[("label", "env:prod,team:b")]).await, ["3"]);
    assert_eq!(messages(&world, &[("label", "!env:prod")]).await, ["2"]);
}

async fn tools_match_by_glob(backend: Backend) {
    let world = World::new(backend).await;
    for (message, tool) in
        [("1", Some("github.search")), ("2", Some("GitHub.merge")), ("3", Some("web_fetch")), ("4", None)]
    {
        let call = |name: &str| NewToolCall { call_id: "c".into(), name: Some(name.into()), ..NewToolCall::default() };
        let tool_calls = tool.map(call).into_iter().collect();
        world.record(NewExecution { tool_calls, message: message.into(), ..ended("x", Status::Success, 0, 1) }).await;
    }
    assert_eq!(messages(&world, &[("tool", "github.*")]).await.len(), 2);
    assert_eq!(messages(&world, &[("tool", "webxfetch")]).await.len(), 0);
    assert_eq!(messages(&world, &[("tool", "web_fetch,github.merge")]).await.len(), 2);
    assert_eq!(messages(&world, &[("tool", "!github.*")]).await.len(), 2);
}

async fn a_tool_is_one_whatever_its_case(backend: Backend) {
    let world = World::new(backend).await;
    for tools in [&["Read", "READ"][..], &["read"], &["ΣΊΣΥΦΟΣ", "write"], &["σίσυφος"], &["Straße"], &["STRAẞE"]]
    {
        let call = |(i, name): (usize, &&str)| NewToolCall {
            call_id: i.to_string(),
            name: Some((*name).to_owned()),
            ..NewToolCall::default()
        };
        let tool_calls = tools.iter().enumerate().map(call).collect();
        world.record(NewExecution { tool_calls, ..ended("x", Status::Success, 0, 1) }).await;
    }
    let tools = numbers::facets(&world.admin, &Filter::default()).await.expect("facets").0.tool;
    let told: Vec<(&str, i64)> = tools.iter().map(|t| (t.value.as_str(), t.count)).collect();
    assert_eq!(told, [("READ", 2), ("STRAẞE", 2), ("ΣΊΣΥΦΟΣ", 2), ("write", 1)]);
    for tool in &tools {
        assert_eq!(messages(&world, &[("tool", &tool.value)]).await.len() as i64, tool.count, "{}", tool.value);
    }
    assert_eq!(messages(&world, &[("tool", "ΣΊΣ*")]).await.len(), 2);
    assert_eq!(messages(&world, &[("tool", "!straße")]).await.len(), 4);
}

async fn counts_are_capped(backend: Backend) {
    let world = World::new(backend).await;
    for _ in 0..6 {
        let runs: Vec<NewExecution> = (0..1_700).map(|i| ended("many", Status::Success, i, 1)).collect();
        record::batch(&world.admin, runs).await.expect("recorded");
    }
    let page = ask(&world, ListRequest::default()).await;
    assert_eq!((page.total_count, page.total_is_capped), (10_000, true));
    let window = Window::Range { from: Some(START.plus_millis(1_000)), to: None };
    let filter = Filter { window, agent: Choice::only("many".to_owned()), ..Filter::default() };
    let page = ask(&world, ListRequest { filter, ..ListRequest::default() }).await;
    assert_eq!((page.total_count, page.total_is_capped), (4_200, false));
    let beyond = ListRequest { offset: Some(10_001), ..ListRequest::default() };
    assert!(matches!(list(&world.admin, &beyond).await, Err(Error::Invalid(e)) if e[0].field == "offset"));
}

async fn a_parent_narrows_beside_a_model_and_a_thread(backend: Backend) {
    let world = World::new(backend).await;
    let same = |message: &str| NewExecution {
        model: Some("m".into()),
        thread_id: Some("t".into()),
        message: message.into(),
        ..ended("x", Status::Success, 0, 1)
    };
    let root = world.record(same("root")).await.id;
    world.record(NewExecution { parent_id: Some(root.clone()), ..same("child") }).await;
    world.record(NewExecution { retry_of: Some(root.clone()), ..same("again") }).await;
    let root = root.to_string();
    for other in [("model", "m"), ("thread_id", "t"), ("agent_name", "x")] {
        assert_eq!(messages(&world, &[("parent_id", &root), other]).await, ["child"]);
        assert_eq!(messages(&world, &[("retry_of", &root), other]).await, ["again"]);
    }
}
