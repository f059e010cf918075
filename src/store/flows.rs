//! Server. Flows, their versions, and which runs do them.

use super::Visible;
use super::db::{Executor, Tx};
use super::executions::{COLUMNS, Record};
use super::query::Query;
use crate::domain::{OnInterruption, Result, Timestamp};

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct FlowRow {
    pub key: i64,
    pub id: String,
    pub agent_key: i64,
    pub agent_name: String,
    pub agent_display_name: String,
    pub name: String,
    pub version: i64,
    #[sqlx(try_from = "String")]
    pub on_interruption: OnInterruption,
    /// JSON.
    pub steps: String,
    pub created_at: i64,
    pub updated_at: i64,
    pub updated_by: String,
    pub retired_at: Option<i64>,
}

/// The flow a run does, in its version.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct FlowRunRow {
    pub execution_key: i64,
    pub flow_key: i64,
    pub id: String,
    pub name: String,
    pub version: i64,
    #[sqlx(try_from = "String")]
    pub on_interruption: OnInterruption,
    /// JSON.
    pub steps: String,
    pub from_step: i64,
    pub with_message: bool,
    pub pause_requested_at: Option<i64>,
    pub resumed: i64,
}

pub struct NewVersion<'a> {
    pub name: &'a str,
    pub on_interruption: OnInterruption,
    pub steps: &'a str,
    pub user_key: i64,
}

const SELECT: &str = "select f.key, f.id, f.agent_key, a.name as agent_name, a.display_name as agent_display_name, \
    v.name, v.version, v.on_interruption, v.steps, f.created_at, v.created_at as updated_at, u.email as updated_by, \
    f.retired_at from flows f join agents a on a.key = f.agent_key join flow_versions v on v.flow_key = f.key \
    join users u on u.key = v.user_key ";

/// A flow in one of its versions, the newest when none is named.
pub async fn find(db: &mut impl Executor, id: &str, version: Option<i64>) -> Result<Option<FlowRow>> {
    let mut q = Query::new(SELECT);
    q.push("where f.id = ").value(id).push(" and v.version = coalesce(");
    q.value(version).push(", f.version)");
    db.maybe(q).await
}

/// The same for changing: on PostgreSQL its row is locked until the transaction ends.
pub async fn find_for_update(tx: &mut Tx, id: &str) -> Result<Option<FlowRow>> {
    let mut q = Query::new(SELECT);
    q.push("where f.id = ").value(id).push(" and v.version = f.version");
    if !tx.is_sqlite() {
        q.push(" for update of f");
    }
    tx.maybe(q).await
}

fn list_query(agents: &Visible, agent_key: Option<i64>, after: Option<i64>, limit: i64) -> Query {
    let mut q = Query::new(SELECT);
    q.push("where f.retired_at is null and v.version = f.version");
    if let Visible::Agents(keys) = agents {
        q.push(" and f.agent_key in ").list(keys.iter().copied());
    }
    if let Some(key) = agent_key {
        q.push(" and f.agent_key = ").value(key);
    }
    if let Some(key) = after {
        q.push(" and (f.name, f.key) > (select l.name, l.key from flows l where l.key = ").value(key).push(")");
    }
    q.push(" order by f.name, f.key limit ").value(limit);
    q
}

