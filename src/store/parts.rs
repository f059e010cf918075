//! Server. Steps, tool calls and log lines of a run.

use super::db::{Executor, Tx};
use super::executions::{chunks, nanos, usd};
use super::query::{Query, Value};
use super::search;
use crate::domain::{
    Error, LogLine, LogStream, NewLogLine, NewStep, NewToolCall, PartStatus, Result, Step, Timestamp, ToolCall,
};

#[derive(sqlx::FromRow)]
struct StepRow {
    position: i64,
    title: String,
    kind: String,
    #[sqlx(try_from = "String")]
    status: PartStatus,
    input: Option<String>,
    output: Option<String>,
    error: Option<String>,
    started_at: Option<i64>,
    completed_at: Option<i64>,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    cost_nanos: Option<i64>,
}

impl From<StepRow> for Step {
    fn from(r: StepRow) -> Self {
        Self {
            index: r.position,
            title: r.title,
            kind: r.kind,
            status: r.status,
            input: r.input,
            output: r.output,
            error: r.error,
            started_at: r.started_at.map(Timestamp::from_micros),
            completed_at: r.completed_at.map(Timestamp::from_micros),
            input_tokens: r.input_tokens,
            output_tokens: r.output_tokens,
            cost: r.cost_nanos.map(usd),
        }
    }
}

const STEP_COLUMNS: &str = "select position, title, kind, status, input, output, error, started_at, completed_at, \
    input_tokens, output_tokens, cost_nanos from steps where execution_key = ";

/// Steps from `from` on, in order.
pub async fn steps(db: &mut impl Executor, key: i64, from: i64, limit: i64) -> Result<Vec<Step>> {
    let mut q = Query::new(STEP_COLUMNS);
    q.value(key).push(" and position >= ").value(from).push(" order by position limit ").value(limit);
    Ok(db.all::<StepRow>(q).await?.into_iter().map(Step::from).collect())
}

/// The newest steps, before this one if it is given, in order.
pub async fn last_steps(db: &mut impl Executor, key: i64, before: Option<i64>, limit: i64) -> Result<Vec<Step>> {
    let mut q = Query::new(STEP_COLUMNS);
    q.value(key).push(" and position < ").value(before.unwrap_or(i64::MAX));
    q.push(" order by position desc limit ").value(limit);
    let mut steps: Vec<Step> = db.all::<StepRow>(q).await?.into_iter().map(Step::from).collect();
    steps.reverse();
    Ok(steps)
}

pub async fn step(db: &mut impl Executor, key: i64, position: i64) -> Result<Option<Step>> {
    Ok(steps(db, key, position, 1).await?.into_iter().find(|s| s.index == position))
}

/// Adds or changes steps: absent fields keep what is stored.
pub async fn upsert_steps(tx: &mut Tx, key: i64, steps: &[NewStep]) -> Result<()> {
    let sql = "insert into steps (execution_key, position, title, kind, status, input, output, error, started_at, \
               completed_at, input_tokens, output_tokens, cost_nanos) \
               values ($1, $2, coalesce($3, $14), coalesce($4, 'prompt'), coalesce($5, 'running'), $6, $7, $8, $9, \
               $10, $11, $12, $13) on conflict (execution_key, position) do update set \
               title = coalesce($3, steps.title), kind = coalesce($4, steps.kind), \
               status = coalesce($5, steps.status), input = coalesce($6, steps.input), \
               output = coalesce($7, steps.output), error = coalesce($8, steps.error), \
               started_at = coalesce($9, steps.started_at), completed_at = coalesce($10, steps.completed_at), \
               input_tokens = coalesce($11, steps.input_tokens), output_tokens = coalesce($12, steps.output_tokens), \
               cost_nanos = coalesce($13, steps.cost_nanos)";
    for s in steps {
        let q = Query::new(sql)
            .bind(key)
            .bind(s.index)
            .bind(s.title.as_deref())
            .bind(s.kind.as_deref())
            .bind(s.status.map(PartStatus::as_str))
            .bind(s.input.as_deref())
            .bind(s.output.as_deref())
            .bind(s.error.as_deref())
            .bind(s.started_at.map(Timestamp::micros))
            .bind(s.completed_at.map(Timestamp::micros))
            .bind(s.input_tokens)
            .bind(s.output_tokens)
            .bind(s.cost.map(nanos))
            .bind(format!("Step {}", s.index + 1));
        tx.run(q).await?;
    }
    Ok(())
}

/// Begins a step, anew if it was begun before.
pub async fn begin_step(tx: &mut Tx, key: i64, step: &NewStep) -> Result<()> {
    let again = Query::new("delete from steps where execution_key = $1 and position = $2").bind(key).bind(step.index);
    tx.run(again).await?;
    upsert_steps(tx, key, std::slice::from_ref(step)).await
}

/// Steps that go on have ended with their run.
pub async fn end_running_steps(tx: &mut Tx, key: i64, error: &str, now: Timestamp) -> Result<()> {
    let sql = "update steps set status = 'failed', error = $1, completed_at = $2 where execution_key = $3 and status = 'running'";
    tx.run(Query::new(sql).bind(error).bind(now.micros()).bind(key)).await.map(|_| ())
}

