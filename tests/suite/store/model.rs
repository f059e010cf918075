//! The database's idea of a filter and the domain's own are the same: random runs under random filters.

use crate::support::{Backend, START, World, on_both};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use runboard::app::executions::{ListRequest, list};
use runboard::app::record;
use runboard::domain::{
    Choice, ExecutionSummary, Filter, Label, NewExecution, Range, Sort, SortField, Status, Trigger, Window,
};
use std::collections::BTreeMap;

on_both!(lists_and_counts_agree_with_the_filter_in_memory);

const AGENTS: [&str; 4] = ["alpha", "beta", "gamma", "delta"];
const DAY: i64 = 86_400_000;

pub(super) fn a_run() -> impl Strategy<Value = NewExecution> {
    let times = (-20 * DAY..0, prop::option::of(0..5_000_i64));
    let numbers = (prop::option::of(0..400_i64), prop::option::of(0..50_i64), prop::option::of(0..3_usize));
    (0..4_usize, 0..7_usize, 0..6_usize, times, numbers, any::<bool>(), prop::option::of(0..2_usize)).prop_map(
        |(agent, status, trigger, (start, duration), (cents, tokens, model), error, env)| {
            let status = Status::ALL[status];
            NewExecution {
                agent_name: AGENTS[agent].to_owned(),
                message: "m".to_owned(),
                status: Some(status),
                triggered_by: Some(Trigger::ALL[trigger]),
                queued_at: Some(START.plus_millis(start)),
                started_at: (status != Status::Queued).then(|| START.plus_millis(start + 10)),
                duration_ms: duration.filter(|_| status.is_terminal()),
                cost: cents.map(|c| c as f64 / 100.0),
                input_tokens: tokens,
                model: model.map(|m| format!("model-{m}")),
                error: error.then(|| "broken".to_owned()),
                thread_id: cents.filter(|c| c % 5 == 0).map(|c| format!("thread-{}", c % 3)),
                labels: env.map(|e| ("env".to_owned(), format!("e{e}"))).into_iter().collect::<BTreeMap<_, _>>(),
                ..NewExecution::default()
            }
        },
    )
}

fn some_of<T: Clone + Ord + std::fmt::Debug + 'static>(all: Vec<T>) -> impl Strategy<Value = Choice<T>> {
    let most = all.len().min(3);
    let side = move || prop::sample::subsequence(all.clone(), 0..=most);
    (0..3_u8, side(), side()).prop_map(|(kind, include, exclude)| match kind {
        0 => Choice { include: Vec::new(), exclude: Vec::new() },
        1 => Choice { include, exclude: Vec::new() },
        _ => Choice { include: Vec::new(), exclude },
    })
}

fn a_window() -> impl Strategy<Value = Window> {
    prop_oneof![
        Just(Window::All),
        (1..20 * 86_400_i64).prop_map(Window::Last),
        (-20 * DAY..0, 0..10 * DAY).prop_map(|(from, length)| Window::Range {
            from: Some(START.plus_millis(from)),
            to: Some(START.plus_millis(from + length)),
        }),
        (-20 * DAY..0).prop_map(|to| Window::Range { from: None, to: Some(START.plus_millis(to)) }),
    ]
}

pub(super) fn a_filter() -> impl Strategy<Value = Filter> {
    let names = AGENTS.iter().map(ToString::to_string).collect();
    let choices = (
        some_of(names),
        some_of(Status::ALL.to_vec()),
        some_of(Trigger::ALL.to_vec()),
        some_of(vec!["model-0".to_owned(), "model-1".to_owned()]),
        some_of(vec!["thread-0".to_owned(), "thread-1".to_owned()]),
        some_of((0..2).map(|e| Label { key: "env".into(), value: format!("e{e}") }).collect()),
    );
    let ranges = (prop::option::of(0..5_000_i64), prop::option::of(0..400_i64), prop::option::of(0..50_i64));
    (choices, a_window(), ranges, prop::option::of(any::<bool>()), any::<bool>()).prop_map(
        |((agent, status, trigger, model, thread, label), window, (max_ms, cents, tokens), has_error, unfinished)| {
            Filter {
                agent,
                status,
                trigger,
                model,
                thread,
                label,
                window,
                has_error,
                duration_ms: Range { min: None, max: max_ms },
                cost: Range { min: cents.map(|c| c as f64 / 100.0), max: None },
                tokens: Range { min: tokens, max: None },
                include_unfinished: unfinished,
                ..Filter::default()
            }
        },
    )
}

fn key(run: &ExecutionSummary, field: SortField) -> Option<i64> {
    match field {
        SortField::StartedAt => Some(run.effective_start().micros()),
        SortField::Duration => run.duration_ms,
        #[expect(clippy::cast_possible_truncation)]
        SortField::Cost => run.cost.map(|c| (c * 1e9).round() as i64),
    }
}

async fn lists_and_counts_agree_with_the_filter_in_memory(backend: Backend) {
    let world = World::new(backend).await;
    let seed = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), seed);
    let runs = prop::collection::vec(a_run(), 400).new_tree(&mut runner).expect("runs").current();
    for answer in record::batch(&world.admin, runs).await.expect("recorded") {
        answer.expect("accepted");
    }
    let everything = walk(&world, &Filter::default(), Sort::default()).await;
    assert_eq!(everything.len(), 400);
    for _ in 0..150 {
        let filter = a_filter().new_tree(&mut runner).expect("a filter").current();
        let wanted: Vec<&ExecutionSummary> = everything.iter().filter(|r| filter.matches(r, world.now())).collect();
        for field in [SortField::StartedAt, SortField::Duration, SortField::Cost] {
            for descending in [true, false] {
                let got = walk(&world, &filter, Sort { field, descending }).await;
                let mut ids: Vec<_> = got.iter().map(|r| &r.id).collect();
                let mut wanted_ids: Vec<_> = wanted.iter().map(|r| &r.id).collect();
                let keys: Vec<_> = got.iter().map(|r| key(r, field)).collect();
                for pair in keys.windows(2) {
                    let in_order = match (pair[0], pair[1]) {
                        (Some(a), Some(b)) if descending => a >= b,
                        (Some(a), Some(b)) => a <= b,
                        (None, Some(_)) => false,
                        (_, None) => true,
                    };
                    assert!(in_order, "{field:?} {descending}: {keys:?}");
                }
                ids.sort();
                wanted_ids.sort();
                assert_eq!(ids, wanted_ids, "{filter:#?} by {field:?}");
            }
        }
    }
}

pub(super) async fn walk(world: &World, filter: &Filter, sort: Sort) -> Vec<ExecutionSummary> {
    let mut all = Vec::new();
    let mut cursor = None;
    loop {
        let request = ListRequest { filter: filter.clone(), sort, cursor, limit: Some(73), ..ListRequest::default() };
        let page = list(&world.admin, &request).await.expect("a page");
        let total = page.total_count;
        all.extend(page.executions);
        cursor = page.next_cursor;
        if cursor.is_none() {
            assert_eq!(total, all.len() as i64, "{filter:#?}");
            return all;
        }
    }
}
