//! Server. Reading the groups, percentiles and stretches of a filter: from cells where they know it, else from runs.

use super::cube::Cube;
use crate::domain::filter::Window;
use crate::domain::timeline::Plan;
use crate::domain::{BeforeWindow, Choice, Filter, Range, Result, Status, Timeline, Timestamp};
use crate::store::list::Selection;
use crate::store::rollup::{self, Durations, SPANS, Stretch};
use crate::store::stats::{self, Group};
use crate::store::{Tx, Visible};

/// Up to so many runs in the window percentiles are exact.
const FEW: i64 = 5_000;

/// What a cube is read for; the less, the sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Also under all filters but those with facets of their own, which takes longer where runs are counted one by one.
    Facets,
    Cards,
    /// Only what the list shows beside its window.
    Outside,
}

/// What is counted: a filter as of a moment.
pub struct Question<'a> {
    pub filter: &'a Filter,
    pub visible: &'a Visible,
    pub now: Timestamp,
}

impl Question<'_> {
    fn bounds(&self) -> (Option<i64>, Option<i64>) {
        let (from, to) = self.filter.window.bounds(self.now);
        (from.map(Timestamp::micros), to.map(Timestamp::micros))
    }

    async fn select(&self, tx: &mut Tx, filter: &Filter, from: Option<i64>, to: Option<i64>) -> Result<Selection> {
        let time = |t: Option<i64>| t.map(Timestamp::from_micros);
        let window = match (from, to) {
            (None, None) => Window::All,
            _ => Window::Range { from: time(from), to: time(to) },
        };
        let filter = Filter { window, include_unfinished: false, ..filter.clone() };
        Selection::resolve(tx, &filter, self.visible, self.now).await
    }

    /// Runs by everything the facets look at.
    pub async fn cube(&self, tx: &mut Tx, need: Need) -> Result<Cube> {
        let names = stats::agent_names(tx, self.visible).await?.into_iter().collect();
        let mut cube = Cube { inside: Vec::new(), outside: Vec::new(), names };
        let counted = if need == Need::Facets { without_facets(self.filter) } else { self.filter.clone() };
        let (from, to) = self.bounds();
        match Stretch::cover(from, to).filter(|_| self.filter.is_counted()) {
            _ if need == Need::Outside => {}
            Some((cells, start, end)) => {
                let keys = if need == Need::Facets { None } else { self.keys(&cube) };
                cube.inside = rollup::groups(tx, self.visible, keys.as_deref(), &cells).await?;
                for (from, to) in edges(from, to, start, end) {
                    cube.inside.extend(self.rows(tx, &counted, from, to).await?);
                }
            }
            None => cube.inside = self.rows(tx, &counted, from, to).await?,
        }
        if self.filter.include_unfinished {
            let of = |statuses: &[Status]| Filter {
                status: Choice {
                    include: statuses.iter().copied().filter(|s| counted.status.allows(Some(s))).collect(),
                    exclude: Vec::new(),
                },
                ..counted.clone()
            };
            let mut beside = vec![of(&Status::UNFINISHED)];
            // What has ended since that moment was unfinished then.
            if let Some(seq) = counted.as_of {
                let ended = of(&[Status::Success, Status::Failed, Status::Cancelled]);
                let changed = Range { min: Some(ended.changed.min.unwrap_or(seq).max(seq)), ..ended.changed };
                beside.push(Filter { changed, ..ended });
            }
            let sides = [(None, from.map(|t| t - 1)), (to.map(|t| t + 1), None)];
            for (from, to) in sides.into_iter().filter(|side| *side != (None, None)) {
                for filter in beside.iter().filter(|f| !f.status.include.is_empty()) {
                    cube.outside.extend(self.rows(tx, filter, from, to).await?);
                }
            }
        }
        Ok(cube)
    }

    async fn rows(&self, tx: &mut Tx, filter: &Filter, from: Option<i64>, to: Option<i64>) -> Result<Vec<Group>> {
        let selection = self.select(tx, filter, from, to).await?;
        stats::groups(tx, &selection).await
    }

    /// The median and the 95th percentile of the durations.
    pub async fn percentiles(&self, tx: &mut Tx, cube: &Cube) -> Result<(Option<i64>, Option<i64>)> {
        let timed = cube.timed(self.filter);
        if timed == 0 {
            return Ok((None, None));
        }
        let (from, to) = self.bounds();
        let cells = Stretch::cover(from, to).filter(|_| self.filter.is_counted() && cube.size() > FEW);
        let Some((cells, start, end)) = cells else {
            let selection = self.select(tx, self.filter, from, to).await?;
            let p50 = stats::duration_at(tx, &selection, nearest_rank(timed, 50)).await?;
            let p95 = stats::duration_at(tx, &selection, nearest_rank(timed, 95)).await?;
            return Ok((p50, p95));
        };
        let keys = self.keys(cube);
        let mut all = rollup::durations(tx, self.visible, keys.as_deref(), self.filter, &cells).await?;
        for (from, to) in edges(from, to, start, end) {
            let selection = self.select(tx, self.filter, from, to).await?;
            let mut some = Durations::default();
            for ms in stats::durations(tx, &selection).await? {
                some.add(ms, 1);
            }
            all.merge(&some);
        }
        Ok((all.percentile(50), all.percentile(95)))
    }

    /// The agents whose cells count; `None`: all of them.
    fn keys(&self, cube: &Cube) -> Option<Vec<i64>> {
        cube.agent_keys(self.filter).or_else(|| match self.visible {
            Visible::All => None,
            Visible::Agents(keys) => Some(keys.clone()),
        })
    }

    pub async fn timeline(&self, tx: &mut Tx, plan: Plan, cube: &Cube, as_of: i64) -> Result<Timeline> {
        let (from, to) = self.bounds();
        let mut counts: Vec<(i64, Status, i64)> = Vec::new();
        let grain = SPANS.into_iter().rev().find(|grain| plan.fits(*grain)).filter(|_| self.filter.is_counted());
        let cells = grain.map(|grain| Stretch::even(grain, from, to)).filter(|c| match (c.from, c.until) {
            (Some(from), Some(until)) => from < until,
            _ => true,
        });
        let parts = match cells {
            Some(cells) => {
                let keys = self.keys(cube);
                for (at, status, runs) in rollup::by_time(tx, self.visible, keys.as_deref(), self.filter, cells).await?
                {
                    counts.push((plan.index(at), status.parse()?, runs));
                }
                edges(from, to, cells.from, cells.until)
            }
            None => vec![(from, to)],
        };
        let narrowed = by_status(self.filter);
        for (from, to) in parts {
            let selection = self.select(tx, &narrowed, from, to).await?;
            for (index, status, runs) in stats::by_time(tx, &selection, plan.first, plan.width).await? {
                counts.push((index, status.parse()?, runs));
            }
        }
        let outside = || BeforeWindow { by_status: cube.outside_by_status(self.filter) };
        Ok(Timeline { buckets: plan.fill(counts), before_window: self.filter.include_unfinished.then(outside), as_of })
    }
}

