//! Server. One action on many runs, and how far it is.

use super::extract::{Auth, JsonBody, Pairs};
use super::problem::{ApiError, Problem};
use crate::app::bulk::{self, Target};
use crate::domain::{BulkAction, BulkJob, BulkRow, Error, Excluded, ExecutionId, FieldError, Filter};
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

type Answer<T> = Result<Json<T>, ApiError>;

/// `ids`, or `filter` with `as_of`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBulk {
    pub action: BulkAction,
    /// At most 10 000.
    pub ids: Option<Vec<ExecutionId>>,
    /// List filters by their API names; may match at most 10 000 runs.
    #[schema(value_type = Option<Object>)]
    pub filter: Option<BTreeMap<String, serde_json::Value>>,
    /// From a list: runs that are newer than that answer are never touched. Absent: now.
    pub as_of: Option<i64>,
    /// Only answers what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

impl NewBulk {
    fn target(self) -> Result<Target, Error> {
        match (self.ids, self.filter, self.as_of) {
            (Some(ids), None, None) => Ok(Target::Ids(ids)),
            (None, Some(filter), as_of) => {
                let filter = Filter::from_object(&filter).map_err(|e| match e {
                    Error::Invalid(fields) => Error::Invalid(fields.into_iter().map(inside_filter).collect()),
                    other => other,
                })?;
                Ok(Target::Matching { filter: Box::new(filter), as_of })
            }
            (Some(_), None, Some(_)) => {
                Err(Error::invalid("as_of", "goes with a filter; ids say themselves which runs"))
            }
            (Some(_), Some(_), _) => Err(Error::invalid("filter", "can't be combined with ids")),
            (None, None, _) => Err(Error::invalid("ids", "is missing; give either ids or a filter")),
        }
    }
}

fn inside_filter(e: FieldError) -> FieldError {
    FieldError { field: format!("filter.{}", e.field), message: e.message }
}

/// What a bulk action does, or would do.
#[derive(Serialize, ToSchema)]
pub struct BulkAnswer {
    /// Where to see how far it is: `/api/bulk/{id}`; `null` in a dry run.
    pub id: Option<String>,
    pub action: BulkAction,
    /// Runs it acts on.
    pub counted: i64,
    /// Runs it leaves out, and why.
    pub excluded: Vec<Excluded>,
    /// Only in a dry run: the runs it would act on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<ExecutionId>>,
}

/// Stop or retry many runs. Which ones is fixed when this answers; they are acted on one after the other, each with
/// the access that holds at that moment.
#[utoipa::path(post, path = "/api/executions/bulk", tag = "bulk", request_body = NewBulk,
    responses((status = 200, body = BulkAnswer, description = "dry run"), (status = 202, body = BulkAnswer),
        (status = 403, body = Problem), (status = 422, body = Problem),
        (status = 409, body = Problem, description = "too many bulk actions are going on")))]
pub async fn create_bulk(
    Auth(caller): Auth,
    JsonBody(new): JsonBody<NewBulk>,
) -> Result<(StatusCode, Json<BulkAnswer>), ApiError> {
    let (action, dry_run) = (new.action, new.dry_run);
    let target = new.target()?;
    if dry_run {
        let (ids, excluded) = bulk::dry_run(&caller, action, target).await?;
        let answer = BulkAnswer { id: None, action, counted: ids.len() as i64, excluded, ids: Some(ids) };
        return Ok((StatusCode::OK, Json(answer)));
    }
    let (job, excluded) = bulk::start(&caller, action, target, None).await?;
    let answer = BulkAnswer { id: Some(job.id), action, counted: job.counted, excluded, ids: None };
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

#[derive(Serialize, ToSchema)]
pub struct BulkJobAnswer {
    #[serde(flatten)]
    pub job: BulkJob,
    /// In the order they are acted on; the excluded ones are last.
    pub results: Vec<BulkRow>,
    pub next_cursor: Option<String>,
}

/// How far a bulk action is, and what became of each run.
#[utoipa::path(get, path = "/api/bulk/{id}", tag = "bulk",
    params(("id" = String, Path), ("cursor" = Option<String>, Query), ("limit" = Option<i64>, Query, description = "1–1 000, default 200")),
    responses((status = 200, body = BulkJobAnswer), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn get_bulk(Auth(caller): Auth, Path(id): Path<String>, mut pairs: Pairs) -> Answer<BulkJobAnswer> {
    let (cursor, limit) = (pairs.take("cursor", "text")?, pairs.take("limit", "a whole number")?);
    pairs.finish()?;
    let (job, results, next_cursor) = bulk::get(&caller, &id, cursor, limit).await?;
    Ok(Json(BulkJobAnswer { job, results, next_cursor }))
}

/// End a bulk action before its next run. What was done stays done.
#[utoipa::path(post, path = "/api/bulk/{id}/abort", tag = "bulk", params(("id" = String, Path)),
    responses((status = 200, body = BulkJob), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "it has already ended")))]
pub async fn abort_bulk(Auth(caller): Auth, Path(id): Path<String>) -> Answer<BulkJob> {
    Ok(Json(bulk::abort(&caller, &id).await?))
}

#[derive(Serialize, ToSchema)]
pub struct BulkJobsAnswer {
    pub jobs: Vec<BulkJob>,
    pub next_cursor: Option<String>,
}

/// Your bulk actions of the last 30 days, newest first; an admin sees everybody's.
#[utoipa::path(get, path = "/api/bulk", tag = "bulk",
    params(("cursor" = Option<String>, Query), ("limit" = Option<i64>, Query, description = "1–200, default 50")),
    responses((status = 200, body = BulkJobsAnswer), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn list_bulk(Auth(caller): Auth, mut pairs: Pairs) -> Answer<BulkJobsAnswer> {
    let (cursor, limit) = (pairs.take("cursor", "text")?, pairs.take("limit", "a whole number")?);
    pairs.finish()?;
    let (jobs, next_cursor) = bulk::list(&caller, cursor, limit).await?;
    Ok(Json(BulkJobsAnswer { jobs, next_cursor }))
}
