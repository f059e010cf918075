//! Server. What was known of a run when it was asked to stop.

use super::db::{Executor, Tx};
use super::executions::Record;
use super::query::Query;
use crate::domain::{Result, Timestamp};

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct StopRow {
    pub acknowledged_at: Option<i64>,
    pub cost_nanos: Option<i64>,
    pub input_tokens: Option<i64>,
    pub output_tokens: Option<i64>,
}

/// Notes what a run has cost so far.
pub async fn add(tx: &mut Tx, r: &Record) -> Result<()> {
    let sql = "insert into stops (execution_key, cost_nanos, input_tokens, output_tokens) values ($1, $2, $3, $4) \
               on conflict (execution_key) do nothing";
    let q = Query::new(sql).bind(r.key).bind(r.cost_nanos).bind(r.input_tokens).bind(r.output_tokens);
    tx.run(q).await.map(|_| ())
}

/// Whoever runs it has heard; only the first time counts.
pub async fn acknowledge(tx: &mut Tx, execution_key: i64, now: Timestamp) -> Result<()> {
    let sql = "update stops set acknowledged_at = $1 where execution_key = $2 and acknowledged_at is null";
    tx.run(Query::new(sql).bind(now.micros()).bind(execution_key)).await.map(|_| ())
}

pub async fn find(db: &mut impl Executor, execution_key: i64) -> Result<Option<StopRow>> {
    let sql = "select acknowledged_at, cost_nanos, input_tokens, output_tokens from stops where execution_key = $1";
    db.maybe(Query::new(sql).bind(execution_key)).await
}
