//! Server. People, their sessions and their tokens. Secrets are stored as hashes only.

use super::db::{Executor, Tx};
use super::query::Query;
use crate::domain::{Result, Role, Scope, Timestamp};

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct UserRow {
    pub key: i64,
    pub id: String,
    pub email: String,
    pub display_name: String,
    #[sqlx(try_from = "String")]
    pub role: Role,
    pub password_hash: Option<String>,
    pub created_at: i64,
    /// Can do nothing more.
    pub left_at: Option<i64>,
}

const SELECT: &str =
    "select u.key, u.id, u.email, u.display_name, u.role, u.password_hash, u.created_at, u.left_at from users u ";

pub struct NewUser {
    pub id: String,
    pub email: String,
    pub display_name: String,
    pub role: Role,
    pub password_hash: Option<String>,
}

pub async fn any(db: &mut impl Executor) -> Result<bool> {
    Ok(db.maybe::<(i64,)>(Query::new("select key from users limit 1")).await?.is_some())
}

/// Whether the user was added; an e-mail can be taken only once. Who has left can come back.
pub async fn add(tx: &mut Tx, u: &NewUser, now: Timestamp) -> Result<bool> {
    let sql = "insert into users (id, email, display_name, role, password_hash, created_at) \
               values ($1, $2, $3, $4, $5, $6) on conflict (email) do update set display_name = excluded.display_name, \
               role = excluded.role, password_hash = excluded.password_hash, left_at = null \
               where users.left_at is not null";
    let q = Query::new(sql)
        .bind(u.id.as_str())
        .bind(u.email.as_str())
        .bind(u.display_name.as_str())
        .bind(u.role.as_str())
        .bind(u.password_hash.as_deref())
        .bind(now.micros());
    Ok(tx.run(q).await? > 0)
}

pub async fn by_email(db: &mut impl Executor, email: &str) -> Result<Option<UserRow>> {
    let mut q = Query::new(SELECT);
    q.push("where u.left_at is null and u.email = ").value(email);
    db.maybe(q).await
}

