//! Server. Approvals and questions, and who is asked.

pub mod lists;
pub mod rules;

use super::db::{Executor, Tx};
use super::query::{Query, Value};
use crate::domain::{
    Decision, Error, InteractionKind, InteractionStatus, NotCounted, OnReject, Policy, Result, Timestamp,
};

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct InteractionRow {
    pub key: i64,
    pub id: String,
    pub execution_key: i64,
    pub execution_id: String,
    pub agent_key: i64,
    pub agent_name: String,
    pub agent_display_name: String,
    #[sqlx(try_from = "String")]
    pub kind: InteractionKind,
    pub step: Option<i64>,
    pub title: String,
    pub message: String,
    #[sqlx(try_from = "String")]
    pub policy: Policy,
    /// JSON.
    pub parameters: Option<String>,
    pub parameters_hash: String,
    pub alike: String,
    pub fields: Option<String>,
    pub answers: Option<String>,
    pub requester_key: Option<i64>,
    pub requested_by: Option<String>,
    pub open_to_operators: bool,
    #[sqlx(try_from = "String")]
    pub on_reject: OnReject,
    #[sqlx(try_from = "String")]
    pub status: InteractionStatus,
    pub outcome: Option<String>,
    pub asked_at: i64,
    pub expires_at: Option<i64>,
    pub decided_at: Option<i64>,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ApproverRow {
    pub interaction_key: i64,
    pub user_key: i64,
    pub email: String,
    pub display_name: String,
    pub excluded: Option<String>,
    pub decision: Option<String>,
    pub comment: Option<String>,
    pub at: Option<i64>,
    pub rule_key: Option<i64>,
    pub turn: bool,
}

impl ApproverRow {
    pub fn excluded(&self) -> Result<Option<NotCounted>> {
        self.excluded.as_deref().map(str::parse).transpose()
    }

    pub fn decision(&self) -> Result<Option<Decision>> {
        self.decision.as_deref().map(str::parse).transpose()
    }
}

/// What is to be asked, as stored.
pub struct NewInteractionRow<'a> {
    pub id: &'a str,
    pub execution_key: i64,
    pub agent_key: i64,
    pub kind: InteractionKind,
    pub step: Option<i64>,
    pub title: &'a str,
    pub message: &'a str,
    pub policy: Policy,
    pub parameters: Option<&'a str>,
    pub parameters_hash: &'a str,
    pub alike: &'a str,
    pub fields: Option<&'a str>,
    pub requester_key: Option<i64>,
    pub open_to_operators: bool,
    pub on_reject: OnReject,
    pub expires_at: Option<Timestamp>,
    pub remind_at: Option<Timestamp>,
    /// (person, why they do not count)
    pub approvers: &'a [(i64, Option<NotCounted>)],
}

pub(super) const SELECT: &str = "select i.key, i.id, i.execution_key, e.id as execution_id, i.agent_key, a.name as agent_name, \
    a.display_name as agent_display_name, i.kind, i.step, i.title, i.message, i.policy, i.parameters, i.parameters_hash, \
    i.alike, i.fields, i.answers, i.requester_key, r.email as requested_by, i.open_to_operators, i.on_reject, i.status, \
    i.outcome, i.asked_at, i.expires_at, i.decided_at from interactions i join executions e on e.key = i.execution_key \
    join agents a on a.key = i.agent_key left join users r on r.key = i.requester_key ";

