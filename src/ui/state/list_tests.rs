use super::*;
use crate::ui::state::sample::{id, run};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn page(runs: Vec<ExecutionSummary>, more: bool, as_of: i64) -> ExecutionPage {
    ExecutionPage {
        total_count: i64::try_from(runs.len()).expect("few"),
        executions: runs,
        next_cursor: more.then(|| "next".to_owned()),
        has_more: more,
        total_is_capped: false,
        filters_applied: BTreeMap::default(),
        as_of,
    }
}

fn event(run: ExecutionSummary, seq: i64, matches: Option<bool>) -> ServerFrame {
    ServerFrame {
        seq: Some(seq),
        execution: Some(Box::new(run)),
        matches,
        ..ServerFrame::plain(FrameType::ExecutionUpdated)
    }
}

fn version(n: u64, start: i64, version: i64) -> ExecutionSummary {
    ExecutionSummary { version, ..run(n, start) }
}

fn shown(list: &ListState) -> Vec<(ExecutionId, i64)> {
    let rows = list.order().iter().filter_map(|id| list.row(id));
    rows.filter(|r| !r.left).map(|r| (r.run.id.clone(), r.run.version)).collect()
}

fn numbers(list: &ListState) -> Vec<ExecutionId> {
    list.order().to_vec()
}

#[test]
fn lesson_1_a_new_run_leaves_every_loaded_page_where_it_is() {
    let mut list = ListState::new(Sort::default(), page(vec![run(9, 90), run(8, 80)], true, 1));
    list.page_loaded(page(vec![run(7, 70), run(6, 60)], true, 1));
    assert_eq!(list.apply(&event(run(10, 100), 2, None), false).new, 1);
    assert_eq!((list.len(), list.held().0), (4, 1));
    assert!(list.show_held());
    assert_eq!(numbers(&list), [id(10), id(9), id(8), id(7), id(6)]);
    assert!(list.row(&id(10)).expect("shown").fresh);
}

#[test]
fn at_the_top_a_new_run_comes_in_at_its_place() {
    let mut list = ListState::new(Sort::default(), page(vec![run(9, 90), run(7, 70)], false, 1));
    list.apply(&event(run(8, 80), 2, None), true);
    assert_eq!(numbers(&list), [id(9), id(8), id(7)]);
    list.settle();
    assert!(!list.row(&id(8)).expect("there").fresh);
}

#[test]
fn an_older_copy_never_overwrites_a_newer_one_and_a_double_changes_nothing() {
    let mut list = ListState::new(Sort::default(), page(vec![version(1, 10, 3)], false, 5));
    list.apply(&event(version(1, 10, 2), 4, None), true);
    assert_eq!(shown(&list), [(id(1), 3)]);
    list.apply(&event(version(1, 10, 4), 6, None), true);
    let once = list.row(&id(1));
    list.apply(&event(version(1, 10, 4), 6, None), true);
    assert!(Arc::ptr_eq(&once.expect("row"), &list.row(&id(1)).expect("row")));
}

#[test]
fn a_run_that_leaves_the_filter_stays_until_a_refresh() {
    let mut list = ListState::new(Sort::default(), page(vec![run(2, 20), run(1, 10)], false, 1));
    list.apply(&event(version(2, 20, 2), 2, Some(false)), true);
    assert_eq!(list.len(), 2);
    assert!(list.row(&id(2)).expect("there").left);
}

#[test]
fn other_orders_keep_new_runs_for_a_reload() {
    let sort = "-cost".parse().expect("a sort");
    let mut list = ListState::new(sort, page(vec![run(1, 10)], false, 1));
    list.apply(&event(run(2, 20), 2, None), true);
    assert_eq!((list.len(), list.held().0), (1, 1));
    assert!(!list.show_held());
}

#[test]
fn a_run_below_the_loaded_pages_waits_there_with_its_newest_state() {
    let mut list = ListState::new(Sort::default(), page(vec![run(9, 90)], true, 1));
    assert_eq!(list.apply(&event(version(3, 30, 5), 2, None), true), Change::default());
    assert_eq!(list.len(), 1);
    list.page_loaded(page(vec![version(3, 30, 4)], false, 1));
    assert_eq!(shown(&list), [(id(9), 1), (id(3), 5)]);
}

#[test]
fn a_failure_is_counted_once() {
    let mut list = ListState::new(Sort::default(), page(vec![run(1, 10)], false, 1));
    let failed = ExecutionSummary { status: Status::Failed, ..version(1, 10, 2) };
    assert_eq!(list.apply(&event(failed.clone(), 2, None), true).failed, 1);
    assert_eq!(list.apply(&event(failed, 2, None), true).failed, 0);
}

/// What the server would hold: runs whose cost is unknown match, the others have left the filter.
#[derive(Debug, Clone, Default)]
struct World {
    runs: BTreeMap<u64, ExecutionSummary>,
    seq: i64,
}

impl World {
    fn act(&mut self, (n, start, leave): (u64, i64, bool)) -> ServerFrame {
        self.seq += 1;
        let known = self.runs.entry(n).or_insert_with(|| ExecutionSummary { version: 0, ..run(n, start) });
        known.version += 1;
        if leave && known.version > 1 {
            known.cost = Some(1.0);
        }
        event(known.clone(), self.seq, known.cost.map(|_| false))
    }

