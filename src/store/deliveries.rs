//! Server. Messages to people: an outbox and the log of it in one. Who sends one, and what came of it, are written by the
//! one writer, so that no two servers send the same.

use super::db::{Executor, Tx};
use super::query::Query;
use crate::domain::{Channel, Delivery, DeliveryState, NewsKind, Result, Timestamp};

pub struct NewDelivery<'a> {
    pub id: String,
    pub user_key: i64,
    pub agent_key: Option<i64>,
    pub channel: Channel,
    pub kind: NewsKind,
    pub title: &'a str,
    /// JSON.
    pub payload: &'a str,
    pub link: &'a str,
    /// Of a summary.
    pub more: Option<i64>,
    pub next_at: Timestamp,
}

/// Whom something goes to, and by which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Destination {
    pub user_key: i64,
    pub channel: Channel,
}

pub async fn add(tx: &mut Tx, d: &NewDelivery<'_>, now: Timestamp) -> Result<()> {
    let sql = "insert into deliveries (id, user_key, agent_key, channel, kind, title, payload, link, more, state, \
               next_at, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'waiting', $10, $11)";
    let q = Query::new(sql)
        .bind(d.id.as_str())
        .bind(d.user_key)
        .bind(d.agent_key)
        .bind(d.channel.as_str())
        .bind(d.kind.as_str())
        .bind(d.title)
        .bind(d.payload)
        .bind(d.link)
        .bind(d.more)
        .bind(d.next_at.micros())
        .bind(now.micros());
    tx.run(q).await.map(|_| ())
}

/// A message of the last minutes, for deciding whether there were too many.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct RecentRow {
    pub key: i64,
    pub agent_key: Option<i64>,
    pub payload: String,
    pub more: Option<i64>,
    /// No attempt was made yet.
    pub attempts: i64,
    #[sqlx(try_from = "String")]
    pub state: DeliveryState,
    pub next_at: i64,
    pub created_at: i64,
}

/// The newest of a kind to a destination since then, newest first.
pub async fn recent(
    db: &mut impl Executor,
    to: Destination,
    kind: NewsKind,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<RecentRow>> {
    db.all(recent_query(to, kind, since, limit)).await
}

fn recent_query(to: Destination, kind: NewsKind, since: Timestamp, limit: i64) -> Query {
    let sql = "select key, agent_key, payload, more, attempts, state, next_at, created_at from deliveries \
               where user_key = $1 and channel = $2 and kind = $3 and created_at > $4 \
               order by created_at desc, key desc limit $5";
    let q = Query::new(sql).bind(to.user_key).bind(to.channel.as_str()).bind(kind.as_str());
    q.bind(since.micros()).bind(limit)
}

/// A summary that has not been sent stands for more.
pub async fn gather(
    tx: &mut Tx,
    key: i64,
    more: i64,
    agent_key: Option<i64>,
    title: &str,
    payload: &str,
    link: &str,
) -> Result<()> {
    let sql = "update deliveries set more = $1, agent_key = $2, title = $3, payload = $4, link = $5 where key = $6";
    let q = Query::new(sql).bind(more).bind(agent_key).bind(title).bind(payload).bind(link).bind(key);
    tx.run(q).await.map(|_| ())
}

/// A message to send.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DueRow {
    pub key: i64,
    pub id: String,
    pub user_key: i64,
    pub agent_key: Option<i64>,
    #[sqlx(try_from = "String")]
    pub channel: Channel,
    #[sqlx(try_from = "String")]
    pub kind: NewsKind,
    pub title: String,
    pub payload: String,
    pub link: String,
    pub more: Option<i64>,
    /// With the one that is being made.
    pub attempts: i64,
    pub created_at: i64,
}

impl DueRow {
    pub fn to(&self) -> Destination {
        Destination { user_key: self.user_key, channel: self.channel }
    }
}

/// Destinations for which something is due and to which nobody is sending, those first that have waited longest.
/// `mail`: those by mail, too.
pub async fn due(db: &mut impl Executor, now: Timestamp, mail: bool, limit: i64) -> Result<Vec<Destination>> {
    let rows: Vec<(i64, String)> = db.all(due_query(now, mail, limit)).await?;
    rows.into_iter().map(|(user_key, channel)| Ok(Destination { user_key, channel: channel.parse()? })).collect()
}

fn due_query(now: Timestamp, mail: bool, limit: i64) -> Query {
    let mut q =
        Query::new("select d.user_key, d.channel from deliveries d where d.state = 'waiting' and d.next_at <= ");
    q.value(now.micros());
    if !mail {
        q.push(" and d.channel <> 'mail'");
    }
    q.push(
        " and not exists (select 1 from deliveries b where b.user_key = d.user_key and b.channel = d.channel \
         and b.claimed_until is not null and b.claimed_until > ",
    );
    q.value(now.micros())
        .push(") group by d.user_key, d.channel order by min(d.next_at), d.user_key, d.channel limit ");
    q.value(limit);
    q
}