/// The parts of a window that whole cells leave to the runs themselves.
fn edges(from: Option<i64>, to: Option<i64>, start: Option<i64>, end: Option<i64>) -> Vec<(Option<i64>, Option<i64>)> {
    let mut all = Vec::new();
    if let (Some(from), Some(start)) = (from, start)
        && from < start
    {
        all.push((Some(from), Some(start - 1)));
    }
    if let (Some(to), Some(end)) = (to, end)
        && end <= to
    {
        all.push((Some(end), Some(to)));
    }
    all
}

/// The filter without those that have a facet. Errors and roots are flags of the groups.
fn without_facets(f: &Filter) -> Filter {
    Filter {
        agent: Choice::default(),
        status: Choice::default(),
        trigger: Choice::default(),
        model: Choice::default(),
        has_interaction: None,
        ..f.clone()
    }
}

/// The same runs, named by status, so that an index with status and start answers alone.
fn by_status(f: &Filter) -> Filter {
    let mut named = f.clone();
    if named.status.include.is_empty() {
        named.status.include = Status::ALL.to_vec();
    }
    named.status.include.retain(|s| !f.status.exclude.contains(s));
    named.status.exclude.clear();
    if named.status.include.is_empty() { f.clone() } else { named }
}

/// The nearest-rank position (from 1) of a percentile among `n` values.
fn nearest_rank(n: i64, percent: i64) -> i64 {
    ((n * percent + 99) / 100).max(1)
}

#[cfg(test)]
mod tests {
    use super::nearest_rank;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        assert_eq!((nearest_rank(1, 50), nearest_rank(4, 50), nearest_rank(5, 50)), (1, 2, 3));
        assert_eq!((nearest_rank(20, 95), nearest_rank(100, 95), nearest_rank(1, 95)), (19, 95, 1));
    }
}
