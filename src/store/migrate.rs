//! Server. Brings a database to this version, or says why it can't.

use super::db::Db;
use super::{executions, settings};
use crate::domain::{Error, Result};
use sqlx::migrate::{MigrateError, Migrator};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// How far the failure groups of older runs are filled in: a key, or `done`.
const GROUPS_FILLED: &str = "error_groups_filled";

pub async fn run(db: &Db) -> Result<()> {
    steps(db).await?;
    fill_groups(db).await
}

/// Gives the runs of an older version their failure groups, in short transactions: a start that is broken off goes on
/// where it was. Some seconds for a million runs, once.
async fn fill_groups(db: &Db) -> Result<()> {
    // A database in use is not locked for nothing.
    if settings::get(&mut db.clone(), GROUPS_FILLED).await?.as_deref() == Some("done") {
        return Ok(());
    }
    loop {
        let mut tx = db.begin().await?;
        let after = match settings::get(&mut tx, GROUPS_FILLED).await?.as_deref() {
            Some("done") => return tx.rollback().await,
            Some(key) => key.parse().map_err(|_| Error::Internal(format!("{GROUPS_FILLED}: {key}")))?,
            None => 0,
        };
        let next = executions::fill_groups(&mut tx, after).await?;
        let reached = next.map_or_else(|| "done".to_owned(), |key| key.to_string());
        settings::set(&mut tx, GROUPS_FILLED, &reached).await?;
        tx.commit().await?;
    }
}

async fn steps(db: &Db) -> Result<()> {
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
