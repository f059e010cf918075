//! Cards, facets, timeline and list agree, however the runs came about; the cells are what the runs say.

use super::model::{a_filter, a_run, walk};
use crate::support::{Backend, START, World, ended, on_both, run_of};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use runboard::app::executions::{ListRequest, as_of, first_for_page, list};
use runboard::app::{marks, numbers, record};
use runboard::domain::{
    Choice, ExecutionPatch, ExecutionSummary, Facets, Filter, NewExecution, Range, Role, Scope, Sort, Stats, Status,
    Timeline, Window,
};
use runboard::store::{Executor as _, Query, Store};
use std::collections::BTreeMap;

on_both!(
    lesson_2_cards_facets_timeline_and_list_agree,
    cells_are_what_the_runs_say,
    percentiles_of_many_runs_are_within_two_percent,
    the_first_page_and_its_numbers_are_of_one_moment,
    numbers_of_an_earlier_moment_are_of_the_rows_of_then,
    somebody_without_agents_counts_nothing,
    a_model_with_a_nul_is_counted_like_any_other,
);

fn runner() -> TestRunner {
    TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

fn made<S: Strategy>(strategy: &S, runner: &mut TestRunner) -> S::Value {
    strategy.new_tree(runner).expect("a value").current()
}

/// Random runs, some of which go on.
async fn lived_in(world: &World, runner: &mut TestRunner) {
    let runs = made(&prop::collection::vec(a_run(), 300), runner);
    let mut ids = Vec::new();
    for answer in record::batch(&world.admin, runs).await.expect("recorded") {
        ids.push(answer.expect("accepted").0);
    }
    for (i, id) in ids.iter().enumerate().filter(|(i, _)| i % 2 == 0) {
        let status = Status::ALL[1 + i / 2 % 6];
        let patch = ExecutionPatch {
            status: Some(status),
            cost: (i % 3 == 0).then_some(0.25),
            model: (i % 5 == 0).then(|| "model-1".to_owned()),
            error: (i % 7 == 0).then(|| "broken".to_owned()),
            ..ExecutionPatch::default()
        };
        // A run that has ended stays as it is: its refusal must leave no trace either.
        drop(record::patch(&world.admin, id.as_str(), patch).await);
    }
    world.pass_ms(5_000);
}

fn matching<'a>(all: &'a [ExecutionSummary], f: &Filter, world: &World) -> Vec<&'a ExecutionSummary> {
    all.iter().filter(|r| f.matches(r, world.now())).collect()
}

fn check_stats(s: &Stats, runs: &[&ExecutionSummary]) {
    let of = |status: Status| runs.iter().filter(|r| r.status == status).count() as i64;
    assert_eq!(s.total_executions, runs.len() as i64);
    assert_eq!([s.queued, s.running, s.waiting, s.paused, s.successful, s.failed, s.cancelled], Status::ALL.map(of));
    let cost: f64 = runs.iter().filter_map(|r| r.cost).sum();
    assert!((s.total_cost - cost).abs() < 1e-6, "{} {cost}", s.total_cost);
    assert_eq!(s.total_tokens, runs.iter().filter_map(|r| r.total_tokens).sum::<i64>());
    assert_eq!(s.unpriced, runs.iter().filter(|r| r.status.is_terminal() && r.cost.is_none()).count() as i64);
    assert_eq!(s.by_agent.iter().map(|a| a.count).sum::<i64>(), s.total_executions);
    assert_eq!(s.by_trigger.values().sum::<i64>(), s.total_executions);
    let mut lengths: Vec<i64> = runs.iter().filter_map(|r| r.duration_ms).collect();
    lengths.sort_unstable();
    let rank = (lengths.len() * 50).div_ceil(100).max(1);
    assert_eq!(s.p50_duration_ms, lengths.get(rank - 1).copied());
}

fn check_facets(facets: &Facets, f: &Filter, all: &[ExecutionSummary], world: &World) {
    let told = |values: &[runboard::domain::FacetValue]| -> BTreeMap<String, i64> {
        values.iter().filter(|v| v.count > 0).map(|v| (v.value.clone(), v.count)).collect()
    };
    let counted = |f: Filter, value: fn(&ExecutionSummary) -> Option<String>| {
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        for value in matching(all, &f, world).into_iter().filter_map(value) {
            *counts.entry(value).or_default() += 1;
        }
        counts
    };
    let none = Choice::default;
    assert_eq!(
        told(&facets.status),
        counted(Filter { status: Choice::default(), ..f.clone() }, |r| Some(r.status.to_string()))
    );
    assert_eq!(
        told(&facets.trigger),
        counted(Filter { trigger: Choice::default(), ..f.clone() }, |r| Some(r.triggered_by.to_string()))
    );
    assert_eq!(told(&facets.agent), counted(Filter { agent: none(), ..f.clone() }, |r| Some(r.agent_name.clone())));
    assert_eq!(told(&facets.model), counted(Filter { model: none(), ..f.clone() }, |r| r.model.clone()));
}

