//! Server. Agents and who they are shared with.

use super::Visible;
use super::db::{Executor, Tx};
use super::query::Query;
use crate::domain::{AgentKind, AgentSummary, Result, Timestamp};

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct AgentRow {
    pub key: i64,
    pub name: String,
    pub display_name: String,
    pub description: Option<String>,
    #[sqlx(try_from = "String")]
    pub kind: AgentKind,
    pub owner_key: i64,
    pub owner: String,
    pub created_at: i64,
    /// JSON by kind.
    pub config: Option<String>,
    pub max_concurrency: i64,
    pub timeout_s: Option<i64>,
    pub retry: Option<String>,
    pub budget: Option<String>,
    pub retired_at: Option<i64>,
}

/// What of an agent can be changed, as stored.
#[derive(Debug, Clone)]
pub struct AgentFields {
    pub display_name: String,
    pub description: Option<String>,
    pub config: Option<String>,
    pub max_concurrency: i64,
    pub timeout_s: Option<i64>,
    pub retry: Option<String>,
    pub budget: Option<String>,
}

impl AgentFields {
    fn bind(&self, q: Query) -> Query {
        q.bind(self.display_name.as_str())
            .bind(self.description.as_deref())
            .bind(self.config.as_deref())
            .bind(self.max_concurrency)
            .bind(self.timeout_s)
            .bind(self.retry.as_deref())
            .bind(self.budget.as_deref())
    }
}

impl From<AgentRow> for AgentSummary {
    fn from(r: AgentRow) -> Self {
        Self {
            name: r.name,
            display_name: r.display_name,
            description: r.description,
            kind: r.kind,
            owner: r.owner,
            created_at: Timestamp::from_micros(r.created_at),
            can_run: false,
            runs: None,
        }
    }
}

const SELECT: &str = "select a.key, a.name, a.display_name, a.description, a.kind, a.owner_key, \
    u.email as owner, a.created_at, a.config, a.max_concurrency, a.timeout_s, a.retry, a.budget, \
    a.retired_at from agents a join users u on u.key = a.owner_key ";

pub async fn by_name(db: &mut impl Executor, name: &str) -> Result<Option<AgentRow>> {
    let mut q = Query::new(SELECT);
    q.push("where a.name = ").value(name);
    db.maybe(q).await
}

pub async fn by_key(db: &mut impl Executor, key: i64) -> Result<AgentRow> {
    let mut q = Query::new(SELECT);
    q.push("where a.key = ").value(key);
    db.one(q).await
}

pub async fn by_keys(db: &mut impl Executor, keys: &[i64]) -> Result<Vec<AgentRow>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut q = Query::new(SELECT);
    q.push("where a.key in ").list(keys.iter().copied());
    db.all(q).await
}

/// One agent for changing: on PostgreSQL its row is locked until the transaction ends.
pub async fn by_key_for_update(tx: &mut Tx, key: i64) -> Result<Option<AgentRow>> {
    let mut q = Query::new(SELECT);
    q.push("where a.key = ").value(key);
    if !tx.is_sqlite() {
        q.push(" for update of a");
    }
    tx.maybe(q).await
}

