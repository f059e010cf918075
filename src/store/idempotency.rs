//! Server. Answers kept under a client's `Idempotency-Key`, per user, for 24 hours.

use super::db::Executor;
use super::query::Query;
use crate::domain::{Result, Timestamp};

#[derive(sqlx::FromRow)]
pub struct Kept {
    /// Fingerprint of method, path and body.
    pub request: String,
    pub status: i64,
    pub body: String,
}

pub async fn find(db: &mut impl Executor, user_key: i64, key: &str, oldest: Timestamp) -> Result<Option<Kept>> {
    let sql = "select request, status, body from idempotency \
               where user_key = $1 and idempotency_key = $2 and created_at > $3";
    db.maybe(Query::new(sql).bind(user_key).bind(key).bind(oldest.micros())).await
}

pub async fn keep(db: &mut impl Executor, user_key: i64, key: &str, kept: &Kept, now: Timestamp) -> Result<()> {
    let sql = "insert into idempotency (user_key, idempotency_key, request, status, body, created_at) \
               values ($1, $2, $3, $4, $5, $6) on conflict (user_key, idempotency_key) do update set \
               request = excluded.request, status = excluded.status, body = excluded.body, \
               created_at = excluded.created_at";
    let q = Query::new(sql)
        .bind(user_key)
        .bind(key)
        .bind(kept.request.as_str())
        .bind(kept.status)
        .bind(kept.body.as_str())
        .bind(now.micros());
    db.run(q).await.map(|_| ())
}

pub async fn forget(db: &mut impl Executor, oldest: Timestamp) -> Result<u64> {
    db.run(Query::new("delete from idempotency where created_at <= $1").bind(oldest.micros())).await
}
