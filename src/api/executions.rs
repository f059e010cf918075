//! Server. Reading executions, stopping and retrying them.

use super::extract::{Auth, JsonOrNothing, Pairs};
use super::problem::{ApiError, Problem};
use crate::app::executions::{self, ListRequest};
use crate::app::{control, numbers, parts};
use crate::domain::{
    ExecutionDetail, ExecutionId, ExecutionPage, ExecutionSummary, Facets, LogLine, Retry, Stats, Step, Timeline,
    ToolCall, Window,
};
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

type Answer<T> = Result<Json<T>, ApiError>;

/// Documents the parameters of every list; they are read by `Filter::parse`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "for the OpenAPI document")]
pub struct ListFilters {
    /// Multi-valued: comma-separated or repeated; a leading `!` negates. So are the next nine.
    agent_name: Option<String>,
    status: Option<String>,
    triggered_by: Option<String>,
    /// Glob, e.g. `github.*`.
    tool: Option<String>,
    model: Option<String>,
    /// `key:value`.
    label: Option<String>,
    thread_id: Option<String>,
    flow_id: Option<String>,
    parent_id: Option<String>,
    retry_of: Option<String>,
    /// Window on the effective start, e.g. `15m`, `24h`, `7d`; or `start_time` and `end_time`.
    last: Option<String>,
    start_time: Option<String>,
    end_time: Option<String>,
    min_duration_ms: Option<i64>,
    max_duration_ms: Option<i64>,
    /// USD.
    min_cost: Option<f64>,
    max_cost: Option<f64>,
    min_tokens: Option<i64>,
    max_tokens: Option<i64>,
    has_interaction: Option<bool>,
    has_error: Option<bool>,
    root_only: Option<bool>,
    /// Case-insensitive substring of message, response and error; or a full execution id.
    search: Option<String>,
    /// Unfinished runs pass whatever their start.
    include_unfinished: Option<bool>,
    /// Id of a failure group; multi-valued. See `/api/executions/failure-groups`.
    error_group: Option<String>,
    /// Sequence number of an event, such as a list's `as_of`: runs whose status changed after it.
    changed_after: Option<i64>,
    /// … and whose status changed no later than this event.
    changed_before: Option<i64>,
    /// Sequence number of an event: runs that existed by then, in their present state.
    as_of: Option<i64>,
}

/// Documents the paging parameters.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "for the OpenAPI document")]
pub struct Paging {
    /// `-started_at` (default), `started_at`, `-duration_ms`, `duration_ms`, `-cost`, `cost`; nulls last.
    sort: Option<String>,
    /// 1–200, default 50.
    limit: Option<i64>,
    /// From `next_cursor`; bound to filter and sort.
    cursor: Option<String>,
    /// 0–10 000; not with `cursor`.
    offset: Option<i64>,
}

/// List executions across all agents the caller may see.
#[utoipa::path(get, path = "/api/executions", tag = "executions", params(ListFilters, Paging),
    responses((status = 200, body = ExecutionPage), (status = 401, body = Problem), (status = 422, body = Problem)))]
pub async fn list_executions(Auth(caller): Auth, pairs: Pairs) -> Answer<ExecutionPage> {
    let request = pairs.list_request()?;
    Ok(Json(executions::list(&caller, &request).await?))
}

/// Aggregates over what the filter matches; the last 24 hours unless a window says otherwise. Cached up to 5 s.
#[utoipa::path(get, path = "/api/executions/stats", tag = "executions",
    params(("hours" = Option<i64>, Query, description = "1–168; the same as last=Nh"), ListFilters),
    responses((status = 200, body = Stats), (status = 401, body = Problem), (status = 422, body = Problem)))]
pub async fn execution_stats(Auth(caller): Auth, mut pairs: Pairs) -> Answer<Stats> {
    let hours: Option<i64> = pairs.take("hours", "a whole number")?;
    if hours.is_some_and(|h| !(1..=168).contains(&h)) {
        return Err(crate::domain::Error::invalid("hours", "must be from 1 to 168").into());
    }
    let explicit_all = pairs.has("last");
    let mut filter = pairs.filter()?;
    if filter.window == Window::All && !explicit_all {
        filter.window = Window::Last(hours.unwrap_or(24) * 3_600);
    }
    Ok(Json(numbers::stats(&caller, &filter).await?))
}

