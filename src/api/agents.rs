//! Server. Agents, their runs, and who they are shared with.

use super::executions::{ListFilters, Paging, Started, StartedAnswer, of_agent};
use super::extract::{Auth, JsonBody, JsonOrNothing, Pairs};
use super::problem::{ApiError, Problem};
use crate::app::{agents, control, executions, numbers};
use crate::domain::{
    AgentDetail, AgentPatch, AgentSummary, Error, ExecutionDetail, ExecutionPage, ExecutionSummary, Filter, NewAgent,
    NewRun, Retry, Stats, Trial, Window,
};
use crate::engine::trial;
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

type Answer<T> = Result<Json<T>, ApiError>;

#[derive(Serialize, ToSchema)]
pub struct AgentsAnswer {
    pub agents: Vec<AgentSummary>,
    pub next_cursor: Option<String>,
}

/// The agents the caller may see, by name.
#[utoipa::path(get, path = "/api/agents", tag = "agents",
    params(("cursor" = Option<String>, Query), ("limit" = Option<i64>, Query, description = "1–200, default 200")),
    responses((status = 200, body = AgentsAnswer), (status = 401, body = Problem)))]
pub async fn list_agents(Auth(caller): Auth, mut pairs: Pairs) -> Answer<AgentsAnswer> {
    let (cursor, limit) =
        (pairs.take::<String>("cursor", "text")?, pairs.take("limit", "a whole number")?.unwrap_or(200));
    pairs.finish()?;
    if !(1..=200).contains(&limit) {
        return Err(Error::invalid("limit", "must be from 1 to 200").into());
    }
    let (agents, next_cursor) = agents::page(&caller, cursor.as_deref().unwrap_or(""), limit).await?;
    Ok(Json(AgentsAnswer { agents, next_cursor }))
}

/// Make an agent. It is yours; clients make none, and agents of kind `command` are made by admins only.
#[utoipa::path(post, path = "/api/agents", tag = "agents", request_body = NewAgent,
    responses((status = 201, body = AgentDetail), (status = 403, body = Problem), (status = 422, body = Problem),
        (status = 409, body = Problem, description = "the name is taken")))]
pub async fn create_agent(
    Auth(caller): Auth,
    JsonBody(new): JsonBody<NewAgent>,
) -> Result<(StatusCode, Json<AgentDetail>), ApiError> {
    Ok((StatusCode::CREATED, Json(agents::create(&caller, new).await?)))
}

/// Change an agent: absent fields stay, `null` clears.
#[utoipa::path(patch, path = "/api/agents/{name}", tag = "agents", params(("name" = String, Path)), request_body = AgentPatch,
    responses((status = 200, body = AgentDetail), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
pub async fn patch_agent(
    Auth(caller): Auth,
    Path(name): Path<String>,
    JsonBody(patch): JsonBody<AgentPatch>,
) -> Answer<AgentDetail> {
    Ok(Json(agents::change(&caller, &name, patch).await?))
}

/// Delete an agent. Its runs stay: one that has any is retired instead, and its name stays taken.
#[utoipa::path(delete, path = "/api/agents/{name}", tag = "agents", params(("name" = String, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn delete_agent(Auth(caller): Auth, Path(name): Path<String>) -> Result<StatusCode, ApiError> {
    agents::delete(&caller, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One agent; with `include=runs` also its newest 20 runs.
#[utoipa::path(get, path = "/api/agents/{name}", tag = "agents",
    params(("name" = String, Path), ("include" = Option<String>, Query, description = "`runs`")),
    responses((status = 200, body = AgentDetail), (status = 404, body = Problem)))]
pub async fn get_agent(Auth(caller): Auth, Path(name): Path<String>, mut pairs: Pairs) -> Answer<AgentDetail> {
    let include = pairs.take::<String>("include", "text")?;
    pairs.finish()?;
    let mut agent = agents::detail(&caller, &name).await?;
    match include.as_deref() {
        None => {}
        Some("runs") => agent.summary.runs = Some(agents::runs(&caller, &name, None).await?),
        Some(other) => return Err(Error::invalid("include", format!("`{other}` is not `runs`")).into()),
    }
    Ok(Json(agent))
}