/// Asks: the request and who is asked.
pub async fn add(tx: &mut Tx, new: &NewInteractionRow<'_>, now: Timestamp) -> Result<i64> {
    let sql = "insert into interactions (id, execution_key, agent_key, kind, step, title, message, policy, parameters, \
               parameters_hash, alike, fields, requester_key, open_to_operators, on_reject, status, asked_at, expires_at, \
               remind_at, changed_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'pending', \
               $16, $17, $18, $19) returning key";
    let q = Query::new(sql)
        .bind(new.id)
        .bind(new.execution_key)
        .bind(new.agent_key)
        .bind(new.kind.as_str())
        .bind(new.step)
        .bind(new.title)
        .bind(new.message)
        .bind(new.policy.as_str())
        .bind(new.parameters)
        .bind(new.parameters_hash)
        .bind(new.alike)
        .bind(new.fields)
        .bind(new.requester_key)
        .bind(new.open_to_operators)
        .bind(new.on_reject.as_str())
        .bind(now.micros())
        .bind(new.expires_at.map(Timestamp::micros))
        .bind(new.remind_at.map(Timestamp::micros))
        .bind(now.micros());
    let (key,): (i64,) = tx.one(q).await?;
    if new.approvers.is_empty() {
        return Ok(key);
    }
    let mut q = Query::new("insert into approvers (interaction_key, user_key, excluded, turn, alike) values ");
    q.rows(new.approvers.iter().map(|(user, excluded)| {
        let counts = Value::from(excluded.is_none());
        vec![key.into(), (*user).into(), excluded.map(NotCounted::as_str).into(), counts, new.alike.into()]
    }));
    tx.run(q).await?;
    Ok(key)
}

pub async fn find(db: &mut impl Executor, id: &str) -> Result<Option<InteractionRow>> {
    let mut q = Query::new(SELECT);
    q.push("where i.id = ").value(id);
    db.maybe(q).await
}

/// The same for changing: on PostgreSQL its row is locked until the transaction ends.
pub async fn find_for_update(tx: &mut Tx, id: &str) -> Result<Option<InteractionRow>> {
    let mut q = Query::new(SELECT);
    q.push("where i.id = ").value(id);
    if !tx.is_sqlite() {
        q.push(" for update of i");
    }
    tx.maybe(q).await
}

/// What a run waits for, oldest first.
pub async fn pending_of(db: &mut impl Executor, execution_key: i64) -> Result<Vec<InteractionRow>> {
    let mut q = Query::new(SELECT);
    q.push("where i.execution_key = ").value(execution_key).push(" and i.status = 'pending' order by i.key");
    db.all(q).await
}

/// What was approved of a step, the last time people were asked: its hash.
pub async fn approved_hash(db: &mut impl Executor, execution_key: i64, step: i64) -> Result<Option<String>> {
    let sql = "select parameters_hash from interactions where execution_key = $1 and step = $2 and status = 'approved' \
               order by key desc limit 1";
    let row: Option<(String,)> = db.maybe(Query::new(sql).bind(execution_key).bind(step)).await?;
    Ok(row.map(|(hash,)| hash))
}

/// What a run has asked, newest first.
pub async fn of_execution(db: &mut impl Executor, execution_key: i64, limit: i64) -> Result<Vec<InteractionRow>> {
    let mut q = Query::new(SELECT);
    q.push("where i.execution_key = ").value(execution_key).push(" order by i.key desc limit ").value(limit);
    db.all(q).await
}

const APPROVERS: &str = "select p.interaction_key, p.user_key, u.email, u.display_name, p.excluded, p.decision, p.comment, \
    p.at, p.rule_key, p.turn from approvers p join users u on u.key = p.user_key where p.interaction_key in ";

/// Who is asked, by e-mail.
pub async fn approvers(db: &mut impl Executor, interaction_keys: &[i64]) -> Result<Vec<ApproverRow>> {
    if interaction_keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut q = Query::new(APPROVERS);
    q.list(interaction_keys.iter().copied()).push(" order by p.interaction_key, u.email");
    db.all(q).await
}

/// What one person says. `false`: it was not their turn.
pub async fn decide(
    tx: &mut Tx,
    key: i64,
    user_key: i64,
    decision: Decision,
    comment: Option<&str>,
    rule_key: Option<i64>,
    now: Timestamp,
) -> Result<bool> {
    let sql = "update approvers set decision = $1, comment = $2, at = $3, rule_key = $4, turn = $5 \
               where interaction_key = $6 and user_key = $7 and turn";
    let q = Query::new(sql).bind(decision.as_str()).bind(comment).bind(now.micros()).bind(rule_key).bind(false);
    Ok(tx.run(q.bind(key).bind(user_key)).await? > 0)
}

