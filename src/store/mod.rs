//! Server. The only SQL. Shared text for SQLite and PostgreSQL; what differs is in `db.rs`,
//! `writer.rs` and `search.rs`.

pub mod agents;
pub mod bulk;
pub mod db;
pub mod deliveries;
pub mod departures;
pub mod events;
pub mod executions;
pub mod failures;
pub mod flows;
pub mod idempotency;
pub mod interactions;
pub mod list;
pub mod marks;
pub mod memories;
pub mod migrate;
pub mod notify;
pub mod parts;
pub mod prices;
pub mod query;
pub mod queue;
pub mod reading;
pub mod rollup;
pub mod schedules;
pub mod search;
pub mod settings;
pub mod stats;
pub mod stops;
pub mod traces;
pub mod users;
pub mod views;
pub mod writer;

pub use db::{Db, Executor, Tx};
pub use query::{Query, Value};

use crate::domain::{Error, Result};
use crate::telemetry::Figures;
use futures::future::BoxFuture;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;
use tokio::sync::watch;

/// Prepared statements kept per connection: filters make many shapes.
const STATEMENTS: usize = 512;

/// Which agents a caller may see. Every statement that reads executions takes one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Visible {
    All,
    /// Keys, sorted.
    Agents(Vec<i64>),
}

impl Visible {
    pub fn includes(&self, agent_key: i64) -> bool {
        match self {
            Self::All => true,
            Self::Agents(keys) => keys.binary_search(&agent_key).is_ok(),
        }
    }
}

/// The database: a pool to read from and one writer. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    read: Db,
    write: Db,
    writer: writer::Writer,
    figures: Figures,
}

impl Store {
    /// Opens the database, bringing it to this version first.
    pub async fn open(url: &str) -> Result<Self> {
        let (read, write) = connect(url).await?;
        migrate::run(&write).await?;
        rollup::rebuild_once(&write).await?;
        let figures = Figures::new()?;
        Ok(Self { read, writer: writer::Writer::start(write.clone(), figures.clone()), write, figures })
    }

    /// For reads: never waits for the writer.
    pub fn read(&self) -> Db {
        self.read.clone()
    }

    /// What this server counts of its work.
    pub const fn figures(&self) -> &Figures {
        &self.figures
    }

    /// A transaction in which every read sees the same moment.
    pub async fn snapshot(&self) -> Result<Tx> {
        self.read.snapshot().await
    }

    /// Runs `body` in a transaction; when this returns `Ok`, the change is durable.
    pub async fn write<T, F>(&self, body: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        self.writer.write(body).await
    }

    /// Changes with each commit of this process.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.writer.commits()
    }

    /// Copies the database into `path` as one consistent file, while it is being written.
    pub async fn backup(&self, path: &str) -> Result<()> {
        if !self.write.is_sqlite() {
            return Err(Error::Conflict("backup copies a SQLite database; use pg_dump for PostgreSQL".to_owned()));
        }
        private_file(Path::new(path));
        self.read().run(Query::new("vacuum into $1").bind(path)).await.map(|_| ())
    }

    /// Waits until nothing uses the database any more and folds the write-ahead log into it.
    pub async fn close(self) {
        for db in [self.read, self.write] {
            match db {
                Db::Sqlite(p) => p.close().await,
                Db::Postgres(p) => p.close().await,
            }
        }
    }
}

/// Makes a file that only its owner reads, unless there is one: the modes of a file that exists are its operator's to
/// choose. SQLite takes an empty file for a new database, and gives what it puts beside it the same mode.
fn private_file(path: &Path) {
    // Where that fails, opening the database says why.
    drop(OpenOptions::new().write(true).create_new(true).mode(0o600).open(path));
}

/// A pool to read from and a connection to write with.
async fn connect(url: &str) -> Result<(Db, Db)> {
    let wrong = |e: sqlx::Error| Error::invalid("database_url", format!("can't be opened: {e}"));
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        let options = PgConnectOptions::from_str(url)
            .map_err(wrong)?
            .statement_cache_capacity(STATEMENTS)
            .disable_statement_logging();
        let acquire = Duration::from_secs(5);
        let read = PgPoolOptions::new()
            .max_connections(10)
            .acquire_timeout(acquire)
            .connect_with(options.clone())
            .await
            .map_err(wrong)?;
        let write = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(acquire)
            .connect_with(options)
            .await
            .map_err(wrong)?;
        return Ok((Db::Postgres(read), Db::Postgres(write)));
    }
    if !url.starts_with("sqlite:") {
        return Err(Error::invalid("database_url", "begins neither with sqlite: nor with postgres:"));
    }
    let base = SqliteConnectOptions::from_str(url)
        .map_err(wrong)?
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(true)
        .statement_cache_capacity(STATEMENTS)
        // A filter's statement can be long, and who may read could fill a disk with it.
        .disable_statement_logging()
        .pragma("temp_store", "memory");
    // A name that SQLite reads as a URI is no path, as that of a database in memory.
    if !base.get_filename().to_string_lossy().starts_with("file:") {
        private_file(base.get_filename());
    }
    // An acknowledged write survives a power cut, not only a crash: hence `full`.
    let writing = base
        .clone()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("cache_size", "-64000")
        .pragma("journal_size_limit", "67108864")
        // Pages that change often are copied into the database once for many commits: after 32 MiB, not 4.
        .pragma("wal_autocheckpoint", "8000");
    let write = sqlite_pool()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(writing)
        .await
        .map_err(wrong)?;
    let read = sqlite_pool()
        .max_connections(6)
        .acquire_timeout(Duration::from_secs(5))
        .connect_with(base.read_only(true).pragma("cache_size", "-16000"))
        .await
        .map_err(wrong)?;
    Ok((Db::Sqlite(read), Db::Sqlite(write)))
}

/// After some errors, of which a full disk is one, SQLite ends the transaction by itself and the library does not
/// notice: such a connection begins no other and is replaced.
fn sqlite_pool() -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
}