    fn matching(&self) -> Vec<ExecutionSummary> {
        let mut runs: Vec<_> = self.runs.values().filter(|r| r.cost.is_none()).cloned().collect();
        runs.sort_by(|a, b| place(a).cmp(&place(b)));
        runs
    }

    /// As the page refetches: until the last loaded row is covered, at most `most` runs.
    fn fetch(&self, at_least: usize, until: Option<&ExecutionId>) -> ExecutionPage {
        let all = self.matching();
        let reach = until.and_then(|id| all.iter().position(|r| r.id == *id)).map_or(0, |i| i + 1);
        let n = all.len().min(at_least.max(reach));
        page(all[..n].to_vec(), n < all.len(), self.seq)
    }
}

fn same_as_a_refetch(list: &ListState, world: &World) -> Result<(), TestCaseError> {
    let all: Vec<_> = world.matching().into_iter().map(|r| (r.id, r.version)).collect();
    let rows = shown(list);
    if list.next_cursor().is_none() {
        prop_assert_eq!(rows, all);
    } else {
        prop_assert_eq!(&rows[..], &all[..rows.len()]);
    }
    Ok(())
}

fn actions() -> impl Strategy<Value = Vec<(u64, i64, bool)>> {
    prop::collection::vec((0..24_u64, 0..40_i64, prop::bool::weighted(0.15)), 1..80)
}

proptest! {
    #[test]
    fn events_in_any_order_and_doubled_end_at_what_a_refetch_gives(
        before in actions(), after in actions(), order in any::<u64>(), at_top in prop::collection::vec(any::<bool>(), 256),
    ) {
        let mut world = World::default();
        for a in before { world.act(a); }
        let mut list = ListState::new(Sort::default(), world.fetch(5, None));
        let mut frames: Vec<_> = after.into_iter().map(|a| world.act(a)).collect();
        frames.extend(frames.clone().into_iter().step_by(3));
        // A fixed shuffle from one number.
        let mut x = order | 1;
        frames.sort_by_cached_key(|_| { x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1); x >> 33 });
        for (i, frame) in frames.iter().enumerate() {
            list.apply(frame, at_top[i % at_top.len()]);
        }
        prop_assert!(list.show_held());
        same_as_a_refetch(&list, &world)?;
    }

    #[test]
    fn dropped_events_and_a_resync_end_at_what_a_refetch_gives(
        before in actions(), after in actions(), late in actions(), kept in prop::collection::vec(any::<bool>(), 80), at_top: bool,
    ) {
        let mut world = World::default();
        for a in before { world.act(a); }
        let mut list = ListState::new(Sort::default(), world.fetch(5, None));
        for (i, a) in after.into_iter().enumerate() {
            let frame = world.act(a);
            if kept[i] { list.apply(&frame, at_top); }
        }
        let refetch = world.fetch(5, list.last_id());
        // The refetch is on its way while the flow goes on.
        for a in late {
            let frame = world.act(a);
            list.apply(&frame, at_top);
        }
        let order = list.order().to_vec();
        list.resync(refetch, at_top);
        if !at_top {
            let kept: Vec<_> = list.order().iter().filter(|id| order.contains(id)).collect();
            let was: Vec<_> = order.iter().filter(|id| list.row(id).is_some()).collect();
            prop_assert_eq!(kept, was, "no row moved");
        }
        if !list.show_held() {
            list = ListState::new(Sort::default(), world.fetch(5, None));
        }
        same_as_a_refetch(&list, &world)?;
    }
}

#[test]
fn what_came_in_while_a_refetch_was_on_its_way_keeps_its_place() {
    let mut list = ListState::new(Sort::default(), page(vec![run(0, 0)], false, 1));
    list.apply(&event(run(1, 9), 2, None), true);
    // The refetch knows that run 0 is gone, and a run the flow did not bring; run 2 is newer than the refetch.
    list.apply(&event(run(2, 0), 5, None), true);
    list.resync(page(vec![run(1, 9), run(9, 3)], false, 4), true);
    assert_eq!(numbers(&list), [id(1), id(9), id(2), id(0)]);
}

#[test]
fn a_page_left_open_on_a_busy_fleet_stays_small_and_truthful() {
    let mut list = ListState::new(Sort::default(), page(vec![run(9, 90), run(8, 80)], true, 1));
    for n in 0..5_000 {
        list.apply(&event(run(100 + n, 100), 2 + i64::try_from(n).expect("few"), None), false);
        // One that began long ago, below the loaded pages.
        list.apply(&event(run(10_000 + n, 10), 2 + i64::try_from(n).expect("few"), None), false);
    }
    assert!(list.aside.len() <= MOST_HELD + 2 * MOST_BESIDE, "{}", list.aside.len());
    assert_eq!(list.held(), (MOST_HELD, true));
    assert!(list.total().1, "more than is counted");
    assert_eq!(list.len(), 2);
    assert!(!list.show_held(), "takes a reload");
}
