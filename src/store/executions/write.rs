//! Server. Adding and changing runs.

use super::{Record, chunks, group};
use crate::domain::{Error, Failure, Result, Status, Timestamp};
use crate::store::db::{Executor, Tx};
use crate::store::events;
use crate::store::query::{Query, Value};
use std::collections::BTreeMap;

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

fn insert_values(r: &Record, newest_event: i64, group: Option<&Failure>) -> Vec<Value> {
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
        r.had_interaction.into(),
        r.thread_id.as_deref().into(),
        r.flow_id.as_deref().into(),
        r.parent_id.as_deref().into(),
        r.retry_of.as_deref().into(),
        r.attempt.into(),
        r.labels.as_deref().into(),
        r.updated_at.into(),
        group.map(|g| g.id.as_str()).into(),
        newest_event.into(),
        newest_event.into(),
    ]
}

const INSERT: &str = "insert into executions (id, agent_key, user_key, status, triggered_by, queued_at, started_at, \
    completed_at, sort_at, duration_ms, cost_nanos, input_tokens, output_tokens, total_tokens, cached_tokens, \
    reasoning_tokens, context_used, context_max, model, message, response, error, has_error, \
    tool_call_count, steps_done, steps_total, current_step, current_tool, current_tool_since, waiting_on, \
    had_interaction, thread_id, flow_id, parent_id, retry_of, attempt, labels, updated_at, error_group, \
    created_seq, status_seq) values ";

/// Adds runs; the ids must be new. Answers their keys, in order.
pub async fn insert(tx: &mut Tx, runs: &[NewRecord]) -> Result<Vec<i64>> {
    let mut keys = Vec::with_capacity(runs.len());
    let newest_event = events::newest(tx).await?;
    let groups: Vec<Option<Failure>> = runs.iter().map(|r| group::of(&r.record, r.texts.error.as_deref())).collect();
    group::keep_groups(tx, groups.iter().flatten()).await?;
    for (chunk, groups) in chunks(runs).zip(chunks(&groups)) {
        let mut q = Query::new(INSERT);
        q.rows(chunk.iter().zip(groups).map(|(r, g)| insert_values(&r.record, newest_event, g.as_ref())));
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
        tx.recount.added(*key, &r.record);
        if !r.texts.is_empty() {
            texts.push((*key, &r.texts));
        }
        labels.extend(r.labels.iter().map(|(name, value)| (*key, name, value)));
        folded.push((*key, r.folded.as_str()));
    }
    for (key, t) in texts {
        save_texts(tx, key, t).await?;
    }
    insert_labels(tx, &labels).await?;
    crate::store::search::add(tx, &folded).await?;
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
    r.had_interaction |= r.status == Status::Waiting;
    let sql = "update executions set status = $1, started_at = $2, completed_at = $3, sort_at = $4, \
        duration_ms = $5, cost_nanos = $6, input_tokens = $7, output_tokens = $8, total_tokens = $9, \
        cached_tokens = $10, reasoning_tokens = $11, context_used = $12, context_max = $13, model = $14, \
        response = $15, error = $16, has_error = $17, tool_call_count = $18, steps_done = $19, steps_total = $20, \
        current_step = $21, current_tool = $22, current_tool_since = $23, waiting_on = $24, labels = $25, \
        cancel_requested_at = $26, cancel_requested_by = $27, heartbeat_at = $28, updated_at = $29, \
        had_interaction = $30, error_group = $31, \
        status_seq = case when status = $32 then status_seq else (select coalesce(max(seq), 0) from events) end, \
        version = version + 1 where key = $33 and version = $34 \
        and (status not in ('success', 'failed', 'cancelled') or status = $35)";
    group::settle(tx, r).await?;
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
        .bind(r.had_interaction)
        .bind(r.error_group.as_deref())
        .bind(r.status.as_str())
        .bind(r.key)
        .bind(r.version)
        .bind(r.status.as_str());
    if tx.run(q).await? == 0 {
        return Err(overtaken());
    }
    r.version += 1;
    r.updated_at = now.micros();
    tx.recount.changed(r);
    Ok(())
}

/// Somebody else's change came first.
fn overtaken() -> Error {
    Error::Conflict("the run changed at the same moment or has ended".to_owned())
}

/// Writes all of `r` that its reporter knows better now, its agent and its beginning too, as the next version. For
/// runs that are put together from spans, which come in any order. Guarded here, too: the status of a run that has
/// ended changes only while its trace says that this may still turn out otherwise.
pub async fn restate(tx: &mut Tx, r: &mut Record, now: Timestamp) -> Result<()> {
    let sql = "update executions set agent_key = $1, triggered_by = $2, queued_at = $3, message = $4, thread_id = $5, \
        parent_id = $6, status = $7, \
        status_seq = case when status = $8 then status_seq else (select coalesce(max(seq), 0) from events) end \
        where key = $9 and version = $10 \
        and (status not in ('success', 'failed', 'cancelled') or status = $11 or (status <> 'cancelled' \
          and exists (select 1 from traces t where t.execution_key = executions.key and t.state <> 'settled')))";
    let q = Query::new(sql)
        .bind(r.agent_key)
        .bind(r.triggered_by.as_str())
        .bind(r.queued_at)
        .bind(r.message.as_str())
        .bind(r.thread_id.as_deref())
        .bind(r.parent_id.as_deref())
        .bind(r.status.as_str())
        .bind(r.status.as_str())
        .bind(r.key)
        .bind(r.version)
        .bind(r.status.as_str());
    if tx.run(q).await? == 0 {
        return Err(overtaken());
    }
    save(tx, r, now).await
}

/// Takes a run away with all its parts. Only for one that turned out to be none, or another one's.
pub async fn remove(tx: &mut Tx, r: &Record) -> Result<()> {
    crate::store::search::remove(tx, r.key).await?;
    tx.run(Query::new("delete from executions where key = $1").bind(r.key)).await?;
    tx.recount.removed(r.key);
    Ok(())
}

/// Notes a sign of life without making a new version.
pub async fn touch(tx: &mut Tx, key: i64, now: Timestamp) -> Result<()> {
    tx.run(Query::new("update executions set heartbeat_at = $1 where key = $2").bind(now.micros()).bind(key))
        .await
        .map(|_| ())
}
