//! Server. Aggregates over a selection.

use super::db::{Executor, Tx};
use super::list::Selection;
use super::query::Query;
use crate::domain::{Result, Status, Trigger};

/// One group of the aggregate: an agent's runs of one status and trigger. Sums are exact up to 2^53 and can't overflow.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Group {
    pub agent_name: String,
    #[sqlx(try_from = "String")]
    pub status: Status,
    #[sqlx(try_from = "String")]
    pub triggered_by: Trigger,
    pub runs: i64,
    pub cost_nanos: f64,
    pub priced: i64,
    pub tokens: f64,
    pub duration_ms: f64,
    pub timed: i64,
}

pub async fn groups(tx: &mut Tx, selection: &Selection) -> Result<Vec<Group>> {
    if selection.is_empty() {
        return Ok(Vec::new());
    }
    let mut q = Query::new(
        "select a.name as agent_name, g.* from (select agent_key, status, triggered_by, count(*) as runs, \
         cast(coalesce(sum(cast(cost_nanos as double precision)), 0) as double precision) as cost_nanos, count(cost_nanos) as priced, \
         cast(coalesce(sum(cast(total_tokens as double precision)), 0) as double precision) as tokens, \
         cast(coalesce(sum(cast(duration_ms as double precision)), 0) as double precision) as duration_ms, count(duration_ms) as timed from (",
    );
    let columns = "e.agent_key, e.status, e.triggered_by, e.cost_nanos, e.total_tokens, e.duration_ms";
    selection.write_union(&mut q, columns, &[]);
    q.push(") u group by agent_key, status, triggered_by) g join agents a on a.key = g.agent_key");
    tx.all(q).await
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