#[derive(Serialize, ToSchema)]
pub struct RunsAnswer {
    pub runs: Vec<ExecutionSummary>,
}

/// The newest runs of an agent.
#[utoipa::path(get, path = "/api/agents/{name}/runs", tag = "agents",
    params(("name" = String, Path), ("limit" = Option<i64>, Query, description = "1–200, default 20")),
    responses((status = 200, body = RunsAnswer), (status = 404, body = Problem)))]
pub async fn list_agent_runs(Auth(caller): Auth, Path(name): Path<String>, mut pairs: Pairs) -> Answer<RunsAnswer> {
    let limit = pairs.take("limit", "a whole number")?;
    pairs.finish()?;
    Ok(Json(RunsAnswer { runs: agents::runs(&caller, &name, limit).await? }))
}

/// List the executions of one agent.
#[utoipa::path(get, path = "/api/agents/{name}/executions", tag = "agents", params(("name" = String, Path), ListFilters, Paging),
    responses((status = 200, body = ExecutionPage), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn list_agent_executions(
    Auth(caller): Auth,
    Path(name): Path<String>,
    pairs: Pairs,
) -> Answer<ExecutionPage> {
    let request = pairs.list_request()?;
    of_agent(&caller, &name, request).await
}

/// An execution below an agent's path must be one of that agent's.
async fn of(caller: &crate::app::Caller, name: &str, id: &str) -> Result<(), Error> {
    let record = executions::find(caller, id).await?;
    if record.agent_name == name { Ok(()) } else { Err(Error::NotFound) }
}

/// One execution of an agent in full.
#[utoipa::path(get, path = "/api/agents/{name}/executions/{id}", tag = "agents",
    params(("name" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = ExecutionDetail), (status = 404, body = Problem)))]
pub async fn get_agent_execution(
    Auth(caller): Auth,
    Path((name, id)): Path<(String, String)>,
) -> Answer<ExecutionDetail> {
    of(&caller, &name, &id).await?;
    Ok(Json(executions::get(&caller, &id).await?))
}

/// Log lines of an agent's execution.
#[utoipa::path(get, path = "/api/agents/{name}/executions/{id}/log", tag = "agents",
    params(("name" = String, Path), ("id" = String, Path), ("after" = Option<i64>, Query), ("limit" = Option<i64>, Query)),
    responses((status = 200, body = super::executions::LogAnswer), (status = 404, body = Problem)))]
pub async fn read_agent_execution_log(
    Auth(caller): Auth,
    Path((name, id)): Path<(String, String)>,
    pairs: Pairs,
) -> Answer<super::executions::LogAnswer> {
    of(&caller, &name, &id).await?;
    super::executions::read_log(Auth(caller), Path(id), pairs).await
}

/// Follow an agent's execution; see `/api/executions/{id}/stream`.
#[utoipa::path(get, path = "/api/agents/{name}/executions/{id}/stream", tag = "agents",
    params(("name" = String, Path), ("id" = String, Path), ("after" = Option<i64>, Query)),
    responses((status = 200, content_type = "text/event-stream"), (status = 404, body = Problem)))]
pub async fn stream_agent_execution(
    Auth(caller): Auth,
    Path((name, id)): Path<(String, String)>,
    headers: axum::http::HeaderMap,
    pairs: Pairs,
    state: axum::extract::State<crate::live::Hub>,
) -> Result<axum::response::Response, ApiError> {
    of(&caller, &name, &id).await?;
    super::stream::stream_execution(Auth(caller), Path(id), headers, pairs, state).await
}

