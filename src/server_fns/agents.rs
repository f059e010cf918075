//! Both sides. Making, changing, trying and deleting agents, and what is set beside them.

use super::text::Json;
use crate::domain::agent_form::Texts;
use crate::domain::{AgentForm, AgentSettings, AgentShare, Error, Memory, NewSchedule, Schedule, Timestamp, Trial};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

/// What a new agent begins with.
#[server(prefix = "/fn", endpoint = "agent_form", input = GetUrl, output = Json)]
pub async fn load_agent_form() -> Result<AgentForm, Error> {
    let caller = crate::app::caller().await?;
    crate::app::agent_form::blank(&caller)
}

/// All that an agent's owner sets.
#[server(prefix = "/fn", endpoint = "agent_settings", input = GetUrl, output = Json)]
pub async fn load_agent_settings(name: String) -> Result<AgentSettings, Error> {
    let caller = crate::app::caller().await?;
    crate::app::agent_form::settings(&caller, &name).await
}

/// Answers its name.
#[server(prefix = "/fn", endpoint = "create_agent", input = Json, output = Json)]
pub async fn create_agent(texts: Texts) -> Result<String, Error> {
    let caller = crate::app::caller().await?;
    crate::app::agent_form::create(&caller, &texts).await
}

#[server(prefix = "/fn", endpoint = "change_agent", input = Json, output = Json)]
pub async fn change_agent(name: String, texts: Texts) -> Result<AgentForm, Error> {
    let caller = crate::app::caller().await?;
    crate::app::agent_form::change(&caller, &name, &texts).await
}

/// Its runs stay.
#[server(prefix = "/fn", endpoint = "delete_agent", input = Json, output = Json)]
pub async fn delete_agent(name: String) -> Result<(), Error> {
    let caller = crate::app::caller().await?;
    crate::app::agents::delete(&caller, &name).await
}

/// Tries an agent out without a run.
#[server(prefix = "/fn", endpoint = "test_agent", input = Json, output = Json)]
pub async fn test_agent(name: String) -> Result<Trial, Error> {
    let caller = crate::app::caller().await?;
    crate::engine::trial::test(&caller, &name).await
}

/// The next times of a schedule that is not set yet.
#[server(prefix = "/fn", endpoint = "schedule_times", input = GetUrl, output = Json)]
pub async fn preview_schedule(cron: String, timezone: String) -> Result<Vec<Timestamp>, Error> {
    let caller = crate::app::caller().await?;
    crate::app::schedules::preview(&caller, &cron, &timezone)
}

#[server(prefix = "/fn", endpoint = "set_schedule", input = Json, output = Json)]
pub async fn set_schedule(name: String, new: NewSchedule) -> Result<Schedule, Error> {
    let caller = crate::app::caller().await?;
    crate::app::schedules::set(&caller, &name, new).await
}

#[server(prefix = "/fn", endpoint = "remove_schedule", input = Json, output = Json)]
pub async fn remove_schedule(name: String) -> Result<(), Error> {
    let caller = crate::app::caller().await?;
    crate::app::schedules::remove(&caller, &name).await
}

/// Whom an agent is shared with.
#[server(prefix = "/fn", endpoint = "agent_shares", input = GetUrl, output = Json)]
pub async fn list_agent_shares(name: String) -> Result<Vec<AgentShare>, Error> {
    let caller = crate::app::caller().await?;
    crate::app::agent_form::shares(&caller, &name).await
}

#[server(prefix = "/fn", endpoint = "share_agent", input = Json, output = Json)]
pub async fn share_agent(name: String, share: AgentShare) -> Result<(), Error> {
    let caller = crate::app::caller().await?;
    crate::app::agents::share(&caller, &name, &share.email, &share.access).await
}

#[server(prefix = "/fn", endpoint = "unshare_agent", input = Json, output = Json)]
pub async fn unshare_agent(name: String, email: String) -> Result<(), Error> {
    let caller = crate::app::caller().await?;
    crate::app::agents::unshare(&caller, &name, &email).await
}

/// The notes that are given to an agent's prompts.
#[server(prefix = "/fn", endpoint = "memories", input = GetUrl, output = Json)]
pub async fn list_memories(agent: String) -> Result<Vec<Memory>, Error> {
    let caller = crate::app::caller().await?;
    crate::app::memories::list(&caller, &agent).await
}

/// Writes a note, instead of the one of its name.
#[server(prefix = "/fn", endpoint = "put_memory", input = Json, output = Json)]
pub async fn put_memory(agent: String, name: String, content: String) -> Result<Memory, Error> {
    let caller = crate::app::caller().await?;
    crate::app::memories::put(&caller, &agent, &name, content).await
}

#[server(prefix = "/fn", endpoint = "delete_memory", input = Json, output = Json)]
pub async fn delete_memory(agent: String, name: String) -> Result<(), Error> {
    let caller = crate::app::caller().await?;
    crate::app::memories::delete(&caller, &agent, &name).await
}
