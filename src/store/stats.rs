//! Server. Aggregates over the runs of a selection.

use super::Visible;
use super::db::{Executor, Tx};
use super::list::Selection;
use super::query::Query;
use crate::domain::{Result, Status, Trigger};

/// One group of the aggregate: an agent's runs of one status, trigger, model and flags (`rollup::{INTERACTION, …}`).
/// Sums are exact up to 2^53 and can't overflow.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Group {
    pub agent_key: i64,
    #[sqlx(try_from = "String")]
    pub status: Status,
    #[sqlx(try_from = "String")]
    pub triggered_by: Trigger,
    /// Empty when unknown.
    pub model: String,
    pub flags: i64,
    pub runs: i64,
    pub cost_nanos: f64,
    pub priced: i64,
    pub tokens: f64,
    pub duration_ms: f64,
    pub timed: i64,
}

/// The groups of these runs, counted one by one.
pub async fn groups(tx: &mut Tx, selection: &Selection) -> Result<Vec<Group>> {
    if selection.is_empty() {
        return Ok(Vec::new());
    }
    let mut q = Query::new(
        "select agent_key, status, triggered_by, model, flags, count(*) as runs, \
         cast(coalesce(sum(cast(cost_nanos as double precision)), 0) as double precision) as cost_nanos, count(cost_nanos) as priced, \
         cast(coalesce(sum(cast(total_tokens as double precision)), 0) as double precision) as tokens, \
         cast(coalesce(sum(cast(duration_ms as double precision)), 0) as double precision) as duration_ms, count(duration_ms) as timed from (",
    );
    let columns = "e.agent_key, e.status, e.triggered_by, coalesce(e.model, '') as model, \
         cast((case when e.had_interaction then 1 else 0 end) + (case when e.has_error then 2 else 0 end) \
         + (case when e.parent_id is null then 4 else 0 end) as bigint) as flags, \
         e.cost_nanos, e.total_tokens, e.duration_ms";
    selection.write_union(&mut q, columns, &[]);
    q.push(") u group by agent_key, status, triggered_by, model, flags");
    tx.all(q).await
}

/// How long these runs lasted, one by one, in no order.
pub async fn durations(tx: &mut Tx, selection: &Selection) -> Result<Vec<i64>> {
    if selection.is_empty() {
        return Ok(Vec::new());
    }
    let mut q = Query::new("");
    selection.write_union(&mut q, "e.duration_ms", &["e.duration_ms is not null"]);
    let rows: Vec<(i64,)> = tx.all(q).await?;
    Ok(rows.into_iter().map(|(ms,)| ms).collect())
}

/// The duration that `rank` (from 1) of the finished runs do not exceed.
pub async fn duration_at(tx: &mut Tx, selection: &Selection, rank: i64) -> Result<Option<i64>> {
    if selection.is_empty() || rank < 1 {
        return Ok(None);
    }
    let mut q = Query::new("select duration_ms from (");
    selection.write_union(&mut q, "e.duration_ms", &["e.duration_ms is not null"]);
    q.push(") u order by duration_ms limit 1 offset ").value(rank - 1);
    let row: Option<(i64,)> = tx.maybe(q).await?;
    Ok(row.map(|(d,)| d))
}

/// Runs by status and by the `width`-long stretch after `first` (micros) that they start in: `(stretch, status, runs)`.
/// A run before `first` has a stretch of 0 or less.
pub async fn by_time(tx: &mut Tx, selection: &Selection, first: i64, width: i64) -> Result<Vec<(i64, String, i64)>> {
    if selection.is_empty() {
        return Ok(Vec::new());
    }
    let mut q = Query::new("select cast((at - ");
    q.value(first).push(") / ").value(width);
    q.push(" as bigint) as stretch, status, count(*) from (");
    selection.write_union(&mut q, "e.sort_at as at, e.status", &[]);
    q.push(") u group by stretch, status");
    tx.all(q).await
}

/// Runs by the names of the tools they used, most first, at most `limit` names. Names that differ in case alone are one,
/// as they are to the filter.
pub async fn tools(tx: &mut Tx, selection: &Selection, limit: i64) -> Result<Vec<(String, i64)>> {
    if selection.is_empty() {
        return Ok(Vec::new());
    }
    let mut q = Query::new("select min(t.name");
    if !tx.is_sqlite() {
        // By bytes, so that both databases show the same spelling.
        q.push(" collate \"C\"");
    }
    q.push("), count(distinct t.execution_key) as runs from (");
    selection.write_union(&mut q, "e.key", &[]);
    q.push(
        ") u join tool_calls t on t.execution_key = u.key group by t.folded_name \
         order by runs desc, t.folded_name limit ",
    );
    q.value(limit);
    tx.all(q).await
}

/// When the first run started, of those that may be seen.
pub async fn oldest_start(tx: &mut Tx, visible: &Visible) -> Result<Option<i64>> {
    let mut q = Query::new("select min(sort_at) from executions e");
    if let Visible::Agents(keys) = visible {
        if keys.is_empty() {
            return Ok(None);
        }
        // One after the other: each is the first entry of its index.
        q = Query::new(
            "select min(first) from (select (select min(e.sort_at) from executions e where e.agent_key = a.key) as first from agents a where a.key in ",
        );
        q.list(keys.iter().copied()).push(") u");
    }
    let (at,): (Option<i64>,) = tx.one(q).await?;
    Ok(at)
}

/// Names of these agents: key, name.
pub async fn agent_names(tx: &mut Tx, visible: &Visible) -> Result<Vec<(i64, String)>> {
    let mut q = Query::new("select key, name from agents");
    if let Visible::Agents(keys) = visible {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        q.push(" where key in ").list(keys.iter().copied());
    }
    tx.all(q).await
}
