//! Server. Agents that are a model behind an OpenAI-compatible endpoint. The answer is written into the record as it
//! comes; halting aborts the request.

mod answer;
mod events;
mod priced;

use super::job::{Failure, Job, Outcome};
use super::log::Log;
use super::outside::{self, Reach};
use super::{Engine, Halt, halt_after};
use crate::app::App;
use crate::domain::{Error, NewToolCall, OpenaiConfig, Result, RetryOn};
use crate::store::agents::AgentRow;
use answer::Answer;
use events::Events;
use reqwest::{Response, header};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

const UNAVAILABLE: RetryOn = RetryOn::Unavailable;
/// What has come is written this often at most; longer texts less often.
const SHOW: Duration = Duration::from_millis(500);
/// The database could not be reached: tried again after.
const AGAIN: Duration = Duration::from_millis(500);
/// Of an answer that is no stream.
const ANSWER_BYTES: usize = 16 << 20;

pub async fn run(
    engine: &Engine,
    job: &Job,
    config: &OpenaiConfig,
    mut halted: watch::Receiver<Option<Halt>>,
) -> Result<Outcome> {
    let (log, written) = Log::start(engine, job);
    let mut answer = Answer::default();
    let failure = tokio::select! {
        talk = talk(engine, job, config, &mut answer) => talk?,
        why = halt_after(&mut halted, None) => {
            // The request ends with the future that held it.
            engine.told(job, why, &log, "the request was aborted").await;
            None
        }
    };
    if let Some(remark) = answer.remark() {
        log.note(remark).await;
    }
    drop(log);
    if written.await.is_err() {
        tracing::error!(id = %job.id, "the writing of a log panicked");
    }
    let mut calls = answer.tool_calls(engine.0.app.now());
    if let Some(step) = job.step {
        // Other steps may use the same names for theirs.
        for call in &mut calls {
            call.call_id.insert_str(0, &format!("{step}:"));
        }
    }
    if !calls.is_empty() {
        note(engine, job, calls, halted).await?;
    }
    let patch = priced::priced(&engine.0.app, config, answer.patch()).await;
    Ok(Outcome { failure, patch, ..Outcome::default() })
}

/// Notes the calls, however long the database is away: the answer is not to be lost with them.
async fn note(
    engine: &Engine,
    job: &Job,
    calls: Vec<NewToolCall>,
    mut halted: watch::Receiver<Option<Halt>>,
) -> Result<()> {
    while let Err(e) = engine.note_calls(job, calls.clone()).await {
        if !matches!(e, Error::Unavailable(_)) {
            return Err(e);
        }
        tracing::warn!(id = %job.id, error = %e, "the tool calls of a run wait");
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            _ = halted.wait_for(|why| *why == Some(Halt::Lost)) => break,
        }
    }
    Ok(())
}

/// Asks and listens until the answer is whole, or can't be.
async fn talk(engine: &Engine, job: &Job, config: &OpenaiConfig, answer: &mut Answer) -> Result<Option<Failure>> {
    let app = &engine.0.app;
    let client = engine.0.clients.of(Reach::of(app, &job.agent).await?)?;
    let (response, key) = match send(app, client, &job.agent, config, &question(config, job)).await? {
        Ok(sent) => sent,
        Err(failure) => return Ok(Some(failure)),
    };
    answer.keep_out(key.clone());
    let heard = listen(engine, job, response, answer).await?;
    Ok(heard.map(|f| Failure { error: outside::without(&f.error, key.as_deref()), ..f }))
}

/// Sends a question; a good answer's beginning, and the key it was asked with.
pub async fn send(
    app: &App,
    client: &reqwest::Client,
    agent: &AgentRow,
    config: &OpenaiConfig,
    question: &Value,
) -> Result<Result<(Response, Option<String>), Failure>> {
    let url = format!("{}/chat/completions", config.base_url.trim_end_matches('/'));
    let reach = Reach::of(app, agent).await?;
    let prepared = outside::address(&url, reach)
        .and_then(|url| Ok((url, outside::secret(&app.config, reach, config.api_key_env.as_deref())?)));
    let (url, key) = match prepared {
        Ok(prepared) => prepared,
        Err(problem) => return Ok(Err(Failure::lasting(problem))),
    };
    let mut request = client.post(url).json(question).header(header::ACCEPT, "text/event-stream, application/json");
    if let Some(key) = &key {
        request = request.bearer_auth(key);
    }
    Ok(match request.send().await {
        Ok(response) if response.status().is_success() => Ok((response, key)),
        Ok(response) => {
            let failure = outside::refusal("endpoint", response).await;
            // An endpoint may repeat the key it was sent.
            Err(Failure { error: outside::without(&failure.error, key.as_deref()), ..failure })
        }
        Err(e) => Err(outside::broken("endpoint", &e)),
    })
}

fn question(config: &OpenaiConfig, job: &Job) -> Value {
    let messages = job.context.messages(config.system_prompt.as_deref(), &job.message);
    json!({"model": config.model, "messages": messages, "stream": true, "stream_options": {"include_usage": true}})
}

/// Takes the answer in, and writes what has come into the record now and then.
async fn listen(engine: &Engine, job: &Job, mut response: Response, answer: &mut Answer) -> Result<Option<Failure>> {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("").to_lowercase();
    if !kind.starts_with("text/event-stream") && !kind.starts_with("application/json") {
        let kind = if kind.is_empty() { "something without a type" } else { &kind };
        return Ok(Some(Failure::lasting(format!("the endpoint answered {kind}, which is no chat completion"))));
    }
    if kind.starts_with("application/json") {
        return Ok(whole(response, answer).await.err());
    }
    let mut events = Events::default();
    let mut data = Vec::new();
    let mut show_at = Instant::now();
    let mut shown = 0;
    let mut begun = false;
    loop {
        let chunk = match outside::next("endpoint", &mut response, begun).await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            Err(failure) => return Ok(Some(failure)),
        };
        begun = true;
        if events.push(&chunk, &mut data).is_err() {
            return Ok(Some(Failure::lasting("the endpoint sent an event without end")));
        }
        if let Some(failure) = take(answer, &mut data) {
            return Ok(Some(failure));
        }
        // Some endpoints keep the connection open.
        if answer.is_done() {
            return Ok(answer.verdict());
        }
        if answer.text.len() > shown && Instant::now() >= show_at {
            shown = answer.text.len();
            if let Err(e @ (Error::Conflict(_) | Error::NotFound)) = engine.show(job, answer.patch()).await {
                return Err(e);
            }
            // Writing a long text anew takes its time.
            show_at = Instant::now() + SHOW * u32::try_from(1 + shown / (64 << 10)).unwrap_or(u32::MAX);
        }
    }
    events.end(&mut data);
    Ok(take(answer, &mut data).or_else(|| answer.verdict()))
}

fn take(answer: &mut Answer, data: &mut Vec<String>) -> Option<Failure> {
    data.drain(..).find_map(|event| answer.take(&event).err())
}

/// An answer that is no stream.
async fn whole(mut response: Response, answer: &mut Answer) -> Result<(), Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = outside::next("endpoint", &mut response, !body.is_empty()).await? {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_BYTES {
            return Err(Failure::lasting("the endpoint's answer is too long"));
        }
    }
    answer.take(&String::from_utf8_lossy(&body))?;
    answer.verdict().map_or(Ok(()), Err)
}
