//! Server. Log lines, tool calls and steps of a run.

use super::patch::{tell, told_to_stop};
use crate::app::executions::{locked, path_id};
use crate::app::{Caller, validate};
use crate::domain::{Error, NewLogLine, NewStep, NewToolCall, Result};
use crate::store::{flows, parts};

/// Appends lines; answers the number of the last one and whether the run is asked to stop.
pub async fn append_log(caller: &Caller, id: &str, lines: Vec<NewLogLine>) -> Result<(i64, bool)> {
    let id = path_id(id)?;
    caller.writer()?;
    validate::lines(&lines)?;
    let (who, now) = (caller.clone(), caller.now());
    caller
        .write(move |tx| {
            Box::pin(async move {
                let record = locked(tx, &who, &id).await?;
                let stop = told_to_stop(tx, &record, now).await?;
                let last = if lines.is_empty() {
                    record.log_lines
                } else {
                    parts::append_log(tx, record.key, &lines, now).await?
                };
                Ok((last, stop))
            })
        })
        .await
}

/// Adds or changes tool calls by `call_id`; the run shows which one is running.
pub async fn upsert_tool_calls(caller: &Caller, id: &str, calls: Vec<NewToolCall>) -> Result<()> {
    let id = path_id(id)?;
    caller.writer()?;
    validate::tool_calls(&calls)?;
    let (who, now) = (caller.clone(), caller.now());
    caller
        .write(move |tx| {
            Box::pin(async move {
                let mut record = locked(tx, &who, &id).await?;
                for (i, call) in calls.iter().enumerate() {
                    if call.name.is_none() && !parts::has_tool_call(tx, record.key, &call.call_id).await? {
                        return Err(Error::invalid(format!("tool_calls[{i}].name"), "is required for a new call"));
                    }
                }
                parts::upsert_tool_calls(tx, record.key, &calls, now).await?;
                let (count, current) = parts::tool_progress(tx, record.key).await?;
                let current = current.filter(|_| !record.status.is_terminal());
                record.tool_call_count = count;
                record.current_tool_since = current.as_ref().map(|(_, since)| *since);
                record.current_tool = current.map(|(name, _)| name);
                tell(tx, &mut record, now).await
            })
        })
        .await
}

/// Adds or changes steps by `index`; the run shows how far it is.
pub async fn upsert_steps(caller: &Caller, id: &str, steps: Vec<NewStep>) -> Result<()> {
    let id = path_id(id)?;
    caller.writer()?;
    validate::steps(&steps)?;
    let (who, now) = (caller.clone(), caller.now());
    caller
        .write(move |tx| {
            Box::pin(async move {
                let mut record = locked(tx, &who, &id).await?;
                if flows::of_run(tx, record.key).await?.is_some() {
                    return Err(Error::Conflict("Runboard does the steps of this run itself".to_owned()));
                }
                parts::upsert_steps(tx, record.key, &steps).await?;
                let (done, current) = parts::step_progress(tx, record.key).await?;
                record.steps_done = done;
                if current.is_some() {
                    record.current_step = current;
                }
                tell(tx, &mut record, now).await
            })
        })
        .await
}
