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
            runs: None,
        }
    }
}

const SELECT: &str = "select a.key, a.name, a.display_name, a.description, a.kind, a.owner_key, \
    u.email as owner, a.created_at from agents a join users u on u.key = a.owner_key ";

pub async fn by_name(db: &mut impl Executor, name: &str) -> Result<Option<AgentRow>> {
    let mut q = Query::new(SELECT);
    q.push("where a.name = ").value(name);
    db.maybe(q).await
}

/// Agents the caller may see, by name, after `after`.
pub async fn list(db: &mut impl Executor, visible: &Visible, after: &str, limit: i64) -> Result<Vec<AgentRow>> {
    let mut q = Query::new(SELECT);
    q.push("where a.name > ").value(after);
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
