//! Server. The central table: reading rows, adding and changing runs.

use super::Visible;
use super::db::{Executor, Tx};
use super::query::{Query, Value};
use crate::domain::{Error, ExecutionSummary, Result, RunLink, Status, Timestamp, Trigger};
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
}

/// The columns of `Record`, from `executions e join agents a`.
pub(super) const COLUMNS: &str = "e.key, e.id, e.agent_key, a.name as agent_name, \
    a.display_name as agent_display_name, e.user_key, e.status, e.triggered_by, e.queued_at, e.started_at, \
    e.completed_at, e.duration_ms, e.cost_nanos, e.input_tokens, e.output_tokens, e.cached_tokens, \
    e.reasoning_tokens, e.context_used, e.context_max, e.model, e.message, e.response, e.error, e.has_error, \
    e.tool_call_count, e.steps_done, e.steps_total, e.current_step, e.current_tool, e.current_tool_since, \
    e.waiting_on, e.thread_id, e.flow_id, e.parent_id, e.retry_of, e.attempt, e.labels, e.cancel_requested_at, \
    e.cancel_requested_by, e.heartbeat_at, e.log_lines, e.version, e.updated_at";

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
        })
    }
}

/// Full texts that did not fit the row.
#[derive(Debug, Clone, Default, PartialEq, sqlx::FromRow)]
pub struct Texts {
    pub message: Option<String>,
    pub response: Option<String>,
    pub error: Option<String>,
    pub metadata: Option<String>,
}

