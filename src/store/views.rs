//! Server. Saved views, and which one a person begins with.

use super::db::{Executor, Tx};
use super::query::Query;
use crate::domain::{Result, Timestamp};

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ViewRow {
    pub key: i64,
    pub id: String,
    pub owner_key: i64,
    pub owner: String,
    pub name: String,
    pub query: String,
    pub shared: bool,
    pub created_at: i64,
    pub updated_at: i64,
    /// Whether the asking person begins with it.
    pub chosen: bool,
}

const COLUMNS: &str = "select v.key, v.id, v.owner_key, u.display_name as owner, v.name, v.query, v.shared, \
    v.created_at, v.updated_at, (d.view_key is not null) as chosen from ";
const JOINS: &str =
    " v join users u on u.key = v.owner_key left join default_views d on d.view_key = v.key and d.user_key = ";

pub struct NewRow {
    pub id: String,
    pub owner_key: i64,
    pub name: String,
    pub query: String,
    pub shared: bool,
}

/// A person's own views and those shared by others, by key after `after`.
pub async fn list(db: &mut impl Executor, user: i64, after: i64, limit: i64) -> Result<Vec<ViewRow>> {
    // Two indexes, each read no further than the page goes.
    let mut q = Query::new(COLUMNS);
    q.push("(select * from (select * from views where owner_key = ").value(user).push(" and key > ").value(after);
    q.push(" order by key limit ")
        .value(limit)
        .push(") a union all select * from (select * from views where shared and key > ");
    q.value(after).push(" and owner_key <> ").value(user).push(" order by key limit ").value(limit).push(") b)");
    q.push(JOINS).value(user).push(" order by v.key limit ").value(limit);
    db.all(q).await
}

/// One that the person may see.
pub async fn find(db: &mut impl Executor, user: i64, id: &str) -> Result<Option<ViewRow>> {
    let mut q = Query::new(COLUMNS);
    q.push("views").push(JOINS).value(user).push(" where v.id = ").value(id);
    q.push(" and (v.owner_key = ").value(user).push(" or v.shared)");
    db.maybe(q).await
}

pub async fn count(db: &mut impl Executor, owner: i64) -> Result<i64> {
    let (n,): (i64,) = db.one(Query::new("select count(*) from views where owner_key = $1").bind(owner)).await?;
    Ok(n)
}

/// Whether it was added: a name can be taken only once per owner.
pub async fn add(tx: &mut Tx, v: &NewRow, now: Timestamp) -> Result<bool> {
    let sql = "insert into views (id, owner_key, name, query, shared, created_at, updated_at) \
               values ($1, $2, $3, $4, $5, $6, $7) on conflict (owner_key, name) do nothing";
    let q = Query::new(sql)
        .bind(v.id.as_str())
        .bind(v.owner_key)
        .bind(v.name.as_str())
        .bind(v.query.as_str())
        .bind(v.shared)
        .bind(now.micros())
        .bind(now.micros());
    Ok(tx.run(q).await? > 0)
}

/// Whether the owner has another view of this name.
pub async fn is_taken(tx: &mut Tx, owner: i64, name: &str, but: i64) -> Result<bool> {
    let q = Query::new("select key from views where owner_key = $1 and name = $2 and key <> $3");
    Ok(tx.maybe::<(i64,)>(q.bind(owner).bind(name).bind(but)).await?.is_some())
}

pub async fn save(tx: &mut Tx, v: &ViewRow, now: Timestamp) -> Result<()> {
    let q = Query::new("update views set name = $1, query = $2, shared = $3, updated_at = $4 where key = $5")
        .bind(v.name.as_str())
        .bind(v.query.as_str())
        .bind(v.shared)
        .bind(now.micros())
        .bind(v.key);
    tx.run(q).await.map(|_| ())
}

pub async fn remove(tx: &mut Tx, key: i64) -> Result<()> {
    tx.run(Query::new("delete from views where key = $1").bind(key)).await.map(|_| ())
}

pub async fn set_default(tx: &mut Tx, user: i64, view: i64) -> Result<()> {
    let sql = "insert into default_views (user_key, view_key) values ($1, $2) \
               on conflict (user_key) do update set view_key = excluded.view_key";
    tx.run(Query::new(sql).bind(user).bind(view)).await.map(|_| ())
}

pub async fn unset_default(tx: &mut Tx, user: i64, view: i64) -> Result<()> {
    let q = Query::new("delete from default_views where user_key = $1 and view_key = $2");
    tx.run(q.bind(user).bind(view)).await.map(|_| ())
}
