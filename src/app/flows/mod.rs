//! Server. Flows: making and changing them, and reading what their runs have come to.

mod check;
mod runs;

pub(crate) use runs::of_run;
pub use runs::{ended, flow_of_run, page, run_steps, standings};

use super::control::startable;
use super::{Caller, agents, cursor};
use crate::domain::{Error, Flow, FlowPatch, FlowStep, NewFlow, Result, Timestamp, page as pages};
use crate::store::agents::{self as agent_rows, AgentRow};
use crate::store::flows::{self as rows, FlowRow, NewVersion};
use std::collections::{BTreeSet, HashMap};

/// Flows of one agent.
const MOST_FLOWS: i64 = 200;
/// What cursors over flows belong to.
const LIST: &str = "flows";

/// The steps of a flow as stored.
pub(crate) fn steps(text: &str) -> Result<Vec<FlowStep>> {
    serde_json::from_str(text).map_err(|e| {
        tracing::error!(error = %e, "the steps of a flow can't be read");
        Error::Internal("the steps of a flow".to_owned())
    })
}

fn written(steps: &[FlowStep]) -> Result<String> {
    serde_json::to_string(steps).map_err(|e| Error::Internal(format!("steps: {e}")))
}

/// A flow as the caller may know it.
fn seen(caller: &Caller, row: FlowRow, agent: &AgentRow) -> Result<Flow> {
    let can_write = caller.writer().is_ok();
    Ok(Flow {
        steps: steps(&row.steps)?,
        id: row.id,
        name: row.name,
        agent_name: row.agent_name,
        agent_display_name: row.agent_display_name,
        version: row.version,
        on_interruption: row.on_interruption,
        created_at: Timestamp::from_micros(row.created_at),
        updated_at: Timestamp::from_micros(row.updated_at),
        updated_by: row.updated_by,
        can_edit: can_write && (agent.owner_key == caller.user_key || caller.admin().is_ok()),
        can_run: can_write && caller.operates(agent.key) && startable(agent, &caller.app.config).is_ok(),
    })
}

/// A flow of an agent that the caller operates. What an agent is told is for those who operate it.
pub(crate) async fn find(caller: &Caller, id: &str, version: Option<i64>) -> Result<FlowRow> {
    let found = rows::find(&mut caller.app.store.read(), id, version).await?;
    found.filter(|f| f.retired_at.is_none() && caller.operates(f.agent_key)).ok_or(Error::NotFound)
}

pub async fn get(caller: &Caller, id: &str, version: Option<i64>) -> Result<Flow> {
    let row = find(caller, id, version).await?;
    let agent = agent_rows::by_key(&mut caller.app.store.read(), row.agent_key).await?;
    seen(caller, row, &agent)
}

/// Flows by name, those of one agent if it is named.
pub async fn list(
    caller: &Caller,
    agent_name: Option<&str>,
    cursor: Option<String>,
    limit: i64,
) -> Result<(Vec<Flow>, Option<String>)> {
    let (rows, next) = list_rows(caller, agent_name, cursor, limit).await?;
    let agents = agents_of(caller, &rows).await?;
    let with = rows.into_iter().filter_map(|row| agents.get(&row.agent_key).map(|agent| (row, agent)));
    Ok((with.map(|(row, agent)| seen(caller, row, agent)).collect::<Result<_>>()?, next))
}

/// The agents of these flows, each read once.
async fn agents_of(caller: &Caller, rows: &[FlowRow]) -> Result<HashMap<i64, AgentRow>> {
    let keys: BTreeSet<i64> = rows.iter().map(|row| row.agent_key).collect();
    let keys: Vec<i64> = keys.into_iter().collect();
    let found = agent_rows::by_keys(&mut caller.app.store.read(), &keys).await?;
    Ok(found.into_iter().map(|agent| (agent.key, agent)).collect())
}

