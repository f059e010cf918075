//! Server. Traces as they came in, whose run they tell of, and how far they are looked through.

mod found;
mod spans;

pub use found::{MarkRow, Related, arrived, by_ids, by_marks, marks_of, of_execution, overlapping};
pub use spans::{
    Kept, add_logs, add_marks, add_origins, add_spans, change_span, logs_of, origins_of, spans_among, spans_named,
    spans_of,
};

use super::db::{Executor, Tx};
use super::executions::chunks;
use super::query::Query;
use crate::domain::{Result, Timestamp};

#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct TraceRow {
    pub key: i64,
    pub user_key: i64,
    pub trace_id: String,
    pub execution_key: Option<i64>,
    pub service: String,
    pub starts_at: i64,
    pub ends_at: i64,
    pub span_count: i64,
    pub bytes: i64,
    pub left_out: i64,
    pub first_received_at: i64,
    pub last_received_at: i64,
    pub version: i64,
    pub looks: i64,
    pub calm_until: i64,
    #[sqlx(try_from = "String")]
    pub state: TraceState,
    pub over_at: Option<i64>,
    pub due_at: Option<i64>,
    pub alone: bool,
    pub own_report: bool,
    pub agents: Option<String>,
}

const COLUMNS: &str = "t.key, t.user_key, t.trace_id, t.execution_key, t.service, t.starts_at, t.ends_at, t.span_count, \
    t.bytes, t.left_out, t.first_received_at, t.last_received_at, t.version, t.looks, t.calm_until, t.state, t.over_at, \
    t.due_at, t.alone, t.own_report, t.agents";

fn select(rest: &'static str) -> Query {
    let mut q = Query::new("select ");
    q.push(COLUMNS).push(" from traces t ").push(rest);
    q
}

/// Whether more spans may still change how its run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceState {
    /// Its root has not ended.
    Open,
    /// It has, a moment ago.
    Over,
    /// Nothing came for long: taken to have ended.
    Quiet,
    /// How it ended stands.
    Settled,
    /// It names an agent that is not its sender's: its spans are gone, and further ones are not taken.
    Refused,
}

impl TraceState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Over => "over",
            Self::Quiet => "quiet",
            Self::Settled => "settled",
            Self::Refused => "refused",
        }
    }
}

impl TryFrom<String> for TraceState {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Ok(match text.as_str() {
            "open" => Self::Open,
            "over" => Self::Over,
            "quiet" => Self::Quiet,
            "settled" => Self::Settled,
            "refused" => Self::Refused,
            _ => return Err(format!("`{text}` is not a state of a trace")),
        })
    }
}

/// The trace of that id of a person; added if it is new.
pub async fn find_or_add(tx: &mut Tx, user_key: i64, trace_id: &str, now: Timestamp) -> Result<TraceRow> {
    let sql = "insert into traces (user_key, trace_id, service, starts_at, ends_at, first_received_at, last_received_at) \
               values ($1, $2, '', 9223372036854775807, 0, $3, $3) on conflict (user_key, trace_id) do nothing";
    tx.run(Query::new(sql).bind(user_key).bind(trace_id).bind(now.micros())).await?;
    let mut q = select("where t.user_key = ");
    q.value(user_key).push(" and t.trace_id = ").value(trace_id);
    tx.one(q).await
}

/// Traces by key, in no order; what is gone is absent.
pub async fn by_keys(db: &mut impl Executor, keys: &[i64]) -> Result<Vec<TraceRow>> {
    let mut found = Vec::with_capacity(keys.len());
    for chunk in chunks(keys) {
        let mut q = select("where t.key in ");
        q.list(chunk.iter().copied());
        found.extend(db.all::<TraceRow>(q).await?);
    }
    Ok(found)
}

/// Writes what a batch added to a trace, as its next version, to be looked at as soon as it may be.
pub async fn save_growth(tx: &mut Tx, t: &mut TraceRow, now: Timestamp) -> Result<()> {
    t.version += 1;
    t.last_received_at = now.micros();
    t.due_at = Some(t.calm_until.max(now.micros()));
    let sql = "update traces set service = $1, starts_at = $2, ends_at = $3, span_count = $4, bytes = $5, left_out = $6, \
               last_received_at = $7, version = $8, due_at = $9, own_report = $10, agents = $11 where key = $12";
    let q = Query::new(sql)
        .bind(t.service.as_str())
        .bind(t.starts_at)
        .bind(t.ends_at)
        .bind(t.span_count)
        .bind(t.bytes)
        .bind(t.left_out)
        .bind(t.last_received_at)
        .bind(t.version)
        .bind(t.due_at)
        .bind(t.own_report)
        .bind(t.agents.as_deref())
        .bind(t.key);
    tx.run(q).await.map(|_| ())
}

