//! Server. Spans and log records of traces, each stored once, and who sent them.

use super::TraceRow;
use super::found::Related;
use crate::domain::{Result, Timestamp};
use crate::store::db::{Executor, Tx};
use crate::store::executions::chunks;
use crate::store::query::{Query, Value};

/// A span or log record as stored: JSON, without its origin.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Kept {
    pub trace_key: i64,
    /// The span's id; of a log record a number.
    pub id: String,
    pub origin: i64,
    pub data: String,
}

/// Those of these spans that are known.
pub async fn spans_among(tx: &mut Tx, trace_key: i64, ids: &[&str]) -> Result<Vec<Kept>> {
    let mut found = Vec::new();
    for chunk in chunks(ids) {
        let mut q = Query::new("select trace_key, span_id as id, origin, data from spans where trace_key = ");
        q.value(trace_key).push(" and span_id in ").list(chunk.iter().copied());
        found.extend(tx.all::<Kept>(q).await?);
    }
    Ok(found)
}

pub async fn add_spans(tx: &mut Tx, trace_key: i64, spans: &[Kept], now: Timestamp) -> Result<()> {
    for chunk in chunks(spans) {
        let mut q = Query::new("insert into spans (trace_key, span_id, origin, data, received_at) values ");
        q.rows(chunk.iter().map(|s| {
            let (id, data) = (Value::from(s.id.as_str()), Value::from(s.data.as_str()));
            vec![Value::from(trace_key), id, Value::from(s.origin), data, Value::from(now.micros())]
        }));
        tx.run(q).await?;
    }
    Ok(())
}

/// A version of a span that tells more takes the place of the one that is known.
pub async fn change_span(tx: &mut Tx, trace_key: i64, span: &Kept, now: Timestamp) -> Result<()> {
    let sql = "update spans set origin = $1, data = $2, received_at = $3 where trace_key = $4 and span_id = $5";
    let q = Query::new(sql).bind(span.origin).bind(span.data.as_str()).bind(now.micros());
    tx.run(q.bind(trace_key).bind(span.id.as_str())).await.map(|_| ())
}

/// Adds log records that are new; how many were.
pub async fn add_logs(tx: &mut Tx, trace_key: i64, logs: &[(i64, i64, &str)], now: Timestamp) -> Result<u64> {
    let mut added = 0;
    for chunk in chunks(logs) {
        let mut q = Query::new("insert into trace_logs (trace_key, id, origin, data, received_at) values ");
        q.rows(chunk.iter().map(|(id, origin, data)| {
            let (id, origin) = (Value::from(*id), Value::from(*origin));
            vec![Value::from(trace_key), id, origin, Value::from(*data), Value::from(now.micros())]
        }));
        q.push(" on conflict (trace_key, id) do nothing");
        added += tx.run(q).await?;
    }
    Ok(added)
}

pub async fn add_origins(tx: &mut Tx, trace_key: i64, origins: &[(i64, &str)]) -> Result<()> {
    for chunk in chunks(origins) {
        let mut q = Query::new("insert into trace_origins (trace_key, id, data) values ");
        q.rows(chunk.iter().map(|(id, data)| vec![Value::from(trace_key), Value::from(*id), Value::from(*data)]));
        q.push(" on conflict (trace_key, id) do nothing");
        tx.run(q).await?;
    }
    Ok(())
}

pub async fn add_marks(tx: &mut Tx, t: &TraceRow, marks: &[(Related, &str)]) -> Result<()> {
    for chunk in chunks(marks) {
        let mut q = Query::new("insert into trace_marks (user_key, kind, mark, trace_key) values ");
        q.rows(chunk.iter().map(|(kind, mark)| {
            vec![Value::from(t.user_key), Value::from(kind.as_str()), Value::from(*mark), Value::from(t.key)]
        }));
        q.push(" on conflict (user_key, kind, mark, trace_key) do nothing");
        tx.run(q).await?;
    }
    Ok(())
}

/// All spans of these traces.
pub async fn spans_of(db: &mut impl Executor, keys: &[i64]) -> Result<Vec<Kept>> {
    let mut found = Vec::new();
    for chunk in chunks(keys) {
        found.extend(db.all::<Kept>(spans_query(chunk)).await?);
    }
    Ok(found)
}

pub(super) fn spans_query(keys: &[i64]) -> Query {
    let mut q = Query::new("select trace_key, span_id as id, origin, data from spans where trace_key in ");
    q.list(keys.iter().copied());
    q
}

/// The spans with this id of these traces: more than one only where traces use the same.
pub async fn spans_named(db: &mut impl Executor, keys: &[i64], id: &str) -> Result<Vec<Kept>> {
    let mut found = Vec::new();
    for chunk in chunks(keys) {
        let mut q = spans_query(chunk);
        q.push(" and span_id = ").value(id);
        found.extend(db.all::<Kept>(q).await?);
    }
    Ok(found)
}

/// All log records of these traces.
pub async fn logs_of(db: &mut impl Executor, keys: &[i64]) -> Result<Vec<Kept>> {
    let mut found = Vec::new();
    for chunk in chunks(keys) {
        let mut q =
            Query::new("select trace_key, cast(id as text) as id, origin, data from trace_logs where trace_key in ");
        q.list(chunk.iter().copied());
        found.extend(db.all::<Kept>(q).await?);
    }
    Ok(found)
}

/// Who sent them: trace, number, JSON.
pub async fn origins_of(db: &mut impl Executor, keys: &[i64]) -> Result<Vec<(i64, i64, String)>> {
    let mut found = Vec::new();
    for chunk in chunks(keys) {
        let mut q = Query::new("select trace_key, id, data from trace_origins where trace_key in ");
        q.list(chunk.iter().copied());
        found.extend(db.all::<(i64, i64, String)>(q).await?);
    }
    Ok(found)
}
