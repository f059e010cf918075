//! Server. How far people have seen, and what happened while they were away.

use super::Visible;
use super::db::Executor;
use super::query::Query;
use crate::domain::since::SINCE_CAP;
use crate::domain::{Result, Status};

#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct MarkRow {
    /// They left at `at`, having seen the events up to `seq`.
    pub seq: i64,
    pub at: i64,
    /// The newest event when they came back.
    pub back_seq: i64,
    /// They were here last, and the newest event then.
    pub here_seq: i64,
    pub here_at: i64,
}

pub async fn get(db: &mut impl Executor, user: i64) -> Result<Option<MarkRow>> {
    let sql = "select seq, at, back_seq, here_seq, here_at from marks where user_key = $1";
    db.maybe(Query::new(sql).bind(user)).await
}

pub async fn put(db: &mut impl Executor, user: i64, m: MarkRow) -> Result<()> {
    let sql = "insert into marks (user_key, seq, at, back_seq, here_seq, here_at) values ($1, $2, $3, $4, $5, $6) \
               on conflict (user_key) do update set seq = excluded.seq, at = excluded.at, \
               back_seq = excluded.back_seq, here_seq = excluded.here_seq, here_at = excluded.here_at";
    let q = Query::new(sql).bind(user).bind(m.seq).bind(m.at).bind(m.back_seq).bind(m.here_seq).bind(m.here_at);
    db.run(q).await.map(|_| ())
}

/// How many runs changed into a status after one event and no later than another, counted up to the cap.
pub async fn changed(
    db: &mut impl Executor,
    status: Status,
    (after, by): (i64, i64),
    visible: &Visible,
) -> Result<i64> {
    let mut q = Query::new("select count(*) from (select 1 from executions where status = ");
    q.value(status.as_str()).push(" and status_seq >= ").value(after).push(" and status_seq < ").value(by);
    if let Visible::Agents(keys) = visible {
        if keys.is_empty() {
            return Ok(0);
        }
        q.push(" and agent_key in ").list(keys.iter().copied());
    }
    q.push(" limit ").value(SINCE_CAP).push(") changed");
    let (n,): (i64,) = db.one(q).await?;
    Ok(n)
}
