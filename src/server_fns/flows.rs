//! Both sides. Flows: what they are, their runs, and going through them.

use super::text::Json;
use crate::domain::{
    Error, ExecutionId, ExecutionSummary, Flow, FlowList, FlowOfRun, FlowPatch, FlowRunSteps, FlowRuns, FlowsPage,
    NewFlow, NewFlowRun,
};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

/// The first flows, runs of flows that go on, and the newest that have ended.
#[server(prefix = "/fn", endpoint = "flows", input = GetUrl, output = Json)]
pub async fn load_flows() -> Result<FlowsPage, Error> {
    let caller = crate::app::caller().await?;
    crate::app::flows::page(&caller).await
}

/// Further flows, by name.
#[server(prefix = "/fn", endpoint = "more_flows", input = GetUrl, output = Json)]
pub async fn list_flows(cursor: Option<String>) -> Result<FlowList, Error> {
    let caller = crate::app::caller().await?;
    crate::app::flows::standings(&caller, cursor).await
}

/// The flows of one agent, by name.
#[server(prefix = "/fn", endpoint = "agent_flows", input = GetUrl, output = Json)]
pub async fn list_agent_flows(agent: String) -> Result<Vec<Flow>, Error> {
    let caller = crate::app::caller().await?;
    Ok(crate::app::flows::list(&caller, Some(&agent), None, crate::domain::flow::FLOWS_AT_ONCE).await?.0)
}

/// Runs of flows that have ended, newest first.
#[server(prefix = "/fn", endpoint = "flow_runs", input = GetUrl, output = Json)]
pub async fn list_flow_runs(cursor: Option<String>) -> Result<FlowRuns, Error> {
    let caller = crate::app::caller().await?;
    crate::app::flows::ended(&caller, cursor).await
}

#[server(prefix = "/fn", endpoint = "flow", input = GetUrl, output = Json)]
pub async fn load_flow(id: String) -> Result<Flow, Error> {
    let caller = crate::app::caller().await?;
    crate::app::flows::get(&caller, &id, None).await
}

/// The prompts and responses of a run, with the flow it does.
#[server(prefix = "/fn", endpoint = "flow_run", input = GetUrl, output = Json)]
pub async fn load_flow_run(id: String) -> Result<FlowRunSteps, Error> {
    let caller = crate::app::caller().await?;
    crate::app::flows::run_steps(&caller, &id).await
}

/// The flow a run does, without what its steps have come to.
#[server(prefix = "/fn", endpoint = "flow_of_run", input = GetUrl, output = Json)]
pub async fn load_flow_of_run(id: String) -> Result<Option<FlowOfRun>, Error> {
    let caller = crate::app::caller().await?;
    crate::app::flows::flow_of_run(&caller, &id).await
}

#[server(prefix = "/fn", endpoint = "create_flow", input = Json, output = Json)]
pub async fn create_flow(flow: NewFlow) -> Result<Flow, Error> {
    let caller = crate::app::caller().await?;
    crate::app::flows::create(&caller, flow).await
}

#[server(prefix = "/fn", endpoint = "change_flow", input = Json, output = Json)]
pub async fn change_flow(id: String, patch: FlowPatch) -> Result<Flow, Error> {
    let caller = crate::app::caller().await?;
    crate::app::flows::change(&caller, &id, patch).await
}

#[server(prefix = "/fn", endpoint = "delete_flow", output = Json)]
pub async fn delete_flow(id: String) -> Result<(), Error> {
    let caller = crate::app::caller().await?;
    crate::app::flows::delete(&caller, &id).await
}

/// Starts a run of a flow. The same `request_key` again answers the run it started.
#[server(prefix = "/fn", endpoint = "run_flow", input = Json, output = Json)]
pub async fn run_flow(request_key: String, id: String, run: NewFlowRun) -> Result<ExecutionId, Error> {
    let caller = crate::app::caller().await?;
    crate::app::control::start_flow_once(&caller, &id, run, request_key).await
}

/// Lets a run of a flow pause when its step is done.
#[server(prefix = "/fn", endpoint = "pause", output = Json)]
pub async fn pause_execution(id: String) -> Result<ExecutionSummary, Error> {
    let caller = crate::app::caller().await?;
    crate::app::control::pause(&caller, &id).await
}

/// Lets it go on.
#[server(prefix = "/fn", endpoint = "resume", output = Json)]
pub async fn resume_execution(id: String) -> Result<ExecutionSummary, Error> {
    let caller = crate::app::caller().await?;
    crate::app::control::resume(&caller, &id).await
}