impl Texts {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A run to add. `record.key` and `version` are given by the database.
pub struct NewRecord {
    pub record: Record,
    pub texts: Texts,
    /// Case-folded texts.
    pub folded: String,
    pub labels: BTreeMap<String, String>,
}

fn insert_values(r: &Record) -> Vec<Value> {
    vec![
        r.id.as_str().into(),
        r.agent_key.into(),
        r.user_key.into(),
        r.status.as_str().into(),
        r.triggered_by.as_str().into(),
        r.queued_at.into(),
        r.started_at.into(),
        r.completed_at.into(),
        r.started_at.unwrap_or(r.queued_at).into(),
        r.duration_ms.into(),
        r.cost_nanos.into(),
        r.input_tokens.into(),
        r.output_tokens.into(),
        r.total_tokens().into(),
        r.cached_tokens.into(),
        r.reasoning_tokens.into(),
        r.context_used.into(),
        r.context_max.into(),
        r.model.as_deref().into(),
        r.message.as_str().into(),
        r.response.as_deref().into(),
        r.error.as_deref().into(),
        r.has_error.into(),
        r.tool_call_count.into(),
        r.steps_done.into(),
        r.steps_total.into(),
        r.current_step.as_deref().into(),
        r.current_tool.as_deref().into(),
        r.current_tool_since.into(),
        r.waiting_on.as_deref().into(),
        (r.status == Status::Waiting).into(),
        r.thread_id.as_deref().into(),
        r.flow_id.as_deref().into(),
        r.parent_id.as_deref().into(),
        r.retry_of.as_deref().into(),
        r.attempt.into(),
        r.labels.as_deref().into(),
        r.updated_at.into(),
    ]
}

const INSERT: &str = "insert into executions (id, agent_key, user_key, status, triggered_by, queued_at, started_at, \
    completed_at, sort_at, duration_ms, cost_nanos, input_tokens, output_tokens, total_tokens, cached_tokens, \
    reasoning_tokens, context_used, context_max, model, message, response, error, has_error, \
    tool_call_count, steps_done, steps_total, current_step, current_tool, current_tool_since, waiting_on, \
    had_interaction, thread_id, flow_id, parent_id, retry_of, attempt, labels, updated_at) values ";

/// Adds runs; the ids must be new. Answers their keys, in order.
pub async fn insert(tx: &mut Tx, runs: &[NewRecord]) -> Result<Vec<i64>> {
    let mut keys = Vec::with_capacity(runs.len());
    for chunk in chunks(runs) {
        let mut q = Query::new(INSERT);
        q.rows(chunk.iter().map(|r| insert_values(&r.record)));
        q.push(" returning key, id");
        let added: Vec<(i64, String)> = tx.all(q).await?;
        // The order of returned rows is nobody's promise.
        let by_id: std::collections::HashMap<&str, i64> = added.iter().map(|(k, id)| (id.as_str(), *k)).collect();
        for r in chunk {
            keys.push(*by_id.get(r.record.id.as_str()).ok_or_else(|| Error::Internal(r.record.id.clone()))?);
        }
    }
    let mut texts = Vec::new();
    let mut labels = Vec::new();
    let mut folded = Vec::with_capacity(runs.len());
    for (key, r) in keys.iter().zip(runs) {
        if !r.texts.is_empty() {
            texts.push((*key, &r.texts));
        }
        labels.extend(r.labels.iter().map(|(name, value)| (*key, name, value)));
        folded.push((*key, r.folded.clone()));
    }
    for (key, t) in texts {
        save_texts(tx, key, t).await?;
    }
    insert_labels(tx, &labels).await?;
    super::search::add(tx, folded).await?;
    Ok(keys)
}

async fn insert_labels(tx: &mut Tx, labels: &[(i64, &String, &String)]) -> Result<()> {
    for chunk in chunks(labels) {
        let mut q = Query::new("insert into execution_labels (execution_key, name, value) values ");
        q.rows(chunk.iter().map(|(k, n, v)| vec![Value::from(*k), Value::from(n.as_str()), Value::from(v.as_str())]));
        tx.run(q).await?;
    }
    Ok(())
}

pub async fn replace_labels(tx: &mut Tx, key: i64, labels: &BTreeMap<String, String>) -> Result<()> {
    tx.run(Query::new("delete from execution_labels where execution_key = $1").bind(key)).await?;
    let rows: Vec<_> = labels.iter().map(|(n, v)| (key, n, v)).collect();
    insert_labels(tx, &rows).await
}

pub async fn texts(db: &mut impl Executor, key: i64) -> Result<Texts> {
    let sql = "select message, response, error, metadata from execution_texts where key = $1";
    Ok(db.maybe(Query::new(sql).bind(key)).await?.unwrap_or_default())
}

pub async fn save_texts(tx: &mut Tx, key: i64, t: &Texts) -> Result<()> {
    let sql = "insert into execution_texts (key, message, response, error, metadata) values ($1, $2, $3, $4, $5) \
               on conflict (key) do update set message = excluded.message, response = excluded.response, \
               error = excluded.error, metadata = excluded.metadata";
    let q = Query::new(sql)
        .bind(key)
        .bind(t.message.as_deref())
        .bind(t.response.as_deref())
        .bind(t.error.as_deref())
        .bind(t.metadata.as_deref());
    tx.run(q).await.map(|_| ())
}

/// Writes the changed fields of `r`, which was read at `r.version`, as the next version. Guarded here,
/// not only in the code before: a terminal status never changes, a newer version is never overwritten.
pub async fn save(tx: &mut Tx, r: &mut Record, now: Timestamp) -> Result<()> {
    let sql = "update executions set status = $1, started_at = $2, completed_at = $3, sort_at = $4, \
        duration_ms = $5, cost_nanos = $6, input_tokens = $7, output_tokens = $8, total_tokens = $9, \
        cached_tokens = $10, reasoning_tokens = $11, context_used = $12, context_max = $13, model = $14, \
        response = $15, error = $16, has_error = $17, tool_call_count = $18, steps_done = $19, steps_total = $20, \
        current_step = $21, current_tool = $22, current_tool_since = $23, waiting_on = $24, labels = $25, \
        cancel_requested_at = $26, cancel_requested_by = $27, heartbeat_at = $28, updated_at = $29, \
        had_interaction = had_interaction or $30, version = version + 1 \
        where key = $31 and version = $32 \
        and (status not in ('success', 'failed', 'cancelled') or status = $33)";
    let q = Query::new(sql)
        .bind(r.status.as_str())
        .bind(r.started_at)
        .bind(r.completed_at)
        .bind(r.started_at.unwrap_or(r.queued_at))
        .bind(r.duration_ms)
        .bind(r.cost_nanos)
        .bind(r.input_tokens)
        .bind(r.output_tokens)
        .bind(r.total_tokens())
        .bind(r.cached_tokens)
        .bind(r.reasoning_tokens)
        .bind(r.context_used)
        .bind(r.context_max)
        .bind(r.model.as_deref())
        .bind(r.response.as_deref())
        .bind(r.error.as_deref())
        .bind(r.has_error)
        .bind(r.tool_call_count)
        .bind(r.steps_done)
        .bind(r.steps_total)
        .bind(r.current_step.as_deref())
        .bind(r.current_tool.as_deref())
        .bind(r.current_tool_since)
        .bind(r.waiting_on.as_deref())
        .bind(r.labels.as_deref())
        .bind(r.cancel_requested_at)
        .bind(r.cancel_requested_by.as_deref())
        .bind(r.heartbeat_at)
        .bind(now.micros())
        .bind(r.status == Status::Waiting)
        .bind(r.key)
        .bind(r.version)
        .bind(r.status.as_str());
    if tx.run(q).await? == 0 {
        return Err(Error::Conflict("the run changed at the same moment or has ended".to_owned()));
    }
    r.version += 1;
    r.updated_at = now.micros();
    Ok(())
}

/// Notes a sign of life without making a new version.
pub async fn touch(tx: &mut Tx, key: i64, now: Timestamp) -> Result<()> {
    tx.run(Query::new("update executions set heartbeat_at = $1 where key = $2").bind(now.micros()).bind(key))
        .await
        .map(|_| ())
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
    if !tx.is_sqlite() {
        q.push(" for update of e");
    }
    let found: Record = tx.one(q).await?;
    if visible.includes(found.agent_key) { Ok(found) } else { Err(Error::NotFound) }
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

fn select(rest: &'static str) -> Query {
    let mut q = Query::new("select ");
    q.push(COLUMNS).push(" from executions e join agents a on a.key = e.agent_key ").push(rest);
    q
}

#[derive(sqlx::FromRow)]
struct LinkRow {
    id: String,
    agent_key: i64,
    agent_name: String,
    #[sqlx(try_from = "String")]
    status: Status,
    message: String,
    attempt: i64,
}

fn links(rows: Vec<LinkRow>, visible: &Visible) -> Result<Vec<RunLink>> {
    rows.into_iter()
        .filter(|r| visible.includes(r.agent_key))
        .map(|r| {
            Ok(RunLink {
                id: r.id.parse().map_err(|_| Error::Internal(r.id.clone()))?,
                agent_name: r.agent_name,
                status: r.status,
                message: r.message,
                attempt: r.attempt,
            })
        })
        .collect()
}

/// Sub-runs, newest first, at most 200.
pub async fn children(db: &mut impl Executor, id: &str, visible: &Visible) -> Result<Vec<RunLink>> {
    let sql = "select e.id, e.agent_key, a.name as agent_name, e.status, e.message, e.attempt \
               from executions e join agents a on a.key = e.agent_key where e.parent_id = $1 \
               order by e.sort_at desc, e.key desc limit 200";
    links(db.all(Query::new(sql).bind(id)).await?, visible)
}

/// The first attempt and everything that retried it, oldest first; empty when nothing did.
pub async fn retry_chain(db: &mut impl Executor, id: &str, visible: &Visible) -> Result<Vec<RunLink>> {
    let sql = "with recursive up (id, retry_of, depth) as ( \
                 select id, retry_of, 0 from executions where id = $1 \
                 union all select p.id, p.retry_of, up.depth + 1 from executions p join up on p.id = up.retry_of \
                 where up.depth < 100), \
               down (id, depth) as ( \
                 select id, 0 from (select id from up order by depth desc limit 1) root \
                 union all select c.id, down.depth + 1 from executions c join down on c.retry_of = down.id \
                 where down.depth < 100) \
               select e.id, e.agent_key, a.name as agent_name, e.status, e.message, e.attempt \
               from (select id, min(depth) as depth from down group by id) d \
               join executions e on e.id = d.id join agents a on a.key = e.agent_key \
               order by d.depth, e.key limit 200";
    let chain = links(db.all(Query::new(sql).bind(id)).await?, visible)?;
    Ok(if chain.len() > 1 { chain } else { Vec::new() })
}

/// Ids of unfinished runs below `id`, at any depth.
pub async fn unfinished_below(db: &mut impl Executor, id: &str) -> Result<Vec<String>> {
    let sql = "with recursive below (id, depth) as ( \
                 select id, 1 from executions where parent_id = $1 \
                 union all select c.id, b.depth + 1 from executions c join below b on c.parent_id = b.id \
                 where b.depth < 50) \
               select distinct e.id from below b join executions e on e.id = b.id \
               where e.status in ('queued', 'running', 'waiting', 'paused') limit 1000";
    let rows: Vec<(String,)> = db.all(Query::new(sql).bind(id)).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// How many unfinished runs there are of each status.
pub async fn unfinished(db: &mut impl Executor, visible: &Visible) -> Result<Vec<(String, i64)>> {
    let mut q = Query::new(
        "select status, count(*) from executions \
         where status in ('queued', 'running', 'waiting', 'paused')",
    );
    if let Visible::Agents(keys) = visible {
        q.push(" and agent_key in ").list(keys.iter().copied());
    }
    q.push(" group by status");
    db.all(q).await
}
