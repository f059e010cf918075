//! Both sides. Reading and stopping executions.

use crate::domain::{
    AgentSummary, Error, ExecutionDetail, ExecutionPage, ExecutionSummary, FacetValue, FirstPage, LogLine, Numbers,
    RunCount, Step, ToolCall,
};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};

/// A page of the list under the page's query string. `cursor` goes on from an earlier page.
#[server(prefix = "/fn", endpoint = "executions", input = GetUrl)]
pub async fn list_executions(query: String, cursor: Option<String>) -> Result<ExecutionPage, Error> {
    let caller = crate::app::caller().await?;
    crate::app::executions::list_for_page(&caller, &query, cursor).await
}

/// The first page, and everything counted beside it. `whole`: also where counting takes a while.
#[server(prefix = "/fn", endpoint = "first_page", input = GetUrl)]
pub async fn load_first_page(query: String, cursor: Option<String>, whole: bool) -> Result<FirstPage, Error> {
    let caller = crate::app::caller().await?;
    crate::app::executions::first_for_page(&caller, &query, cursor, whole).await
}

/// How many runs each of these queries would show, up to the cap of counts; at most 20 of them.
#[server(prefix = "/fn", endpoint = "counts", input = GetUrl)]
pub async fn count_runs(queries: Vec<String>) -> Result<Vec<RunCount>, Error> {
    let caller = crate::app::caller().await?;
    crate::app::executions::counts_for_page(&caller, &queries).await
}

/// Cards, facets and timeline under the same query string.
#[server(prefix = "/fn", endpoint = "numbers", input = GetUrl)]
pub async fn load_numbers(query: String) -> Result<Numbers, Error> {
    let caller = crate::app::caller().await?;
    crate::app::numbers::for_page(&caller, &query).await
}

/// Tools with their runs under all other filters.
#[server(prefix = "/fn", endpoint = "tool_facet", input = GetUrl)]
pub async fn list_tool_values(query: String) -> Result<Vec<FacetValue>, Error> {
    let caller = crate::app::caller().await?;
    crate::app::numbers::tools_for_page(&caller, &query).await
}

/// Agents by a part of their name, with their runs under all other filters.
#[server(prefix = "/fn", endpoint = "agent_facet", input = GetUrl)]
pub async fn find_agent_values(query: String, text: String) -> Result<Vec<FacetValue>, Error> {
    let caller = crate::app::caller().await?;
    crate::app::numbers::agents_for_page(&caller, &query, &text).await
}

/// One execution in full.
#[server(prefix = "/fn", endpoint = "execution", input = GetUrl)]
pub async fn get_execution(id: String) -> Result<ExecutionDetail, Error> {
    let caller = crate::app::caller().await?;
    crate::app::executions::get(&caller, &id).await
}

#[server(prefix = "/fn", endpoint = "steps", input = GetUrl)]
pub async fn list_steps(id: String) -> Result<Vec<Step>, Error> {
    let caller = crate::app::caller().await?;
    crate::app::parts::steps_for_page(&caller, &id).await
}

/// Tool calls in order of their start, a page at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCallPage {
    pub tool_calls: Vec<ToolCall>,
    pub next_cursor: Option<String>,
}

#[server(prefix = "/fn", endpoint = "tool_calls", input = GetUrl)]
pub async fn list_tool_calls(id: String, cursor: Option<String>) -> Result<ToolCallPage, Error> {
    let caller = crate::app::caller().await?;
    let (tool_calls, next_cursor) = crate::app::parts::tool_calls(&caller, &id, cursor, None).await?;
    Ok(ToolCallPage { tool_calls, next_cursor })
}

/// A stretch of a log: up to 1 000 lines after `after`, or the newest ones when `after` is absent.
/// `total` is the number of the newest line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPage {
    pub lines: Vec<LogLine>,
    pub total: i64,
}

#[server(prefix = "/fn", endpoint = "log", input = GetUrl)]
pub async fn read_log(id: String, after: Option<i64>) -> Result<LogPage, Error> {
    let caller = crate::app::caller().await?;
    let (lines, total) = crate::app::parts::log_for_page(&caller, &id, after).await?;
    Ok(LogPage { lines, total })
}

/// Asks a run to stop. The answer shows `cancel_requested`; `cancelled` follows when it is confirmed.
#[server(prefix = "/fn", endpoint = "stop")]
pub async fn stop_execution(id: String) -> Result<ExecutionSummary, Error> {
    let caller = crate::app::caller().await?;
    crate::app::executions::terminate(&caller, &id, false).await
}

/// The agents the viewer may see, by name.
#[server(prefix = "/fn", endpoint = "agents", input = GetUrl)]
pub async fn list_agents() -> Result<Vec<AgentSummary>, Error> {
    let caller = crate::app::caller().await?;
    crate::app::agents::list(&caller).await
}
