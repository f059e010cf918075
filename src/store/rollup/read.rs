//! Server. Sums of cells.

use super::{Durations, ERROR, HOUR, INTERACTION, ROOT, SPANS};
use crate::domain::{Error, Filter, Result, Timestamp};
use crate::store::Visible;
use crate::store::db::{Executor, Tx};
use crate::store::list::words;
use crate::store::query::{Query, Value};
use crate::store::stats::Group;

/// Whole cells between two moments, the second excluded; `None` is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub span: i64,
    pub from: Option<i64>,
    pub until: Option<i64>,
}

impl Stretch {
    /// The cells inside a window whose bounds are inclusive, as few as possible, and the moments at its two ends that
    /// they leave to the runs themselves: before the first, from the second on.
    pub fn cover(from: Option<i64>, to: Option<i64>) -> Option<(Vec<Self>, Option<i64>, Option<i64>)> {
        let first = from.map(|t| up(t, HOUR));
        let last = to.map(|t| down(t.saturating_add(1), HOUR));
        let empty = |from: Option<i64>, until: Option<i64>| matches!((from, until), (Some(f), Some(u)) if f >= u);
        if empty(first, last) {
            return None;
        }
        let (mut low, mut high) = (first, last);
        let mut all = Vec::new();
        for (i, span) in SPANS.into_iter().enumerate() {
            let inner = SPANS.get(i + 1).map(|wider| (low.map(|t| up(t, *wider)), high.map(|t| down(t, *wider))));
            let Some((from, until)) = inner.filter(|(from, until)| !empty(*from, *until)) else {
                all.push(Self { span, from: low, until: high });
                break;
            };
            // What is left of the ends on both sides of the wider cells; an open end has none.
            all.push(Self { span, from: low, until: from });
            all.push(Self { span, from: until, until: high });
            (low, high) = (from, until);
        }
        let wide = all.len() - 1;
        let closed = |s: &Self| s.from.is_some() && s.until.is_some() && s.from < s.until;
        let all = all.into_iter().enumerate().filter(|(i, s)| *i == wide || closed(s)).map(|(_, s)| s).collect();
        let ragged_start = first.filter(|f| from < Some(*f));
        let ragged_end = last.filter(|l| to >= Some(*l));
        Some((all, ragged_start, ragged_end))
    }

    /// Cells of one size inside the window.
    pub fn even(span: i64, from: Option<i64>, to: Option<i64>) -> Self {
        Self { span, from: from.map(|t| up(t, span)), until: to.map(|t| down(t.saturating_add(1), span)) }
    }
}

fn down(t: i64, span: i64) -> i64 {
    t - t.rem_euclid(span)
}

fn up(t: i64, span: i64) -> i64 {
    down(t.saturating_add(span - 1), span)
}

/// Which agents' cells are read.
enum Agents<'a> {
    /// The cells that count all of them together.
    Together,
    Each,
    These(&'a [i64]),
}

fn write_where(q: &mut Query, stretch: Stretch, agents: &Agents) {
    q.push(" where c.span = ").value(stretch.span / 1_000_000);
    match agents {
        Agents::Together => drop(q.push(" and c.agent_key = 0")),
        // One after the other, so that each reads its stretch and not the whole history.
        Agents::Each => drop(q.push(" and c.agent_key in (select key from agents)")),
        Agents::These(keys) => drop(q.push(" and c.agent_key in ").list(keys.iter().copied())),
    }
    if let Some(from) = stretch.from {
        q.push(" and c.starts_at >= ").value(from);
    }
    if let Some(until) = stretch.until {
        q.push(" and c.starts_at < ").value(until);
    }
}

/// The parts of a filter that cells know, except agents.
fn write_filter(q: &mut Query, f: &Filter) {
    let mut list = |sql: &'static str, values: Vec<Value>| {
        if !values.is_empty() {
            q.push(sql).list(values);
        }
    };
    list(" and c.status in ", words(&f.status.include));
    list(" and c.status not in ", words(&f.status.exclude));
    list(" and c.triggered_by in ", words(&f.trigger.include));
    list(" and c.triggered_by not in ", words(&f.trigger.exclude));
    list(" and c.model in ", words(&f.model.include));
    list(" and c.model not in ", words(&f.model.exclude));
    let mut flag = |wanted: Option<bool>, bit: i64| {
        if let Some(on) = wanted {
            q.push(" and c.flags & ").value(bit).push(if on { " > 0" } else { " = 0" });
        }
    };
    flag(f.has_interaction, INTERACTION);
    flag(f.has_error, ERROR);
    flag(f.root_only.then_some(true), ROOT);
}

/// Billionths of a USD that runs of an agent cost which started in the UTC days since `day`.
pub async fn spent_since(db: &mut impl Executor, agent_key: i64, day: Timestamp) -> Result<i64> {
    let sql = "select coalesce(sum(cost_nanos), 0.0) from execution_rollup \
               where span = 86400 and agent_key = $1 and starts_at >= $2";
    let (nanos,): (f64,) = db.one(Query::new(sql).bind(agent_key).bind(day.micros())).await?;
    // Far below 2^53: a million USD are 10^15.
    #[expect(clippy::cast_possible_truncation)]
    let nanos = nanos.round() as i64;
    Ok(nanos)
}