/// Keys of the agents whose runs Runboard can start.
pub async fn run_here(db: &mut impl Executor) -> Result<Vec<i64>> {
    let sql = "select key from agents where kind <> 'external' and retired_at is null";
    let rows: Vec<(i64,)> = db.all(Query::new(sql)).await?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

/// Agents the caller may see and that are not retired, by name, after `after`.
pub async fn list(db: &mut impl Executor, visible: &Visible, after: &str, limit: i64) -> Result<Vec<AgentRow>> {
    let mut q = Query::new(SELECT);
    q.push("where a.retired_at is null and a.name > ").value(after);
    if let Visible::Agents(keys) = visible {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        q.push(" and a.key in ").list(keys.iter().copied());
    }
    q.push(" order by a.name limit ").value(limit);
    db.all(q).await
}

/// Registers an agent, or answers the one of that name.
pub async fn register(tx: &mut Tx, name: &str, display_name: &str, owner_key: i64, now: Timestamp) -> Result<AgentRow> {
    let sql = "insert into agents (name, display_name, kind, owner_key, created_at) \
               values ($1, $2, 'external', $3, $4) on conflict (name) do nothing";
    tx.run(Query::new(sql).bind(name).bind(display_name).bind(owner_key).bind(now.micros())).await?;
    let mut q = Query::new(SELECT);
    q.push("where a.name = ").value(name);
    tx.one(q).await
}

/// Adds an agent; whether its name was free.
pub async fn add(
    tx: &mut Tx,
    name: &str,
    kind: AgentKind,
    owner_key: i64,
    fields: &AgentFields,
    now: Timestamp,
) -> Result<bool> {
    let sql = "insert into agents (display_name, description, config, max_concurrency, timeout_s, retry, budget, \
               name, kind, owner_key, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
               on conflict (name) do nothing";
    let q = fields.bind(Query::new(sql)).bind(name).bind(kind.as_str()).bind(owner_key).bind(now.micros());
    Ok(tx.run(q).await? > 0)
}

pub async fn update(tx: &mut Tx, key: i64, fields: &AgentFields) -> Result<()> {
    let sql = "update agents set display_name = $1, description = $2, config = $3, max_concurrency = $4, \
               timeout_s = $5, retry = $6, budget = $7 where key = $8";
    tx.run(fields.bind(Query::new(sql)).bind(key)).await.map(|_| ())
}

/// Forgets an agent that was registered since then for a run that is not its own after all; not one that anybody has
/// done anything with.
pub async fn forget_unused(tx: &mut Tx, key: i64, since: Timestamp) -> Result<bool> {
    let sql = "delete from agents where key = $1 and kind = 'external' and created_at >= $2 and config is null \
               and description is null and timeout_s is null and budget is null \
               and not exists (select 1 from executions e where e.agent_key = agents.key) \
               and not exists (select 1 from shares s where s.agent_key = agents.key) \
               and not exists (select 1 from schedules s where s.agent_key = agents.key) \
               and not exists (select 1 from flows f where f.agent_key = agents.key)";
    Ok(tx.run(Query::new(sql).bind(key).bind(since.micros())).await? > 0)
}

/// Deletes an agent that never ran; one with runs is retired and they stay. Its schedule comes no more.
pub async fn delete(tx: &mut Tx, key: i64, now: Timestamp) -> Result<()> {
    let ran = "select key from executions where agent_key = $1 limit 1";
    if tx.maybe::<(i64,)>(Query::new(ran).bind(key)).await?.is_none() {
        return tx.run(Query::new("delete from agents where key = $1").bind(key)).await.map(|_| ());
    }
    let sql = "update agents set retired_at = coalesce(retired_at, $1) where key = $2";
    tx.run(Query::new(sql).bind(now.micros()).bind(key)).await?;
    super::schedules::set_next(tx, key, None).await
}

/// Keys of the agents a user owns.
pub async fn owned(db: &mut impl Executor, user_key: i64) -> Result<Vec<i64>> {
    let rows: Vec<(i64,)> = db.all(Query::new("select key from agents where owner_key = $1").bind(user_key)).await?;
    Ok(rows.into_iter().map(|(k,)| k).collect())
}

/// (agent, may operate) of every share with a user.
pub async fn shared_with(db: &mut impl Executor, user_key: i64) -> Result<Vec<(i64, bool)>> {
    let sql = "select agent_key, access from shares where user_key = $1";
    let rows: Vec<(i64, String)> = db.all(Query::new(sql).bind(user_key)).await?;
    Ok(rows.into_iter().map(|(k, access)| (k, access == "operate")).collect())
}

/// Keys of agents by name; unknown names are absent.
pub async fn keys(db: &mut impl Executor, names: &[String]) -> Result<Vec<i64>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut q = Query::new("select key from agents where name in ");
    q.list(names.iter().map(String::as_str));
    let rows: Vec<(i64,)> = db.all(q).await?;
    Ok(rows.into_iter().map(|(k,)| k).collect())
}

/// (e-mail, access) of everyone an agent is shared with.
pub async fn shares(db: &mut impl Executor, agent_key: i64) -> Result<Vec<(String, String)>> {
    let sql = "select u.email, s.access from shares s join users u on u.key = s.user_key \
               where s.agent_key = $1 order by u.email";
    db.all(Query::new(sql).bind(agent_key)).await
}

pub async fn share(tx: &mut Tx, agent_key: i64, user_key: i64, access: &str, now: Timestamp) -> Result<()> {
    let sql = "insert into shares (agent_key, user_key, access, created_at) values ($1, $2, $3, $4) \
               on conflict (agent_key, user_key) do update set access = excluded.access";
    tx.run(Query::new(sql).bind(agent_key).bind(user_key).bind(access).bind(now.micros())).await.map(|_| ())
}

/// Whether there was a share to take back.
pub async fn unshare(tx: &mut Tx, agent_key: i64, user_key: i64) -> Result<bool> {
    let sql = "delete from shares where agent_key = $1 and user_key = $2";
    Ok(tx.run(Query::new(sql).bind(agent_key).bind(user_key)).await? > 0)
}