/// Notes that somebody who is on no list has answered a question.
pub async fn add_answerer(tx: &mut Tx, row: &InteractionRow, user_key: i64, now: Timestamp) -> Result<()> {
    let sql = "insert into approvers (interaction_key, user_key, decision, at, turn, alike) \
               values ($1, $2, 'approve', $3, $4, $5) on conflict (interaction_key, user_key) do update set \
               decision = 'approve', at = excluded.at, turn = excluded.turn";
    let q = Query::new(sql).bind(row.key).bind(user_key).bind(now.micros()).bind(false).bind(row.alike.as_str());
    tx.run(q).await.map(|_| ())
}

/// Somebody does not count any more. `false`: they did not before.
pub async fn exclude(tx: &mut Tx, key: i64, user_key: i64) -> Result<bool> {
    let sql = "update approvers set excluded = 'removed', turn = $1 \
               where interaction_key = $2 and user_key = $3 and excluded is null";
    Ok(tx.run(Query::new(sql).bind(false).bind(key).bind(user_key)).await? > 0)
}

/// Something about it is news.
pub async fn touch(tx: &mut Tx, key: i64, now: Timestamp) -> Result<()> {
    let sql = "update interactions set changed_at = $1 where key = $2";
    tx.run(Query::new(sql).bind(now.micros()).bind(key)).await.map(|_| ())
}

/// Ends it, once: whoever comes later is told so.
pub async fn end(
    tx: &mut Tx,
    key: i64,
    status: InteractionStatus,
    outcome: &str,
    answers: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    let sql = "update interactions set status = $1, outcome = $2, answers = $3, decided_at = $4, changed_at = $5, \
               remind_at = null where key = $6 and status = 'pending'";
    let q = Query::new(sql).bind(status.as_str()).bind(outcome).bind(answers).bind(now.micros()).bind(now.micros());
    if tx.run(q.bind(key)).await? == 0 {
        return Err(Error::Conflict("it was decided at the same moment".to_owned()));
    }
    let sql = "update approvers set turn = $1, ended_at = $2 where interaction_key = $3";
    tx.run(Query::new(sql).bind(false).bind(now.micros()).bind(key)).await.map(|_| ())
}

/// Those whose time is over, at most 100: their ids.
pub async fn expiring(db: &mut impl Executor, now: Timestamp) -> Result<Vec<String>> {
    ids(db, expiring_query(now)).await
}

fn expiring_query(now: Timestamp) -> Query {
    let sql = "select id from interactions where status = 'pending' and expires_at is not null and expires_at <= $1 \
               order by expires_at limit 100";
    Query::new(sql).bind(now.micros())
}

/// Those whose people are to be reminded, at most 100: their ids.
pub async fn reminding(db: &mut impl Executor, now: Timestamp) -> Result<Vec<String>> {
    ids(db, reminding_query(now)).await
}

fn reminding_query(now: Timestamp) -> Query {
    let sql = "select id from interactions where status = 'pending' and remind_at is not null and remind_at <= $1 \
               order by remind_at limit 100";
    Query::new(sql).bind(now.micros())
}

/// They have been reminded; whether that was still to be done.
pub async fn reminded(tx: &mut Tx, key: i64) -> Result<bool> {
    let sql =
        "update interactions set remind_at = null where key = $1 and status = 'pending' and remind_at is not null";
    Ok(tx.run(Query::new(sql).bind(key)).await? > 0)
}

/// A run is another agent's now, and with it what it asked.
pub async fn move_to(tx: &mut Tx, execution_key: i64, agent_key: i64) -> Result<()> {
    let sql = "update interactions set agent_key = $1 where execution_key = $2";
    tx.run(Query::new(sql).bind(agent_key).bind(execution_key)).await.map(|_| ())
}

pub(super) async fn ids(db: &mut impl Executor, q: Query) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = db.all(q).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// How the database would answer what is asked all the time; for tests.
pub async fn explain(tx: &mut Tx, now: Timestamp) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    let mut queries = vec![expiring_query(now), reminding_query(now)];
    queries.extend(lists::queries(now));
    queries.extend(rules::queries(now));
    for query in queries {
        lines.extend(super::db::explain(tx, query).await?);
    }
    Ok(lines)
}