/// Ask an agent's run to stop.
#[utoipa::path(post, path = "/api/agents/{name}/executions/{id}/terminate", tag = "agents",
    params(("name" = String, Path), ("id" = String, Path), ("children" = Option<bool>, Query)),
    responses((status = 202, body = ExecutionSummary), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn terminate_agent_execution(
    Auth(caller): Auth,
    Path((name, id)): Path<(String, String)>,
    pairs: Pairs,
) -> Result<(StatusCode, Json<ExecutionSummary>), ApiError> {
    of(&caller, &name, &id).await?;
    super::executions::terminate_execution(Auth(caller), Path(id), pairs).await
}

/// Start an agent's run once more.
#[utoipa::path(post, path = "/api/agents/{name}/executions/{id}/retry", tag = "agents",
    params(("name" = String, Path), ("id" = String, Path)), request_body = Option<Retry>,
    responses((status = 202, body = Started), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn retry_agent_execution(
    Auth(caller): Auth,
    Path((name, id)): Path<(String, String)>,
    how: JsonOrNothing<Retry>,
) -> StartedAnswer {
    of(&caller, &name, &id).await?;
    super::executions::retry_execution(Auth(caller), Path(id), how).await
}

/// Start a run: it waits in the queue, and is done when the agent has room. The same `Idempotency-Key` starts one run.
#[utoipa::path(post, path = "/api/agents/{name}/run", tag = "agents", params(("name" = String, Path)), request_body = NewRun,
    responses((status = 202, body = Started), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "the agent's own process starts its runs, or the agent was deleted, has spent its budget or has 1 000 runs waiting"),
        (status = 422, body = Problem)))]
pub async fn run_agent(Auth(caller): Auth, Path(name): Path<String>, JsonBody(new): JsonBody<NewRun>) -> StartedAnswer {
    let execution_id = control::start(&caller, &name, new).await?;
    Ok((StatusCode::ACCEPTED, Json(Started { execution_id })))
}

/// Try an agent out without a run: ask its endpoint or webhook, or look for its program. The answer is 200 either way.
#[utoipa::path(post, path = "/api/agents/{name}/test", tag = "agents", params(("name" = String, Path)),
    responses((status = 200, body = Trial), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "the agent's own process starts its runs, or the agent was deleted or has spent its budget"),
        (status = 429, body = Problem, description = "more than 10 a minute")))]
pub async fn test_agent(Auth(caller): Auth, Path(name): Path<String>) -> Answer<Trial> {
    Ok(Json(trial::test(&caller, &name).await?))
}

/// Aggregates of the last 24 hours over all agents.
#[utoipa::path(get, path = "/api/agents/execution-stats", tag = "agents",
    responses((status = 200, body = Stats), (status = 401, body = Problem)))]
pub async fn agents_execution_stats(Auth(caller): Auth, pairs: Pairs) -> Answer<Stats> {
    pairs.finish()?;
    Ok(Json(numbers::stats(&caller, &Filter { window: Window::DAY, ..Filter::default() }).await?))
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Share {
    pub email: String,
    /// `view` or `operate`.
    pub access: String,
}

#[derive(Serialize, ToSchema)]
pub struct SharesAnswer {
    pub shares: Vec<Share>,
    pub next_cursor: Option<String>,
}

/// Who an agent is shared with.
#[utoipa::path(get, path = "/api/agents/{name}/shares", tag = "agents", params(("name" = String, Path)),
    responses((status = 200, body = SharesAnswer), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn list_shares(Auth(caller): Auth, Path(name): Path<String>) -> Answer<SharesAnswer> {
    let shares = agents::shares(&caller, &name).await?;
    let shares = shares.into_iter().map(|(email, access)| Share { email, access }).collect();
    Ok(Json(SharesAnswer { shares, next_cursor: None }))
}

/// Share an agent, or change how.
#[utoipa::path(post, path = "/api/agents/{name}/shares", tag = "agents", params(("name" = String, Path)), request_body = Share,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn create_share(
    Auth(caller): Auth,
    Path(name): Path<String>,
    JsonBody(share): JsonBody<Share>,
) -> Result<StatusCode, ApiError> {
    agents::share(&caller, &name, &share.email, &share.access).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a share back; live connections stop at once.
#[utoipa::path(delete, path = "/api/agents/{name}/shares/{email}", tag = "agents",
    params(("name" = String, Path), ("email" = String, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn delete_share(
    Auth(caller): Auth,
    Path((name, email)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    agents::unshare(&caller, &name, &email).await?;
    Ok(StatusCode::NO_CONTENT)
}
