//! Server. Runs queries on SQLite or PostgreSQL; the only place that names sqlx's backend bounds.

use super::query::{Query, Value};
use super::rollup::{self, Recount};
use super::search::{self, Unindexed};
use crate::domain::{Error, Result};
use sqlx::postgres::{PgPool, PgRow, Postgres};
use sqlx::sqlite::{Sqlite, SqlitePool, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Database, Encode, FromRow, Type};
use std::future::Future;

/// SQLite's writing connection must take the lock up front: a transaction that reads first and
/// writes later can fail half-way with SQLITE_BUSY.
const BEGIN_WRITE: &str = "begin immediate";

#[derive(Clone)]
pub enum Db {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// A transaction, and what it still has to bring up to date before it commits.
pub struct Tx {
    open: Open,
    pub(super) unindexed: Unindexed,
    pub(super) recount: Recount,
}

enum Open {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

fn arguments<DB: Database>(values: Vec<Value>) -> Result<DB::Arguments, sqlx::Error>
where
    bool: for<'q> Encode<'q, DB> + Type<DB>,
    Option<i64>: for<'q> Encode<'q, DB> + Type<DB>,
    Option<f64>: for<'q> Encode<'q, DB> + Type<DB>,
    Option<String>: for<'q> Encode<'q, DB> + Type<DB>,
{
    let mut args = DB::Arguments::default();
    for v in values {
        match v {
            Value::Bool(v) => args.add(v),
            Value::Int(v) => args.add(v),
            Value::Real(v) => args.add(v),
            Value::Text(v) => args.add(v),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(args)
}

/// A type that both databases' rows can become.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// Runs queries: the pool and an open transaction alike.
pub trait Executor: Send {
    fn all<T: Row>(&mut self, q: Query) -> impl Future<Output = Result<Vec<T>>> + Send;
    fn maybe<T: Row>(&mut self, q: Query) -> impl Future<Output = Result<Option<T>>> + Send;
    /// Rows affected.
    fn run(&mut self, q: Query) -> impl Future<Output = Result<u64>> + Send;

    fn one<T: Row>(&mut self, q: Query) -> impl Future<Output = Result<T>> + Send {
        async move { self.maybe(q).await?.ok_or(Error::NotFound) }
    }
}

macro_rules! executor {
    ($type:ty, $this:ident, $which:expr, $sqlite:pat => $lite:expr, $postgres:pat => $pg:expr) => {
        impl Executor for $type {
            async fn all<T: Row>(&mut self, mut q: Query) -> Result<Vec<T>> {
                let $this = self;
                match $which {
                    $sqlite => {
                        let sql = AssertSqlSafe(q.sqlite_sql());
                        let args = arguments::<Sqlite>(q.args).map_err(from_sqlx)?;
                        sqlx::query_as_with::<Sqlite, T, _>(sql, args).fetch_all($lite).await
                    }
                    $postgres => {
                        let sql = AssertSqlSafe(q.sql);
                        let args = arguments::<Postgres>(q.args).map_err(from_sqlx)?;
                        sqlx::query_as_with::<Postgres, T, _>(sql, args).fetch_all($pg).await
                    }
                }
                .map_err(from_sqlx)
            }
            async fn maybe<T: Row>(&mut self, mut q: Query) -> Result<Option<T>> {
                let $this = self;
                match $which {
                    $sqlite => {
                        let sql = AssertSqlSafe(q.sqlite_sql());
                        let args = arguments::<Sqlite>(q.args).map_err(from_sqlx)?;
                        sqlx::query_as_with::<Sqlite, T, _>(sql, args).fetch_optional($lite).await
                    }
                    $postgres => {
                        let sql = AssertSqlSafe(q.sql);
                        let args = arguments::<Postgres>(q.args).map_err(from_sqlx)?;
                        sqlx::query_as_with::<Postgres, T, _>(sql, args).fetch_optional($pg).await
                    }
                }
                .map_err(from_sqlx)
            }
            async fn run(&mut self, mut q: Query) -> Result<u64> {
                let $this = self;
                match $which {
                    $sqlite => {
                        let sql = AssertSqlSafe(q.sqlite_sql());
                        let args = arguments::<Sqlite>(q.args).map_err(from_sqlx)?;
                        sqlx::query_with(sql, args).execute($lite).await.map(|r| r.rows_affected())
                    }
                    $postgres => {
                        let sql = AssertSqlSafe(q.sql);
                        let args = arguments::<Postgres>(q.args).map_err(from_sqlx)?;
                        sqlx::query_with(sql, args).execute($pg).await.map(|r| r.rows_affected())
                    }
                }
                .map_err(from_sqlx)
            }
        }
    };
}
executor!(Db, db, db, Db::Sqlite(c) => &*c, Db::Postgres(c) => &*c);
executor!(Tx, tx, &mut tx.open, Open::Sqlite(c) => &mut **c, Open::Postgres(c) => &mut **c);

impl Db {
    /// A transaction that writes.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite(p) => Open::Sqlite(p.begin_with(BEGIN_WRITE).await.map_err(from_sqlx)?),
            Self::Postgres(p) => Open::Postgres(p.begin().await.map_err(from_sqlx)?),
        }
        .into())
    }

