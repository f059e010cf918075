//! Server. Failures of a selection, by group.

use super::Visible;
use super::db::{Executor, Tx};
use super::list::Selection;
use super::query::Query;
use crate::domain::Result;

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct GroupRow {
    pub id: String,
    pub pattern: String,
    pub runs: i64,
    pub first_at: i64,
    pub last_at: i64,
    pub newest_key: i64,
}

/// The groups with the most runs, at most `limit`. `windowed`: the selection begins at some time, so its index drives;
/// otherwise the failures' own does.
pub async fn groups(tx: &mut Tx, selection: &Selection, windowed: bool, limit: i64) -> Result<Vec<GroupRow>> {
    if selection.is_empty() {
        return Ok(Vec::new());
    }
    let mut q = Query::new(
        "select f.*, g.pattern from (select error_group as id, count(*) as runs, min(sort_at) as first_at, \
         max(sort_at) as last_at, max(key) as newest_key from (",
    );
    let failed = if windowed { "e.error_group is not null" } else { "e.error_group > ''" };
    selection.write_union(&mut q, "e.error_group, e.sort_at, e.key", &[failed]);
    q.push(") u group by error_group order by runs desc, id limit ").value(limit);
    q.push(") f join error_groups g on g.id = f.id order by f.runs desc, f.id");
    tx.all(q).await
}

/// Runs of each group and agent, most first. The selection is of few groups.
pub async fn by_agent(tx: &mut Tx, selection: &Selection) -> Result<Vec<(String, String, i64)>> {
    if selection.is_empty() {
        return Ok(Vec::new());
    }
    let mut q =
        Query::new("select g.id, a.name, g.runs from (select error_group as id, agent_key, count(*) as runs from (");
    selection.write_union(&mut q, "e.error_group, e.agent_key", &[]);
    q.push(") u group by error_group, agent_key) g join agents a on a.key = g.agent_key order by g.runs desc, a.name");
    tx.all(q).await
}

/// Runs of each group in each stretch of `width` microseconds from `from` on; the first is 0.
pub async fn over_time(tx: &mut Tx, selection: &Selection, from: i64, width: i64) -> Result<Vec<(String, i64, i64)>> {
    if selection.is_empty() {
        return Ok(Vec::new());
    }
    let mut q = Query::new("select error_group, bucket, count(*) from (select error_group, (sort_at - ");
    q.value(from).push(") / ").value(width).push(" as bucket from (");
    selection.write_union(&mut q, "e.error_group, e.sort_at", &[]);
    q.push(") u) b group by error_group, bucket");
    tx.all(q).await
}

/// The last success, before `first`, of the agent whose run of this group began at `first`: id, agent, start.
pub async fn last_good(
    tx: &mut Tx,
    group: &str,
    first: i64,
    visible: &Visible,
) -> Result<Option<(String, String, i64)>> {
    let mut q = Query::new("select e.agent_key from executions e where e.error_group = ");
    q.value(group).push(" and e.sort_at = ").value(first);
    if let Visible::Agents(keys) = visible {
        q.push(" and e.agent_key in ").list(keys.iter().copied());
    }
    q.push(" order by e.key limit 1");
    let Some((agent,)): Option<(i64,)> = tx.maybe(q).await? else { return Ok(None) };
    let sql = "select e.id, a.name, e.sort_at from executions e join agents a on a.key = e.agent_key \
               where e.agent_key = $1 and e.status = 'success' and e.sort_at < $2 \
               order by e.sort_at desc, e.key desc limit 1";
    tx.maybe(Query::new(sql).bind(agent).bind(first)).await
}