/// What steps have cost since then, of runs of an agent that began before and have not ended.
pub async fn spent_since(db: &mut impl Executor, agent_key: i64, from: Timestamp) -> Result<i64> {
    let sql = "select cast(coalesce(sum(s.cost_nanos), 0) as bigint) from executions e \
               join steps s on s.execution_key = e.key where e.agent_key = $1 \
               and e.status in ('running', 'waiting', 'paused') and e.sort_at < $2 and s.completed_at >= $2";
    let (nanos,): (i64,) = db.one(Query::new(sql).bind(agent_key).bind(from.micros())).await?;
    Ok(nanos)
}

/// (steps that ended well, the title of the running one with the highest number)
pub async fn step_progress(tx: &mut Tx, key: i64) -> Result<(i64, Option<String>)> {
    let sql = "select count(*) from steps where execution_key = $1 and status = 'success'";
    let (done,): (i64,) = tx.one(Query::new(sql).bind(key)).await?;
    let sql = "select title from steps where execution_key = $1 and status = 'running' order by position desc limit 1";
    let title: Option<(String,)> = tx.maybe(Query::new(sql).bind(key)).await?;
    Ok((done, title.map(|(t,)| t)))
}

/// A tool call as read.
#[derive(sqlx::FromRow)]
pub struct ToolCallRow {
    key: i64,
    call_id: String,
    name: String,
    arguments: Option<String>,
    result: Option<String>,
    error: Option<String>,
    #[sqlx(try_from = "String")]
    status: PartStatus,
    started_at: i64,
    completed_at: Option<i64>,
    parent_call_id: Option<String>,
}

impl ToolCallRow {
    /// Where it stands among the calls of its run.
    pub const fn position(&self) -> (i64, i64) {
        (self.started_at, self.key)
    }

    pub fn read(self) -> Result<ToolCall> {
        Ok(ToolCall {
            call_id: self.call_id,
            name: self.name,
            arguments: json(self.arguments)?,
            result: json(self.result)?,
            error: self.error,
            status: self.status,
            started_at: Timestamp::from_micros(self.started_at),
            completed_at: self.completed_at.map(Timestamp::from_micros),
            parent_call_id: self.parent_call_id,
        })
    }
}

fn json(text: Option<String>) -> Result<Option<serde_json::Value>> {
    text.map(|t| serde_json::from_str(&t)).transpose().map_err(|e| {
        tracing::error!(error = %e, "stored JSON can't be read");
        Error::Internal("stored JSON".to_owned())
    })
}

/// Tool calls in order of their start after (`started_at`, `key`), each with that position.
pub async fn tool_calls(
    db: &mut impl Executor,
    key: i64,
    after: Option<(i64, i64)>,
    limit: i64,
) -> Result<Vec<((i64, i64), ToolCall)>> {
    let mut q = Query::new(
        "select key, call_id, name, arguments, result, error, status, started_at, completed_at, parent_call_id \
         from tool_calls where execution_key = ",
    );
    q.value(key);
    if let Some((started, last)) = after {
        q.push(" and (started_at, key) > (").value(started).push(", ").value(last).push(")");
    }
    q.push(" order by started_at, key limit ").value(limit);
    db.all::<ToolCallRow>(q).await?.into_iter().map(|r| Ok((r.position(), r.read()?))).collect()
}

/// Does the run have this call already?
pub async fn has_tool_call(tx: &mut Tx, key: i64, call_id: &str) -> Result<bool> {
    let sql = "select 1 from tool_calls where execution_key = $1 and call_id = $2";
    Ok(tx.maybe::<(i32,)>(Query::new(sql).bind(key).bind(call_id)).await?.is_some())
}

/// Adds or changes tool calls: absent fields keep what is stored; an ended call does not run again.
pub async fn upsert_tool_calls(tx: &mut Tx, key: i64, calls: &[NewToolCall], now: Timestamp) -> Result<()> {
    let sql = "insert into tool_calls (execution_key, call_id, name, arguments, result, error, status, started_at, \
               completed_at, parent_call_id, folded_name) \
               values ($1, $2, coalesce($3, ''), $4, $5, $6, coalesce($7, 'running'), coalesce($8, $11), coalesce($9, $12), $10, \
               coalesce($13, '')) \
               on conflict (execution_key, call_id) do update set name = coalesce($3, tool_calls.name), \
               folded_name = coalesce($13, tool_calls.folded_name), \
               arguments = coalesce($4, tool_calls.arguments), result = coalesce($5, tool_calls.result), \
               error = coalesce($6, tool_calls.error), \
               status = case when tool_calls.status <> 'running' and $7 = 'running' then tool_calls.status \
                 else coalesce($7, tool_calls.status) end, \
               started_at = coalesce($8, tool_calls.started_at), \
               completed_at = coalesce($9, tool_calls.completed_at, $12), \
               parent_call_id = coalesce($10, tool_calls.parent_call_id)";
    for c in calls {
        let status = c.status.or(match (&c.error, &c.result, c.completed_at) {
            (Some(_), _, _) => Some(PartStatus::Failed),
            (None, Some(_), _) | (None, None, Some(_)) => Some(PartStatus::Success),
            (None, None, None) => None,
        });
        let ended = status.is_some_and(|s| s != PartStatus::Running);
        let by_now = ended.then_some(now);
        let q = Query::new(sql)
            .bind(key)
            .bind(c.call_id.as_str())
            .bind(c.name.as_deref())
            .bind(c.arguments.as_ref().map(ToString::to_string))
            .bind(c.result.as_ref().map(ToString::to_string))
            .bind(c.error.as_deref())
            .bind(status.map(PartStatus::as_str))
            .bind(c.started_at.map(Timestamp::micros))
            .bind(c.completed_at.map(Timestamp::micros))
            .bind(c.parent_call_id.as_deref())
            .bind(c.started_at.or(c.completed_at).unwrap_or(now).micros())
            .bind(by_now.map(Timestamp::micros))
            .bind(c.name.as_deref().map(search::fold));
        tx.run(q).await?;
    }
    Ok(())
}

