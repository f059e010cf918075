//! Server. Fills the cells from the runs of a database that had none.

use super::{Counted, cell};
use crate::domain::{Result, Status, Trigger};
use crate::store::db::{Db, Executor, Tx};
use crate::store::query::Query;
use crate::store::settings;
use std::collections::BTreeMap;

/// In `settings` once the cells hold what the runs say.
const DONE: &str = "rollup";
const PAGE: i64 = 5_000;

#[derive(sqlx::FromRow)]
struct RunRow {
    key: i64,
    sort_at: i64,
    agent_key: i64,
    #[sqlx(try_from = "String")]
    status: Status,
    #[sqlx(try_from = "String")]
    triggered_by: Trigger,
    model: Option<String>,
    flags: i64,
    cost_nanos: Option<i64>,
    tokens: Option<i64>,
    duration_ms: Option<i64>,
}

/// Counts every run, in one transaction, unless that was done before.
pub async fn rebuild_once(db: &Db) -> Result<()> {
    // A database in use is not locked for nothing.
    if settings::get(&mut db.clone(), DONE).await?.is_some() {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    if !tx.is_sqlite() {
        tx.run(Query::new(crate::store::writer::EVENT_ORDER_LOCK)).await?;
    }
    if settings::get(&mut tx, DONE).await?.is_some() {
        return tx.rollback().await;
    }
    rebuild(&mut tx).await?;
    settings::set(&mut tx, DONE, "1").await?;
    tx.commit().await
}

async fn rebuild(tx: &mut Tx) -> Result<()> {
    tx.run(Query::new("delete from execution_rollup")).await?;
    let mut cells = BTreeMap::new();
    let mut after = 0;
    loop {
        let sql = "select e.key, e.sort_at, e.agent_key, e.status, e.triggered_by, e.model, \
            cast((case when e.had_interaction then 1 else 0 end) + (case when e.has_error then 2 else 0 end) \
            + (case when e.parent_id is null then 4 else 0 end) as bigint) as flags, \
            e.cost_nanos, e.total_tokens as tokens, e.duration_ms \
            from executions e where e.key > $1 order by e.key limit $2";
        let rows: Vec<RunRow> = tx.all(Query::new(sql).bind(after).bind(PAGE)).await?;
        let Some(last) = rows.last() else { break };
        after = last.key;
        for r in rows {
            let run = Counted {
                sort_at: r.sort_at,
                agent_key: r.agent_key,
                status: r.status,
                triggered_by: r.triggered_by,
                model: r.model.unwrap_or_default(),
                flags: r.flags,
                cost_nanos: r.cost_nanos,
                tokens: r.tokens,
                duration_ms: r.duration_ms,
            };
            cell::count(&mut cells, &run, 1);
        }
    }
    cell::apply(tx, cells).await
}
