//! Server. Runs that Runboard does itself and that have not ended: who waits, who is at work and until when they are
//! taken to be alive. Every change goes through the writer, so that two servers never take the same run.

use super::db::{Executor, Tx};
use super::query::Query;
use crate::domain::{Error, Result, Timestamp};

/// Where a run stands in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Waits for its turn.
    Ready,
    /// A server is at it.
    Working,
    /// Others are at it and will report.
    Away,
    /// Waits for a person.
    Parked,
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Working => "working",
            Self::Away => "away",
            Self::Parked => "parked",
        }
    }
}

impl TryFrom<String> for State {
    type Error = String;
    fn try_from(s: String) -> Result<Self, String> {
        [Self::Ready, Self::Working, Self::Away, Self::Parked]
            .into_iter()
            .find(|state| state.as_str() == s)
            .ok_or_else(|| format!("`{s}` is not a state of the queue"))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Entry {
    pub execution_key: i64,
    pub agent_key: i64,
    #[sqlx(try_from = "String")]
    pub state: State,
    /// ready: not before; working: its server's newest sign of life.
    pub at: i64,
    pub owner: Option<String>,
    pub deadline: Option<i64>,
    pub tries: i64,
}

const SELECT: &str = "select execution_key, agent_key, state, at, owner, deadline, tries from queue ";

/// Puts a run in the queue.
pub async fn add(tx: &mut Tx, execution_key: i64, agent_key: i64, ready_at: Timestamp, tries: i64) -> Result<()> {
    let sql = "insert into queue (execution_key, agent_key, state, at, tries) values ($1, $2, 'ready', $3, $4)";
    tx.run(Query::new(sql).bind(execution_key).bind(agent_key).bind(ready_at.micros()).bind(tries)).await.map(|_| ())
}

/// The entry of a run, if Runboard does it and it has not ended.
pub async fn of(db: &mut impl Executor, execution_key: i64) -> Result<Option<Entry>> {
    let mut q = Query::new(SELECT);
    q.push("where execution_key = ").value(execution_key);
    db.maybe(q).await
}

/// How many runs of an agent wait for their turn, counted up to `most`.
pub async fn waiting(db: &mut impl Executor, agent_key: i64, most: i64) -> Result<i64> {
    let sql = "select count(*) from \
               (select 1 as one from queue where agent_key = $1 and state = 'ready' limit $2) as waiting";
    let (count,): (i64,) = db.one(Query::new(sql).bind(agent_key).bind(most)).await?;
    Ok(count)
}

/// How many runs stand where.
pub async fn by_state(db: &mut impl Executor) -> Result<Vec<(String, i64)>> {
    db.all(Query::new("select state, count(*) from queue group by state order by state")).await
}

/// Ends a run's part in the queue.
pub async fn remove(tx: &mut Tx, execution_key: i64) -> Result<()> {
    tx.run(Query::new("delete from queue where execution_key = $1").bind(execution_key)).await.map(|_| ())
}

/// Agents with a run whose time has come and room for it, whoever waits longest first. Without `commands`, those that run
/// programs are left to other servers.
pub async fn agents_with_room(db: &mut impl Executor, now: Timestamp, commands: bool) -> Result<Vec<i64>> {
    let rows: Vec<(i64,)> = db.all(room_query(now, commands)).await?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

fn room_query(now: Timestamp, commands: bool) -> Query {
    // The agents that wait are found by jumping from one to the next in the index.
    let sql = "with recursive waiting (agent_key) as ( \
                 select min(agent_key) from queue \
                 union all select (select min(q.agent_key) from queue q where q.agent_key > w.agent_key) \
                 from waiting w where w.agent_key is not null), \
               first (agent_key, at) as ( \
                 select w.agent_key, (select min(q.at) from queue q where q.agent_key = w.agent_key and q.state = 'ready') \
                 from waiting w where w.agent_key is not null) \
               select f.agent_key from first f join agents a on a.key = f.agent_key where f.at <= $1 and (a.kind <> 'command' or $2) \
               and (select count(*) from queue r where r.agent_key = f.agent_key and r.state in ('working', 'away')) \
                 < a.max_concurrency \
               order by f.at, f.agent_key";
    Query::new(sql).bind(now.micros()).bind(commands)
}

/// Takes an agent's next run, if its time has come and the agent has room.
pub async fn take(
    tx: &mut Tx,
    agent_key: i64,
    owner: &str,
    now: Timestamp,
    deadline: Option<Timestamp>,
) -> Result<Option<Entry>> {
    tx.maybe(take_query(agent_key, owner, now, deadline)).await
}

fn take_query(agent_key: i64, owner: &str, now: Timestamp, deadline: Option<Timestamp>) -> Query {
    let sql = "update queue set state = 'working', owner = $1, at = $2, deadline = coalesce(deadline, $3) \
               where execution_key = (select q.execution_key from queue q where q.agent_key = $4 and q.state = 'ready' \
                 and q.at <= $5 order by q.at, q.execution_key limit 1) and state = 'ready' \
               and (select count(*) from queue r where r.agent_key = $4 and r.state in ('working', 'away')) \
                 < (select a.max_concurrency from agents a where a.key = $4) \
               returning execution_key, agent_key, state, at, owner, deadline, tries";
    let q = Query::new(sql).bind(owner).bind(now.micros()).bind(deadline.map(Timestamp::micros));
    q.bind(agent_key).bind(now.micros())
}

/// A run goes on when a person says so: nobody is at it, and time does not count.
pub async fn park(tx: &mut Tx, execution_key: i64, now: Timestamp) -> Result<()> {
    let sql = "update queue set state = 'parked', owner = null, deadline = null, at = $1 where execution_key = $2";
    tx.run(Query::new(sql).bind(now.micros()).bind(execution_key)).await.map(|_| ())
}

/// A run waits for its turn again, from `ready_at` on. Without a deadline its time begins anew.
pub async fn put_back(tx: &mut Tx, execution_key: i64, ready_at: Timestamp, deadline: Option<i64>) -> Result<()> {
    let sql = "update queue set state = 'ready', owner = null, at = $1, deadline = $2 where execution_key = $3";
    tx.run(Query::new(sql).bind(ready_at.micros()).bind(deadline).bind(execution_key)).await.map(|_| ())
}

/// Whether this server is still the one at a run.
pub async fn holds(tx: &mut Tx, execution_key: i64, owner: &str) -> Result<bool> {
    let entry = of(tx, execution_key).await?;
    Ok(entry.is_some_and(|e| e.state == State::Working && e.owner.as_deref() == Some(owner)))
}

/// The same, for what only the server at a run may write.
pub async fn must_hold(tx: &mut Tx, execution_key: i64, owner: &str) -> Result<()> {
    if holds(tx, execution_key, owner).await? { Ok(()) } else { Err(lost()) }
}

/// A server writes of a run that another has by now.
pub fn lost() -> Error {
    Error::Conflict("the run is no longer this server's".to_owned())
}

/// A sign of life for the runs a server is at.
pub async fn renew(tx: &mut Tx, owner: &str, keys: &[i64], now: Timestamp) -> Result<()> {
    for chunk in super::executions::chunks(keys) {
        let mut q = Query::new("update queue set at = ");
        q.value(now.micros()).push(" where state = 'working' and owner = ").value(owner);
        q.push(" and execution_key in ").list(chunk.iter().copied());
        tx.run(q).await?;
    }
    Ok(())
}

/// The runs a server is at, and whether each is asked to stop.
pub async fn held(db: &mut impl Executor, owner: &str) -> Result<Vec<(i64, bool)>> {
    let rows: Vec<(i64, Option<i64>)> = db.all(held_query(owner)).await?;
    Ok(rows.into_iter().map(|(key, asked)| (key, asked.is_some())).collect())
}

fn held_query(owner: &str) -> Query {
    let sql = "select q.execution_key, e.cancel_requested_at from queue q join executions e on e.key = q.execution_key \
               where q.state = 'working' and q.owner = $1";
    Query::new(sql).bind(owner)
}

/// Runs that other servers are at, those without a sign of life for longest first, at most 1 000; also those under this
/// server's own name that it is not `at` any more.
pub async fn elsewhere(db: &mut impl Executor, owner: &str, at: &[i64]) -> Result<Vec<Entry>> {
    db.all(watch_query(owner, at)).await
}

fn watch_query(owner: &str, at: &[i64]) -> Query {
    let mut q = Query::new(SELECT);
    q.push("where state = 'working'");
    if !at.is_empty() {
        q.push(" and (owner <> ").value(owner).push(" or execution_key not in ").list(at.iter().copied()).push(")");
    }
    q.push(" order by at limit 1000");
    q
}

/// Runs that others are at and that have taken too long, at most 100. One that waits for a person takes as long as the
/// person, unless it was asked to stop.
pub async fn overdue(db: &mut impl Executor, now: Timestamp) -> Result<Vec<Entry>> {
    db.all(overdue_query(now)).await
}

fn overdue_query(now: Timestamp) -> Query {
    let mut q = Query::new(SELECT);
    q.push("where state = 'away' and deadline <= ").value(now.micros());
    q.push(" and not exists (select 1 from executions e where e.key = queue.execution_key and e.status = 'waiting' ");
    q.push("and e.cancel_requested_at is null) order by deadline limit 100");
    q
}

/// Gives those who are at a run until then.
pub async fn move_deadline(tx: &mut Tx, execution_key: i64, until: Timestamp) -> Result<()> {
    let sql = "update queue set deadline = $1 where execution_key = $2 and state = 'away'";
    tx.run(Query::new(sql).bind(until.micros()).bind(execution_key)).await.map(|_| ())
}

/// Others go on with a run and will report; whether this server was at it.
pub async fn hand_over(tx: &mut Tx, execution_key: i64, owner: &str) -> Result<bool> {
    let sql =
        "update queue set state = 'away', owner = null where execution_key = $1 and state = 'working' and owner = $2";
    Ok(tx.run(Query::new(sql).bind(execution_key).bind(owner)).await? > 0)
}

/// Unfinished runs of agents whose own processes do them, that have taken longer than their agent allows: their ids.
/// Those that wait for a person take as long as the person, and have their time anew after that.
pub async fn overdue_elsewhere(db: &mut impl Executor, now: Timestamp) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = db.all(elsewhere_query(now)).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

fn elsewhere_query(now: Timestamp) -> Query {
    // Few agents have a timeout: SQLite is to start from them, which is what `cross` tells it.
    let sql = "select e.id from agents a cross join executions e where e.agent_key = a.key \
               and a.kind = 'external' and a.timeout_s is not null and e.status = 'running' \
               and e.sort_at <= $1 - a.timeout_s * 1000000 and not exists (select 1 from interactions i \
                 where i.execution_key = e.key and i.decided_at > $1 - a.timeout_s * 1000000) \
               order by e.sort_at limit 100";
    Query::new(sql).bind(now.micros())
}

/// How the database would answer what the engine asks all the time; for tests.
pub async fn explain(tx: &mut Tx, now: Timestamp) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for query in [
        room_query(now, true),
        take_query(1, "us", now, None),
        held_query("us"),
        watch_query("us", &[1, 2]),
        overdue_query(now),
        elsewhere_query(now),
    ] {
        lines.extend(super::db::explain(tx, query).await?);
    }
    Ok(lines)
}
