//! Both sides. Reading and stopping executions.

use crate::domain::{AgentSummary, Error, ExecutionPage, ExecutionSummary, Stats};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};

/// A page of the list under the page's query string. `cursor` goes on from an earlier page.
#[server(prefix = "/fn", endpoint = "executions", input = GetUrl)]
pub async fn list_executions(query: String, cursor: Option<String>) -> Result<ExecutionPage, Error> {
    let caller = crate::app::caller().await?;
    crate::app::executions::list_for_page(&caller, &query, cursor).await
}

/// The first page and whether there was ever a run, which tells two kinds of emptiness apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FirstPage {
    pub page: ExecutionPage,
    pub ever: bool,
}

#[server(prefix = "/fn", endpoint = "first_page", input = GetUrl)]
pub async fn load_first_page(query: String, cursor: Option<String>) -> Result<FirstPage, Error> {
    let caller = crate::app::caller().await?;
    let page = crate::app::executions::list_for_page(&caller, &query, cursor).await?;
    let ever = !page.executions.is_empty() || crate::app::executions::was_ever(&caller, &query).await?;
    Ok(FirstPage { page, ever })
}

/// The cards, under the same query string.
#[server(prefix = "/fn", endpoint = "stats", input = GetUrl)]
pub async fn execution_stats(query: String) -> Result<Stats, Error> {
    let caller = crate::app::caller().await?;
    crate::app::stats::for_page(&caller, &query).await
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
