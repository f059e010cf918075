//! Server. Bulk jobs and their rows. A row's turn, what is done to its run and what is noted about it are one
//! transaction, so that a job that was broken off goes on where it was.

use super::db::{Executor, Tx};
use super::executions::chunks;
use super::query::{Query, Value};
use crate::domain::{BulkAction, BulkJob, BulkResult, BulkState, Reason, Result, Timestamp};

pub struct NewJob {
    pub id: String,
    pub user_key: i64,
    pub token_hash: Option<String>,
    pub request_key: Option<String>,
    /// Fingerprint of what is asked for.
    pub request: String,
    pub action: BulkAction,
    /// In the order they are acted on.
    pub ids: Vec<String>,
    pub excluded: Vec<(String, Reason)>,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct JobRow {
    pub key: i64,
    pub id: String,
    pub email: String,
    #[sqlx(try_from = "String")]
    pub action: BulkAction,
    #[sqlx(try_from = "String")]
    pub state: BulkState,
    pub counted: i64,
    pub excluded: i64,
    pub done: i64,
    pub skipped: i64,
    pub failed: i64,
    pub created_at: i64,
    pub finished_at: Option<i64>,
    pub request: Option<String>,
}

impl From<JobRow> for BulkJob {
    fn from(r: JobRow) -> Self {
        Self {
            id: r.id,
            action: r.action,
            state: r.state,
            counted: r.counted,
            done: r.done,
            skipped: r.skipped,
            failed: r.failed,
            excluded_count: r.excluded,
            created_by: r.email,
            created_at: Timestamp::from_micros(r.created_at),
            finished_at: r.finished_at.map(Timestamp::from_micros),
        }
    }
}

/// Whose jobs.
#[derive(Debug, Clone, Copy)]
pub enum Of<'a> {
    Everybody,
    User(i64),
    /// Those that were asked for with this token.
    Token(&'a str),
}

const SELECT: &str = "select j.key, j.id, u.email, j.action, j.state, j.counted, j.excluded, j.done, j.skipped, \
    j.failed, j.created_at, j.finished_at, j.request from bulk_jobs j join users u on u.key = j.user_key where ";

fn write_of(q: &mut Query, of: Of<'_>) {
    match of {
        Of::Everybody => {}
        Of::User(key) => {
            q.push(" and j.user_key = ").value(key);
        }
        Of::Token(hash) => {
            q.push(" and j.token_hash = ").value(hash);
        }
    }
}

pub async fn add(tx: &mut Tx, job: &NewJob, now: Timestamp) -> Result<()> {
    let sql = "insert into bulk_jobs (id, user_key, token_hash, request_key, action, state, counted, excluded, \
               created_at, finished_at, request) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning key";
    // With nothing to do it has ended already.
    let (state, finished) =
        if job.ids.is_empty() { (BulkState::Done, Some(now.micros())) } else { (BulkState::Running, None) };
    let q = Query::new(sql)
        .bind(job.id.as_str())
        .bind(job.user_key)
        .bind(job.token_hash.as_deref())
        .bind(job.request_key.as_deref())
        .bind(job.action.as_str())
        .bind(state.as_str())
        .bind(job.ids.len() as i64)
        .bind(job.excluded.len() as i64)
        .bind(now.micros())
        .bind(finished)
        .bind(job.request.as_str());
    let (key,): (i64,) = tx.one(q).await?;
    let counted = job.ids.iter().map(|id| (id, None));
    let rows: Vec<(&String, Option<Reason>)> =
        counted.chain(job.excluded.iter().map(|(id, reason)| (id, Some(*reason)))).collect();
    let rows: Vec<(i64, &String, Option<Reason>)> = (1..).zip(rows).map(|(n, (id, reason))| (n, id, reason)).collect();
    for chunk in chunks(&rows) {
        let mut q = Query::new("insert into bulk_rows (job_key, position, execution_id, result, reason) values ");
        q.rows(chunk.iter().map(|(position, id, reason)| {
            let result = reason.map(|_| BulkResult::Excluded.as_str());
            let id = Value::from(id.as_str());
            vec![Value::from(key), Value::from(*position), id, result.into(), reason.map(Reason::as_str).into()]
        }));
        tx.run(q).await?;
    }
    Ok(())
}

pub async fn find(db: &mut impl Executor, id: &str, of: Of<'_>) -> Result<JobRow> {
    let mut q = Query::new(SELECT);
    q.push("j.id = ").value(id);
    write_of(&mut q, of);
    db.one(q).await
}

/// The job a person's earlier request with this key has made.
pub async fn by_request(db: &mut impl Executor, user_key: i64, request_key: &str) -> Result<Option<JobRow>> {
    let mut q = Query::new(SELECT);
    q.push("j.user_key = ").value(user_key).push(" and j.request_key = ").value(request_key);
    db.maybe(q).await
}

/// Newest first, from before `before`.
pub async fn list(db: &mut impl Executor, of: Of<'_>, before: i64, limit: i64) -> Result<Vec<JobRow>> {
    let mut q = Query::new(SELECT);
    q.push("j.key < ").value(before);
    write_of(&mut q, of);
    q.push(" order by j.key desc limit ").value(limit);
    db.all(q).await
}

/// Jobs of a person that have not ended.
pub async fn unfinished(db: &mut impl Executor, user_key: i64) -> Result<i64> {
    let sql = "select count(*) from bulk_jobs where state = 'running' and user_key = $1";
    let (n,): (i64,) = db.one(Query::new(sql).bind(user_key)).await?;
    Ok(n)
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ResultRow {
    pub position: i64,
    pub execution_id: String,
    /// `None`: its turn has not come.
    pub result: Option<String>,
    pub reason: Option<String>,
}

pub async fn results(db: &mut impl Executor, job_key: i64, after: i64, limit: i64) -> Result<Vec<ResultRow>> {
    let sql = "select position, execution_id, result, reason from bulk_rows \
               where job_key = $1 and position > $2 order by position limit $3";
    db.all(Query::new(sql).bind(job_key).bind(after).bind(limit)).await
}

/// A job's excluded runs and why, as they were told when it was made.
pub async fn excluded(db: &mut impl Executor, job_key: i64, counted: i64) -> Result<Vec<(String, String)>> {
    let sql = "select execution_id, reason from bulk_rows where job_key = $1 and position > $2 order by position";
    db.all(Query::new(sql).bind(job_key).bind(counted)).await
}

/// Ends a job before its next row. Whether it was still going on.
pub async fn abort(tx: &mut Tx, key: i64, now: Timestamp) -> Result<bool> {
    let rest = "update bulk_rows set result = 'skipped', reason = $1, at = $2 where job_key = $3 and result is null \
                and exists (select 1 from bulk_jobs j where j.key = $3 and j.state = 'running')";
    tx.run(Query::new(rest).bind(Reason::Aborted.as_str()).bind(now.micros()).bind(key)).await?;
    let job = "update bulk_jobs set state = 'aborted', finished_at = $1, skipped = counted - done - failed \
               where key = $2 and state = 'running'";
    Ok(tx.run(Query::new(job).bind(now.micros()).bind(key)).await? > 0)
}

/// Ends a job that can't be gone on with: the rows that are left have failed.
pub async fn give_up(tx: &mut Tx, key: i64, reason: &str, now: Timestamp) -> Result<()> {
    let rest = "update bulk_rows set result = 'failed', reason = $1, at = $2 where job_key = $3 and result is null";
    tx.run(Query::new(rest).bind(reason).bind(now.micros()).bind(key)).await?;
    let job = "update bulk_jobs set state = 'done', finished_at = $1, failed = counted - done - skipped \
               where key = $2 and state = 'running'";
    tx.run(Query::new(job).bind(now.micros()).bind(key)).await.map(|_| ())
}

/// A job that has not ended, for those who work it off.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct OpenJob {
    pub key: i64,
    pub user_key: i64,
    pub token_hash: Option<String>,
    #[sqlx(try_from = "String")]
    pub action: BulkAction,
    pub lease_owner: Option<String>,
    pub lease_until: Option<i64>,
}

/// Oldest first, at most `limit`.
pub async fn open_jobs(db: &mut impl Executor, limit: i64) -> Result<Vec<OpenJob>> {
    let sql = "select key, user_key, token_hash, action, lease_owner, lease_until from bulk_jobs \
               where state = 'running' order by key limit $1";
    db.all(Query::new(sql).bind(limit)).await
}

/// Takes the next row of a job, if the job goes on and no other server is at it: its position and run.
pub async fn take(
    tx: &mut Tx,
    job_key: i64,
    owner: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<(i64, String)>> {
    let sql = "update bulk_jobs set next = next + 1, lease_owner = $1, lease_until = $2 where key = $3 \
               and state = 'running' and next <= counted \
               and (lease_owner is null or lease_owner = $1 or lease_until <= $4) returning next - 1";
    let q = Query::new(sql).bind(owner).bind(until.micros()).bind(job_key).bind(now.micros());
    let taken: Option<(i64,)> = tx.maybe(q).await?;
    let Some((position,)) = taken else { return Ok(None) };
    let sql = "select execution_id from bulk_rows where job_key = $1 and position = $2";
    let (id,): (String,) = tx.one(Query::new(sql).bind(job_key).bind(position)).await?;
    Ok(Some((position, id)))
}

/// Notes what became of the row that was taken; after the last one the job has ended.
pub async fn note(
    tx: &mut Tx,
    job_key: i64,
    position: i64,
    result: BulkResult,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    let row = "update bulk_rows set result = $1, reason = $2, at = $3 where job_key = $4 and position = $5";
    let q = Query::new(row).bind(result.as_str()).bind(reason).bind(now.micros()).bind(job_key).bind(position);
    tx.run(q).await?;
    let count = |of: BulkResult| i64::from(result == of);
    let job = "update bulk_jobs set done = done + $1, skipped = skipped + $2, failed = failed + $3, \
               state = case when next > counted then 'done' else state end, \
               finished_at = case when next > counted then $4 else finished_at end where key = $5";
    let q = Query::new(job)
        .bind(count(BulkResult::Done))
        .bind(count(BulkResult::Skipped))
        .bind(count(BulkResult::Failed))
        .bind(now.micros())
        .bind(job_key);
    tx.run(q).await.map(|_| ())
}

/// Leaves all jobs to whoever takes them up next.
pub async fn release(tx: &mut Tx, owner: &str) -> Result<()> {
    let sql =
        "update bulk_jobs set lease_owner = null, lease_until = null where state = 'running' and lease_owner = $1";
    tx.run(Query::new(sql).bind(owner)).await.map(|_| ())
}

/// Forgets jobs that ended before `oldest`.
pub async fn forget(tx: &mut Tx, oldest: Timestamp) -> Result<u64> {
    tx.run(Query::new("delete from bulk_jobs where finished_at <= $1").bind(oldest.micros())).await
}
