//! Server. Standing rules: what somebody approves without being asked.

use super::{ApproverRow, InteractionRow};
use crate::domain::{Result, Timestamp};
use crate::store::db::{Executor, Tx};
use crate::store::query::Query;

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct RuleRow {
    pub key: i64,
    pub id: String,
    pub user_key: i64,
    pub made_by: String,
    pub agent_key: i64,
    pub agent_owner_key: i64,
    pub agent_name: String,
    pub agent_display_name: String,
    pub title: String,
    pub message: String,
    pub parameters: Option<String>,
    pub parameters_hash: String,
    pub created_at: i64,
    pub expires_at: i64,
    pub revoked_at: Option<i64>,
    pub revoked_by: Option<String>,
    pub uses: i64,
    pub last_used_at: Option<i64>,
}

const SELECT: &str = "select r.key, r.id, r.user_key, u.email as made_by, r.agent_key, a.owner_key as agent_owner_key, \
    a.name as agent_name, a.display_name as agent_display_name, r.title, r.message, r.parameters, r.parameters_hash, \
    r.created_at, r.expires_at, r.revoked_at, v.email as revoked_by, r.uses, r.last_used_at from standing_rules r \
    join users u on u.key = r.user_key join agents a on a.key = r.agent_key left join users v on v.key = r.revoked_by ";

/// Makes a rule of what was asked.
pub async fn add(
    tx: &mut Tx,
    id: &str,
    user_key: i64,
    from: &InteractionRow,
    now: Timestamp,
    until: Timestamp,
) -> Result<()> {
    let sql = "insert into standing_rules (id, user_key, agent_key, alike, title, message, parameters, parameters_hash, \
               created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let q = Query::new(sql)
        .bind(id)
        .bind(user_key)
        .bind(from.agent_key)
        .bind(from.alike.as_str())
        .bind(from.title.as_str())
        .bind(from.message.as_str())
        .bind(from.parameters.as_deref())
        .bind(from.parameters_hash.as_str())
        .bind(now.micros())
        .bind(until.micros());
    tx.run(q).await.map(|_| ())
}

pub async fn find(db: &mut impl Executor, id: &str) -> Result<Option<RuleRow>> {
    let mut q = Query::new(SELECT);
    q.push("where r.id = ").value(id);
    db.maybe(q).await
}

/// Somebody's rules and those of agents they own, newest first; `limit_to`: of these agents only.
pub async fn list(
    db: &mut impl Executor,
    user_key: i64,
    limit_to: Option<&[i64]>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<RuleRow>> {
    db.all(list_query(user_key, limit_to, before, limit)).await
}

fn list_query(user_key: i64, limit_to: Option<&[i64]>, before: Option<i64>, limit: i64) -> Query {
    let mut q = Query::new(SELECT);
    q.push("where r.key in (select key from standing_rules where user_key = ").value(user_key);
    q.push(" union select s.key from agents o join standing_rules s on o.key = s.agent_key where o.owner_key = ");
    q.value(user_key).push(") and r.key < ").value(before.unwrap_or(i64::MAX));
    match limit_to {
        None => {}
        Some([]) => _ = q.push(" and r.key is null"),
        Some(keys) => _ = q.push(" and r.agent_key in ").list(keys.iter().copied()),
    }
    q.push(" order by r.key desc limit ").value(limit);
    q
}

/// The rules that hold for an equal request: (rule, whose).
pub async fn holding(db: &mut impl Executor, agent_key: i64, alike: &str, now: Timestamp) -> Result<Vec<(i64, i64)>> {
    db.all(holding_query(agent_key, alike, now)).await
}

fn holding_query(agent_key: i64, alike: &str, now: Timestamp) -> Query {
    let sql = "select key, user_key from standing_rules where agent_key = $1 and alike = $2 and revoked_at is null \
               and expires_at > $3 order by key";
    Query::new(sql).bind(agent_key).bind(alike).bind(now.micros())
}

/// Whether one of somebody's holds for this.
pub async fn holds_for(db: &mut impl Executor, user_key: i64, to: &InteractionRow, now: Timestamp) -> Result<bool> {
    let rules = holding(db, to.agent_key, &to.alike, now).await?;
    Ok(rules.iter().any(|(_, user)| *user == user_key))
}

pub async fn note_use(tx: &mut Tx, key: i64, now: Timestamp) -> Result<()> {
    let sql = "update standing_rules set uses = uses + 1, last_used_at = $1 where key = $2";
    tx.run(Query::new(sql).bind(now.micros()).bind(key)).await.map(|_| ())
}

/// Ends a rule; whether it held.
pub async fn revoke(tx: &mut Tx, key: i64, user_key: i64, now: Timestamp) -> Result<bool> {
    let sql = "update standing_rules set revoked_at = $1, revoked_by = $2 where key = $3 and revoked_at is null";
    Ok(tx.run(Query::new(sql).bind(now.micros()).bind(user_key).bind(key)).await? > 0)
}

pub(super) fn queries(now: Timestamp) -> Vec<Query> {
    vec![holding_query(1, "x", now), list_query(1, None, None, 51)]
}

impl ApproverRow {
    pub const fn by_rule(&self) -> bool {
        self.rule_key.is_some()
    }
}
