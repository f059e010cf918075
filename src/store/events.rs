//! Server. The outbox: one row for each change, in the transaction of the change. A row is a pointer;
//! whoever reads it takes the newest state of its execution.

use super::db::{Executor, Tx};
use super::query::{Query, Value};
use crate::domain::{EventKind, Result, Timestamp};

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct EventRow {
    pub seq: i64,
    pub execution_key: i64,
    pub agent_key: i64,
    #[sqlx(try_from = "String")]
    pub kind: EventKind,
}

pub async fn append(tx: &mut Tx, events: &[(i64, i64, EventKind)], now: Timestamp) -> Result<()> {
    for chunk in super::executions::chunks(events) {
        let mut q = Query::new("insert into events (execution_key, agent_key, kind, at) values ");
        q.rows(chunk.iter().map(|(key, agent, kind)| {
            vec![Value::from(*key), Value::from(*agent), Value::from(kind.as_str()), Value::from(now.micros())]
        }));
        tx.run(q).await?;
    }
    Ok(())
}

/// The newest sequence number; 0 before the first.
pub async fn newest(db: &mut impl Executor) -> Result<i64> {
    let (seq,): (i64,) = db.one(Query::new("select coalesce(max(seq), 0) from events")).await?;
    Ok(seq)
}

/// The oldest one still kept; 1 before the first.
pub async fn oldest(db: &mut impl Executor) -> Result<i64> {
    let (seq,): (i64,) = db.one(Query::new("select coalesce(min(seq), 1) from events")).await?;
    Ok(seq)
}

/// Events after `since`, in order.
pub async fn after(db: &mut impl Executor, since: i64, limit: i64) -> Result<Vec<EventRow>> {
    let sql = "select seq, execution_key, agent_key, kind from events where seq > $1 order by seq limit $2";
    db.all(Query::new(sql).bind(since).bind(limit)).await
}

/// Forgets events older than `oldest` and all but the newest `keep`; never the newest one,
/// which carries the count on.
pub async fn prune(tx: &mut Tx, oldest: Timestamp, keep: i64) -> Result<u64> {
    let newest = newest(tx).await?;
    let sql = "delete from events where seq <= $1 or (at < $2 and seq < $3)";
    tx.run(Query::new(sql).bind((newest - keep).max(0)).bind(oldest.micros()).bind(newest)).await
}
