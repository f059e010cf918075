//! Server. Runs that left: taken away, or another agent's now. An event points at what is stored, and of these nothing is
//! stored where the event points; whoever listens learns from here what has gone.

use super::db::{Executor, Tx};
use super::executions::{Record, chunks};
use super::query::Query;
use crate::domain::{Error, ExecutionSummary, Result, Timestamp};

/// Notes that a run leaves the agent it was of.
pub async fn note(tx: &mut Tx, r: &Record, now: Timestamp) -> Result<()> {
    // Newer than what anybody has of it.
    let summary = ExecutionSummary { version: r.version + 1, updated_at: now, ..r.summary()? };
    let summary = serde_json::to_string(&summary).map_err(|e| Error::Internal(format!("a summary: {e}")))?;
    let sql = "insert into departures (execution_key, agent_key, summary, at) values ($1, $2, $3, $4) \
               on conflict (execution_key, agent_key) do update set summary = excluded.summary, at = excluded.at";
    tx.run(Query::new(sql).bind(r.key).bind(r.agent_key).bind(summary).bind(now.micros())).await.map(|_| ())
}

/// What left of these runs: run, agent, and what it was.
pub async fn of(db: &mut impl Executor, execution_keys: &[i64]) -> Result<Vec<(i64, i64, ExecutionSummary)>> {
    let mut found = Vec::new();
    for chunk in chunks(execution_keys) {
        let mut q = Query::new("select execution_key, agent_key, summary from departures where execution_key in ");
        q.list(chunk.iter().copied());
        for (key, agent, text) in db.all::<(i64, i64, String)>(q).await? {
            let summary = serde_json::from_str(&text).map_err(|e| Error::Internal(format!("a summary: {e}")))?;
            found.push((key, agent, summary));
        }
    }
    Ok(found)
}

/// Forgets what nobody can have missed.
pub async fn forget(tx: &mut Tx, oldest: Timestamp) -> Result<u64> {
    tx.run(Query::new("delete from departures where at < $1").bind(oldest.micros())).await
}
