//! Both sides. The rows of a list and what events do to them; pure, so that it can be proved natively.
//!
//! A row never moves and never vanishes under the reader: news patch it in place, a run that left the filter
//! stays greyed until a refresh, new runs come in at their place only while the reader is at the top and are
//! held back otherwise. Of two copies of a run the one with the higher version wins, whatever came first.

use crate::domain::{ExecutionId, ExecutionPage, ExecutionSummary, FrameType, ServerFrame, Sort, Status};
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// So many new runs wait behind the pill; when there are more, showing them takes a reload.
const MOST_HELD: usize = 1_000;
/// So many other runs are known: they only matter while a page that is older than them is on its way.
const MOST_BESIDE: usize = 1_000;

#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub run: ExecutionSummary,
    /// It does not match the filter any more.
    pub left: bool,
    /// It has just come in.
    pub fresh: bool,
    /// The sequence number up to which this row is known to be right.
    seq: i64,
}

/// A run that is known but has no row: held behind the pill, below the loaded pages, or out of the filter.
#[derive(Debug, Clone)]
struct Aside {
    run: ExecutionSummary,
    matches: bool,
    held: bool,
    seq: i64,
}

/// What an event did, for those who tell the reader.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Change {
    /// New runs, inserted or held.
    pub new: usize,
    /// Runs that failed just now.
    pub failed: usize,
    /// The flow has a gap: fetch again.
    pub resync: bool,
}

#[derive(Debug, Clone, Default)]
pub struct ListState {
    sort: Sort,
    rows: HashMap<ExecutionId, Arc<Row>>,
    order: Vec<ExecutionId>,
    aside: HashMap<ExecutionId, Aside>,
    next_cursor: Option<String>,
    total: i64,
    total_is_capped: bool,
    as_of: i64,
    /// More is new than was fetched: showing the held runs takes a reload.
    gap: bool,
}

impl ListState {
    pub fn new(sort: Sort, page: ExecutionPage) -> Self {
        let mut state = Self { sort, ..Self::default() };
        state.page_loaded(page);
        state
    }

    pub fn order(&self) -> &[ExecutionId] {
        &self.order
    }
    pub fn len(&self) -> usize {
        self.order.len()
    }
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
    pub fn row(&self, id: &ExecutionId) -> Option<Arc<Row>> {
        self.rows.get(id).cloned()
    }
    pub fn next_cursor(&self) -> Option<&str> {
        self.next_cursor.as_deref()
    }
    pub fn total(&self) -> (i64, bool) {
        (self.total, self.total_is_capped)
    }
    pub fn as_of(&self) -> i64 {
        self.as_of
    }
    /// New runs behind the pill, and whether there are more than that.
    pub fn held(&self) -> (usize, bool) {
        let held = self.aside.values().filter(|a| a.held).count();
        (held, held >= MOST_HELD)
    }
    /// The run before or after `id` in the list.
    pub fn neighbour(&self, id: &str, step: i64) -> Option<&ExecutionId> {
        let here = i64::try_from(self.order.iter().position(|i| i.as_str() == id)?).ok()?;
        self.order.get(usize::try_from(here + step).ok()?)
    }

    /// A page below the loaded ones.
    pub fn page_loaded(&mut self, page: ExecutionPage) {
        for run in page.executions {
            match self.rows.get_mut(&run.id) {
                Some(row) => renew(row, run, true, page.as_of),
                None => self.append(run, page.as_of),
            }
        }
        self.next_cursor = page.next_cursor;
        self.total = page.total_count;
        self.total_is_capped = page.total_is_capped;
        self.as_of = self.as_of.max(page.as_of);
        self.aside.retain(|_, a| a.held || a.seq > page.as_of);
        self.promote();
    }

    /// Held runs that belong below the loaded pages now are found there.
    fn let_go(&mut self) {
        let below: Vec<_> =
            self.aside.values().filter(|a| a.held && !self.covers(&a.run)).map(|a| a.run.id.clone()).collect();
        for id in below {
            if let Some(aside) = self.aside.get_mut(&id) {
                aside.held = false;
            }
        }
    }

    /// Runs that were known to lie below the loaded pages and have come into their range.
    fn promote(&mut self) {
        let covered = |a: &&Aside| a.matches && !a.held && self.covers(&a.run);
        let runs: Vec<_> = self.aside.values().filter(covered).cloned().collect();
        for aside in runs {
            if self.live_order() {
                self.insert(aside.run, aside.seq);
            } else {
                self.aside.insert(aside.run.id.clone(), Aside { held: true, ..aside });
            }
        }
    }

    fn append(&mut self, run: ExecutionSummary, seq: i64) {
        self.add(self.order.len(), run, seq);
    }

