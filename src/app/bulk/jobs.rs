//! Server. Bulk jobs: making one, seeing how far it is, ending it early.

use super::plan::{Target, plan};
use super::{link, stored_id};
use crate::app::access::Credential;
use crate::app::{Caller, cursor};
use crate::domain::{
    BulkAction, BulkJob, BulkProgress, BulkResult, BulkRow, BulkRowSeen, Error, Excluded, ExecutionId, Reason, Result,
    Role,
};
use crate::store::bulk::{self as rows, JobRow, NewJob, Of, ResultRow};
use crate::store::executions;
use std::collections::HashMap;

/// Jobs of one person that may be going on at once.
const UNFINISHED: i64 = 20;
/// Jobs and rows a page of the app asks for at once.
const PAGE: i64 = 50;

fn check_limit(limit: i64, max: i64) -> Result<i64> {
    if (1..=max).contains(&limit) {
        Ok(limit)
    } else {
        Err(Error::invalid("limit", format!("must be from 1 to {max}")))
    }
}

fn token_hash(caller: &Caller) -> Option<&str> {
    match &caller.credential {
        Credential::Token(hash) => Some(hash),
        _ => None,
    }
}

/// Jobs this caller may see: their own, an admin all. A token for some agents is not told of other tokens' work.
fn of(caller: &Caller) -> Result<Of<'_>> {
    caller.fleet()?;
    match (caller.unlimited(), token_hash(caller)) {
        (Err(_), Some(hash)) => Ok(Of::Token(hash)),
        (Err(e), None) => Err(e),
        (Ok(()), _) if caller.role == Role::Admin => Ok(Of::Everybody),
        (Ok(()), _) => Ok(Of::User(caller.user_key)),
    }
}

/// Makes a job and lets it begin. The same `request_key` of a person again answers the job it made, for the same request.
pub async fn start(
    caller: &Caller,
    action: BulkAction,
    target: Target,
    request_key: Option<String>,
) -> Result<(BulkJob, Vec<Excluded>)> {
    if request_key.as_ref().is_some_and(|k| !(1..=255).contains(&k.len())) {
        return Err(Error::invalid("request_key", "must be 1 to 255 characters"));
    }
    let request = target.fingerprint(action);
    let plan = plan(caller, action, target).await?;
    let job = NewJob {
        id: uuid::Uuid::now_v7().to_string(),
        user_key: caller.user_key,
        token_hash: token_hash(caller).map(str::to_owned),
        request_key,
        request,
        action,
        ids: plan.counted.iter().map(|r| r.id.clone()).collect(),
        excluded: plan.excluded.iter().map(|(id, reason, _)| (id.to_string(), *reason)).collect(),
    };
    let now = caller.now();
    let (made, excluded) = caller
        .write(move |tx| {
            Box::pin(async move {
                if let Some(key) = &job.request_key
                    && let Some(made) = rows::by_request(tx, job.user_key, key).await?
                {
                    if made.request.as_ref() != Some(&job.request) {
                        return Err(Error::invalid("request_key", "was used for another request"));
                    }
                    let excluded = rows::excluded(tx, made.key, made.counted).await?;
                    return Ok((made, Some(excluded)));
                }
                if rows::unfinished(tx, job.user_key).await? >= UNFINISHED {
                    return Err(Error::Conflict(format!("{UNFINISHED} bulk actions of yours are still going on")));
                }
                rows::add(tx, &job, now).await?;
                Ok((rows::find(tx, &job.id, Of::User(job.user_key)).await?, None))
            })
        })
        .await?;
    caller.app.bulk.wake();
    let excluded = match excluded {
        None => plan.excluded(),
        Some(kept) => kept.into_iter().map(|(id, reason)| kept_exclusion(&id, &reason)).collect::<Result<_>>()?,
    };
    Ok((made.into(), excluded))
}

fn kept_exclusion(id: &str, reason: &str) -> Result<Excluded> {
    let known = serde_json::from_value::<Reason>(reason.into());
    Ok(Excluded { id: stored_id(id)?, reason: known.map_err(|_| Error::Internal(reason.to_owned()))? })
}

/// Newest first, and where to go on.
pub async fn list(caller: &Caller, from: Option<String>, limit: Option<i64>) -> Result<(Vec<BulkJob>, Option<String>)> {
    let limit = check_limit(limit.unwrap_or(PAGE), 200)?;
    let before = match from {
        None => i64::MAX,
        Some(text) => cursor::decode_pair(&text, "bulk")?.0,
    };
    let mut found = rows::list(&mut caller.app.store.read(), of(caller)?, before, limit + 1).await?;
    let more = found.len() as i64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = found.last().filter(|_| more).map(|j| cursor::encode_pair("bulk", (j.key, 0)));
    Ok((found.into_iter().map(BulkJob::from).collect(), next))
}

/// The newest jobs, for the page.
pub async fn recent(caller: &Caller) -> Result<Vec<BulkJob>> {
    Ok(list(caller, None, Some(20)).await?.0)
}

async fn find(caller: &Caller, id: &str) -> Result<JobRow> {
    rows::find(&mut caller.app.store.read(), id, of(caller)?).await
}

fn seen(r: &ResultRow) -> Result<BulkRow> {
    let result = match &r.result {
        None => BulkResult::Pending,
        Some(text) => text.parse()?,
    };
    Ok(BulkRow { id: stored_id(&r.execution_id)?, result, reason: r.reason.clone() })
}

/// A job and what became of its runs, in the order they are acted on; the excluded ones are last.
pub async fn get(
    caller: &Caller,
    id: &str,
    from: Option<String>,
    limit: Option<i64>,
) -> Result<(BulkJob, Vec<BulkRow>, Option<String>)> {
    let limit = check_limit(limit.unwrap_or(200), 1_000)?;
    let job = find(caller, id).await?;
    let after = match from {
        None => 0,
        Some(text) => cursor::decode_pair(&text, &job.id)?.0,
    };
    let mut found = rows::results(&mut caller.app.store.read(), job.key, after, limit + 1).await?;
    let more = found.len() as i64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = found.last().filter(|_| more).map(|r| cursor::encode_pair(&job.id, (r.position, 0)));
    let results = found.iter().map(seen).collect::<Result<_>>()?;
    Ok((job.into(), results, next))
}

/// The same for a page, with the runs as far as the caller may see them.
pub async fn progress(caller: &Caller, id: &str, from: Option<String>) -> Result<BulkProgress> {
    let (job, results, next_cursor) = get(caller, id, from, Some(PAGE)).await?;
    let ids: Vec<&str> = results.iter().map(|r| r.id.as_str()).collect();
    let runs = executions::by_ids(&mut caller.app.store.read(), &ids, caller.visible()).await?;
    let mut links = HashMap::new();
    for run in &runs {
        let link = link(run)?;
        links.insert(link.id.clone(), link);
    }
    let with_run = |row: BulkRow| BulkRowSeen { run: links.remove::<ExecutionId>(&row.id), row };
    Ok(BulkProgress { job, rows: results.into_iter().map(with_run).collect(), next_cursor })
}

/// Ends a job before its next row.
pub async fn abort(caller: &Caller, id: &str) -> Result<BulkJob> {
    caller.writer()?;
    let job = find(caller, id).await?;
    let (key, now) = (job.key, caller.now());
    let stopped = caller.write(move |tx| Box::pin(async move { rows::abort(tx, key, now).await })).await?;
    if !stopped {
        return Err(Error::Conflict("this bulk action has already ended".to_owned()));
    }
    Ok(find(caller, id).await?.into())
}
