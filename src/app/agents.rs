//! Server. Agents and sharing.

use super::Caller;
use super::executions::{ListRequest, list_of_agent};
use crate::domain::{AgentSummary, Error, ExecutionSummary, Result};
use crate::store::agents::{self as rows, AgentRow};
use crate::store::users;

const ALL: i64 = 1_000;

/// The agents the caller may see, by name, at most 1 000; `page` goes on from there.
pub async fn list(caller: &Caller) -> Result<Vec<AgentSummary>> {
    Ok(page(caller, "", ALL).await?.0)
}

/// A page of agents after the name `after`, and the name to go on from.
pub async fn page(caller: &Caller, after: &str, limit: i64) -> Result<(Vec<AgentSummary>, Option<String>)> {
    let mut found = rows::list(&mut caller.app.store.read(), caller.visible(), after, limit + 1).await?;
    let more = found.len() as i64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = more.then(|| found.last().map(|a| a.name.clone())).flatten();
    Ok((found.into_iter().map(AgentSummary::from).collect(), next))
}

pub async fn get(caller: &Caller, name: &str) -> Result<AgentSummary> {
    find(caller, name).await.map(AgentSummary::from)
}

async fn find(caller: &Caller, name: &str) -> Result<AgentRow> {
    let found = rows::by_name(&mut caller.app.store.read(), name).await?;
    found.filter(|a| caller.visible().includes(a.key)).ok_or(Error::NotFound)
}

/// The newest runs of an agent.
pub async fn runs(caller: &Caller, name: &str, limit: Option<i64>) -> Result<Vec<ExecutionSummary>> {
    let request = ListRequest { limit: limit.or(Some(20)), ..ListRequest::default() };
    Ok(list_of_agent(caller, name, request).await?.executions)
}

/// An agent that the caller may share: its owner or an admin.
async fn owned(caller: &Caller, name: &str) -> Result<AgentRow> {
    let agent = find(caller, name).await?;
    caller.writer()?;
    if agent.owner_key == caller.user_key || caller.admin().is_ok() {
        Ok(agent)
    } else {
        Err(Error::Forbidden("only the agent's owner or an admin may share it".to_owned()))
    }
}

/// (e-mail, access) of everyone an agent is shared with.
pub async fn shares(caller: &Caller, name: &str) -> Result<Vec<(String, String)>> {
    let agent = owned(caller, name).await?;
    rows::shares(&mut caller.app.store.read(), agent.key).await
}

pub async fn share(caller: &Caller, name: &str, email: &str, access: &str) -> Result<()> {
    let agent = owned(caller, name).await?;
    if !matches!(access, "view" | "operate") {
        return Err(Error::invalid("access", "must be view or operate"));
    }
    let user = users::by_email(&mut caller.app.store.read(), &email.trim().to_lowercase()).await?;
    let Some(user) = user else { return Err(Error::invalid("email", "nobody here has this e-mail")) };
    let (access, now) = (access.to_owned(), caller.now());
    caller.write(move |tx| Box::pin(async move { rows::share(tx, agent.key, user.key, &access, now).await })).await?;
    caller.app.access_changed();
    Ok(())
}

pub async fn unshare(caller: &Caller, name: &str, email: &str) -> Result<()> {
    let agent = owned(caller, name).await?;
    let user = users::by_email(&mut caller.app.store.read(), &email.trim().to_lowercase()).await?;
    let user = user.ok_or(Error::NotFound)?;
    let was_shared =
        caller.write(move |tx| Box::pin(async move { rows::unshare(tx, agent.key, user.key).await })).await?;
    caller.app.access_changed();
    if was_shared { Ok(()) } else { Err(Error::NotFound) }
}