/// Takes calls away that a run turned out not to have.
pub async fn remove_tool_calls(tx: &mut Tx, key: i64, ids: &[&str]) -> Result<()> {
    for chunk in chunks(ids) {
        let mut q = Query::new("delete from tool_calls where execution_key = ");
        q.value(key).push(" and call_id in ").list(chunk.iter().copied());
        tx.run(q).await?;
    }
    Ok(())
}

/// The same for steps.
pub async fn remove_steps(tx: &mut Tx, key: i64, positions: &[i64]) -> Result<()> {
    for chunk in chunks(positions) {
        let mut q = Query::new("delete from steps where execution_key = ");
        q.value(key).push(" and position in ").list(chunk.iter().copied());
        tx.run(q).await?;
    }
    Ok(())
}

/// (number of calls, the running one that started last)
pub async fn tool_progress(tx: &mut Tx, key: i64) -> Result<(i64, Option<(String, i64)>)> {
    let sql = "select count(*) from tool_calls where execution_key = $1";
    let (count,): (i64,) = tx.one(Query::new(sql).bind(key)).await?;
    let sql = "select name, started_at from tool_calls where execution_key = $1 and status = 'running' \
               order by started_at desc, key desc limit 1";
    Ok((count, tx.maybe(Query::new(sql).bind(key)).await?))
}

#[derive(sqlx::FromRow)]
struct LogRow {
    seq: i64,
    ts: i64,
    #[sqlx(try_from = "String")]
    stream: LogStream,
    text: String,
}

impl From<LogRow> for LogLine {
    fn from(r: LogRow) -> Self {
        Self { seq: r.seq, ts: Timestamp::from_micros(r.ts), stream: r.stream, text: r.text }
    }
}

/// Lines after `after`, in order.
pub async fn log(db: &mut impl Executor, key: i64, after: i64, limit: i64) -> Result<Vec<LogLine>> {
    let sql = "select seq, ts, stream, text from log_lines where execution_key = $1 and seq > $2 order by seq limit $3";
    let rows: Vec<LogRow> = db.all(Query::new(sql).bind(key).bind(after).bind(limit)).await?;
    Ok(rows.into_iter().map(LogLine::from).collect())
}

/// Number of the newest line.
pub async fn log_length(db: &mut impl Executor, key: i64) -> Result<i64> {
    let (n,): (i64,) = db.one(Query::new("select log_lines from executions where key = $1").bind(key)).await?;
    Ok(n)
}

/// Appends a line that Runboard itself says.
pub async fn note(tx: &mut Tx, key: i64, text: &str, now: Timestamp) -> Result<()> {
    let line = NewLogLine { ts: Some(now), stream: LogStream::System, text: text.to_owned(), seq: None };
    append_log(tx, key, &[line], now).await.map(|_| ())
}

/// Appends lines; answers the number of the last.
pub async fn append_log(tx: &mut Tx, key: i64, lines: &[NewLogLine], now: Timestamp) -> Result<i64> {
    let count = i64::try_from(lines.len()).map_err(|_| Error::TooLarge("log".to_owned()))?;
    let sql = "update executions set log_lines = log_lines + $1 where key = $2 returning log_lines";
    let (last,): (i64,) = tx.one(Query::new(sql).bind(count).bind(key)).await?;
    let mut seq = last - count;
    let numbered: Vec<(i64, &NewLogLine)> = lines
        .iter()
        .map(|l| {
            seq += 1;
            (seq, l)
        })
        .collect();
    for chunk in chunks(&numbered) {
        let mut q = Query::new("insert into log_lines (execution_key, seq, ts, stream, text) values ");
        q.rows(chunk.iter().map(|(seq, l)| {
            vec![
                Value::from(key),
                Value::from(*seq),
                Value::from(l.ts.unwrap_or(now).micros()),
                Value::from(l.stream.as_str()),
                // PostgreSQL's text has no NUL.
                Value::from(l.text.replace('\0', "\u{fffd}")),
            ]
        }));
        tx.run(q).await?;
    }
    Ok(last)
}