/// Writes what was made of a trace.
pub async fn save_outcome(tx: &mut Tx, t: &TraceRow) -> Result<()> {
    let sql = "update traces set execution_key = $1, looks = $2, calm_until = $3, state = $4, over_at = $5, due_at = $6, \
               alone = $7 where key = $8";
    let q = Query::new(sql)
        .bind(t.execution_key)
        .bind(t.looks)
        .bind(t.calm_until)
        .bind(t.state.as_str())
        .bind(t.over_at)
        .bind(t.due_at)
        .bind(t.alone)
        .bind(t.key);
    tx.run(q).await.map(|_| ())
}

/// Looks at these no sooner than then.
pub async fn postpone(tx: &mut Tx, keys: &[i64], until: Timestamp) -> Result<()> {
    for chunk in chunks(keys) {
        let mut q = Query::new("update traces set due_at = ");
        q.value(until.micros()).push(" where due_at is not null and key in ").list(chunk.iter().copied());
        tx.run(q).await?;
    }
    Ok(())
}

/// Traces whose time has come, as (person, key), those that waited longest first.
pub async fn due(db: &mut impl Executor, now: Timestamp, limit: i64) -> Result<Vec<(i64, i64)>> {
    db.all(due_query(now, limit)).await
}

fn due_query(now: Timestamp, limit: i64) -> Query {
    let sql = "select user_key, key from traces where due_at <= $1 order by due_at, key limit $2";
    Query::new(sql).bind(now.micros()).bind(limit)
}

/// Takes no more of these traces, and forgets what they hold. That they were refused is remembered for as long as
/// those that tell of no run: what comes later is refused, too.
pub async fn refuse(tx: &mut Tx, keys: &[i64]) -> Result<()> {
    for chunk in chunks(keys) {
        for table in ["spans", "trace_logs", "trace_marks", "trace_origins"] {
            let mut q = Query::new("delete from ");
            q.push(table).push(" where trace_key in ").list(chunk.iter().copied());
            tx.run(q).await?;
        }
        let mut q = Query::new("update traces set state = ");
        q.value(TraceState::Refused.as_str());
        q.push(", execution_key = null, due_at = null, span_count = 0, bytes = 0 where key in ");
        q.list(chunk.iter().copied());
        tx.run(q).await?;
    }
    Ok(())
}

/// When those that are known of a conversation may be looked at again: a long one is left alone for a while.
pub async fn calm_of(tx: &mut Tx, user_key: i64, conversation: &str) -> Result<i64> {
    let sql = "select coalesce(max(t.calm_until), 0) from trace_marks m join traces t on t.key = m.trace_key \
               where m.user_key = $1 and m.kind = 'conversation' and m.mark = $2";
    let (calm,): (i64,) = tx.one(Query::new(sql).bind(user_key).bind(conversation)).await?;
    Ok(calm)
}

/// What one job forgot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    pub spans: i64,
    /// There may be more.
    pub more: bool,
}

/// Forgets traces that tell of no run and have not grown since, those first that are silent for longest. As many as the
/// writer has time for: with each go all its spans. Log records are not counted, but have their bytes.
pub async fn forget_nothing(tx: &mut Tx, since: Timestamp) -> Result<Forgotten> {
    const TRACES: i64 = 500;
    const SPANS: i64 = 20_000;
    const BYTES: i64 = 32 << 20;
    let old: Vec<(i64, i64, i64)> = tx.all(of_nothing_query(since, TRACES)).await?;
    let mut forgotten = Forgotten { spans: 0, more: old.len() as i64 == TRACES };
    let (mut keys, mut bytes) = (Vec::new(), 0);
    for (key, spans, size) in old {
        if !keys.is_empty() && (forgotten.spans + spans > SPANS || bytes + size > BYTES) {
            forgotten.more = true;
            break;
        }
        forgotten.spans += spans;
        bytes += size;
        keys.push(key);
    }
    for chunk in chunks(&keys) {
        let mut q = Query::new("delete from traces where execution_key is null and last_received_at < ");
        q.value(since.micros()).push(" and key in ").list(chunk.iter().copied());
        tx.run(q).await?;
    }
    Ok(forgotten)
}

fn of_nothing_query(since: Timestamp, limit: i64) -> Query {
    let sql = "select key, span_count, bytes from traces where execution_key is null and last_received_at < $1 \
               order by last_received_at, key limit $2";
    Query::new(sql).bind(since.micros()).bind(limit)
}

/// How the database would answer what is asked all the time; for tests.
pub async fn explain(tx: &mut Tx) -> Result<Vec<String>> {
    let mut lines = super::db::explain(tx, due_query(Timestamp::from_micros(0), 10)).await?;
    lines.extend(super::db::explain(tx, of_nothing_query(Timestamp::from_micros(0), 10)).await?);
    for q in found::queries() {
        lines.extend(super::db::explain(tx, q).await?);
    }
    lines.extend(super::db::explain(tx, spans::spans_query(&[1])).await?);
    Ok(lines)
}
