//! Server. What agents are reminded of: short named notes that are given to their prompts.

use super::{Caller, agents};
use crate::domain::{Error, Memory, Result};
use crate::store::memories as rows;

const MOST: i64 = 50;

/// The notes on an agent, by name. For those who operate it.
pub async fn list(caller: &Caller, name: &str) -> Result<Vec<Memory>> {
    let agent = agents::find(caller, name).await?;
    if !caller.operates(agent.key) {
        return Err(Error::Forbidden("this agent is shared with you for viewing only".to_owned()));
    }
    rows::of(&mut caller.app.store.read(), agent.key).await
}

/// Writes a note, instead of the one of its name. For the agent's owner and admins.
pub async fn put(caller: &Caller, agent_name: &str, name: &str, content: String) -> Result<Memory> {
    let agent = agents::owned(caller, agent_name).await?;
    Memory::check(name, &content)?;
    let memory = Memory { name: name.to_owned(), content, updated_at: caller.now() };
    let who = caller.clone();
    caller
        .write(move |tx| {
            Box::pin(async move {
                agents::owned_still(tx, &who, agent.key).await?;
                if rows::beside(tx, agent.key, &memory.name).await? >= MOST {
                    return Err(Error::Conflict(format!("the agent has {MOST} memories; delete one first")));
                }
                rows::put(tx, agent.key, &memory.name, &memory.content, memory.updated_at).await?;
                Ok(memory)
            })
        })
        .await
}

pub async fn delete(caller: &Caller, agent_name: &str, name: &str) -> Result<()> {
    let agent = agents::owned(caller, agent_name).await?;
    let name = name.to_owned();
    let was_there = caller.write(move |tx| Box::pin(async move { rows::remove(tx, agent.key, &name).await })).await?;
    if was_there { Ok(()) } else { Err(Error::NotFound) }
}