/// People who have a role now, at most so many.
pub async fn with_role(db: &mut impl Executor, role: Role, limit: i64) -> Result<Vec<i64>> {
    let sql = "select key from users where role = $1 and left_at is null order by key limit $2";
    let rows: Vec<(i64,)> = db.all(Query::new(sql).bind(role.as_str()).bind(limit)).await?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

/// Those of these people who have not left.
pub async fn still_here(db: &mut impl Executor, keys: &[Option<i64>]) -> Result<Vec<i64>> {
    let mut q = Query::new("select key from users where left_at is null and key in ");
    q.list(keys.iter().copied()).push(" order by key");
    let rows: Vec<(i64,)> = db.all(q).await?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

/// Somebody leaves: their name stays on what they did. No session, token or share of theirs is good any more.
pub async fn leave(tx: &mut Tx, key: i64, now: Timestamp) -> Result<()> {
    for sql in [
        "delete from sessions where user_key = $1",
        "delete from tokens where user_key = $1",
        "delete from shares where user_key = $1",
        "delete from standing_rules where user_key = $1",
        "delete from notify_settings where user_key = $1",
    ] {
        tx.run(Query::new(sql).bind(key)).await?;
    }
    let sql = "update users set left_at = $1, password_hash = null where key = $2";
    tx.run(Query::new(sql).bind(now.micros()).bind(key)).await.map(|_| ())
}

pub async fn by_key(db: &mut impl Executor, key: i64) -> Result<Option<UserRow>> {
    let mut q = Query::new(SELECT);
    q.push("where u.key = ").value(key);
    db.maybe(q).await
}

/// The first admin: who a command on the machine itself acts as.
pub async fn first_admin(db: &mut impl Executor) -> Result<Option<UserRow>> {
    let mut q = Query::new(SELECT);
    q.push("where u.role = 'admin' and u.left_at is null order by u.key limit 1");
    db.maybe(q).await
}

/// Users by e-mail, after `after`.
pub async fn list(db: &mut impl Executor, after: &str, limit: i64) -> Result<Vec<UserRow>> {
    let mut q = Query::new(SELECT);
    q.push("where u.left_at is null and u.email > ").value(after).push(" order by u.email limit ").value(limit);
    db.all(q).await
}

pub async fn start_session(tx: &mut Tx, hash: &str, user_key: i64, now: Timestamp, expires: Timestamp) -> Result<()> {
    let sql = "insert into sessions (hash, user_key, created_at, expires_at) values ($1, $2, $3, $4)";
    tx.run(Query::new(sql).bind(hash).bind(user_key).bind(now.micros()).bind(expires.micros())).await.map(|_| ())
}

pub async fn by_session(db: &mut impl Executor, hash: &str, now: Timestamp) -> Result<Option<UserRow>> {
    let mut q = Query::new(SELECT);
    q.push("join sessions s on s.user_key = u.key where s.hash = ").value(hash);
    q.push(" and s.expires_at > ").value(now.micros());
    db.maybe(q).await
}

pub async fn end_session(tx: &mut Tx, hash: &str) -> Result<()> {
    tx.run(Query::new("delete from sessions where hash = $1").bind(hash)).await.map(|_| ())
}

pub async fn forget_sessions(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    tx.run(Query::new("delete from sessions where expires_at <= $1").bind(now.micros())).await
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct TokenRow {
    pub key: i64,
    pub id: String,
    pub user_key: i64,
    pub name: String,
    #[sqlx(try_from = "String")]
    pub scope: Scope,
    /// JSON array of agent names.
    pub agents: Option<String>,
    pub created_at: i64,
    pub expires_at: Option<i64>,
    pub last_used_at: Option<i64>,
}

const TOKEN: &str = "select t.key, t.id, t.user_key, t.name, t.scope, t.agents, t.created_at, t.expires_at, t.last_used_at from tokens t ";

pub struct NewToken {
    pub id: String,
    pub user_key: i64,
    pub name: String,
    pub scope: Scope,
    pub agents: Option<String>,
    pub hash: String,
    pub expires_at: Option<i64>,
}

pub async fn add_token(tx: &mut Tx, t: &NewToken, now: Timestamp) -> Result<()> {
    let sql = "insert into tokens (id, user_key, name, scope, agents, hash, created_at, expires_at) \
               values ($1, $2, $3, $4, $5, $6, $7, $8)";
    let q = Query::new(sql)
        .bind(t.id.as_str())
        .bind(t.user_key)
        .bind(t.name.as_str())
        .bind(t.scope.as_str())
        .bind(t.agents.as_deref())
        .bind(t.hash.as_str())
        .bind(now.micros())
        .bind(t.expires_at);
    tx.run(q).await.map(|_| ())
}

pub async fn token_by_hash(db: &mut impl Executor, hash: &str, now: Timestamp) -> Result<Option<TokenRow>> {
    let mut q = Query::new(TOKEN);
    q.push("where t.hash = ").value(hash).push(" and (t.expires_at is null or t.expires_at > ");
    q.value(now.micros()).push(")");
    db.maybe(q).await
}

/// A user's tokens, newest first.
pub async fn tokens(db: &mut impl Executor, user_key: i64, before: i64, limit: i64) -> Result<Vec<TokenRow>> {
    let mut q = Query::new(TOKEN);
    q.push("where t.user_key = ").value(user_key).push(" and t.key < ").value(before);
    q.push(" order by t.key desc limit ").value(limit);
    db.all(q).await
}

/// Whether there was such a token of this user.
pub async fn revoke_token(tx: &mut Tx, user_key: i64, id: &str) -> Result<bool> {
    Ok(tx.run(Query::new("delete from tokens where user_key = $1 and id = $2").bind(user_key).bind(id)).await? > 0)
}

pub async fn note_token_use(tx: &mut Tx, key: i64, now: Timestamp) -> Result<()> {
    tx.run(Query::new("update tokens set last_used_at = $1 where key = $2").bind(now.micros()).bind(key))
        .await
        .map(|_| ())
}
