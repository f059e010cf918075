//! A whole Runboard on a database of its own, with a clock that only moves when told.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use runboard::app::tokens::{self, TokenRequest};
use runboard::app::{App, Caller, Clock, Config, users};
use runboard::domain::{ExecutionSummary, NewExecution, Role, Scope, Status, Timestamp};
use runboard::live::Hub;
use runboard::server::metrics::Metrics;
use runboard::store::Store;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tower::ServiceExt as _;

pub const START: Timestamp = Timestamp::from_millis(1_790_000_000_000);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// Expands each test for both databases.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() { super::$name($crate::support::Backend::Sqlite).await; })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() { super::$name($crate::support::Backend::Postgres).await; })*
        }
    };
}
pub(crate) use on_both;

/// A database that is gone after the test.
pub struct Database {
    pub url: String,
    _folder: Option<tempfile::TempDir>,
}

pub async fn database(backend: Backend) -> Database {
    match backend {
        Backend::Sqlite => {
            let folder = tempfile::tempdir().expect("a folder");
            Database { url: format!("sqlite://{}/test.db", folder.path().display()), _folder: Some(folder) }
        }
        Backend::Postgres => {
            let server = std::env::var("TEST_POSTGRES_URL").expect(
                "TEST_POSTGRES_URL names a PostgreSQL server for the tests; scripts/with-postgres.sh starts one",
            );
            let name = format!("test_{}", uuid::Uuid::new_v4().simple());
            let mut connection = sqlx::PgConnection::connect(&server).await.expect("PostgreSQL");
            connection.execute(AssertSqlSafe(format!("create database {name}"))).await.expect("a database");
            let (base, _) = server.rsplit_once('/').expect("a URL with a database");
            Database { url: format!("{base}/{name}"), _folder: None }
        }
    }
}

pub struct World {
    pub app: App,
    pub admin: Caller,
    pub database: Database,
    now: Arc<AtomicI64>,
    passed: Arc<AtomicI64>,
}

/// A clock that goes when it is told to; both count microseconds.
fn clock(now: &Arc<AtomicI64>, passed: &Arc<AtomicI64>) -> Clock {
    let (now, passed) = (now.clone(), passed.clone());
    Clock {
        now: Arc::new(move || Timestamp::from_micros(now.load(Ordering::SeqCst))),
        passed: Arc::new(move || Duration::from_micros(passed.load(Ordering::SeqCst).unsigned_abs())),
    }
}

impl World {
    pub async fn new(backend: Backend) -> Self {
        Self::with(backend, Config { requests_per_second: 0, ..Config::default() }).await
    }

    pub async fn with(backend: Backend, config: Config) -> Self {
        let database = database(backend).await;
        let now = Arc::new(AtomicI64::new(START.micros()));
        let passed = Arc::new(AtomicI64::new(0));
        let clock = clock(&now, &passed);
        let store = Store::open(&database.url).await.expect("the database opens");
        let app = App::new(store, config, clock);
        users::create_locally(&app, "admin@example.com", Role::Admin, None).await.expect("an admin");
        let admin = Caller::local_admin(&app).await.expect("the admin");
        Self { app, admin, database, now, passed }
    }

    pub fn now(&self) -> Timestamp {
        self.app.now()
    }

    /// Another server on the same database, with the same clock.
    pub async fn another_server(&self) -> App {
        self.another_server_with(self.app.config.clone()).await
    }

    /// The same, set otherwise.
    pub async fn another_server_with(&self, config: Config) -> App {
        let store = Store::open(&self.database.url).await.expect("the database opens");
        App::new(store, config, clock(&self.now, &self.passed))
    }

    /// What no use case does, done to the database behind the server's back.
    pub async fn sql(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        if self.database.url.starts_with("sqlite:") {
            let mut c = sqlx::SqliteConnection::connect(&self.database.url).await.expect("connected");
            c.execute(sqlx::raw_sql(sql)).await.expect("done");
        } else {
            let mut c = sqlx::PgConnection::connect(&self.database.url).await.expect("connected");
            c.execute(sqlx::raw_sql(sql)).await.expect("done");
        }
    }

