//! Both sides. Reading, starting, stopping and retrying executions.

use super::text::Json;
use crate::domain::{
    AgentSummary, Error, ExecutionId, ExecutionPage, ExecutionSummary, FacetValue, FirstPage, NewRun, Numbers, Retry,
    RunCount,
};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

/// A page of the list under the page's query string. `cursor` goes on from an earlier page, which may have had
/// another `limit`; without one a page has 50 runs.
#[server(prefix = "/fn", endpoint = "executions", input = GetUrl, output = Json)]
pub async fn list_executions(
    query: String,
    cursor: Option<String>,
    limit: Option<i64>,
) -> Result<ExecutionPage, Error> {
    let caller = crate::app::caller().await?;
    crate::app::executions::list_for_page(&caller, &query, cursor, limit).await
}

/// The first page, and everything counted beside it. `whole`: also where counting takes a while.
#[server(prefix = "/fn", endpoint = "first_page", input = GetUrl, output = Json)]
pub async fn load_first_page(query: String, cursor: Option<String>, whole: bool) -> Result<FirstPage, Error> {
    let caller = crate::app::caller().await?;
    crate::app::executions::first_for_page(&caller, &query, cursor, whole).await
}

/// How many runs each of these queries would show, up to the cap of counts; at most 20 of them.
#[server(prefix = "/fn", endpoint = "counts", input = GetUrl, output = Json)]
pub async fn count_runs(queries: Vec<String>) -> Result<Vec<RunCount>, Error> {
    let caller = crate::app::caller().await?;
    crate::app::executions::counts_for_page(&caller, &queries).await
}

/// Cards, facets and timeline under the same query string.
#[server(prefix = "/fn", endpoint = "numbers", input = GetUrl, output = Json)]
pub async fn load_numbers(query: String) -> Result<Numbers, Error> {
    let caller = crate::app::caller().await?;
    crate::app::numbers::for_page(&caller, &query).await
}

/// Tools with their runs under all other filters.
#[server(prefix = "/fn", endpoint = "tool_facet", input = GetUrl, output = Json)]
pub async fn list_tool_values(query: String) -> Result<Vec<FacetValue>, Error> {
    let caller = crate::app::caller().await?;
    crate::app::numbers::tools_for_page(&caller, &query).await
}

/// Agents by a part of their name, with their runs under all other filters.
#[server(prefix = "/fn", endpoint = "agent_facet", input = GetUrl, output = Json)]
pub async fn find_agent_values(query: String, text: String) -> Result<Vec<FacetValue>, Error> {
    let caller = crate::app::caller().await?;
    crate::app::numbers::agents_for_page(&caller, &query, &text).await
}

/// Asks a run to stop. The answer shows `cancel_requested`; `cancelled` follows when it is confirmed.
#[server(prefix = "/fn", endpoint = "stop", output = Json)]
pub async fn stop_execution(id: String) -> Result<ExecutionSummary, Error> {
    let caller = crate::app::caller().await?;
    crate::app::control::terminate(&caller, &id, false).await
}

/// The agents the viewer may see, by name.
#[server(prefix = "/fn", endpoint = "agents", input = GetUrl, output = Json)]
pub async fn list_agents() -> Result<Vec<AgentSummary>, Error> {
    let caller = crate::app::caller().await?;
    crate::app::agents::list(&caller).await
}

/// Starts a run of an agent. The same `request_key` again answers the run it started.
#[server(prefix = "/fn", endpoint = "run_agent", input = Json, output = Json)]
pub async fn run_agent(request_key: String, agent_name: String, run: NewRun) -> Result<ExecutionId, Error> {
    let caller = crate::app::caller().await?;
    crate::app::control::start_once(&caller, &agent_name, run, request_key).await
}

/// Starts a run once more, with this message instead of its own where one is given.
#[server(prefix = "/fn", endpoint = "retry", input = Json, output = Json)]
pub async fn retry_execution(request_key: String, id: String, how: Retry) -> Result<ExecutionId, Error> {
    let caller = crate::app::caller().await?;
    crate::app::control::retry_once(&caller, &id, how, request_key).await
}
