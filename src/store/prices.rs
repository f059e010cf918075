//! Server. Prices of models that an installation has given itself.

use super::db::{Executor, Tx};
use super::query::Query;
use crate::domain::{Result, Timestamp};

/// USD for a million tokens.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct PriceRow {
    /// Empty: whoever provides it.
    pub provider: String,
    pub model: String,
    /// 0: always.
    pub from_at: i64,
    pub input: f64,
    pub output: f64,
    pub cached: Option<f64>,
    pub cache_write: Option<f64>,
    pub source: Option<String>,
}

/// All of them, by model.
pub async fn all(db: &mut impl Executor) -> Result<Vec<PriceRow>> {
    let sql = "select provider, model, from_at, input, output, cached, cache_write, source from prices \
               order by model, provider, from_at";
    db.all(Query::new(sql)).await
}

/// Gives a price, in place of the one of that model, provider and time.
pub async fn put(tx: &mut Tx, price: &PriceRow) -> Result<()> {
    let sql = "insert into prices (provider, model, from_at, input, output, cached, cache_write, source) \
               values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (provider, model, from_at) do update set \
               input = excluded.input, output = excluded.output, cached = excluded.cached, \
               cache_write = excluded.cache_write, source = excluded.source";
    let q = Query::new(sql)
        .bind(price.provider.as_str())
        .bind(price.model.as_str())
        .bind(price.from_at)
        .bind(price.input)
        .bind(price.output)
        .bind(super::query::Value::Real(price.cached))
        .bind(super::query::Value::Real(price.cache_write))
        .bind(price.source.as_deref());
    tx.run(q).await.map(|_| ())
}

/// Takes a price back; whether there was one.
pub async fn remove(tx: &mut Tx, provider: &str, model: &str, from: Timestamp) -> Result<bool> {
    let sql = "delete from prices where provider = $1 and model = $2 and from_at = $3";
    Ok(tx.run(Query::new(sql).bind(provider).bind(model).bind(from.micros())).await? > 0)
}

pub async fn count(tx: &mut Tx) -> Result<i64> {
    let (count,): (i64,) = tx.one(Query::new("select count(*) from prices")).await?;
    Ok(count)
}
