//! Server. Notes on agents.

use super::db::{Executor, Tx};
use super::query::Query;
use crate::domain::{Memory, Result, Timestamp};

/// The notes on an agent, by name: in the same order on both databases.
pub async fn of(db: &mut impl Executor, agent_key: i64) -> Result<Vec<Memory>> {
    let sql = "select name, content, updated_at from memories where agent_key = $1";
    let rows: Vec<(String, String, i64)> = db.all(Query::new(sql).bind(agent_key)).await?;
    let memory = |(name, content, at)| Memory { name, content, updated_at: Timestamp::from_micros(at) };
    let mut memories: Vec<_> = rows.into_iter().map(memory).collect();
    memories.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(memories)
}

/// How many notes an agent has beside the one of this name.
pub async fn beside(db: &mut impl Executor, agent_key: i64, name: &str) -> Result<i64> {
    let q = Query::new("select count(*) from memories where agent_key = $1 and name <> $2");
    let (n,): (i64,) = db.one(q.bind(agent_key).bind(name)).await?;
    Ok(n)
}

/// Writes a note, instead of the one of its name.
pub async fn put(tx: &mut Tx, agent_key: i64, name: &str, content: &str, now: Timestamp) -> Result<()> {
    let sql = "insert into memories (agent_key, name, content, created_at, updated_at) values ($1, $2, $3, $4, $5) \
               on conflict (agent_key, name) do update set content = excluded.content, updated_at = excluded.updated_at";
    let q = Query::new(sql).bind(agent_key).bind(name).bind(content).bind(now.micros()).bind(now.micros());
    tx.run(q).await.map(|_| ())
}

/// Whether there was one.
pub async fn remove(tx: &mut Tx, agent_key: i64, name: &str) -> Result<bool> {
    let q = Query::new("delete from memories where agent_key = $1 and name = $2");
    Ok(tx.run(q.bind(agent_key).bind(name)).await? > 0)
}
