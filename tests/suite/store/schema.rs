//! The database itself: versions, and that every page's query has its index.

use crate::support::{Backend, World, database, on_both};
use runboard::domain::Error;
use runboard::store::Store;
use sqlx::{Connection as _, Executor as _};

on_both!(
    a_database_of_a_newer_version_is_refused,
    opening_twice_changes_nothing,
    what_was_written_is_there_after_reopening
);

async fn a_database_of_a_newer_version_is_refused(backend: Backend) {
    let database = database(backend).await;
    Store::open(&database.url).await.expect("opened").close().await;
    let sql = "insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (9999, 'x', true, 'y', 0)";
    match backend {
        Backend::Sqlite => {
            let mut c = sqlx::SqliteConnection::connect(&database.url).await.expect("connected");
            c.execute(sql).await.expect("changed");
        }
        Backend::Postgres => {
            let mut c = sqlx::PgConnection::connect(&database.url).await.expect("connected");
            c.execute(sql).await.expect("changed");
        }
    }
    match Store::open(&database.url).await {
        Err(Error::Conflict(text)) => assert!(text.contains("newer Runboard"), "{text}"),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it opened"),
    }
}

#[tokio::test]
async fn only_its_owner_reads_a_new_database_and_its_copy() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &str| std::fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    let database = database(Backend::Sqlite).await;
    let path = database.url.strip_prefix("sqlite://").expect("a path");
    let copy = format!("{path}.copy");
    let store = Store::open(&database.url).await.expect("opened");
    store.backup(&copy).await.expect("copied");
    for file in [path, &format!("{path}-wal"), &format!("{path}-shm"), &copy] {
        assert_eq!(mode(file), 0o600, "{file}");
    }
    assert!(store.backup(&copy).await.is_err(), "a copy is never overwritten");
    store.close().await;
    // An operator's choice stays.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o640)).expect("changed");
    Store::open(&database.url).await.expect("opened again");
    assert_eq!(mode(path), 0o640);
}

async fn opening_twice_changes_nothing(backend: Backend) {
    let database = database(backend).await;
    Store::open(&database.url).await.expect("opened").close().await;
    Store::open(&database.url).await.expect("opened again").close().await;
}

async fn what_was_written_is_there_after_reopening(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.record(crate::support::run_of("a", "kept")).await;
    let url = world.database.url.clone();
    let again = Store::open(&url).await.expect("opened beside");
    let rows = runboard::store::executions::existing(&mut again.read(), &[run.id.as_str()]).await.expect("read");
    assert_eq!(rows.len(), 1);
}
