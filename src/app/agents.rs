//! Server. Agents: making, changing and sharing them.

use super::control::startable;
use super::executions::{ListRequest, list_of_agent};
use super::validate::Check;
use super::{Caller, agent_check, budgets};
use crate::domain::{
    AgentAbout, AgentConfig, AgentDetail, AgentKind, AgentLimits, AgentPatch, AgentSummary, Error, ExecutionSummary,
    NewAgent, Result, Timestamp,
};
use crate::store::agents::{self as rows, AgentFields, AgentRow};
use crate::store::{Tx, users};

const ALL: i64 = 1_000;
/// Runs of agents without a timeout of their own end after this, unless others do them.
const USUAL_TIMEOUT_S: i64 = 3_600;

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
    Ok((found.into_iter().map(|a| summary(caller, a)).collect(), next))
}

pub async fn get(caller: &Caller, name: &str) -> Result<AgentSummary> {
    find(caller, name).await.map(|a| summary(caller, a))
}

/// An agent as the caller may know it.
pub(super) fn summary(caller: &Caller, agent: AgentRow) -> AgentSummary {
    let can_run =
        caller.writer().is_ok() && caller.operates(agent.key) && startable(&agent, &caller.app.config).is_ok();
    AgentSummary { can_run, ..agent.into() }
}

/// An agent with its limits and, for those who operate it, how it runs.
pub async fn detail(caller: &Caller, name: &str) -> Result<AgentDetail> {
    let agent = find(caller, name).await?;
    let limits = stored_limits(&agent)?;
    let config = if caller.operates(agent.key) { Some(stored_config(&agent)?) } else { None };
    let retired_at = agent.retired_at.map(Timestamp::from_micros);
    let budget_state = budgets::state_of(&mut caller.app.store.read(), &agent, caller.now()).await?;
    Ok(AgentDetail { summary: summary(caller, agent), limits, budget_state, config, retired_at })
}

/// What the agent's page tells of it.
pub async fn about(caller: &Caller, name: &str) -> Result<AgentAbout> {
    let agent = detail(caller, name).await?;
    let schedule = match super::schedules::get(caller, name).await {
        Ok(schedule) => Some(schedule),
        Err(Error::NotFound) => None,
        Err(e) => return Err(e),
    };
    Ok(AgentAbout {
        may_change: agent.retired_at.is_none() && owned(caller, name).await.is_ok(),
        does: agent.config.as_ref().and_then(AgentConfig::in_words),
        summary: agent.summary,
        limits: agent.limits,
        budget_state: agent.budget_state,
        retired_at: agent.retired_at,
        schedule,
    })
}

fn stored<T: serde::de::DeserializeOwned>(agent: &AgentRow, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| {
        tracing::error!(agent = %agent.name, error = %e, "the settings of an agent can't be read");
        Error::Internal(agent.name.clone())
    })
}

pub(crate) fn stored_limits(agent: &AgentRow) -> Result<AgentLimits> {
    Ok(AgentLimits {
        max_concurrency: agent.max_concurrency,
        timeout_s: agent.timeout_s,
        retry: agent.retry.as_deref().map(|text| stored(agent, text)).transpose()?,
        budget: agent.budget.as_deref().map(|text| stored(agent, text)).transpose()?,
    })
}

/// How long runs of an agent may take.
pub(crate) fn timeout_s(agent: &AgentRow) -> Option<i64> {
    match agent.kind {
        AgentKind::External => agent.timeout_s,
        AgentKind::Openai | AgentKind::Command | AgentKind::Webhook => Some(agent.timeout_s.unwrap_or(USUAL_TIMEOUT_S)),
    }
}

/// How the agent runs, as its kind says.
pub(crate) fn stored_config(agent: &AgentRow) -> Result<AgentConfig> {
    let text = || agent.config.as_deref().ok_or_else(|| Error::Internal(agent.name.clone()));
    Ok(match agent.kind {
        AgentKind::External => AgentConfig::External {},
        AgentKind::Openai => AgentConfig::Openai(stored(agent, text()?)?),
        AgentKind::Command => AgentConfig::Command(stored(agent, text()?)?),
        AgentKind::Webhook => AgentConfig::Webhook(stored(agent, text()?)?),
    })
}

fn written<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::Internal(format!("settings: {e}")))
}

fn fields(
    display_name: String,
    description: Option<String>,
    config: &AgentConfig,
    limits: &AgentLimits,
) -> Result<AgentFields> {
    let config = if *config == (AgentConfig::External {}) { None } else { Some(written(config)?) };
    Ok(AgentFields {
        display_name,
        description,
        config,
        max_concurrency: limits.max_concurrency,
        timeout_s: limits.timeout_s,
        retry: limits.retry.as_ref().map(written).transpose()?,
        budget: limits.budget.as_ref().map(written).transpose()?,
    })
}

fn check_texts(check: &mut Check, display_name: &str, description: Option<&str>) {
    if display_name.trim().is_empty() || display_name.chars().count() > 200 {
        check.wrong("display_name", "needs 1 to 200 characters");
    }
    if description.is_some_and(|d| d.chars().count() > 2_000) {
        check.wrong("description", "is longer than 2000 characters");
    }
}