    /// A row from a fetched page.
    fn add(&mut self, at: usize, run: ExecutionSummary, seq: i64) {
        let mut row = Row { run, left: false, fresh: false, seq };
        // An event may have overtaken the page.
        if let Some(newer) = self.aside.remove(&row.run.id)
            && newer.run.version > row.run.version
        {
            row = Row { run: newer.run, left: !newer.matches, fresh: false, seq: newer.seq };
        }
        self.order.insert(at, row.run.id.clone());
        self.rows.insert(row.run.id.clone(), Arc::new(row));
    }

    /// One message of the live flow.
    pub fn apply(&mut self, frame: &ServerFrame, at_top: bool) -> Change {
        self.apply_as(frame, frame.matches != Some(false), at_top)
    }

    /// The same where the list itself knows which runs belong in it.
    pub fn apply_as(&mut self, frame: &ServerFrame, matches: bool, at_top: bool) -> Change {
        if frame.frame == FrameType::Resync {
            return Change { resync: true, ..Change::default() };
        }
        let Some(run) = frame.execution.as_deref() else { return Change::default() };
        let seq = frame.seq.unwrap_or(self.as_of);
        self.as_of = self.as_of.max(seq);
        if let Some(row) = self.rows.get_mut(&run.id) {
            let failed = run.status == Status::Failed && row.run.status != Status::Failed;
            let newer = run.version > row.run.version;
            renew(row, run.clone(), matches, seq);
            return Change { failed: usize::from(failed && newer), ..Change::default() };
        }
        let known = self.aside.get(&run.id);
        if known.is_some_and(|a| a.run.version >= run.version) {
            return Change::default();
        }
        let was_held = known.is_some_and(|a| a.held);
        let new = matches && self.covers(run) && !was_held;
        if new && at_top && self.live_order() {
            self.insert(run.clone(), seq);
        } else if new && self.held().1 {
            // Not kept, so it can't be told from the next change of the same run: nothing is counted from here on.
            self.gap = true;
            self.total_is_capped = true;
            return Change::default();
        } else {
            let held = matches && (new || was_held);
            self.aside.insert(run.id.clone(), Aside { run: run.clone(), matches, held, seq });
            self.forget_old();
        }
        if new {
            self.total += 1;
        }
        let failed = new && run.status == Status::Failed;
        Change { new: usize::from(new), failed: usize::from(failed), resync: false }
    }

    /// Keeps the memory of a page bounded that is open for days.
    fn forget_old(&mut self) {
        if self.aside.len() <= MOST_HELD + 2 * MOST_BESIDE {
            return;
        }
        let mut seqs: Vec<_> = self.aside.values().filter(|a| !a.held).map(|a| a.seq).collect();
        let from = seqs.len().saturating_sub(MOST_BESIDE);
        if from == 0 {
            return;
        }
        let (_, oldest, _) = seqs.select_nth_unstable(from);
        let oldest = *oldest;
        self.aside.retain(|_, a| a.held || a.seq >= oldest);
    }

    /// Lists by start, newest first, have a place for new runs; in other orders they wait for a reload.
    fn live_order(&self) -> bool {
        self.sort == Sort::default()
    }

    /// Does the run belong among the loaded rows, not below them?
    fn covers(&self, run: &ExecutionSummary) -> bool {
        if self.next_cursor.is_none() || !self.live_order() {
            return true;
        }
        let last = self.order.last().and_then(|id| self.rows.get(id));
        last.is_none_or(|row| place(run) < place(&row.run))
    }

    fn insert(&mut self, run: ExecutionSummary, seq: i64) {
        self.aside.remove(&run.id);
        let rows = &self.rows;
        let at = self.order.partition_point(|id| rows.get(id).is_some_and(|row| place(&row.run) < place(&run)));
        self.order.insert(at, run.id.clone());
        self.rows.insert(run.id.clone(), Arc::new(Row { run, left: false, fresh: true, seq }));
    }

    /// Shows the held runs. `false`: that takes a reload.
    pub fn show_held(&mut self) -> bool {
        if self.gap || !self.live_order() {
            return false;
        }
        let held: Vec<_> = self.aside.values().filter(|a| a.held).cloned().collect();
        for aside in held {
            self.insert(aside.run, aside.seq);
        }
        true
    }

    /// The highlight of new rows is over.
    pub fn settle(&mut self) {
        for row in self.rows.values_mut().filter(|r| r.fresh) {
            Arc::make_mut(row).fresh = false;
        }
    }

    /// The last row that a refetch has to reach to cover everything loaded.
    pub fn last_id(&self) -> Option<&ExecutionId> {
        self.order.iter().rev().find(|id| self.rows.get(*id).is_some_and(|r| !r.left))
    }