    /// A transaction in which every read sees the same moment.
    pub async fn snapshot(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite(p) => Open::Sqlite(p.begin().await.map_err(from_sqlx)?),
            Self::Postgres(p) => Open::Postgres(
                p.begin_with("begin isolation level repeatable read, read only").await.map_err(from_sqlx)?,
            ),
        }
        .into())
    }

    pub fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }
}

impl From<Open> for Tx {
    fn from(open: Open) -> Self {
        Self { open, unindexed: Unindexed::default(), recount: Recount::default() }
    }
}

impl Tx {
    pub async fn rollback(self) -> Result<()> {
        match self.open {
            Open::Sqlite(t) => t.rollback().await,
            Open::Postgres(t) => t.rollback().await,
        }
        .map_err(from_sqlx)
    }

    pub async fn commit(mut self) -> Result<()> {
        self.keep();
        search::settle(&mut self).await?;
        rollup::settle(&mut self).await?;
        match self.open {
            Open::Sqlite(t) => t.commit().await,
            Open::Postgres(t) => t.commit().await,
        }
        .map_err(from_sqlx)
    }

    pub fn is_sqlite(&self) -> bool {
        matches!(self.open, Open::Sqlite(_))
    }

    /// The savepoint is released.
    pub(super) fn keep(&mut self) {
        self.unindexed.keep();
        self.recount.keep();
    }

    /// The savepoint is rolled back.
    pub(super) fn forget(&mut self) {
        self.unindexed.forget();
        self.recount.forget();
    }
}

/// How the database would answer, a line for each part; for tests. A small table is rightly scanned, so PostgreSQL is
/// told not to.
pub async fn explain(tx: &mut Tx, mut q: Query) -> Result<Vec<String>> {
    let sqlite = tx.is_sqlite();
    if !sqlite {
        tx.run(Query::new("set local enable_seqscan = off")).await?;
    }
    q.sql.insert_str(0, if sqlite { "explain query plan " } else { "explain " });
    if sqlite {
        let rows: Vec<(i64, i64, i64, String)> = tx.all(q).await?;
        return Ok(rows.into_iter().map(|(_, _, _, line)| line).collect());
    }
    let rows: Vec<(String,)> = tx.all(q).await?;
    Ok(rows.into_iter().map(|(line,)| line).collect())
}

/// The only way out for sqlx's errors. What passes by itself (busy, full, away) becomes
/// `Unavailable`; the rest is a fault of ours and is logged under an id the caller sees.
pub fn from_sqlx(e: sqlx::Error) -> Error {
    let passing = match &e {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(d) => match d.code().as_deref() {
            // SQLite primary and extended codes: busy, locked, i/o error, full, can't open, read-only.
            Some(c) if c.parse::<u32>().is_ok_and(|n| matches!(n & 0xff, 5 | 6 | 8 | 10 | 13 | 14)) && c.len() < 5 => {
                true
            }
            // PostgreSQL: serialization failure, deadlock, out of resources, shutting down, too many connections.
            Some(c) => {
                c.starts_with("40")
                    || c.starts_with("53")
                    || c.starts_with("57P")
                    || c.starts_with("08")
                    || c == "55P03"
            }
            None => false,
        },
        _ => false,
    };
    if passing {
        tracing::warn!(error = %e, "the database did not answer");
        return Error::Unavailable("the database is busy or out of reach; nothing was stored, try again".to_owned());
    }
    let id = uuid::Uuid::now_v7().simple().to_string();
    tracing::error!(error = %e, id, "database error");
    Error::Internal(id)
}