/// Makes an agent, owned by the caller.
pub async fn create(caller: &Caller, new: NewAgent) -> Result<AgentDetail> {
    caller.writer()?;
    if !caller.may_register() {
        return Err(Error::Forbidden("you may not make agents".to_owned()));
    }
    let mut check = Check::default();
    agent_check::name(&mut check, &new.name);
    let display_name = new.display_name.unwrap_or_else(|| new.name.clone());
    check_texts(&mut check, &display_name, new.description.as_deref());
    let limits = AgentLimits {
        max_concurrency: new.max_concurrency.unwrap_or(AgentLimits::default().max_concurrency),
        timeout_s: new.timeout_s,
        retry: new.retry,
        budget: new.budget,
    };
    agent_check::limits(&mut check, &limits);
    let config = agent_check::config(&mut check, caller, new.kind, new.config)?;
    check.done()?;
    let fields = fields(display_name, new.description, &config, &limits)?;
    let (name, owner, now) = (new.name.clone(), caller.user_key, caller.now());
    caller
        .write(move |tx| {
            Box::pin(async move {
                if rows::add(tx, &name, config.kind(), owner, &fields, now).await? {
                    return Ok(());
                }
                Err(Error::Conflict(format!("there is already an agent named {name}")))
            })
        })
        .await?;
    caller.app.access_changed();
    // A new agent is not in what the caller could see a moment ago.
    let now_seeing = caller.refreshed().await?;
    detail(now_seeing.as_ref().unwrap_or(caller), &new.name).await
}

/// Changes what is given. Name, kind and owner stay.
pub async fn change(caller: &Caller, name: &str, patch: AgentPatch) -> Result<AgentDetail> {
    let (who, key) = (caller.clone(), owned(caller, name).await?.key);
    // Read, checked and written in one: what somebody else changes meanwhile is neither lost nor left unchecked.
    caller
        .write(move |tx| {
            Box::pin(async move {
                let agent = owned_still(tx, &who, key).await?;
                rows::update(tx, key, &changed(&who, &agent, patch)?).await
            })
        })
        .await?;
    detail(caller, name).await
}

/// An agent with what a patch gives, checked.
fn changed(who: &Caller, agent: &AgentRow, patch: AgentPatch) -> Result<AgentFields> {
    let mut check = Check::default();
    let display_name = patch.display_name.unwrap_or_else(|| agent.display_name.clone());
    let description = patch.description.unwrap_or_else(|| agent.description.clone());
    check_texts(&mut check, &display_name, description.as_deref());
    let before = stored_limits(agent)?;
    let limits = AgentLimits {
        max_concurrency: patch.max_concurrency.unwrap_or(before.max_concurrency),
        timeout_s: patch.timeout_s.unwrap_or(before.timeout_s),
        retry: patch.retry.unwrap_or(before.retry),
        budget: patch.budget.unwrap_or(before.budget),
    };
    agent_check::limits(&mut check, &limits);
    let config = match patch.config {
        Some(given) => agent_check::config(&mut check, who, agent.kind, given)?,
        None => stored_config(agent)?,
    };
    check.done()?;
    fields(display_name, description, &config, &limits)
}

/// Deletes an agent that never ran. One with runs keeps them and is retired: no list of agents has it.
pub async fn delete(caller: &Caller, name: &str) -> Result<()> {
    let agent = owned(caller, name).await?;
    let now = caller.now();
    caller.write(move |tx| Box::pin(async move { rows::delete(tx, agent.key, now).await })).await?;
    caller.app.access_changed();
    Ok(())
}

pub(crate) async fn find(caller: &Caller, name: &str) -> Result<AgentRow> {
    let found = rows::by_name(&mut caller.app.store.read(), name).await?;
    found.filter(|a| caller.visible().includes(a.key)).ok_or(Error::NotFound)
}

/// The newest runs of an agent.
pub async fn runs(caller: &Caller, name: &str, limit: Option<i64>) -> Result<Vec<ExecutionSummary>> {
    let request = ListRequest { limit: limit.or(Some(20)), ..ListRequest::default() };
    Ok(list_of_agent(caller, name, request).await?.executions)
}

/// An agent that the caller may share, change or delete: its owner or an admin.
pub(crate) async fn owned(caller: &Caller, name: &str) -> Result<AgentRow> {
    let agent = find(caller, name).await?;
    caller.writer()?;
    owns(caller, &agent)?;
    Ok(agent)
}

/// The same agent in the write that is about it, as it is now; locked until that ends.
pub(super) async fn owned_still(tx: &mut Tx, who: &Caller, key: i64) -> Result<AgentRow> {
    // It may have been deleted since.
    let agent = rows::by_key_for_update(tx, key).await?.ok_or(Error::NotFound)?;
    owns(who, &agent)?;
    Ok(agent)
}

fn owns(who: &Caller, agent: &AgentRow) -> Result<()> {
    if agent.owner_key == who.user_key || who.admin().is_ok() {
        return Ok(());
    }
    Err(Error::Forbidden("only the agent's owner or an admin may do this".to_owned()))
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
    let who = caller.clone();
    caller
        .write(move |tx| {
            Box::pin(async move {
                owned_still(tx, &who, agent.key).await?;
                rows::share(tx, agent.key, user.key, &access, now).await
            })
        })
        .await?;
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