    /// Merges a refetch from the top after a gap in the flow: loaded rows stay where they are.
    pub fn resync(&mut self, fetched: ExecutionPage, at_top: bool) -> Change {
        let as_of = fetched.as_of;
        let ids: HashSet<_> = fetched.executions.iter().map(|r| r.id.clone()).collect();
        let overlap = self.order.iter().rposition(|id| ids.contains(id));
        if at_top && (overlap.is_none() || !self.live_order()) {
            return self.replace(fetched);
        }
        self.gap = overlap.is_none() && !self.order.is_empty() && fetched.next_cursor.is_some();
        if let (Some(end), Some(_)) = (overlap, &fetched.next_cursor) {
            // What lies below the refetched part is loaded again when it is reached.
            for id in self.order.split_off(end + 1) {
                if let Some(row) = self.rows.remove(&id) {
                    let aside = Aside { run: row.run.clone(), matches: !row.left, held: false, seq: row.seq };
                    self.aside.insert(id, aside);
                }
            }
        }
        for (_, row) in self.rows.iter_mut().filter(|(id, row)| !ids.contains(*id) && row.seq <= as_of) {
            Arc::make_mut(row).left = !self.gap || row.left;
        }
        self.aside.retain(|id, a| a.seq > as_of || ids.contains(id));
        let below = fetched.executions.iter().rposition(|r| self.rows.contains_key(&r.id)).map_or(0, |i| i + 1);
        // Where the fetched rows go that come after all known ones.
        let last_known = below.checked_sub(1).map(|i| fetched.executions[i].id.clone());
        let mut at = last_known.and_then(|id| self.order.iter().position(|o| *o == id)).map_or(0, |i| i + 1);
        let mut change = Change::default();
        for (i, run) in fetched.executions.into_iter().enumerate() {
            if let Some(row) = self.rows.get_mut(&run.id) {
                renew(row, run, true, as_of);
            } else if i >= below && !self.gap {
                at = self.after_newer(at, &run);
                self.add(at, run, as_of);
                at += 1;
            } else {
                change.new += usize::from(!self.aside.get(&run.id).is_some_and(|a| a.held));
                self.take_in(run, as_of, at_top);
            }
        }
        if !self.gap {
            self.next_cursor = fetched.next_cursor;
        }
        self.total = fetched.total_count;
        self.total_is_capped = fetched.total_is_capped;
        self.as_of = self.as_of.max(as_of);
        if !self.gap {
            self.let_go();
            self.promote();
        }
        change
    }

    /// From `at` on, the place for a fetched run: what came in meanwhile and started later stays above it.
    fn after_newer(&self, at: usize, run: &ExecutionSummary) -> usize {
        if !self.live_order() {
            return self.order.len();
        }
        let newer = |id: &&ExecutionId| self.rows.get(*id).is_some_and(|row| place(&row.run) < place(run));
        at + self.order[at..].iter().take_while(newer).count()
    }

    fn take_in(&mut self, run: ExecutionSummary, seq: i64, at_top: bool) {
        let newest = match self.aside.remove(&run.id) {
            Some(aside) if aside.run.version > run.version => aside,
            _ => Aside { run, matches: true, held: true, seq },
        };
        if at_top && newest.matches {
            self.insert(newest.run, newest.seq);
        } else {
            self.aside.insert(newest.run.id.clone(), Aside { held: newest.matches, ..newest });
        }
    }

    /// The list is what was fetched, and what is newer than that.
    pub fn replace(&mut self, fetched: ExecutionPage) -> Change {
        let late: Vec<_> = self.rows.values().filter(|r| r.seq > fetched.as_of && !r.left).cloned().collect();
        let new = fetched.executions.iter().filter(|r| !self.rows.contains_key(&r.id)).count();
        let aside = std::mem::take(&mut self.aside).into_iter().filter(|(_, a)| a.seq > fetched.as_of).collect();
        *self = Self { sort: self.sort, aside, ..Self::default() };
        self.page_loaded(fetched);
        for row in late {
            if let Some(known) = self.rows.get_mut(&row.run.id) {
                renew(known, row.run.clone(), true, row.seq);
            } else if self.live_order() && self.covers(&row.run) {
                self.insert(row.run.clone(), row.seq);
            }
        }
        Change { new, ..Change::default() }
    }
}

/// Takes a copy of a run into its row unless the row's is as new. A refetch also tells that it matches.
fn renew(row: &mut Arc<Row>, run: ExecutionSummary, matches: bool, seq: i64) {
    if run.version > row.run.version {
        let fresh = row.fresh;
        *row = Arc::new(Row { run, left: !matches, fresh, seq: seq.max(row.seq) });
    } else if run.version == row.run.version && (row.left == matches || row.seq < seq) {
        let row = Arc::make_mut(row);
        row.left = !matches;
        row.seq = row.seq.max(seq);
    }
}

/// Newest start first, then the higher id: the server's default order.
fn place(run: &ExecutionSummary) -> (Reverse<i64>, Reverse<&ExecutionId>) {
    (Reverse(run.effective_start().micros()), Reverse(&run.id))
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
