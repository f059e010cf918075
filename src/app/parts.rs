//! Server. Steps, tool calls and log of one execution, a page at a time.

use super::executions::find;
use super::{Caller, cursor};
use crate::domain::{Error, LogLine, Result, Step, ToolCall, page};
use crate::store::parts as rows;

/// Lines of a log a page of the app asks for at once.
const LOG_PAGE: i64 = 1_000;

fn check_limit(limit: Option<i64>, default: i64, max: i64) -> Result<i64> {
    let limit = limit.unwrap_or(default);
    if (1..=max).contains(&limit) {
        Ok(limit)
    } else {
        Err(Error::invalid("limit", format!("must be from 1 to {max}")))
    }
}

/// Steps in order; the cursor is the index to go on from.
pub async fn steps(
    caller: &Caller,
    id: &str,
    from: Option<String>,
    limit: Option<i64>,
) -> Result<(Vec<Step>, Option<String>)> {
    let limit = check_limit(limit, page::MAX_LIMIT, 1_000)?;
    let record = find(caller, id).await?;
    let from = match from {
        None => 0,
        Some(text) => cursor::decode_pair(&text, &record.id)?.0,
    };
    let mut steps = rows::steps(&mut caller.app.store.read(), record.key, from, limit + 1).await?;
    let next = if steps.len() as i64 > limit {
        steps.pop().map(|s| cursor::encode_pair(&record.id, (s.index, 0)))
    } else {
        None
    };
    Ok((steps, next))
}

/// The first 1 000 steps.
pub async fn steps_for_page(caller: &Caller, id: &str) -> Result<Vec<Step>> {
    Ok(steps(caller, id, None, Some(1_000)).await?.0)
}

/// Tool calls in order of their start.
pub async fn tool_calls(
    caller: &Caller,
    id: &str,
    after: Option<String>,
    limit: Option<i64>,
) -> Result<(Vec<ToolCall>, Option<String>)> {
    let limit = check_limit(limit, page::MAX_LIMIT, 1_000)?;
    let record = find(caller, id).await?;
    let after = after.map(|text| cursor::decode_pair(&text, &record.id)).transpose()?;
    let mut calls = rows::tool_calls(&mut caller.app.store.read(), record.key, after, limit + 1).await?;
    let more = calls.len() as i64 > limit;
    calls.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = if more { calls.last().map(|(at, _)| cursor::encode_pair(&record.id, *at)) } else { None };
    Ok((calls.into_iter().map(|(_, c)| c).collect(), next))
}

/// Lines after `after` (0: from the first).
pub async fn log(caller: &Caller, id: &str, after: i64, limit: Option<i64>) -> Result<Vec<LogLine>> {
    let limit = check_limit(limit, LOG_PAGE, 5_000)?;
    let record = find(caller, id).await?;
    rows::log(&mut caller.app.store.read(), record.key, after, limit).await
}

/// Up to 1 000 lines after `after`, or the newest ones; and the number of the newest line.
pub async fn log_for_page(caller: &Caller, id: &str, after: Option<i64>) -> Result<(Vec<LogLine>, i64)> {
    let record = find(caller, id).await?;
    let after = after.unwrap_or((record.log_lines - LOG_PAGE).max(0));
    let lines = rows::log(&mut caller.app.store.read(), record.key, after, LOG_PAGE).await?;
    Ok((lines, record.log_lines))
}
