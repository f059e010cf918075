//! Server. Tool calls and steps of a run as its spans tell of them now: what is no longer so goes.

use crate::domain::{NewStep, NewToolCall, PartStatus, Result, Step, Timestamp, ToolCall};
use crate::store::Tx;
use crate::store::parts as rows;
use std::collections::{HashMap, HashSet};

/// Parts that are read at once; a run has no more.
const ALL: i64 = 20_000;

/// Brings both up to date; whether anything changed.
pub(super) async fn renew(
    tx: &mut Tx,
    key: i64,
    calls: &[NewToolCall],
    steps: &[NewStep],
    now: Timestamp,
) -> Result<bool> {
    Ok(renew_calls(tx, key, calls, now).await? | renew_steps(tx, key, steps).await?)
}

async fn renew_calls(tx: &mut Tx, key: i64, calls: &[NewToolCall], now: Timestamp) -> Result<bool> {
    let known: HashMap<String, ToolCall> =
        rows::tool_calls(tx, key, None, ALL).await?.into_iter().map(|(_, call)| (call.call_id.clone(), call)).collect();
    let new: Vec<NewToolCall> =
        calls.iter().map(whole).filter(|call| known.get(&call.call_id) != Some(&as_read(call))).collect();
    let named: HashSet<&str> = calls.iter().map(|call| call.call_id.as_str()).collect();
    let mut old: Vec<&str> = known.keys().map(String::as_str).filter(|id| !named.contains(id)).collect();
    old.extend(new.iter().map(|call| call.call_id.as_str()).filter(|id| known.contains_key(*id)));
    rows::remove_tool_calls(tx, key, &old).await?;
    rows::upsert_tool_calls(tx, key, &new, now).await?;
    Ok(!new.is_empty() || !old.is_empty())
}

/// With all that a stored one has: what is left out would be filled in by the time of day.
pub(super) fn whole(call: &NewToolCall) -> NewToolCall {
    let status = call.status.unwrap_or(PartStatus::Running);
    let started = call.started_at.or(call.completed_at);
    let completed_at = match status {
        PartStatus::Running => None,
        PartStatus::Success | PartStatus::Failed => call.completed_at.or(started),
    };
    let plain = |text: &Option<String>| text.as_deref().map(|text| text.replace('\0', ""));
    NewToolCall {
        call_id: call.call_id.replace('\0', ""),
        name: Some(plain(&call.name).unwrap_or_default()),
        error: plain(&call.error),
        status: Some(status),
        started_at: started,
        completed_at,
        parent_call_id: plain(&call.parent_call_id),
        ..call.clone()
    }
}

fn as_read(call: &NewToolCall) -> ToolCall {
    ToolCall {
        call_id: call.call_id.clone(),
        name: call.name.clone().unwrap_or_default(),
        arguments: call.arguments.clone(),
        result: call.result.clone(),
        error: call.error.clone(),
        status: call.status.unwrap_or(PartStatus::Running),
        started_at: call.started_at.unwrap_or(Timestamp::from_micros(0)),
        completed_at: call.completed_at,
        parent_call_id: call.parent_call_id.clone(),
    }
}

async fn renew_steps(tx: &mut Tx, key: i64, steps: &[NewStep]) -> Result<bool> {
    let known: HashMap<i64, Step> =
        rows::steps(tx, key, 0, ALL).await?.into_iter().map(|step| (step.index, step)).collect();
    let new: Vec<NewStep> =
        steps.iter().map(plain).filter(|step| known.get(&step.index) != Some(&step_as_read(step))).collect();
    let mut old: Vec<i64> = known.keys().copied().filter(|index| *index >= steps.len() as i64).collect();
    old.extend(new.iter().map(|step| step.index).filter(|index| known.contains_key(index)));
    rows::remove_steps(tx, key, &old).await?;
    rows::upsert_steps(tx, key, &new).await?;
    Ok(!new.is_empty() || !old.is_empty())
}

fn plain(step: &NewStep) -> NewStep {
    let plain = |text: &Option<String>| text.as_deref().map(|text| text.replace('\0', ""));
    NewStep {
        title: plain(&step.title),
        input: plain(&step.input),
        output: plain(&step.output),
        error: plain(&step.error),
        ..step.clone()
    }
}

fn step_as_read(step: &NewStep) -> Step {
    Step {
        index: step.index,
        title: step.title.clone().unwrap_or_else(|| format!("Step {}", step.index + 1)),
        kind: step.kind.clone().unwrap_or_else(|| "prompt".to_owned()),
        status: step.status.unwrap_or(PartStatus::Running),
        input: step.input.clone(),
        output: step.output.clone(),
        error: step.error.clone(),
        started_at: step.started_at,
        completed_at: step.completed_at,
        input_tokens: step.input_tokens,
        output_tokens: step.output_tokens,
        cost: step.cost,
    }
}