fn check_timeline(t: &Timeline, f: &Filter, runs: &[&ExecutionSummary], world: &World) {
    let (from, to) = f.window.bounds(world.now());
    let inside = |r: &ExecutionSummary| {
        let at = r.effective_start();
        from.is_none_or(|f| at >= f) && to.is_none_or(|t| at <= t)
    };
    let beside = runs.iter().filter(|r| !inside(r)).count() as i64;
    let told: i64 = t.before_window.as_ref().map_or(0, |b| b.by_status.values().sum());
    assert_eq!((told, t.before_window.is_some()), (beside, f.include_unfinished));
    for pair in t.buckets.windows(2) {
        assert!(pair[0].end == pair[1].start || pair[1].start >= pair[1].end, "a gap in the timeline");
    }
    let last = t.buckets.len() - 1;
    for (i, bucket) in t.buckets.iter().enumerate() {
        let here = |r: &&&ExecutionSummary| {
            let at = r.effective_start();
            // What lies beyond an open end is in the outermost stretches.
            inside(r) && (at >= bucket.start || (i == 0 && from.is_none())) && (at < bucket.end || i == last)
        };
        let mut counts: BTreeMap<Status, i64> = BTreeMap::new();
        for run in runs.iter().filter(here) {
            *counts.entry(run.status).or_default() += 1;
        }
        assert_eq!(bucket.by_status, counts, "{i} of {last}: {bucket:?} {f:#?}");
    }
}

async fn lesson_2_cards_facets_timeline_and_list_agree(backend: Backend) {
    let world = World::new(backend).await;
    let mut runner = runner();
    lived_in(&world, &mut runner).await;
    let all = walk(&world, &Filter::default(), Sort::default()).await;
    for i in 0..120_usize {
        let mut f = made(&a_filter(), &mut runner);
        if i % 2 == 0 {
            // What the cells know by themselves.
            f = Filter { cost: Range::default(), tokens: Range::default(), duration_ms: Range::default(), ..f };
            f.label = Choice::default();
            f.thread = Choice::default();
            assert!(f.is_counted());
        }
        let runs = matching(&all, &f, &world);
        let stats = numbers::stats(&world.admin, &f).await.expect("stats");
        check_stats(&stats, &runs);
        let listed = list(&world.admin, &ListRequest { filter: f.clone(), ..ListRequest::default() }).await;
        assert_eq!(listed.expect("a page").total_count, stats.total_executions, "{f:#?}");
        let (facets, _) = numbers::facets(&world.admin, &f).await.expect("facets");
        check_facets(&facets, &f, &all, &world);
        for buckets in [7, 60] {
            let timeline = numbers::timeline(&world.admin, &f, Some(buckets)).await.expect("a timeline");
            assert_eq!(timeline.buckets.len() as i64, buckets);
            check_timeline(&timeline, &f, &runs, &world);
        }
        let page = numbers::for_page(&world.admin, &f.page_query()).await.expect("numbers");
        check_timeline(&page.timeline, &f, &runs, &world);
    }
}

#[derive(Debug, sqlx::FromRow)]
#[expect(dead_code, reason = "compared as text")]
struct Cell {
    span: i64,
    agent_key: i64,
    starts_at: i64,
    status: String,
    triggered_by: String,
    model: String,
    flags: i64,
    runs: i64,
    cost_nanos: f64,
    priced: i64,
    tokens: f64,
    duration_ms: f64,
    timed: i64,
    durations: String,
}

/// All cells, one text each.
async fn cells(store: &Store) -> Vec<String> {
    let sql = "select * from execution_rollup order by span, agent_key, starts_at, status, triggered_by, model, flags";
    let rows: Vec<Cell> = store.read().all(Query::new(sql)).await.expect("cells");
    rows.into_iter().map(|row| format!("{row:?}")).collect()
}

async fn cells_are_what_the_runs_say(backend: Backend) {
    let world = World::new(backend).await;
    let mut runner = runner();
    lived_in(&world, &mut runner).await;
    let kept = cells(&world.app.store).await;
    assert!(kept.len() > 100);
    world
        .app
        .store
        .write(|tx| Box::pin(async move { tx.run(Query::new("delete from settings where name = 'rollup'")).await }))
        .await
        .expect("forgotten");
    let again = Store::open(&world.database.url).await.expect("opens and counts anew");
    assert_eq!(cells(&again).await, kept);
}