/// Flows of these agents by name, after the one with the key `after`.
pub async fn list(
    db: &mut impl Executor,
    agents: &Visible,
    agent_key: Option<i64>,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<FlowRow>> {
    if matches!(agents, Visible::Agents(keys) if keys.is_empty()) {
        return Ok(Vec::new());
    }
    db.all(list_query(agents, agent_key, after, limit)).await
}

/// Whether another flow of this agent has the name.
pub async fn is_taken(tx: &mut Tx, agent_key: i64, name: &str, but: Option<&str>) -> Result<bool> {
    let sql = "select key from flows where agent_key = $1 and name = $2 and retired_at is null and id <> $3";
    let q = Query::new(sql).bind(agent_key).bind(name).bind(but.unwrap_or(""));
    Ok(tx.maybe::<(i64,)>(q).await?.is_some())
}

pub async fn count(tx: &mut Tx, agent_key: i64) -> Result<i64> {
    let sql = "select count(*) from flows where agent_key = $1 and retired_at is null";
    let (n,): (i64,) = tx.one(Query::new(sql).bind(agent_key)).await?;
    Ok(n)
}

/// Adds a flow with its first version.
pub async fn add(tx: &mut Tx, id: &str, agent_key: i64, first: &NewVersion<'_>, now: Timestamp) -> Result<()> {
    let sql = "insert into flows (id, agent_key, name, version, created_at, updated_at) values ($1, $2, $3, 1, $4, $5) \
               returning key";
    let q = Query::new(sql).bind(id).bind(agent_key).bind(first.name).bind(now.micros()).bind(now.micros());
    let (key,): (i64,) = tx.one(q).await?;
    add_version(tx, key, 1, first, now).await
}

/// Makes the next version of a flow.
pub async fn change(tx: &mut Tx, flow: &FlowRow, next: &NewVersion<'_>, now: Timestamp) -> Result<()> {
    let version = flow.version + 1;
    let q = Query::new("update flows set name = $1, version = $2, updated_at = $3 where key = $4");
    tx.run(q.bind(next.name).bind(version).bind(now.micros()).bind(flow.key)).await?;
    add_version(tx, flow.key, version, next, now).await
}

async fn add_version(tx: &mut Tx, key: i64, version: i64, new: &NewVersion<'_>, now: Timestamp) -> Result<()> {
    let sql = "insert into flow_versions (flow_key, version, name, on_interruption, steps, user_key, created_at) \
               values ($1, $2, $3, $4, $5, $6, $7)";
    let q = Query::new(sql)
        .bind(key)
        .bind(version)
        .bind(new.name)
        .bind(new.on_interruption.as_str())
        .bind(new.steps)
        .bind(new.user_key)
        .bind(now.micros());
    tx.run(q).await.map(|_| ())
}

/// Deletes a flow that no run has done; one with runs is retired, for they refer to it.
pub async fn delete(tx: &mut Tx, key: i64, now: Timestamp) -> Result<()> {
    let ran = Query::new("select execution_key from flow_runs where flow_key = $1 limit 1").bind(key);
    let q = if tx.maybe::<(i64,)>(ran).await?.is_some() {
        Query::new("update flows set retired_at = $1 where key = $2").bind(now.micros()).bind(key)
    } else {
        Query::new("delete from flows where key = $1").bind(key)
    };
    tx.run(q).await.map(|_| ())
}

/// Notes which flow a run does.
pub async fn add_run(tx: &mut Tx, execution_key: i64, run: &FlowRunFields) -> Result<()> {
    let sql =
        "insert into flow_runs (execution_key, flow_key, version, from_step, with_message) values ($1, $2, $3, $4, $5)";
    let q = Query::new(sql)
        .bind(execution_key)
        .bind(run.flow_key)
        .bind(run.version)
        .bind(run.from_step)
        .bind(run.with_message);
    tx.run(q).await.map(|_| ())
}

#[derive(Debug, Clone, Copy)]
pub struct FlowRunFields {
    pub flow_key: i64,
    pub version: i64,
    pub from_step: i64,
    pub with_message: bool,
}

const RUN: &str = "select r.execution_key, r.flow_key, f.id, v.name, r.version, v.on_interruption, v.steps, r.from_step, \
    r.with_message, r.pause_requested_at, r.resumed from flow_runs r join flows f on f.key = r.flow_key \
    join flow_versions v on v.flow_key = r.flow_key and v.version = r.version where r.execution_key ";

/// The flow a run does, if it does one.
pub async fn of_run(db: &mut impl Executor, execution_key: i64) -> Result<Option<FlowRunRow>> {
    let mut q = Query::new(RUN);
    q.push("= ").value(execution_key);
    db.maybe(q).await
}

/// The same for several runs.
pub async fn of_runs(db: &mut impl Executor, execution_keys: &[i64]) -> Result<Vec<FlowRunRow>> {
    let mut found = Vec::with_capacity(execution_keys.len());
    for chunk in super::executions::chunks(execution_keys) {
        let mut q = Query::new(RUN);
        q.push("in ").list(chunk.iter().copied());
        found.extend(db.all::<FlowRunRow>(q).await?);
    }
    Ok(found)
}

/// Asks a run to pause, or (`None`) no more.
pub async fn ask_to_pause(tx: &mut Tx, execution_key: i64, at: Option<Timestamp>) -> Result<()> {
    let sql = "update flow_runs set pause_requested_at = $1 where execution_key = $2";
    tx.run(Query::new(sql).bind(at.map(Timestamp::micros)).bind(execution_key)).await.map(|_| ())
}

/// Another server takes a run up.
pub async fn count_resumption(tx: &mut Tx, execution_key: i64) -> Result<()> {
    let sql = "update flow_runs set resumed = resumed + 1 where execution_key = $1";
    tx.run(Query::new(sql).bind(execution_key)).await.map(|_| ())
}

fn newest_query(flow_keys: &[i64]) -> Query {
    let mut q = Query::new("select ");
    q.push(COLUMNS).push(
        ", r.flow_key from flow_runs r join executions e on e.key = r.execution_key join agents a on a.key = e.agent_key \
         where r.execution_key in (select (select max(n.execution_key) from flow_runs n where n.flow_key = f.key) \
         from flows f where f.key in ",
    );
    q.list(flow_keys.iter().copied()).push(")");
    q
}

#[derive(sqlx::FromRow)]
struct RunOfFlow {
    #[sqlx(flatten)]
    record: Record,
    flow_key: i64,
}

/// The newest run of each of these flows that has one.
pub async fn newest_runs(db: &mut impl Executor, flow_keys: &[i64]) -> Result<Vec<(i64, Record)>> {
    let mut found = Vec::with_capacity(flow_keys.len());
    for chunk in super::executions::chunks(flow_keys) {
        let rows = db.all::<RunOfFlow>(newest_query(chunk)).await?;
        found.extend(rows.into_iter().map(|r| (r.flow_key, r.record)));
    }
    Ok(found)
}

fn runs_query(agents: &Visible, unfinished: bool, before: Option<(i64, i64)>, limit: i64) -> Query {
    let mut q = Query::new("select ");
    q.push(COLUMNS).push(" from executions e join agents a on a.key = e.agent_key where e.flow_id is not null");
    q.push(if unfinished {
        " and e.status in ('queued', 'running', 'waiting', 'paused')"
    } else {
        // Not by the index of states: they are most of all runs.
        " and e.status || '' in ('success', 'failed', 'cancelled')"
    });
    if let Visible::Agents(keys) = agents {
        q.push(" and e.agent_key + 0 in ").list(keys.iter().copied());
    }
    if let Some((sort_at, key)) = before {
        q.push(" and (e.sort_at, e.key) < (").value(sort_at).push(", ").value(key).push(")");
    }
    q.push(" order by e.sort_at desc, e.key desc limit ").value(limit);
    q
}

/// Runs of flows that go on, or have ended, newest start first.
pub async fn runs(
    db: &mut impl Executor,
    agents: &Visible,
    unfinished: bool,
    before: Option<(i64, i64)>,
    limit: i64,
) -> Result<Vec<Record>> {
    if matches!(agents, Visible::Agents(keys) if keys.is_empty()) {
        return Ok(Vec::new());
    }
    db.all(runs_query(agents, unfinished, before, limit)).await
}

/// How the database would answer what the page of flows asks; for tests.
pub async fn explain(tx: &mut Tx) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for query in [
        list_query(&Visible::All, None, Some(1), 100),
        list_query(&Visible::Agents(vec![1, 2]), None, None, 100),
        newest_query(&[1, 2]),
        runs_query(&Visible::All, true, None, 100),
    ] {
        lines.extend(super::db::explain(tx, query).await?);
    }
    Ok(lines)
}

/// The same for the history on it.
pub async fn explain_history(tx: &mut Tx) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for query in [
        runs_query(&Visible::All, false, Some((1, 1)), 100),
        runs_query(&Visible::Agents(vec![1, 2]), false, None, 100),
    ] {
        lines.extend(super::db::explain(tx, query).await?);
    }
    Ok(lines)
}
