//! Both sides. Reading one run: the record, its parts, and two runs beside each other.

use super::text::Json;
use crate::domain::{Comparison, Error, ListedCall, LogHits, LogLine, RunRecord, SpanDetail, SpanPage, Step, ToolCall};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};

/// One execution in full, with its texts as HTML.
#[server(prefix = "/fn", endpoint = "run", input = GetUrl, output = Json)]
pub async fn get_run(id: String) -> Result<RunRecord, Error> {
    let caller = crate::app::caller().await?;
    crate::app::reading::run(&caller, &id).await
}

#[server(prefix = "/fn", endpoint = "steps", input = GetUrl, output = Json)]
pub async fn list_steps(id: String) -> Result<Vec<Step>, Error> {
    let caller = crate::app::caller().await?;
    crate::app::parts::steps_for_page(&caller, &id).await
}

/// Tool calls in order of their start, a page at a time, without long values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCallPage {
    pub tool_calls: Vec<ListedCall>,
    pub next_cursor: Option<String>,
}

#[server(prefix = "/fn", endpoint = "tool_calls", input = GetUrl, output = Json)]
pub async fn list_tool_calls(id: String, cursor: Option<String>) -> Result<ToolCallPage, Error> {
    let caller = crate::app::caller().await?;
    let (tool_calls, next_cursor) = crate::app::reading::tool_calls(&caller, &id, cursor).await?;
    Ok(ToolCallPage { tool_calls, next_cursor })
}

/// One call with all its values.
#[server(prefix = "/fn", endpoint = "tool_call", input = GetUrl, output = Json)]
pub async fn get_tool_call(id: String, call_id: String) -> Result<ToolCall, Error> {
    let caller = crate::app::caller().await?;
    crate::app::reading::tool_call(&caller, &id, &call_id).await
}

/// Spans in the order of their tree, a page at a time, without what they hold.
#[server(prefix = "/fn", endpoint = "spans", input = GetUrl, output = Json)]
pub async fn list_spans(id: String, cursor: Option<String>) -> Result<SpanPage, Error> {
    let caller = crate::app::caller().await?;
    crate::app::otlp::spans(&caller, &id, cursor, Some(100)).await
}

/// One span with all that was sent of it.
#[server(prefix = "/fn", endpoint = "span", input = GetUrl, output = Json)]
pub async fn get_span(id: String, trace_id: String, span_id: String) -> Result<SpanDetail, Error> {
    let caller = crate::app::caller().await?;
    crate::app::otlp::span(&caller, &id, &span_id, Some(&trace_id)).await
}

/// A stretch of a log: up to 1 000 lines after `after`, or the newest ones when `after` is absent.
/// `total` is the number of the newest line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPage {
    pub lines: Vec<LogLine>,
    pub total: i64,
}

#[server(prefix = "/fn", endpoint = "log", input = GetUrl, output = Json)]
pub async fn read_log(id: String, after: Option<i64>) -> Result<LogPage, Error> {
    let caller = crate::app::caller().await?;
    let (lines, total) = crate::app::parts::log_for_page(&caller, &id, after).await?;
    Ok(LogPage { lines, total })
}

/// Where `wanted` stands in the lines after `after`, a stretch at a time.
#[server(prefix = "/fn", endpoint = "log_search", input = GetUrl, output = Json)]
pub async fn search_log(id: String, wanted: String, after: i64) -> Result<LogHits, Error> {
    let caller = crate::app::caller().await?;
    crate::app::reading::search_log(&caller, &id, &wanted, after).await
}

/// Two runs beside each other; ids or links to runs.
#[server(prefix = "/fn", endpoint = "compare", input = GetUrl, output = Json)]
pub async fn compare_runs(a: String, b: String) -> Result<Comparison, Error> {
    let caller = crate::app::caller().await?;
    crate::app::compare::compare(&caller, &a, &b).await
}