async fn list_rows(
    caller: &Caller,
    agent_name: Option<&str>,
    cursor: Option<String>,
    limit: i64,
) -> Result<(Vec<FlowRow>, Option<String>)> {
    if !(1..=pages::MAX_LIMIT).contains(&limit) {
        return Err(Error::invalid("limit", format!("must be from 1 to {}", pages::MAX_LIMIT)));
    }
    // A client has the pages of its agents, and no others.
    let agent = if let Some(name) = agent_name {
        Some(agents::find(caller, name).await?.key)
    } else {
        caller.fleet()?;
        None
    };
    let after = cursor.map(|text| cursor::decode_pair(&text, LIST)).transpose()?.map(|(key, _)| key);
    let mut found = rows::list(&mut caller.app.store.read(), caller.operable(), agent, after, limit + 1).await?;
    let more = found.len() as i64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = found.last().filter(|_| more).map(|f| cursor::encode_pair(LIST, (f.key, 0)));
    Ok((found, next))
}

/// Makes a flow of an agent. For its owner and admins, as all that an agent is set to.
pub async fn create(caller: &Caller, new: NewFlow) -> Result<Flow> {
    let agent = agents::owned(caller, &new.agent_name).await?;
    startable(&agent, &caller.app.config)?;
    check::flow(caller, &new.name, &new.steps)?;
    let (id, steps) = (uuid::Uuid::now_v7().to_string(), written(&new.steps)?);
    let (who, agent_key, user_key, now) = (caller.clone(), agent.key, caller.user_key, caller.now());
    let made = id.clone();
    caller
        .write(move |tx| {
            Box::pin(async move {
                let agent = agents::owned_still(tx, &who, agent_key).await?;
                startable(&agent, &who.app.config)?;
                check::people(tx, &new.steps).await?;
                let name = new.name.trim();
                free(tx, agent.key, name, None).await?;
                if rows::count(tx, agent.key).await? >= MOST_FLOWS {
                    return Err(Error::Conflict(format!("an agent has at most {MOST_FLOWS} flows")));
                }
                let first = NewVersion { name, on_interruption: new.on_interruption, steps: &steps, user_key };
                rows::add(tx, &id, agent.key, &first, now).await
            })
        })
        .await?;
    get(caller, &made, None).await
}

async fn free(tx: &mut crate::store::Tx, agent_key: i64, name: &str, but: Option<&str>) -> Result<()> {
    if rows::is_taken(tx, agent_key, name, but).await? {
        return Err(Error::Conflict(format!("the agent already has a flow named {name}")));
    }
    Ok(())
}

/// Changes what is given, as a new version: runs that go on keep theirs.
pub async fn change(caller: &Caller, id: &str, patch: FlowPatch) -> Result<Flow> {
    let flow = find(caller, id, None).await?;
    agents::owned(caller, &flow.agent_name).await?;
    let (who, id, now) = (caller.clone(), id.to_owned(), caller.now());
    let changed = id.clone();
    caller
        .write(move |tx| {
            Box::pin(async move {
                let flow = rows::find_for_update(tx, &id).await?.filter(|f| f.retired_at.is_none());
                let flow = flow.ok_or(Error::NotFound)?;
                agents::owned_still(tx, &who, flow.agent_key).await?;
                if patch.version.is_some_and(|v| v != flow.version) {
                    return Err(Error::Conflict(format!(
                        "{} changed this flow at {}; it is now version {}",
                        flow.updated_by,
                        Timestamp::from_micros(flow.updated_at),
                        flow.version
                    )));
                }
                let name = patch.name.unwrap_or_else(|| flow.name.clone());
                let given = patch.steps.map_or_else(|| steps(&flow.steps), Ok)?;
                check::flow(&who, &name, &given)?;
                check::people(tx, &given).await?;
                let name = name.trim();
                free(tx, flow.agent_key, name, Some(&flow.id)).await?;
                let on_interruption = patch.on_interruption.unwrap_or(flow.on_interruption);
                let steps = written(&given)?;
                let next = NewVersion { name, on_interruption, steps: &steps, user_key: who.user_key };
                rows::change(tx, &flow, &next, now).await
            })
        })
        .await?;
    get(caller, &changed, None).await
}

/// Deletes a flow. Its runs stay, and those that go on go on.
pub async fn delete(caller: &Caller, id: &str) -> Result<()> {
    let flow = find(caller, id, None).await?;
    agents::owned(caller, &flow.agent_name).await?;
    let now = caller.now();
    caller.write(move |tx| Box::pin(async move { rows::delete(tx, flow.key, now).await })).await
}