#[derive(Serialize, ToSchema)]
pub struct FacetsAnswer {
    pub facets: Facets,
    /// Sequence number of the last event these numbers contain.
    pub as_of: i64,
}

/// The values of each filter with their runs, each counted under all **other** filters. Cached up to 5 s.
#[utoipa::path(get, path = "/api/executions/facets", tag = "executions", params(ListFilters),
    responses((status = 200, body = FacetsAnswer), (status = 401, body = Problem), (status = 422, body = Problem)))]
pub async fn execution_facets(Auth(caller): Auth, pairs: Pairs) -> Answer<FacetsAnswer> {
    let (facets, as_of) = numbers::facets(&caller, &pairs.filter()?).await?;
    Ok(Json(FacetsAnswer { facets, as_of }))
}

/// Runs by status over time: the whole window in equal stretches, empty ones included; without a window from the
/// first run to now. Cached up to 5 s.
#[utoipa::path(get, path = "/api/executions/timeline", tag = "executions",
    params(("buckets" = Option<i64>, Query, description = "1–500, default 60"), ListFilters),
    responses((status = 200, body = Timeline), (status = 401, body = Problem), (status = 422, body = Problem)))]
pub async fn execution_timeline(Auth(caller): Auth, mut pairs: Pairs) -> Answer<Timeline> {
    let buckets = pairs.take("buckets", "a whole number")?;
    Ok(Json(numbers::timeline(&caller, &pairs.filter()?, buckets).await?))
}

/// Unfinished executions, newest first.
#[utoipa::path(get, path = "/api/executions/active", tag = "executions",
    params(("limit" = Option<i64>, Query, description = "1–200, default 200")),
    responses((status = 200, body = ExecutionPage), (status = 401, body = Problem)))]
pub async fn active_executions(Auth(caller): Auth, mut pairs: Pairs) -> Answer<ExecutionPage> {
    let limit = pairs.take("limit", "a whole number")?;
    pairs.finish()?;
    Ok(Json(executions::active(&caller, limit).await?))
}

/// The newest executions.
#[utoipa::path(get, path = "/api/executions/recent", tag = "executions",
    params(("limit" = Option<i64>, Query, description = "1–200, default 20")),
    responses((status = 200, body = ExecutionPage), (status = 401, body = Problem)))]
pub async fn recent_executions(Auth(caller): Auth, mut pairs: Pairs) -> Answer<ExecutionPage> {
    let limit = pairs.take("limit", "a whole number")?;
    pairs.finish()?;
    Ok(Json(executions::recent(&caller, limit).await?))
}

/// One execution in full. Also at `/api/runs/{id}`.
#[utoipa::path(get, path = "/api/executions/{id}", tag = "executions", params(("id" = String, Path)),
    responses((status = 200, body = ExecutionDetail), (status = 404, body = Problem)))]
pub async fn get_execution(Auth(caller): Auth, Path(id): Path<String>) -> Answer<ExecutionDetail> {
    Ok(Json(executions::get(&caller, &id).await?))
}

/// One execution in full.
#[utoipa::path(get, path = "/api/runs/{id}", tag = "executions", params(("id" = String, Path)),
    responses((status = 200, body = ExecutionDetail), (status = 404, body = Problem)))]
pub async fn get_run(auth: Auth, id: Path<String>) -> Answer<ExecutionDetail> {
    get_execution(auth, id).await
}

#[derive(Serialize, ToSchema)]
pub struct StepsAnswer {
    pub steps: Vec<Step>,
    pub next_cursor: Option<String>,
}

/// Steps in order.
#[utoipa::path(get, path = "/api/executions/{id}/steps", tag = "executions",
    params(("id" = String, Path), ("cursor" = Option<String>, Query), ("limit" = Option<i64>, Query, description = "1–1 000, default 200")),
    responses((status = 200, body = StepsAnswer), (status = 404, body = Problem)))]
pub async fn list_steps(Auth(caller): Auth, Path(id): Path<String>, mut pairs: Pairs) -> Answer<StepsAnswer> {
    let (cursor, limit) = (pairs.take("cursor", "text")?, pairs.take("limit", "a whole number")?);
    pairs.finish()?;
    let (steps, next_cursor) = parts::steps(&caller, &id, cursor, limit).await?;
    Ok(Json(StepsAnswer { steps, next_cursor }))
}

