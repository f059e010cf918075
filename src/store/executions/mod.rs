//! Server. The central table: a run as stored, and reading it.

mod family;
mod group;
mod write;

pub use family::{LinkRow, children, retry_chain, unfinished_below, write_visible};
pub use group::{fill_groups, forget_groups, keep_group, patterns};
pub use write::{NewRecord, Texts, insert, remove, replace_labels, restate, save, save_texts, texts, touch};

use super::Visible;
use super::db::{Executor, Tx};
use super::query::Query;
use crate::domain::{Error, ExecutionSummary, Result, Status, Timestamp, Trigger};
use std::collections::BTreeMap;

/// Rows of one insert statement: few sizes, so that few statements are prepared.
pub fn chunks<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = [50, 10, 1].into_iter().find(|n| *n <= rows.len())?;
        let (head, tail) = rows.split_at(size);
        rows = tail;
        Some(head)
    })
}

/// A run as stored, except its long texts and parts.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Record {
    pub key: i64,
    pub id: String,
    pub agent_key: i64,
    pub agent_name: String,
    pub agent_display_name: String,
    pub user_key: Option<i64>,
    #[sqlx(try_from = "String")]
    pub status: Status,
    #[sqlx(try_from = "String")]
    pub triggered_by: Trigger,
    pub queued_at: i64,
    pub started_at: Option<i64>,
    pub completed_at: Option<i64>,
    pub duration_ms: Option<i64>,
    pub cost_nanos: Option<i64>,
    pub input_tokens: Option<i64>,
    pub output_tokens: Option<i64>,
    pub cached_tokens: Option<i64>,
    pub reasoning_tokens: Option<i64>,
    pub context_used: Option<i64>,
    pub context_max: Option<i64>,
    pub model: Option<String>,
    pub message: String,
    pub response: Option<String>,
    pub error: Option<String>,
    pub has_error: bool,
    pub tool_call_count: i64,
    pub steps_done: i64,
    pub steps_total: Option<i64>,
    pub current_step: Option<String>,
    pub current_tool: Option<String>,
    pub current_tool_since: Option<i64>,
    pub waiting_on: Option<String>,
    pub had_interaction: bool,
    pub thread_id: Option<String>,
    pub flow_id: Option<String>,
    pub parent_id: Option<String>,
    pub retry_of: Option<String>,
    pub attempt: i64,
    pub labels: Option<String>,
    pub cancel_requested_at: Option<i64>,
    pub cancel_requested_by: Option<String>,
    pub heartbeat_at: Option<i64>,
    pub log_lines: i64,
    pub version: i64,
    pub updated_at: i64,
    /// Id of the failure; known when an error was given, else found when the row is written.
    pub error_group: Option<String>,
}

/// The columns of `Record`, from `executions e join agents a`.
pub(super) const COLUMNS: &str = "e.key, e.id, e.agent_key, a.name as agent_name, \
    a.display_name as agent_display_name, e.user_key, e.status, e.triggered_by, e.queued_at, e.started_at, \
    e.completed_at, e.duration_ms, e.cost_nanos, e.input_tokens, e.output_tokens, e.cached_tokens, \
    e.reasoning_tokens, e.context_used, e.context_max, e.model, e.message, e.response, e.error, e.has_error, \
    e.tool_call_count, e.steps_done, e.steps_total, e.current_step, e.current_tool, e.current_tool_since, \
    e.waiting_on, e.had_interaction, e.thread_id, e.flow_id, e.parent_id, e.retry_of, e.attempt, e.labels, e.cancel_requested_at, \
    e.cancel_requested_by, e.heartbeat_at, e.log_lines, e.version, e.updated_at, e.error_group";

/// Money is stored exactly, in billionths of a USD.
pub fn nanos(usd: f64) -> i64 {
    // Amounts are checked to be far below 2^63 nanos before they get here.
    #[expect(clippy::cast_possible_truncation)]
    let n = (usd * 1e9).round() as i64;
    n
}

pub fn usd(nanos: i64) -> f64 {
    nanos as f64 / 1e9
}

impl Record {
    pub fn labels(&self) -> Result<BTreeMap<String, String>> {
        match &self.labels {
            None => Ok(BTreeMap::new()),
            Some(text) => serde_json::from_str(text).map_err(|e| {
                tracing::error!(id = %self.id, error = %e, "labels of a run can't be read");
                Error::Internal(self.id.clone())
            }),
        }
    }

    pub fn total_tokens(&self) -> Option<i64> {
        match (self.input_tokens, self.output_tokens) {
            (None, None) => None,
            (i, o) => Some(i.unwrap_or(0) + o.unwrap_or(0)),
        }
    }

    pub fn summary(&self) -> Result<ExecutionSummary> {
        let time = |t: Option<i64>| t.map(Timestamp::from_micros);
        let id = |text: &str| text.parse().map_err(|_| Error::Internal(text.to_owned()));
        let optional = |text: &Option<String>| text.as_deref().map(id).transpose();
        Ok(ExecutionSummary {
            id: id(&self.id)?,
            agent_name: self.agent_name.clone(),
            agent_display_name: self.agent_display_name.clone(),
            status: self.status,
            triggered_by: self.triggered_by,
            message: self.message.clone(),
            response_preview: self.response.clone(),
            error: self.error.clone(),
            has_error: self.has_error,
            queued_at: Timestamp::from_micros(self.queued_at),
            started_at: time(self.started_at),
            completed_at: time(self.completed_at),
            duration_ms: self.duration_ms,
            queue_ms: self.started_at.map(|s| ((s - self.queued_at) / 1_000).max(0)),
            cost: self.cost_nanos.map(usd),
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            total_tokens: self.total_tokens(),
            model: self.model.clone(),
            tool_call_count: self.tool_call_count,
            steps_done: self.steps_done,
            steps_total: self.steps_total,
            current_step: self.current_step.clone(),
            waiting_on: self.waiting_on.clone(),
            thread_id: self.thread_id.clone(),
            flow_id: self.flow_id.clone(),
            parent_id: optional(&self.parent_id)?,
            retry_of: optional(&self.retry_of)?,
            attempt: self.attempt,
            labels: self.labels()?,
            cancel_requested: self.cancel_requested_at.is_some() && !self.status.is_terminal(),
            version: self.version,
            updated_at: Timestamp::from_micros(self.updated_at),
            current_tool: self.current_tool.clone(),
            current_tool_since: time(self.current_tool_since),
            heartbeat_at: time(self.heartbeat_at),
            cancel_requested_at: time(self.cancel_requested_at),
            cancel_requested_by: self.cancel_requested_by.clone(),
            error_group: self.error_group.clone(),
        })
    }
}

