//! How fast runs are recorded.

use crate::data::Records;
use crate::report::{Report, per_second};
use crate::server::Server;
use std::time::{Duration, Instant};

const BATCH: usize = 500;
const CLIENTS: usize = 64;

/// What SQLite itself allows on this disk: rows of the same size into a table without an index, durable every 500.
pub async fn bare(report: &mut Report) {
    use sqlx::Connection as _;
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/bare.db?mode=rwc", folder.path().display());
    let mut database = sqlx::SqliteConnection::connect(&url).await.expect("opened");
    for sql in ["pragma journal_mode = wal", "pragma synchronous = full", "create table bare (record text)"] {
        sqlx::query(sql).execute(&mut database).await.expect("prepared");
    }
    let mut records = Records::new(2, BATCH);
    let rows: Vec<String> = (0..BATCH).map(|_| records.next()).collect();
    let (begun, mut done) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs(2) {
        let mut batch = database.begin().await.expect("begun");
        for row in &rows {
            sqlx::query("insert into bare values (?)").bind(row).execute(&mut *batch).await.expect("inserted");
        }
        batch.commit().await.expect("committed");
        done += BATCH;
    }
    report.row("SQLite alone: rows in transactions of 500", per_second(done, begun.elapsed()), "", None);
}

/// One client, one batch after the other. Making the records is not counted.
pub async fn batches(server: &Server, runs: usize, report: &mut Report) {
    let mut records = Records::new(1, runs);
    let mut wire = server.wire().await;
    let mut spent = Duration::ZERO;
    let mut last = Duration::ZERO;
    let mut done = 0;
    while done < runs {
        let size = BATCH.min(runs - done);
        let body = records.batch(size);
        let begun = Instant::now();
        let answer = wire.send("POST", "/api/executions/batch", "application/x-ndjson", body.as_bytes()).await.json();
        let took = begun.elapsed();
        assert_eq!(answer["accepted"], size, "{}", answer["results"][0]);
        spent += took;
        done += size;
        if done + runs / 10 > runs {
            last += took;
        }
        if done % 100_000 == 0 {
            eprintln!("{done} runs, {:.0} s", spent.as_secs_f64());
        }
    }
    let target = "≥ 20 000 /s";
    report.row("ingest, one client, batches of 500", per_second(done, spent), target, None);
    report.row("the same, last tenth", per_second(runs / 10, last), target, None);
}

/// 64 clients, one run a request, each answered when it is durable. Answers how many runs that were.
pub async fn one_by_one(server: &Server, runs: usize, report: &mut Report) -> usize {
    let each = (runs / 50).clamp(1_280, 32_000) / CLIENTS;
    let mut clients = Vec::new();
    for client in 0..CLIENTS {
        let mut records = Records::new(1_000 + client as u64, each);
        let bodies: Vec<String> = (0..each).map(|_| records.next()).collect();
        clients.push((server.wire().await, bodies));
    }
    let begun = Instant::now();
    let working = clients.into_iter().map(|(mut wire, bodies)| {
        tokio::spawn(async move {
            for body in bodies {
                let answer = wire.send("POST", "/api/executions", "application/json", body.as_bytes()).await;
                assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
            }
        })
    });
    for client in working.collect::<Vec<_>>() {
        client.await.expect("a client");
    }
    let rate = per_second(each * CLIENTS, begun.elapsed());
    report.row("ingest, 64 clients, one by one", rate, "≥ 5 000 /s", None);
    each * CLIENTS
}