/// Takes the message to a destination that has waited longest: until then, nobody else sends to it.
pub async fn claim(
    tx: &mut Tx,
    to: Destination,
    owner: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<DueRow>> {
    let found: Option<(i64,)> = tx.maybe(next_query(to, now)).await?;
    let Some((key,)) = found else { return Ok(None) };
    let sql = "update deliveries set claimed_by = $1, claimed_until = $2, attempts = attempts + 1 where key = $3 \
               returning key, id, user_key, agent_key, channel, kind, title, payload, link, more, attempts, created_at";
    tx.maybe(Query::new(sql).bind(owner).bind(until.micros()).bind(key)).await
}

fn next_query(to: Destination, now: Timestamp) -> Query {
    let sql = "select key from deliveries where user_key = $1 and channel = $2 and state = 'waiting' \
               and next_at <= $3 order by next_at, key limit 1";
    Query::new(sql).bind(to.user_key).bind(to.channel.as_str()).bind(now.micros())
}

/// It was sent.
pub async fn sent(tx: &mut Tx, key: i64, owner: &str, now: Timestamp) -> Result<()> {
    end(tx, key, owner, DeliveryState::Sent, None, now).await
}

/// It will not be.
pub async fn give_up(tx: &mut Tx, key: i64, owner: &str, why: &str, now: Timestamp) -> Result<()> {
    end(tx, key, owner, DeliveryState::GivenUp, Some(why), now).await
}

async fn end(
    tx: &mut Tx,
    key: i64,
    owner: &str,
    state: DeliveryState,
    why: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    let sql = "update deliveries set state = $1, last_error = coalesce($2, last_error), ended_at = $3, \
               claimed_by = null, claimed_until = null where key = $4 and claimed_by = $5 and state = 'waiting'";
    let q = Query::new(sql).bind(state.as_str()).bind(why).bind(now.micros()).bind(key).bind(owner);
    tx.run(q).await.map(|_| ())
}

/// It will be tried again.
pub async fn again(tx: &mut Tx, key: i64, owner: &str, why: &str, at: Timestamp) -> Result<()> {
    let sql = "update deliveries set last_error = $1, next_at = $2, claimed_by = null, claimed_until = null \
               where key = $3 and claimed_by = $4 and state = 'waiting'";
    tx.run(Query::new(sql).bind(why).bind(at.micros()).bind(key).bind(owner)).await.map(|_| ())
}

#[derive(Debug, sqlx::FromRow)]
pub struct LogRow {
    pub key: i64,
    id: String,
    #[sqlx(try_from = "String")]
    channel: Channel,
    #[sqlx(try_from = "String")]
    kind: NewsKind,
    title: String,
    link: String,
    #[sqlx(try_from = "String")]
    state: DeliveryState,
    attempts: i64,
    last_error: Option<String>,
    created_at: i64,
    next_at: i64,
    ended_at: Option<i64>,
}

impl From<LogRow> for Delivery {
    fn from(r: LogRow) -> Self {
        Self {
            id: r.id,
            channel: r.channel,
            kind: r.kind,
            title: r.title,
            link: r.link,
            state: r.state,
            attempts: r.attempts,
            error: r.last_error,
            created_at: Timestamp::from_micros(r.created_at),
            next_at: (r.state == DeliveryState::Waiting).then_some(Timestamp::from_micros(r.next_at)),
            ended_at: r.ended_at.map(Timestamp::from_micros),
        }
    }
}

/// A person's, newest first, from before `before`.
pub async fn log(db: &mut impl Executor, user_key: i64, before: i64, limit: i64) -> Result<Vec<LogRow>> {
    db.all(log_query(user_key, before, limit)).await
}

fn log_query(user_key: i64, before: i64, limit: i64) -> Query {
    let sql = "select key, id, channel, kind, title, link, state, attempts, last_error, created_at, next_at, ended_at \
               from deliveries where user_key = $1 and key < $2 order by key desc limit $3";
    Query::new(sql).bind(user_key).bind(before).bind(limit)
}

/// How many wait, by channel.
pub async fn waiting(db: &mut impl Executor) -> Result<Vec<(String, i64)>> {
    db.all(waiting_query()).await
}

fn waiting_query() -> Query {
    Query::new("select channel, count(*) from deliveries where state = 'waiting' group by channel")
}

/// Forgets what is older than `oldest`, and gives up what has waited since before `stale`: no server here sends it.
pub async fn tidy(tx: &mut Tx, oldest: Timestamp, stale: Timestamp, now: Timestamp) -> Result<()> {
    tx.run(Query::new("delete from deliveries where created_at <= $1").bind(oldest.micros())).await?;
    let sql = "update deliveries set state = 'given_up', ended_at = $1, claimed_by = null, claimed_until = null, \
               last_error = coalesce(last_error, 'no server here sends such messages') \
               where state = 'waiting' and created_at <= $2 and (claimed_until is null or claimed_until <= $1)";
    tx.run(Query::new(sql).bind(now.micros()).bind(stale.micros())).await.map(|_| ())
}

/// How the database would answer; for tests.
pub async fn explain(tx: &mut Tx, now: Timestamp) -> Result<Vec<String>> {
    let to = Destination { user_key: 1, channel: Channel::Webhook };
    let mut lines = Vec::new();
    for q in [
        recent_query(to, NewsKind::Failed, now, 20),
        due_query(now, true, 20),
        next_query(to, now),
        log_query(1, i64::MAX, 50),
        waiting_query(),
        Query::new("delete from deliveries where created_at <= $1").bind(now.micros()),
    ] {
        lines.extend(super::db::explain(tx, q).await?);
    }
    Ok(lines)
}
