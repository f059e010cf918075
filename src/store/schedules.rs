//! Server. When agents run by themselves, and which times made which run.

use super::db::{Executor, Tx};
use super::query::Query;
use crate::domain::{NewSchedule, Overlap, Result, Timestamp};

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ScheduleRow {
    pub agent_key: i64,
    pub user_key: i64,
    pub email: String,
    pub cron: String,
    pub timezone: String,
    pub message: String,
    pub enabled: bool,
    #[sqlx(try_from = "String")]
    pub overlap: Overlap,
    pub next_at: Option<i64>,
    pub flow_id: Option<String>,
}

const SELECT: &str = "select s.agent_key, s.user_key, u.email, s.cron, s.timezone, s.message, s.enabled, s.overlap, \
    s.next_at, s.flow_id from schedules s join users u on u.key = s.user_key where ";

pub async fn find(db: &mut impl Executor, agent_key: i64) -> Result<Option<ScheduleRow>> {
    let mut q = Query::new(SELECT);
    q.push("s.agent_key = ").value(agent_key);
    db.maybe(q).await
}

/// When the schedules of these agents start their next runs: `(agent, at)`.
pub async fn next_of(db: &mut impl Executor, agent_keys: &[i64]) -> Result<Vec<(i64, i64)>> {
    if agent_keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut q = Query::new("select agent_key, next_at from schedules where next_at is not null and agent_key in ");
    q.list(agent_keys.iter().copied());
    db.all(q).await
}

/// Those whose time has come, at most 100. Without `commands`, agents that run programs are left to other servers.
pub async fn due(db: &mut impl Executor, now: Timestamp, commands: bool) -> Result<Vec<ScheduleRow>> {
    let mut q = Query::new(SELECT);
    q.push("s.next_at <= ").value(now.micros());
    q.push(" and not exists (select 1 from agents a where a.key = s.agent_key and (a.retired_at is not null");
    q.push(if commands { "))" } else { " or a.kind = 'command'))" });
    q.push(" order by s.next_at limit 100");
    db.all(q).await
}

pub async fn set(tx: &mut Tx, agent_key: i64, user_key: i64, new: &NewSchedule, next: Option<Timestamp>) -> Result<()> {
    let sql = "insert into schedules (agent_key, user_key, cron, timezone, message, enabled, overlap, next_at, flow_id) \
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (agent_key) do update set \
               user_key = excluded.user_key, cron = excluded.cron, timezone = excluded.timezone, \
               message = excluded.message, enabled = excluded.enabled, overlap = excluded.overlap, \
               next_at = excluded.next_at, flow_id = excluded.flow_id";
    let q = Query::new(sql)
        .bind(agent_key)
        .bind(user_key)
        .bind(new.cron.as_str())
        .bind(new.timezone.as_str())
        .bind(new.message.as_str())
        .bind(new.enabled)
        .bind(new.overlap.as_str())
        .bind(next.map(Timestamp::micros))
        .bind(new.flow_id.as_deref());
    tx.run(q).await.map(|_| ())
}

/// Whether there was one.
pub async fn remove(tx: &mut Tx, agent_key: i64) -> Result<bool> {
    Ok(tx.run(Query::new("delete from schedules where agent_key = $1").bind(agent_key)).await? > 0)
}

pub async fn set_next(tx: &mut Tx, agent_key: i64, next: Option<Timestamp>) -> Result<()> {
    let sql = "update schedules set next_at = $1 where agent_key = $2";
    tx.run(Query::new(sql).bind(next.map(Timestamp::micros)).bind(agent_key)).await.map(|_| ())
}

/// Takes a time that has come; only the first to ask has it.
pub async fn take(tx: &mut Tx, agent_key: i64, due_at: i64) -> Result<bool> {
    let sql =
        "insert into schedule_runs (agent_key, due_at) values ($1, $2) on conflict (agent_key, due_at) do nothing";
    Ok(tx.run(Query::new(sql).bind(agent_key).bind(due_at)).await? > 0)
}

/// Notes which run a time has made, or why none.
pub async fn note(tx: &mut Tx, agent_key: i64, due_at: i64, made: Result<&str, &str>) -> Result<()> {
    let sql = "update schedule_runs set execution_id = $1, reason = $2 where agent_key = $3 and due_at = $4";
    let q = Query::new(sql).bind(made.ok()).bind(made.err()).bind(agent_key).bind(due_at);
    tx.run(q).await.map(|_| ())
}

/// Has the agent a run of its schedule that has not ended?
pub async fn under_way(tx: &mut Tx, agent_key: i64) -> Result<bool> {
    let sql = "select q.execution_key from queue q join executions e on e.key = q.execution_key \
               where q.agent_key = $1 and e.triggered_by = 'schedule' limit 1";
    Ok(tx.maybe::<(i64,)>(Query::new(sql).bind(agent_key)).await?.is_some())
}

pub async fn forget(tx: &mut Tx, oldest: Timestamp) -> Result<u64> {
    tx.run(Query::new("delete from schedule_runs where due_at <= $1").bind(oldest.micros())).await
}