/// Runs of these cells by agent, status, trigger, model and flags. `keys`: of these agents only.
pub async fn groups(tx: &mut Tx, visible: &Visible, keys: Option<&[i64]>, cells: &[Stretch]) -> Result<Vec<Group>> {
    let seen = match visible {
        Visible::All => None,
        Visible::Agents(seen) => Some(seen.as_slice()),
    };
    let agents = match keys.or(seen) {
        Some([]) => return Ok(Vec::new()),
        Some(keys) => Agents::These(keys),
        None => Agents::Each,
    };
    let mut q = Query::new(
        "select agent_key, status, triggered_by, model, flags, cast(sum(runs) as bigint) as runs, \
         sum(cost_nanos) as cost_nanos, cast(sum(priced) as bigint) as priced, sum(tokens) as tokens, \
         sum(duration_ms) as duration_ms, cast(sum(timed) as bigint) as timed from (",
    );
    for (i, stretch) in cells.iter().enumerate() {
        q.push(if i == 0 { "" } else { " union all " });
        q.push(
            "select c.agent_key, c.status, c.triggered_by, c.model, c.flags, c.runs, c.cost_nanos, c.priced, c.tokens, \
             c.duration_ms, c.timed from execution_rollup c",
        );
        write_where(&mut q, *stretch, &agents);
    }
    q.push(") u group by agent_key, status, triggered_by, model, flags");
    tx.all(q).await
}

/// The agents a filter leaves: all together where it can.
fn agents<'a>(visible: &Visible, keys: Option<&'a [i64]>) -> Agents<'a> {
    match (keys, visible) {
        (None, Visible::All) => Agents::Together,
        (Some(keys), _) => Agents::These(keys),
        (None, Visible::Agents(_)) => Agents::These(&[]),
    }
}

/// How long the runs of these cells lasted. `keys`: of these agents only; needed unless everything is visible.
pub async fn durations(
    tx: &mut Tx,
    visible: &Visible,
    keys: Option<&[i64]>,
    filter: &Filter,
    cells: &[Stretch],
) -> Result<Durations> {
    let mut all = Durations::default();
    if keys.is_some_and(<[i64]>::is_empty) {
        return Ok(all);
    }
    for stretch in cells {
        let mut q = Query::new("select c.durations from execution_rollup c");
        write_where(&mut q, *stretch, &agents(visible, keys));
        q.push(" and c.timed > 0");
        write_filter(&mut q, filter);
        for (text,) in tx.all::<(String,)>(q).await? {
            let one = Durations::parse(&text);
            all.merge(&one.ok_or_else(|| Error::Internal("durations of a cell can't be read".to_owned()))?);
        }
    }
    Ok(all)
}

/// Runs of cells of one size by their start and status: `(starts_at, status, runs)`.
pub async fn by_time(
    tx: &mut Tx,
    visible: &Visible,
    keys: Option<&[i64]>,
    filter: &Filter,
    cells: Stretch,
) -> Result<Vec<(i64, String, i64)>> {
    if keys.is_some_and(<[i64]>::is_empty) {
        return Ok(Vec::new());
    }
    let mut q = Query::new("select c.starts_at, c.status, cast(sum(c.runs) as bigint) from execution_rollup c");
    write_where(&mut q, cells, &agents(visible, keys));
    write_filter(&mut q, filter);
    q.push(" group by c.starts_at, c.status");
    tx.all(q).await
}

#[cfg(test)]
mod tests {
    use super::super::DAY;
    use super::*;

    #[test]
    fn a_window_is_covered_once() {
        let windows = [
            (Some(HOUR / 2), Some(3 * DAY + HOUR / 3)),
            (Some(HOUR), Some(2 * HOUR - 1)),
            (Some(5 * HOUR), Some(DAY - 1)),
            (Some(DAY), Some(3 * DAY - 1)),
            (Some(20 * HOUR + 1), Some(DAY + 5 * HOUR + 7)),
            (Some(5 * DAY + 3 * HOUR + 1), Some(30 * DAY + 9 * HOUR + 7)),
            (Some(8 * DAY), Some(16 * DAY - 1)),
            (Some(7 * DAY), Some(16 * DAY + HOUR)),
        ];
        for (from, to) in windows {
            let (mut cells, start, end) = Stretch::cover(from, to).expect("whole hours");
            cells.sort_by_key(|c| c.from);
            let first = start.unwrap_or(from.expect("from"));
            let last = end.unwrap_or(to.expect("to") + 1);
            let mut at = first;
            for cell in &cells {
                assert_eq!(cell.from, Some(at), "{from:?} {to:?}: {cells:?}");
                at = cell.until.expect("closed");
                assert!(cell.from < cell.until && at % cell.span == 0);
            }
            assert_eq!(at, last, "{from:?} {to:?}");
        }
    }

    #[test]
    fn open_ends_are_wide_and_short_windows_have_no_cells() {
        assert_eq!(Stretch::cover(Some(1), Some(HOUR - 2)), None);
        assert_eq!(Stretch::cover(Some(HOUR / 2), Some(HOUR + HOUR / 2)), None);
        let (cells, start, end) = Stretch::cover(None, None).expect("cells");
        assert_eq!((cells.len(), start, end), (1, None, None));
        let (cells, start, end) = Stretch::cover(Some(DAY + 30 * 60_000_000), None).expect("cells");
        assert_eq!((cells.len(), start, end), (3, Some(DAY + HOUR), None));
        let wide = cells.last().map(|c| (c.from, c.until));
        assert_eq!(wide, Some((Some(8 * DAY), None)));
    }
}
