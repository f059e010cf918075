//! Server. Brings a database to this version, or says why it can't.

use super::db::Db;
use crate::domain::{Error, Result};
use sqlx::migrate::{MigrateError, Migrator};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

pub async fn run(db: &Db) -> Result<()> {
    let outcome = match db {
        Db::Sqlite(p) => SQLITE.run(p).await,
        Db::Postgres(p) => POSTGRES.run(p).await,
    };
    outcome.map_err(|e| match e {
        MigrateError::VersionMissing(v) | MigrateError::VersionTooNew(v, _) => Error::Conflict(format!(
            "this database was written by a newer Runboard (its schema has step {v}, unknown here); start that version"
        )),
        MigrateError::VersionMismatch(v) => {
            Error::Conflict(format!("schema step {v} of this database differs from the one this version knows"))
        }
        MigrateError::Execute(e) => super::db::from_sqlx(e),
        other => {
            tracing::error!(error = %other, "migration failed");
            Error::Unavailable(format!("the database could not be brought to this version: {other}"))
        }
    })
}
