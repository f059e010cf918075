//! Server. `runboard export`: full records as NDJSON, as `import` takes them, through a server and its
//! access check or, without one, from the database.

use super::client::{Call, Client, ServerArgs};
use super::import::insist;
use super::local::DatabaseArgs;
use crate::app::executions::{self, ListRequest};
use crate::app::{Caller, parts};
use crate::domain::agent::slug;
use crate::domain::filter::{parse_query, query_string};
use crate::domain::{
    Dialect, Error, ExecutionDetail, ExecutionPage, Filter, LogLine, NewExecution, NewLogLine, NewStep, NewToolCall,
    Result, Sort, SortField, Step, ToolCall,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::io::{self, BufWriter, Write};

const PAGE: i64 = 200;
const PARTS: i64 = 1_000;
const LINES: i64 = 5_000;
/// Records fetched at the same time.
const AHEAD: usize = 8;
/// Oldest first: parents come before their sub-runs, and runs that start meanwhile come last.
const ORDER: Sort = Sort { field: SortField::StartedAt, descending: false };

#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// The list's filters by their API names, such as 'status=failed&last=7d'; everything when absent.
    #[arg(long, value_name = "FILTER", default_value = "")]
    filter: String,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub async fn run(args: ExportArgs) -> Result<()> {
    let filter = parsed(&args.filter)?;
    let source = match &args.server.url {
        Some(url) => {
            Source::Server(Client::new(url, args.server.token.clone()).map_err(|e| Error::invalid("RUNBOARD_URL", e))?)
        }
        None => Source::Database(Box::new(Caller::local_admin(&args.database.open().await?).await?)),
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let outcome = source.write_all(&filter, &mut out).await;
    let outcome = outcome.and_then(|()| out.flush().map_err(unwritable));
    if let Source::Database(caller) = &source {
        caller.app.store.clone().close().await;
    }
    match outcome {
        // The reader has what it wants: `runboard export | head`.
        Err(Error::Unavailable(reason)) if reason == READER_GONE => Ok(()),
        other => other,
    }
}

const READER_GONE: &str = "nobody reads the output any more";

fn unwritable(e: io::Error) -> Error {
    match e.kind() {
        io::ErrorKind::BrokenPipe => Error::Unavailable(READER_GONE.to_owned()),
        _ => Error::Unavailable(format!("the output can't be written: {e}")),
    }
}

fn parsed(text: &str) -> Result<Filter> {
    let pairs = parse_query(text);
    let pairs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    match Filter::default().parse(pairs, Dialect::Api) {
        (filter, errors) if errors.is_empty() => Ok(filter),
        (_, errors) => Err(Error::Invalid(errors)),
    }
}

/// Where records come from.
enum Source {
    Server(Client),
    Database(Box<Caller>),
}

#[derive(Deserialize)]
struct StepsAnswer {
    steps: Vec<Step>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct ToolCallsAnswer {
    tool_calls: Vec<ToolCall>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct LogAnswer {
    lines: Vec<LogLine>,
}

impl Source {
    async fn write_all(&self, filter: &Filter, out: &mut impl Write) -> Result<()> {
        let (mut cursor, mut done) = (None, 0);
        loop {
            let stopped = |e: Error| match e {
                Error::Unavailable(reason) if reason != READER_GONE => {
                    Error::Unavailable(format!("stopped after {done} runs: {reason}"))
                }
                other => other,
            };
            let page = self.page(filter, cursor.take()).await.map_err(stopped)?;
            let ids = page.executions.iter().map(|run| run.id.as_str());
            let mut records = stream::iter(ids).map(|id| self.record(id)).buffered(AHEAD);
            while let Some(record) = records.try_next().await.map_err(stopped)? {
                let Some(record) = record else { continue };
                let line = serde_json::to_vec(&record).map_err(|e| Error::Internal(e.to_string()))?;
                out.write_all(&line).and_then(|()| out.write_all(b"\n")).map_err(unwritable)?;
            }
            done += page.executions.len();
            match page.next_cursor {
                Some(next) if page.has_more => cursor = Some(next),
                _ => return Ok(()),
            }
        }
    }

    async fn page(&self, filter: &Filter, cursor: Option<String>) -> Result<ExecutionPage> {
        match self {
            Self::Server(client) => {
                let mut pairs = filter.api_pairs();
                pairs.extend([("sort", ORDER.to_string()), ("limit", PAGE.to_string())]);
                pairs.extend(cursor.map(|c| ("cursor", c)));
                get(client, &format!("/api/executions?{}", query_string(pairs))).await
            }
            Self::Database(caller) => {
                let filter = filter.clone();
                let request = ListRequest { filter, sort: ORDER, limit: Some(PAGE), cursor, offset: None };
                executions::list(caller, &request).await
            }
        }
    }

    /// `None`: removed since it was listed.
    async fn record(&self, id: &str) -> Result<Option<NewExecution>> {
        let whole = async {
            let detail = self.detail(id).await?;
            let (mut steps, mut calls, mut log) = (Vec::new(), Vec::new(), Vec::new());
            let mut cursor = None;
            loop {
                let answer = self.steps(id, cursor).await?;
                steps.extend(answer.steps);
                cursor = answer.next_cursor;
                if cursor.is_none() {
                    break;
                }
            }
            while detail.summary.tool_call_count > calls.len() as i64 {
                let answer = self.tool_calls(id, cursor).await?;
                calls.extend(answer.tool_calls);
                cursor = answer.next_cursor;
                if cursor.is_none() {
                    break;
                }
            }
            loop {
                let lines = self.log(id, log.last().map_or(0, |l: &LogLine| l.seq)).await?;
                let full = lines.len() as i64 == LINES;
                log.extend(lines);
                if !full {
                    break;
                }
            }
            Ok(recorded(detail, steps, calls, log))
        };
        match whole.await {
            Ok(record) => Ok(Some(record)),
            Err(Error::NotFound) => Ok(None),
            Err(e) => Err(e),
        }
    }

    async fn detail(&self, id: &str) -> Result<ExecutionDetail> {
        match self {
            Self::Server(client) => get(client, &format!("/api/executions/{id}")).await,
            Self::Database(caller) => executions::get(caller, id).await,
        }
    }

    async fn steps(&self, id: &str, cursor: Option<String>) -> Result<StepsAnswer> {
        match self {
            Self::Server(client) => get(client, &part(id, "steps", cursor)).await,
            Self::Database(caller) => {
                let (steps, next_cursor) = parts::steps(caller, id, cursor, Some(PARTS)).await?;
                Ok(StepsAnswer { steps, next_cursor })
            }
        }
    }

    async fn tool_calls(&self, id: &str, cursor: Option<String>) -> Result<ToolCallsAnswer> {
        match self {
            Self::Server(client) => get(client, &part(id, "tool-calls", cursor)).await,
            Self::Database(caller) => {
                let (tool_calls, next_cursor) = parts::tool_calls(caller, id, cursor, Some(PARTS)).await?;
                Ok(ToolCallsAnswer { tool_calls, next_cursor })
            }
        }
    }

    async fn log(&self, id: &str, after: i64) -> Result<Vec<LogLine>> {
        match self {
            Self::Server(client) => {
                let path = format!("/api/executions/{id}/log?after={after}&limit={LINES}");
                Ok(get::<LogAnswer>(client, &path).await?.lines)
            }
            Self::Database(caller) => parts::log(caller, id, after, Some(LINES)).await,
        }
    }
}

fn part(id: &str, what: &str, cursor: Option<String>) -> String {
    let mut pairs = vec![("limit", PARTS.to_string())];
    pairs.extend(cursor.map(|c| ("cursor", c)));
    format!("/api/executions/{id}/{what}?{}", query_string(pairs))
}

async fn get<T: DeserializeOwned>(client: &Client, path: &str) -> Result<T> {
    insist(client, &Call::get(path)).await
}

/// The record as a program would send it.
fn recorded(detail: ExecutionDetail, steps: Vec<Step>, calls: Vec<ToolCall>, log: Vec<LogLine>) -> NewExecution {
    let run = detail.summary;
    // The display name brings the agent's name along, unless it was changed.
    let agent_name =
        if slug(&run.agent_display_name) == run.agent_name { run.agent_display_name } else { run.agent_name };
    NewExecution {
        id: Some(run.id),
        agent_name,
        message: run.message,
        triggered_by: Some(run.triggered_by),
        status: Some(run.status),
        queued_at: Some(run.queued_at),
        started_at: run.started_at,
        completed_at: run.completed_at,
        duration_ms: run.duration_ms,
        response: detail.response,
        error: run.error,
        cost: run.cost,
        input_tokens: run.input_tokens,
        output_tokens: run.output_tokens,
        cached_tokens: detail.cached_tokens,
        reasoning_tokens: detail.reasoning_tokens,
        model: run.model,
        context_used: detail.context_used,
        context_max: detail.context_max,
        current_step: run.current_step,
        steps_total: run.steps_total,
        thread_id: run.thread_id,
        flow_id: run.flow_id,
        parent_id: run.parent_id,
        retry_of: run.retry_of,
        attempt: Some(run.attempt),
        labels: run.labels,
        metadata: detail.metadata,
        steps: steps.into_iter().map(new_step).collect(),
        tool_calls: calls.into_iter().map(new_call).collect(),
        log: log
            .into_iter()
            .map(|l| NewLogLine { ts: Some(l.ts), stream: l.stream, text: l.text, seq: None })
            .collect(),
    }
}

fn new_step(s: Step) -> NewStep {
    NewStep {
        index: s.index,
        title: Some(s.title),
        kind: Some(s.kind),
        status: Some(s.status),
        input: s.input,
        output: s.output,
        error: s.error,
        started_at: s.started_at,
        completed_at: s.completed_at,
        input_tokens: s.input_tokens,
        output_tokens: s.output_tokens,
        cost: s.cost,
    }
}

fn new_call(c: ToolCall) -> NewToolCall {
    NewToolCall {
        call_id: c.call_id,
        name: Some(c.name),
        arguments: c.arguments,
        result: c.result,
        error: c.error,
        status: Some(c.status),
        started_at: Some(c.started_at),
        completed_at: c.completed_at,
        parent_call_id: c.parent_call_id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_filter_is_named_and_not_ignored() {
        assert!(parsed("").is_ok_and(|f| f == Filter::default()));
        assert!(parsed("status=failed&last=7d").is_ok());
        let Err(Error::Invalid(errors)) = parsed("status=failed&colour=red") else { panic!("accepted") };
        assert_eq!(errors[0].field, "colour");
    }
}
