//! Server. Which traces belong together: by an answer's id, a conversation, a link, or the time.

use super::{TraceRow, select};
use crate::domain::{Result, Timestamp};
use crate::store::db::Executor;
use crate::store::executions::chunks;
use crate::store::query::Query;

/// What traces are found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Related {
    /// The provider's id of a model's answer.
    Answer,
    /// Service and conversation.
    Conversation,
    /// The trace that a span links to.
    Link,
}

impl Related {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Conversation => "conversation",
            Self::Link => "link",
        }
    }
}

impl TryFrom<String> for Related {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Ok(match text.as_str() {
            "answer" => Self::Answer,
            "conversation" => Self::Conversation,
            "link" => Self::Link,
            _ => return Err(format!("`{text}` is nothing that traces are found by")),
        })
    }
}

/// The marks of a trace as read.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct MarkRow {
    pub trace_key: i64,
    #[sqlx(try_from = "String")]
    pub kind: Related,
    pub mark: String,
}

/// What these traces are found by.
pub async fn marks_of(db: &mut impl Executor, keys: &[i64]) -> Result<Vec<MarkRow>> {
    let mut found = Vec::new();
    for chunk in chunks(keys) {
        let mut q = Query::new("select trace_key, kind, mark from trace_marks where trace_key in ");
        q.list(chunk.iter().copied());
        found.extend(db.all::<MarkRow>(q).await?);
    }
    Ok(found)
}

/// A person's traces with one of these marks; `loose` ones only are no run by themselves.
pub async fn by_marks(
    db: &mut impl Executor,
    user_key: i64,
    kind: Related,
    marks: &[&str],
    loose: bool,
    limit: i64,
) -> Result<Vec<TraceRow>> {
    let mut found = Vec::new();
    for chunk in chunks(marks) {
        found.extend(db.all::<TraceRow>(marks_query(user_key, kind, chunk, loose, limit)).await?);
    }
    Ok(found)
}

fn marks_query(user_key: i64, kind: Related, marks: &[&str], loose: bool, limit: i64) -> Query {
    let mut q = select("join trace_marks m on m.trace_key = t.key where m.user_key = ");
    q.value(user_key).push(" and m.kind = ").value(kind.as_str()).push(" and m.mark in ").list(marks.iter().copied());
    if loose {
        q.push(" and not t.alone");
    }
    q.push(" order by m.trace_key limit ").value(limit);
    q
}

/// A person's traces by their own ids.
pub async fn by_ids(db: &mut impl Executor, user_key: i64, ids: &[&str]) -> Result<Vec<TraceRow>> {
    let mut found = Vec::new();
    for chunk in chunks(ids) {
        let mut q = select("where t.user_key = ");
        q.value(user_key).push(" and t.trace_id in ").list(chunk.iter().copied());
        found.extend(db.all::<TraceRow>(q).await?);
    }
    Ok(found)
}

/// Traces of a service that may tell of the same calls: to one of nothing but a library's own reports those that went on
/// around it, to any other those reports that lie within it.
pub async fn overlapping(db: &mut impl Executor, t: &TraceRow, limit: i64) -> Result<Vec<TraceRow>> {
    db.all(overlapping_query(t, limit)).await
}

/// A call takes no longer.
const LONGEST_CALL: i64 = 3_600_000_000;

fn overlapping_query(t: &TraceRow, limit: i64) -> Query {
    let mut q = select("where t.user_key = ");
    q.value(t.user_key).push(" and t.service = ").value(t.service.as_str());
    if t.own_report {
        q.push(" and not t.own_report and t.starts_at >= ").value(t.starts_at.saturating_sub(LONGEST_CALL));
        q.push(" and t.starts_at <= ").value(t.starts_at).push(" and t.ends_at >= ").value(t.ends_at);
    } else {
        q.push(" and t.own_report and not t.alone and t.starts_at >= ").value(t.starts_at);
        q.push(" and t.starts_at <= ").value(t.ends_at).push(" and t.ends_at <= ").value(t.ends_at);
    }
    q.push(" order by t.starts_at desc limit ").value(limit);
    q
}

/// The traces that a run was made of, by their start.
pub async fn of_execution(db: &mut impl Executor, execution_key: i64) -> Result<Vec<TraceRow>> {
    let mut q = select("where t.execution_key = ");
    q.value(execution_key).push(" order by t.starts_at, t.trace_id");
    db.all(q).await
}

/// How many traces of a person have come since then, up to a thousand, and the run that the newest of them tells of.
pub async fn arrived(db: &mut impl Executor, user_key: i64, since: Timestamp) -> Result<(i64, Option<i64>)> {
    let found: Vec<(Option<i64>,)> = db.all(arrived_query(user_key, since)).await?;
    Ok((found.len() as i64, found.into_iter().find_map(|(run,)| run)))
}

fn arrived_query(user_key: i64, since: Timestamp) -> Query {
    let sql = "select execution_key from traces where user_key = $1 and first_received_at >= $2 \
               order by first_received_at desc, key desc limit 1000";
    Query::new(sql).bind(user_key).bind(since.micros())
}

/// For a look at their plans.
pub(super) fn queries() -> Vec<Query> {
    let t = TraceRow {
        key: 1,
        user_key: 1,
        trace_id: String::new(),
        execution_key: None,
        service: "s".to_owned(),
        starts_at: 0,
        ends_at: 1,
        span_count: 0,
        bytes: 0,
        left_out: 0,
        first_received_at: 0,
        last_received_at: 0,
        version: 0,
        looks: 0,
        calm_until: 0,
        state: super::TraceState::Open,
        over_at: None,
        due_at: None,
        alone: false,
        own_report: false,
        agents: None,
    };
    let report = TraceRow { own_report: true, ..t.clone() };
    let overlapping = [t, report].map(|t| overlapping_query(&t, 10));
    let mut queries = vec![marks_query(1, Related::Conversation, &["c"], true, 10)];
    queries.push(arrived_query(1, Timestamp::from_micros(0)));
    queries.extend(overlapping);
    queries
}
