//! Server. `runboard import`: records NDJSON, through a server or, without one, in the database directly.
//! A bad line never loses the good ones; importing a file twice records it once.

use super::client::{Call, Client, Failure, ServerArgs};
use super::local::DatabaseArgs;
use super::new_id;
use crate::app::{Caller, record};
use crate::domain::{Error, ExecutionId, FieldError, NewExecution, NewLogLine, Result};
use reqwest::Method;
use serde::Deserialize;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal as _, Write as _, stderr, stdin};
use std::process::ExitCode;
use std::time::Duration;
use tokio::time::sleep;

/// One call takes this much; the body limit is 8 MiB.
const BATCH_RECORDS: usize = 500;
const BATCH_BYTES: usize = 6 << 20;
/// Lines of a log that travel with their record; the rest follows in calls of their own.
const LINES_INSIDE: usize = 1_000;
const LINE_BYTES_INSIDE: usize = 1 << 20;
/// How long a server may be away before the import gives up.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// NDJSON, one full record a line; - for standard input.
    file: String,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Exit code 1 when a line was rejected or the import could not be finished.
pub async fn run(args: ImportArgs) -> Result<ExitCode> {
    let input: Box<dyn BufRead> = if args.file == "-" {
        Box::new(BufReader::new(stdin()))
    } else {
        let file = File::open(&args.file).map_err(|e| Error::invalid(args.file.clone(), e.to_string()))?;
        Box::new(BufReader::new(file))
    };
    let target = Target::of(&args.server, &args.database).await?;
    let mut import = Import { target, sum: Sum::default(), batch: Vec::new(), bytes: 0 };
    let outcome = import.all(input).await;
    import.target.close().await;
    let Sum { added, known, rejected, .. } = import.sum;
    println!("{added} recorded, {known} known already, {rejected} rejected");
    outcome?;
    Ok(if rejected == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where records go.
enum Target {
    Server(Client),
    Database(Box<Caller>),
}

/// What became of one record: whether it was new, or what is wrong with it.
type Fate = std::result::Result<bool, Vec<FieldError>>;

impl Target {
    async fn of(server: &ServerArgs, database: &DatabaseArgs) -> Result<Self> {
        Ok(match &server.url {
            Some(url) => {
                Self::Server(Client::new(url, server.token.clone()).map_err(|e| Error::invalid("RUNBOARD_URL", e))?)
            }
            None => Self::Database(Box::new(Caller::local_admin(&database.open().await?).await?)),
        })
    }

    async fn close(&self) {
        if let Self::Database(caller) = self {
            caller.app.store.clone().close().await;
        }
    }

    async fn record(&self, records: Vec<NewExecution>) -> Result<Vec<Fate>> {
        match self {
            Self::Server(client) => {
                let call = Call {
                    content_type: "application/x-ndjson",
                    ..Call::send(Method::POST, "/api/executions/batch", ndjson(&records)?)
                };
                let answer: BatchAnswer = match insist(client, &call).await {
                    // Batches are kept below the limit: only a record that is alone can be above it.
                    Err(e @ Error::TooLarge(_)) => return Ok(vec![Err(fields(e)); records.len()]),
                    answer => answer?,
                };
                let mut fates: Vec<Fate> = vec![Err(Vec::new()); records.len()];
                for r in answer.results {
                    if let Some(fate) = fates.get_mut(r.line.wrapping_sub(1)) {
                        *fate = if r.status < 300 { Ok(r.status == 201) } else { Err(r.errors) };
                    }
                }
                Ok(fates)
            }
            Self::Database(caller) => {
                let results = record::batch(caller, records).await?;
                Ok(results.into_iter().map(|r| r.map(|(_, new)| new).map_err(fields)).collect())
            }
        }
    }

    async fn append_log(&self, id: &ExecutionId, lines: &[NewLogLine], number: usize) -> Result<()> {
        match self {
            Self::Server(client) => {
                let body = serde_json::to_vec(&serde_json::json!({ "lines": lines })).map_err(unwritable)?;
                let key = format!("import-{id}-{number}");
                let path = format!("/api/executions/{id}/log");
                let call = Call { key: Some(&key), ..Call::send(Method::POST, path, body) };
                insist::<serde::de::IgnoredAny>(client, &call).await.map(|_| ())
            }
            Self::Database(caller) => record::append_log(caller, id.as_str(), lines.to_vec()).await.map(|_| ()),
        }
    }
}

#[derive(Deserialize)]
struct BatchAnswer {
    results: Vec<BatchLine>,
}

#[derive(Deserialize)]
struct BatchLine {
    line: usize,
    status: u16,
    #[serde(default)]
    errors: Vec<FieldError>,
}

fn ndjson(records: &[NewExecution]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    for r in records {
        serde_json::to_writer(&mut body, r).map_err(unwritable)?;
        body.push(b'\n');
    }
    Ok(body)
}

fn unwritable(e: serde_json::Error) -> Error {
    Error::Internal(e.to_string())
}

fn fields(e: Error) -> Vec<FieldError> {
    match e {
        Error::Invalid(errors) => errors,
        other => vec![FieldError { field: String::new(), message: other.to_string() }],
    }
}

/// Repeats a call while the server is away, for a limited time.
pub async fn insist<T: serde::de::DeserializeOwned>(client: &Client, call: &Call<'_>) -> Result<T> {
    let mut waited = Duration::ZERO;
    let mut pause = Duration::from_millis(200);
    loop {
        match client.json(call).await {
            Ok(answer) => return Ok(answer),
            Err(Failure::Away { retry_after, reason }) => {
                if waited >= PATIENCE {
                    return Err(Error::Unavailable(format!("the server is away: {reason}")));
                }
                let wait = retry_after.unwrap_or(pause).min(PATIENCE);
                sleep(wait).await;
                waited += wait;
                pause = (pause * 2).min(Duration::from_secs(5));
            }
            Err(Failure::Refused { status: 404, .. }) => return Err(Error::NotFound),
            Err(Failure::Refused { status: 413, detail }) => return Err(Error::TooLarge(detail)),
            Err(refused) => return Err(Error::Forbidden(refused.to_string())),
        }
    }
}

#[derive(Default)]
struct Sum {
    lines: usize,
    added: usize,
    known: usize,
    rejected: usize,
}

/// A record on its way: its line in the file, and the part of its log that follows later.
struct Waiting {
    line: usize,
    record: NewExecution,
    rest_of_log: Vec<NewLogLine>,
}

struct Import {
    target: Target,
    sum: Sum,
    batch: Vec<Waiting>,
    bytes: usize,
}

impl Import {
    async fn all(&mut self, mut input: Box<dyn BufRead>) -> Result<()> {
        let mut text = Vec::new();
        loop {
            text.clear();
            let read = input.read_until(b'\n', &mut text).map_err(|e| Error::Unavailable(e.to_string()))?;
            if read == 0 {
                return self.send().await;
            }
            self.sum.lines += 1;
            if text.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match serde_json::from_slice::<NewExecution>(&text) {
                Ok(record) => {
                    let waiting = prepared(self.sum.lines, record);
                    // Sizes of JSON texts: what was read, without the lines that stay behind.
                    let behind: usize = waiting.rest_of_log.iter().map(|l| l.text.len()).sum();
                    let size = read.saturating_sub(behind);
                    if self.bytes + size > BATCH_BYTES {
                        self.send().await?;
                    }
                    self.bytes += size;
                    self.batch.push(waiting);
                    if self.batch.len() >= BATCH_RECORDS {
                        self.send().await?;
                    }
                }
                Err(e) => self.reject(self.sum.lines, &[FieldError { field: String::new(), message: e.to_string() }]),
            }
        }
    }

    async fn send(&mut self) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        self.bytes = 0;
        if batch.is_empty() {
            return Ok(());
        }
        let records: Vec<NewExecution> = batch.iter().map(|w| w.record.clone()).collect();
        let fates = self.target.record(records).await.map_err(|e| stopped(batch[0].line, &e))?;
        let mut ids: HashMap<usize, ExecutionId> = HashMap::new();
        for (waiting, fate) in batch.iter().zip(fates) {
            match fate {
                Ok(true) => {
                    self.sum.added += 1;
                    ids.extend(waiting.record.id.clone().map(|id| (waiting.line, id)));
                }
                Ok(false) => self.sum.known += 1,
                Err(errors) => self.reject(waiting.line, &errors),
            }
        }
        for waiting in batch {
            let Some(id) = ids.remove(&waiting.line) else { continue };
            for (number, lines) in chunks(&waiting.rest_of_log).enumerate() {
                self.target.append_log(&id, lines, number).await.map_err(|e| stopped(waiting.line, &e))?;
            }
        }
        if stderr().is_terminal() {
            // Nobody reads it: nothing to do about it.
            let _ = write!(stderr(), "\r{} lines ", self.sum.lines);
        }
        Ok(())
    }

    fn reject(&mut self, line: usize, errors: &[FieldError]) {
        self.sum.rejected += 1;
        let named =
            |e: &FieldError| if e.field.is_empty() { e.message.clone() } else { format!("{}: {}", e.field, e.message) };
        let errors: Vec<String> = errors.iter().map(named).collect();
        eprintln!("line {line}: {}", if errors.is_empty() { "rejected".to_owned() } else { errors.join("; ") });
    }
}

fn stopped(line: usize, e: &Error) -> Error {
    Error::Unavailable(format!("stopped before line {line}: {e}"))
}

/// Gives the record an id, so that a repeated call records it once, and cuts a long log.
fn prepared(line: usize, mut record: NewExecution) -> Waiting {
    record.id.get_or_insert_with(new_id);
    let inside = first_chunk(&record.log, LINES_INSIDE, LINE_BYTES_INSIDE);
    let rest_of_log = record.log.split_off(inside);
    Waiting { line, record, rest_of_log }
}

/// How many lines fit; at least one.
fn first_chunk(lines: &[NewLogLine], max_lines: usize, max_bytes: usize) -> usize {
    let mut bytes = 0;
    let fits = |l: &&NewLogLine| {
        bytes += l.text.len() + 100;
        bytes <= max_bytes
    };
    lines.iter().take(max_lines).take_while(fits).count().max(1).min(lines.len())
}

/// Calls of at most 1 000 lines and 1 MiB: JSON may need six bytes for one.
fn chunks(mut lines: &[NewLogLine]) -> impl Iterator<Item = &[NewLogLine]> {
    std::iter::from_fn(move || {
        let (chunk, rest) = lines.split_at(first_chunk(lines, LINES_INSIDE, LINE_BYTES_INSIDE));
        lines = rest;
        (!chunk.is_empty()).then_some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::LogStream;

    #[test]
    fn a_long_log_is_cut_without_losing_a_line() {
        let line = |i: usize| NewLogLine { ts: None, stream: LogStream::Stdout, text: "x".repeat(i), seq: None };
        let log: Vec<NewLogLine> = (0..3_500).map(line).collect();
        let waiting = prepared(1, NewExecution { log: log.clone(), ..NewExecution::default() });
        assert!(waiting.record.id.is_some());
        let mut again = waiting.record.log.clone();
        for chunk in chunks(&waiting.rest_of_log) {
            assert!(chunk.len() <= 1_000);
            again.extend_from_slice(chunk);
        }
        assert_eq!(again, log);
        assert_eq!(chunks(&[]).count(), 0);
    }
}
