//! Server. Single values of the installation.

use super::db::Executor;
use super::query::Query;
use crate::domain::Result;

pub async fn get(db: &mut impl Executor, name: &str) -> Result<Option<String>> {
    let row: Option<(String,)> = db.maybe(Query::new("select value from settings where name = $1").bind(name)).await?;
    Ok(row.map(|(v,)| v))
}

pub async fn set(db: &mut impl Executor, name: &str, value: &str) -> Result<()> {
    let sql =
        "insert into settings (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value";
    db.run(Query::new(sql).bind(name).bind(value)).await.map(|_| ())
}

pub async fn remove(db: &mut impl Executor, name: &str) -> Result<()> {
    db.run(Query::new("delete from settings where name = $1").bind(name)).await.map(|_| ())
}
