//! Server. Failures of a selection, by group.

use super::db::{Executor, Tx};
use super::list::Selection;
use super::query::{Query, Value};
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
    tx.all(groups_query(selection, windowed, limit)).await
}

fn groups_query(selection: &Selection, windowed: bool, limit: i64) -> Query {
    let mut q = Query::new(
        "select f.*, g.pattern from (select error_group as id, count(*) as runs, min(sort_at) as first_at, \
         max(sort_at) as last_at, max(key) as newest_key from (",
    );
    let failed = if windowed { "e.error_group is not null" } else { "e.error_group > ''" };
    selection.write_union(&mut q, "e.error_group, e.sort_at, e.key", &[failed]);
    q.push(") u group by error_group order by runs desc, id limit ").value(limit);
    q.push(") f join error_groups g on g.id = f.id order by f.runs desc, f.id");
    q
}

/// The runs of a group that are one agent's.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct AgentRow {
    pub id: String,
    pub agent_key: i64,
    pub agent_name: String,
    pub first_at: i64,
}

/// Each group's agents, most runs first. The selection is of few groups.
pub async fn by_agent(tx: &mut Tx, selection: &Selection) -> Result<Vec<AgentRow>> {
    if selection.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(by_agent_query(selection)).await
}

fn by_agent_query(selection: &Selection) -> Query {
    let mut q = Query::new(
        "select n.id, n.agent_key, a.name as agent_name, n.first_at from (select error_group as id, agent_key, \
         count(*) as runs, min(sort_at) as first_at from (",
    );
    selection.write_union(&mut q, "e.error_group, e.agent_key, e.sort_at", &[]);
    q.push(") u group by error_group, agent_key) n join agents a on a.key = n.agent_key order by n.runs desc, a.name");
    q
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

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct GoodRow {
    pub group_id: String,
    pub id: String,
    pub agent_name: String,
    pub started_at: i64,
}

/// For each of these agents, when it failed in the way of a group first: its last run of the selection before.
pub async fn last_good(tx: &mut Tx, selection: &Selection, failed: &[&AgentRow]) -> Result<Vec<GoodRow>> {
    if selection.is_empty() || failed.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(last_good_query(selection, failed)).await
}

fn last_good_query(selection: &Selection, failed: &[&AgentRow]) -> Query {
    let mut q =
        Query::new("select f.column1 as group_id, g.id, a.name as agent_name, g.sort_at as started_at from (values ");
    q.rows(failed.iter().map(|f| vec![Value::from(f.id.as_str()), f.agent_key.into(), f.first_at.into()]));
    q.push(") f join executions g on g.key = (select u.key from (");
    selection.write_union(&mut q, "e.key, e.sort_at", &["e.agent_key = f.column2", "e.sort_at < f.column3"]);
    q.push(") u order by u.sort_at desc, u.key desc limit 1) join agents a on a.key = g.agent_key");
    q
}

/// How the database would answer these queries; for tests.
pub async fn explain(
    tx: &mut Tx,
    selection: &Selection,
    good: &Selection,
    failed: &[&AgentRow],
) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for q in [groups_query(selection, false, 50), by_agent_query(selection), last_good_query(good, failed)] {
        lines.extend(super::db::explain(tx, q).await?);
    }
    Ok(lines)
}
