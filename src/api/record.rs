//! Server. Recording executions.

use super::extract::{Auth, JsonBody, body, parse, parse_object};
use super::problem::{ApiError, Problem};
use crate::app::record;
use crate::domain::{
    Error, ExecutionPatch, ExecutionSummary, FieldError, InteractionOutcome, NewExecution, NewLogLine, NewStep,
    NewToolCall,
};
use axum::Json;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Record an execution. The same `id` again answers the stored record with 200.
#[utoipa::path(post, path = "/api/executions", tag = "recording", request_body = NewExecution,
    responses((status = 201, body = ExecutionSummary), (status = 200, body = ExecutionSummary, description = "known already"),
        (status = 403, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub async fn create_execution(
    Auth(caller): Auth,
    JsonBody(new): JsonBody<NewExecution>,
) -> Result<(StatusCode, Json<ExecutionSummary>), ApiError> {
    let (summary, created) = record::create(&caller, new).await?;
    Ok((if created { StatusCode::CREATED } else { StatusCode::OK }, Json(summary)))
}

/// Change fields of an execution; the answer carries `cancel_requested`.
#[utoipa::path(patch, path = "/api/executions/{id}", tag = "recording", params(("id" = String, Path)),
    request_body = ExecutionPatch, responses((status = 200, body = ExecutionSummary), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "the run has ended"), (status = 422, body = Problem)))]
pub async fn patch_execution(
    Auth(caller): Auth,
    Path(id): Path<String>,
    JsonBody(patch): JsonBody<ExecutionPatch>,
) -> Result<Json<ExecutionSummary>, ApiError> {
    Ok(Json(record::patch(&caller, &id, patch).await?))
}

#[derive(Serialize, ToSchema)]
pub struct Heartbeat {
    /// The run is asked to stop.
    pub cancel_requested: bool,
    /// What it has asked of people and what came of it, newest first, at most 20; absent where it has asked nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interactions: Vec<InteractionOutcome>,
}

/// A sign of life.
#[utoipa::path(post, path = "/api/executions/{id}/heartbeat", tag = "recording", params(("id" = String, Path)),
    responses((status = 200, body = Heartbeat), (status = 404, body = Problem)))]
pub async fn heartbeat(Auth(caller): Auth, Path(id): Path<String>) -> Result<Json<Heartbeat>, ApiError> {
    let (cancel_requested, interactions) = record::heartbeat(&caller, &id).await?;
    Ok(Json(Heartbeat { cancel_requested, interactions }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogBody {
    pub lines: Vec<NewLogLine>,
}

#[derive(Serialize, ToSchema)]
pub struct LogAppended {
    /// Number of the last line.
    pub last_seq: i64,
    pub cancel_requested: bool,
}

/// Append log lines, at most 1 000 a call.
#[utoipa::path(post, path = "/api/executions/{id}/log", tag = "recording", params(("id" = String, Path)),
    request_body = LogBody, responses((status = 200, body = LogAppended), (status = 404, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub async fn append_log(
    Auth(caller): Auth,
    Path(id): Path<String>,
    JsonBody(log): JsonBody<LogBody>,
) -> Result<Json<LogAppended>, ApiError> {
    let (last_seq, cancel_requested) = record::append_log(&caller, &id, log.lines).await?;
    Ok(Json(LogAppended { last_seq, cancel_requested }))
}

/// One part, a list of them, or an object that holds the list; the shape is decided first, so that an error
/// names its place.
fn parts<T: serde::de::DeserializeOwned>(bytes: &[u8], plural: &str) -> Result<Vec<T>, Error> {
    let value: serde_json::Value = parse(bytes)?;
    let value = match value {
        serde_json::Value::Object(mut o) if o.contains_key(plural) => o.remove(plural).unwrap_or_default(),
        other => other,
    };
    let text = value.to_string();
    if value.is_array() { parse(text.as_bytes()) } else { parse(text.as_bytes()).map(|one| vec![one]) }
}

/// Add or change tool calls by `call_id`: one, a list, or `{"tool_calls":[…]}`.
#[utoipa::path(post, path = "/api/executions/{id}/tool-calls", tag = "recording", params(("id" = String, Path)),
    request_body = NewToolCall, responses((status = 200, body = ExecutionSummary), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn upsert_tool_calls(
    Auth(caller): Auth,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<ExecutionSummary>, ApiError> {
    let calls: Vec<NewToolCall> = parts(&body(request, &()).await?, "tool_calls")?;
    record::upsert_tool_calls(&caller, &id, calls).await?;
    Ok(Json(crate::app::executions::summary(&caller, &id).await?))
}

/// Add or change steps by `index`: one, a list, or `{"steps":[…]}`.
#[utoipa::path(post, path = "/api/executions/{id}/steps", tag = "recording", params(("id" = String, Path)),
    request_body = NewStep, responses((status = 200, body = ExecutionSummary), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn upsert_steps(
    Auth(caller): Auth,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<ExecutionSummary>, ApiError> {
    let steps: Vec<NewStep> = parts(&body(request, &()).await?, "steps")?;
    record::upsert_steps(&caller, &id, steps).await?;
    Ok(Json(crate::app::executions::summary(&caller, &id).await?))
}

#[derive(Serialize, ToSchema)]
pub struct BatchAnswer {
    pub results: Vec<BatchLine>,
    pub accepted: usize,
    pub rejected: usize,
}

#[derive(Serialize, ToSchema)]
pub struct BatchLine {
    /// From 1.
    pub line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// 201 added, 200 known already, else what a request of its own would have answered.
    pub status: u16,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

impl BatchLine {
    fn refused(line: usize, e: &Error) -> Self {
        let errors = match e {
            Error::Invalid(errors) => errors.clone(),
            other => vec![FieldError { field: String::new(), message: other.to_string() }],
        };
        Self { line, id: None, status: super::problem::status(e).as_u16(), errors }
    }
}

/// Record many executions: NDJSON, one full record a line. A bad line never loses the good ones.
#[utoipa::path(post, path = "/api/executions/batch", tag = "recording",
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = BatchAnswer), (status = 413, body = Problem)))]
pub async fn batch_executions(Auth(caller): Auth, request: Request) -> Result<Json<BatchAnswer>, ApiError> {
    caller.writer()?;
    let bytes = body(request, &()).await?;
    let mut results = Vec::new();
    let mut good = Vec::new();
    let mut places = Vec::new();
    for (i, line) in bytes.split(|b| *b == b'\n').enumerate() {
        let line_number = i + 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if results.len() >= 10_000 {
            return Err(Error::TooLarge("a batch has at most 10 000 lines".to_owned()).into());
        }
        match parse_object::<NewExecution>(line) {
            Ok(new) => {
                places.push(results.len());
                good.push(new);
                results.push(BatchLine { line: line_number, id: None, status: 0, errors: Vec::new() });
            }
            Err(e) => results.push(BatchLine::refused(line_number, &e)),
        }
    }
    let added = record::batch(&caller, good).await?;
    for (place, outcome) in places.into_iter().zip(added) {
        let line = results[place].line;
        results[place] = match outcome {
            Ok((id, created)) => BatchLine {
                line,
                id: Some(id.to_string()),
                status: if created { 201 } else { 200 },
                errors: Vec::new(),
            },
            Err(e) => BatchLine::refused(line, &e),
        };
    }
    let rejected = results.iter().filter(|r| r.status >= 400).count();
    Ok(Json(BatchAnswer { accepted: results.len() - rejected, rejected, results }))
}