/// One run by its id, if it may be seen.
pub async fn find(db: &mut impl Executor, id: &str, visible: &Visible) -> Result<Record> {
    let mut q = select("where e.id = ");
    q.value(id);
    let found: Record = db.one(q).await?;
    if visible.includes(found.agent_key) { Ok(found) } else { Err(Error::NotFound) }
}

/// One run for changing: on PostgreSQL its row is locked until the transaction ends.
pub async fn find_for_update(tx: &mut Tx, id: &str, visible: &Visible) -> Result<Record> {
    let mut q = select("where e.id = ");
    q.value(id);
    let found = for_update(tx, q).await?;
    if !visible.includes(found.agent_key) {
        return Err(Error::NotFound);
    }
    Ok(found)
}

/// The same by its key, for the engine, whose right to it is that it holds the run.
pub async fn by_key_for_update(tx: &mut Tx, key: i64) -> Result<Record> {
    let mut q = select("where e.key = ");
    q.value(key);
    for_update(tx, q).await
}

async fn for_update(tx: &mut Tx, mut q: Query) -> Result<Record> {
    if !tx.is_sqlite() {
        q.push(" for update of e");
    }
    let found: Record = tx.one(q).await?;
    tx.recount.reads(&found);
    Ok(found)
}

/// Runs by key, in no order; what is gone is absent.
pub async fn by_keys(db: &mut impl Executor, keys: &[i64]) -> Result<Vec<Record>> {
    let mut found = Vec::with_capacity(keys.len());
    for chunk in chunks(keys) {
        let mut q = select("where e.key in ");
        q.list(chunk.iter().copied());
        found.extend(db.all::<Record>(q).await?);
    }
    Ok(found)
}

/// The newest run of each of these agents that has one.
pub async fn newest_of(db: &mut impl Executor, agent_keys: &[i64]) -> Result<Vec<Record>> {
    let mut found = Vec::with_capacity(agent_keys.len());
    for chunk in chunks(agent_keys) {
        found.extend(db.all::<Record>(newest_query(chunk)).await?);
    }
    Ok(found)
}

fn newest_query(agent_keys: &[i64]) -> Query {
    let mut q = select(
        "where e.key in (select (select n.key from executions n where n.agent_key = b.key \
         order by n.sort_at desc, n.key desc limit 1) from agents b where b.key in ",
    );
    q.list(agent_keys.iter().copied()).push(")");
    q
}

/// How the database would answer `newest_of`; for tests.
pub async fn explain_newest(tx: &mut Tx, agent_keys: &[i64]) -> Result<Vec<String>> {
    super::db::explain(tx, newest_query(agent_keys)).await
}

/// Runs by id, in no order; what is gone or may not be seen is absent.
pub async fn by_ids(db: &mut impl Executor, ids: &[&str], visible: &Visible) -> Result<Vec<Record>> {
    let mut found: Vec<Record> = Vec::with_capacity(ids.len());
    for chunk in chunks(ids) {
        let mut q = select("where e.id in ");
        q.list(chunk.iter().copied());
        found.extend(db.all::<Record>(q).await?.into_iter().filter(|r| visible.includes(r.agent_key)));
    }
    Ok(found)
}

/// Which of these ids exist, with the agent they belong to.
pub async fn existing(db: &mut impl Executor, ids: &[&str]) -> Result<Vec<(String, i64)>> {
    let mut found = Vec::new();
    for chunk in chunks(ids) {
        let mut q = Query::new("select id, agent_key from executions where id in ");
        q.list(chunk.iter().copied());
        found.extend(db.all::<(String, i64)>(q).await?);
    }
    Ok(found)
}

/// Runs with this key and all higher ones were recorded after event `seq`, none with a lower one was: the one writer
/// gives keys in the order of events. Reads as many runs as are newer, and one more.
pub async fn first_key_after(db: &mut impl Executor, seq: i64) -> Result<i64> {
    let sql = "select key from executions where created_seq < $1 order by key desc limit 1";
    let row: Option<(i64,)> = db.maybe(Query::new(sql).bind(seq)).await?;
    Ok(row.map_or(0, |(key,)| key + 1))
}

fn select(rest: &'static str) -> Query {
    let mut q = Query::new("select ");
    q.push(COLUMNS).push(" from executions e join agents a on a.key = e.agent_key ").push(rest);
    q
}

/// How many unfinished runs there are of each status.
pub async fn unfinished(db: &mut impl Executor, visible: &Visible) -> Result<Vec<(String, i64)>> {
    let mut q = Query::new(
        "select status, count(*) from executions \
         where status in ('queued', 'running', 'waiting', 'paused')",
    );
    if let Visible::Agents(keys) = visible {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        q.push(" and agent_key in ").list(keys.iter().copied());
    }
    q.push(" group by status");
    db.all(q).await
}