    /// What the database itself says: one text.
    pub async fn text(&self, sql: &str) -> Option<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        let (text,): (Option<String>,) = if self.database.url.starts_with("sqlite:") {
            let mut c = sqlx::SqliteConnection::connect(&self.database.url).await.expect("connected");
            sqlx::query_as(sql).fetch_one(&mut c).await.expect("a row")
        } else {
            let mut c = sqlx::PgConnection::connect(&self.database.url).await.expect("connected");
            sqlx::query_as(sql).fetch_one(&mut c).await.expect("a row")
        };
        text
    }

    pub fn pass_ms(&self, ms: i64) {
        self.jump_ms(ms);
        self.passed.fetch_add(ms * 1_000, Ordering::SeqCst);
    }

    /// Somebody sets the clock on the wall.
    pub fn jump_ms(&self, ms: i64) {
        self.now.fetch_add(ms * 1_000, Ordering::SeqCst);
    }

    /// A new person and a token of theirs.
    pub async fn person(&self, email: &str, role: Role, scope: Scope) -> (Caller, String) {
        if users::by_email(&self.app, email).await.is_err() {
            users::create_locally(&self.app, email, role, Some("a long password".to_owned())).await.expect("a user");
        }
        let user = users::by_email(&self.app, email).await.expect("the user");
        let local = Caller::local(&self.app, user);
        let request = TokenRequest { name: "test".into(), scope: Some(scope), ..TokenRequest::default() };
        let (_, token) = tokens::create(&local, request).await.expect("a token");
        let caller = self.app.by_token(&token).await.expect("looked up").expect("valid");
        (caller, token)
    }

    pub async fn record(&self, new: NewExecution) -> ExecutionSummary {
        runboard::app::record::create(&self.admin, new).await.expect("recorded").0
    }

    /// The HTTP interface, without a network.
    pub fn http(&self) -> Http {
        let hub = Hub::start(self.app.clone());
        let router = runboard::server::router::router(self.app.clone(), hub.clone(), Metrics::new(hub), None);
        Http { router }
    }
}

pub fn run_of(agent: &str, message: &str) -> NewExecution {
    NewExecution { agent_name: agent.to_owned(), message: message.to_owned(), ..NewExecution::default() }
}

pub fn ended(agent: &str, status: Status, start_ms: i64, duration_ms: i64) -> NewExecution {
    NewExecution {
        status: Some(status),
        started_at: Some(START.plus_millis(start_ms)),
        duration_ms: Some(duration_ms),
        ..run_of(agent, "work")
    }
}

#[derive(Clone)]
pub struct Http {
    pub router: axum::Router,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    /// The names of the fields a problem complains of.
    pub fn fields(&self) -> Vec<String> {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.text);
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|e| e["field"].as_str().expect("a field").to_owned()).collect()
    }
}

impl Http {
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", "board.example");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).expect("a request");
        let answered = async {
            let (parts, body) = self.router.clone().oneshot(request).await.expect("an answer").into_parts();
            (parts, to_bytes(body, usize::MAX).await.expect("a body"))
        };
        // A request that is never answered is to be named, not to hang all the tests.
        let answer = tokio::time::timeout(Duration::from_mins(2), answered).await;
        let (parts, bytes) = answer.unwrap_or_else(|_| panic!("no answer to {method} {path}"));
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    pub async fn get(&self, token: &str, path: &str) -> Answer {
        self.send("GET", path, &[("authorization", &format!("Bearer {token}"))], Body::empty()).await
    }

    pub async fn post(&self, token: &str, path: &str, body: impl Into<Body>) -> Answer {
        self.send("POST", path, &[("authorization", &format!("Bearer {token}"))], body).await
    }

    pub async fn put(&self, token: &str, path: &str, body: impl Into<Body>) -> Answer {
        self.send("PUT", path, &[("authorization", &format!("Bearer {token}"))], body).await
    }

    pub async fn patch(&self, token: &str, path: &str, body: impl Into<Body>) -> Answer {
        self.send("PATCH", path, &[("authorization", &format!("Bearer {token}"))], body).await
    }

    pub async fn delete(&self, token: &str, path: &str) -> Answer {
        self.send("DELETE", path, &[("authorization", &format!("Bearer {token}"))], Body::empty()).await
    }
}