#[derive(Serialize, ToSchema)]
pub struct ToolCallsAnswer {
    pub tool_calls: Vec<ToolCall>,
    pub next_cursor: Option<String>,
}

/// Tool calls in order of their start.
#[utoipa::path(get, path = "/api/executions/{id}/tool-calls", tag = "executions",
    params(("id" = String, Path), ("cursor" = Option<String>, Query), ("limit" = Option<i64>, Query, description = "1–1 000, default 200")),
    responses((status = 200, body = ToolCallsAnswer), (status = 404, body = Problem)))]
pub async fn list_tool_calls(Auth(caller): Auth, Path(id): Path<String>, mut pairs: Pairs) -> Answer<ToolCallsAnswer> {
    let (cursor, limit) = (pairs.take("cursor", "text")?, pairs.take("limit", "a whole number")?);
    pairs.finish()?;
    let (tool_calls, next_cursor) = parts::tool_calls(&caller, &id, cursor, limit).await?;
    Ok(Json(ToolCallsAnswer { tool_calls, next_cursor }))
}

#[derive(Serialize, ToSchema)]
pub struct LogAnswer {
    pub lines: Vec<LogLine>,
    /// Pass it as `after` for the lines that follow; `null` when there are none yet.
    pub next_cursor: Option<i64>,
}

/// Log lines after a line number.
#[utoipa::path(get, path = "/api/executions/{id}/log", tag = "executions",
    params(("id" = String, Path), ("after" = Option<i64>, Query, description = "default 0: from the first line"),
        ("limit" = Option<i64>, Query, description = "1–5 000, default 1 000")),
    responses((status = 200, body = LogAnswer), (status = 404, body = Problem)))]
pub async fn read_log(Auth(caller): Auth, Path(id): Path<String>, mut pairs: Pairs) -> Answer<LogAnswer> {
    let (after, limit): (Option<i64>, _) =
        (pairs.take("after", "a whole number")?, pairs.take("limit", "a whole number")?);
    pairs.finish()?;
    let asked = limit.unwrap_or(1_000);
    let lines = parts::log(&caller, &id, after.unwrap_or(0), limit).await?;
    let next_cursor = lines.last().map(|l| l.seq).filter(|_| lines.len() as i64 == asked);
    Ok(Json(LogAnswer { lines, next_cursor }))
}

/// Ask a run to stop. It ends when whoever runs it confirms.
#[utoipa::path(post, path = "/api/executions/{id}/terminate", tag = "executions",
    params(("id" = String, Path), ("children" = Option<bool>, Query, description = "stop sub-runs too")),
    responses((status = 202, body = ExecutionSummary), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "the run has already ended")))]
pub async fn terminate_execution(
    Auth(caller): Auth,
    Path(id): Path<String>,
    mut pairs: Pairs,
) -> Result<(StatusCode, Json<ExecutionSummary>), ApiError> {
    let children = pairs.take("children", "true or false")?.unwrap_or(false);
    pairs.finish()?;
    Ok((StatusCode::ACCEPTED, Json(control::terminate(&caller, &id, children).await?)))
}

#[derive(Serialize, ToSchema)]
pub struct Started {
    pub execution_id: ExecutionId,
}

pub type StartedAnswer = Result<(StatusCode, Json<Started>), ApiError>;

/// Start a run once more, as a new one linked to it. Only for agents that Runboard runs itself.
#[utoipa::path(post, path = "/api/executions/{id}/retry", tag = "executions", params(("id" = String, Path)), request_body = Option<Retry>,
    responses((status = 202, body = Started), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "it has not ended, or its agent's own process starts its runs"),
        (status = 422, body = Problem)))]
pub async fn retry_execution(
    Auth(caller): Auth,
    Path(id): Path<String>,
    JsonOrNothing(how): JsonOrNothing<Retry>,
) -> StartedAnswer {
    let execution_id = control::retry(&caller, &id, how).await?;
    Ok((StatusCode::ACCEPTED, Json(Started { execution_id })))
}

/// A list limited to one agent, with the same parameters.
pub async fn of_agent(caller: &crate::app::Caller, name: &str, request: ListRequest) -> Answer<ExecutionPage> {
    Ok(Json(executions::list_of_agent(caller, name, request).await?))
}
