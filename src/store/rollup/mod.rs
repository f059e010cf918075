//! Server. Runs counted by hour, day and eight days, kept in the transaction of each change, so that cards, facets and
//! timeline over a long history read cells and not runs.
//!
//! A transaction notes what each run it touched counted as before and counts as now; at its end the cells in
//! which that differs are read, changed and written once, however many runs fell into them.

mod cell;
mod durations;
mod read;
mod rebuild;

pub use durations::Durations;
pub use read::{Stretch, by_time, durations, groups, spent_since};
pub use rebuild::rebuild_once;

use super::db::Tx;
use super::executions::Record;
use crate::domain::{Result, Status, Trigger};
use cell::{CellKey, Delta};
use std::collections::{BTreeMap, HashMap};

/// Micros of the sizes of cells: each divides the next.
pub const HOUR: i64 = 3_600_000_000;
pub const DAY: i64 = 24 * HOUR;
pub const EIGHT_DAYS: i64 = 8 * DAY;
pub const SPANS: [i64; 3] = [HOUR, DAY, EIGHT_DAYS];

/// Bits of `flags`.
pub const INTERACTION: i64 = 1;
pub const ERROR: i64 = 2;
pub const ROOT: i64 = 4;

/// What a run is counted as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counted {
    sort_at: i64,
    agent_key: i64,
    status: Status,
    triggered_by: Trigger,
    model: String,
    flags: i64,
    cost_nanos: Option<i64>,
    tokens: Option<i64>,
    duration_ms: Option<i64>,
}

impl Counted {
    fn of(r: &Record) -> Self {
        let flag = |on: bool, bit: i64| if on { bit } else { 0 };
        Self {
            sort_at: r.started_at.unwrap_or(r.queued_at),
            agent_key: r.agent_key,
            status: r.status,
            triggered_by: r.triggered_by,
            model: r.model.clone().unwrap_or_default(),
            flags: flag(r.had_interaction, INTERACTION) + flag(r.has_error, ERROR) + flag(r.parent_id.is_none(), ROOT),
            cost_nanos: r.cost_nanos,
            tokens: r.total_tokens(),
            duration_ms: r.duration_ms,
        }
    }
}

/// The runs a transaction added or changed: what each counted as before it, and counts as now.
#[derive(Default)]
pub struct Recount {
    /// As last read for changing.
    read: HashMap<i64, Counted>,
    kept: HashMap<i64, Recounted>,
    /// Since the savepoint.
    recent: HashMap<i64, Recounted>,
}

/// Before and after; none: it is not there.
type Recounted = (Option<Counted>, Option<Counted>);

impl Recount {
    /// A run is about to be changed.
    pub(super) fn reads(&mut self, r: &Record) {
        self.read.insert(r.key, Counted::of(r));
    }

    /// A run, read before, was changed.
    pub(super) fn changed(&mut self, r: &Record) {
        let after = Counted::of(r);
        let before = self.read.insert(r.key, after.clone());
        self.becomes(r.key, before, Some(after));
    }

    /// A run, read before, was taken away.
    pub(super) fn removed(&mut self, key: i64) {
        let before = self.read.remove(&key);
        self.becomes(key, before, None);
    }

    fn becomes(&mut self, key: i64, before: Option<Counted>, after: Option<Counted>) {
        self.recent.entry(key).and_modify(|entry| entry.1.clone_from(&after)).or_insert((before, after));
    }

    /// A run was added.
    pub(super) fn added(&mut self, key: i64, r: &Record) {
        let after = Counted::of(r);
        self.read.insert(key, after.clone());
        self.recent.insert(key, (None, Some(after)));
    }

    pub(super) fn keep(&mut self) {
        for (key, (before, after)) in self.recent.drain() {
            self.kept.entry(key).and_modify(|entry| entry.1.clone_from(&after)).or_insert((before, after));
        }
    }

    pub(super) fn forget(&mut self) {
        self.recent.clear();
        self.read.clear();
    }

    fn deltas(&mut self) -> BTreeMap<CellKey, Delta> {
        let mut deltas = BTreeMap::new();
        for (before, after) in std::mem::take(&mut self.kept).into_values() {
            if before == after {
                continue;
            }
            for (run, by) in [(before, -1), (after, 1)] {
                if let Some(run) = run {
                    cell::count(&mut deltas, &run, by);
                }
            }
        }
        deltas
    }
}

/// Brings the cells up to date, as the last step of a transaction.
pub(super) async fn settle(tx: &mut Tx) -> Result<()> {
    let deltas = tx.recount.deltas();
    cell::apply(tx, deltas).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(status: Status) -> Counted {
        Counted {
            sort_at: 5 * HOUR + 1,
            agent_key: 7,
            status,
            triggered_by: Trigger::Api,
            model: String::new(),
            flags: ROOT,
            cost_nanos: Some(10),
            tokens: None,
            duration_ms: status.is_terminal().then_some(1_500),
        }
    }

    #[test]
    fn a_run_that_changes_twice_moves_once() {
        let mut recount = Recount::default();
        recount.recent.insert(1, (Some(counted(Status::Queued)), Some(counted(Status::Running))));
        recount.keep();
        recount.recent.insert(1, (Some(counted(Status::Running)), Some(counted(Status::Success))));
        recount.keep();
        let deltas = recount.deltas();
        // Three sizes, this agent and all of them, out of one status and into another.
        assert_eq!(deltas.len(), 12);
        assert!(deltas.iter().all(|(key, d)| d.runs == if key.status == "success" { 1 } else { -1 }));
        assert!(recount.deltas().is_empty());
    }

    #[test]
    fn a_run_that_is_taken_away_leaves_its_cells() {
        let mut recount = Recount::default();
        recount.read.insert(1, counted(Status::Running));
        recount.removed(1);
        recount.recent.insert(2, (None, Some(counted(Status::Success))));
        recount.removed(2);
        recount.keep();
        let deltas = recount.deltas();
        assert_eq!(deltas.len(), 6);
        assert!(deltas.iter().all(|(key, d)| key.status == "running" && d.runs == -1));
    }

    #[test]
    fn what_a_job_took_back_is_not_counted() {
        let mut recount = Recount::default();
        recount.recent.insert(1, (None, Some(counted(Status::Running))));
        recount.forget();
        recount.keep();
        assert!(recount.deltas().is_empty());
    }
}