async fn percentiles_of_many_runs_are_within_two_percent(backend: Backend) {
    let world = World::new(backend).await;
    for part in 0..4_i64 {
        let runs = (0..1_500_i64).map(|i| ended("many", Status::Success, -i * 7_000, (part * 1_500 + i) * 17));
        record::batch(&world.admin, runs.collect()).await.expect("recorded");
    }
    let window = Filter { window: Window::DAY, ..Filter::default() };
    for f in [Filter::default(), window, Filter { agent: Choice::only("many".to_owned()), ..Filter::default() }] {
        let stats = numbers::stats(&world.admin, &f).await.expect("stats");
        assert_eq!(stats.total_executions, 6_000);
        for (told, exact) in [(stats.p50_duration_ms, 2_999.0 * 17.0), (stats.p95_duration_ms, 5_699.0 * 17.0)] {
            let told = told.expect("a percentile") as f64;
            assert!((told - exact).abs() <= exact * 0.02, "{told} for {exact}");
        }
    }
}

async fn the_first_page_and_its_numbers_are_of_one_moment(backend: Backend) {
    let world = World::new(backend).await;
    world.record(run_of("a", "going")).await;
    let first = |query: &'static str| {
        let admin = world.admin.clone();
        async move { first_for_page(&admin, query, None, false).await.expect("a page") }
    };
    let before = first("").await;
    // The clock stands still: what is kept for five seconds must not be told beside newer rows.
    world.record(NewExecution { started_at: Some(START.plus_millis(-60_000)), ..run_of("a", "another") }).await;
    for query in ["", "last=all"] {
        let page = first(query).await;
        let values = page.numbers.expect("numbers");
        assert_eq!((page.page.total_count, values.stats.total_executions), (2, 2));
        assert_eq!((values.stats.as_of, values.timeline.as_of), (page.page.as_of, page.page.as_of));
    }
    assert_eq!(before.page.total_count, 1);
    // What takes long to count does not keep the rows waiting, unless it has to be there.
    assert_eq!(first("min_cost=1").await.numbers, None);
}

async fn numbers_of_an_earlier_moment_are_of_the_rows_of_then(backend: Backend) {
    let world = World::new(backend).await;
    let two_days = -2 * 86_400_000;
    let old = NewExecution { started_at: Some(START.plus_millis(two_days)), ..run_of("a", "for days") };
    let old = world.record(old).await;
    world.record(ended("a", Status::Success, -1_000, 5)).await;
    let moment = as_of(&world.admin).await.expect("a number");
    let patch = ExecutionPatch { status: Some(Status::Failed), ..ExecutionPatch::default() };
    record::patch(&world.admin, old.id.as_str(), patch).await.expect("ended");
    world.record(ended("a", Status::Success, -500, 5)).await;
    let filter = Filter { window: Window::DAY, include_unfinished: true, as_of: Some(moment), ..Filter::default() };
    let page =
        list(&world.admin, &ListRequest { filter: filter.clone(), ..ListRequest::default() }).await.expect("rows");
    let stats = numbers::stats(&world.admin, &filter).await.expect("stats");
    assert_eq!((page.total_count, stats.total_executions, stats.failed), (2, 2, 1));
    let timeline = numbers::timeline(&world.admin, &filter, None).await.expect("a timeline");
    let beside = timeline.before_window.expect("the run of then").by_status;
    assert_eq!(beside, BTreeMap::from([(Status::Failed, 1)]));
}

async fn somebody_without_agents_counts_nothing(backend: Backend) {
    let world = World::new(backend).await;
    world.record(run_of("a", "not theirs")).await;
    world.record(ended("a", Status::Failed, 0, 1)).await;
    let (bo, _) = world.person("bo@example.com", Role::User, Scope::Write).await;
    for filter in [Filter::default(), Filter { window: Window::DAY, include_unfinished: true, ..Filter::default() }] {
        assert_eq!(numbers::stats(&bo, &filter).await.expect("stats").total_executions, 0);
        assert!(numbers::facets(&bo, &filter).await.expect("facets").0.agent.is_empty());
        let timeline = numbers::timeline(&bo, &filter, None).await.expect("a timeline");
        assert!(timeline.buckets.iter().all(|b| b.by_status.is_empty()));
    }
    let since = marks::seen(&bo, Some(0)).await.expect("a mark");
    assert_eq!((since.failed, since.success), (0, 0));
}

async fn a_model_with_a_nul_is_counted_like_any_other(backend: Backend) {
    let world = World::new(backend).await;
    let odd = |model: &str| NewExecution { model: Some(model.to_owned()), ..ended("a", Status::Success, 0, 1) };
    for _ in 0..2 {
        for answer in record::batch(&world.admin, vec![odd("gpt\0x"), odd("gptx")]).await.expect("recorded") {
            answer.expect("accepted");
        }
    }
    assert_eq!(numbers::stats(&world.admin, &Filter::default()).await.expect("stats").total_executions, 4);
}
