//! Server. A run as its spans tell of it, as a record takes it.

use super::prices::Prices;
use crate::domain::agent::slug;
use crate::domain::visible::has_visible;
use crate::domain::{ExecutionId, NewExecution, PartStatus, Result, Status, Timestamp};
use crate::otlp::derive::{DerivedRun, Ending, RunKey, Verdict};
use crate::store::traces::{TraceRow, TraceState};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Names of one kind that metadata lists.
const LISTED: usize = 100;

/// The id of a run, which is the same whoever derives it when.
pub(super) fn id_of(user_key: i64, key: &RunKey) -> Result<ExecutionId> {
    let mut hasher = Sha256::new();
    hasher.update(b"runboard otlp 1\0");
    hasher.update(user_key.to_be_bytes());
    match key {
        RunKey::Trace(trace) => hasher.update(trace.bytes()),
        RunKey::Conversation { service, id } => {
            hasher.update(b"conversation");
            for text in [service, id] {
                hasher.update((text.len() as u64).to_be_bytes());
                hasher.update(text);
            }
        }
    }
    let hash = hasher.finalize();
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash).for_each(|(byte, hashed)| *byte = hashed);
    // A UUID of one's own making: version 8.
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    uuid::Uuid::from_bytes(bytes).to_string().parse()
}

/// Whether an id is of this making, and no random one.
pub(super) fn is_made(id: &str) -> bool {
    uuid::Uuid::try_parse(id).is_ok_and(|id| id.get_version_num() == 8)
}

/// A name that a slug can be made of.
pub(super) fn agent_name(run: &DerivedRun) -> &str {
    let name = run.agent_name.trim();
    if slug(name).is_empty() || !has_visible(name) { "unnamed" } else { name }
}

/// How a run stands, and its traces with it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Standing {
    /// None: as it is recorded.
    pub status: Option<Status>,
    pub error: Option<String>,
    pub ended: Option<Timestamp>,
    /// Nobody said that it ended.
    pub inferred: bool,
    pub state: TraceState,
    pub over_at: Option<Timestamp>,
    pub due: Option<Timestamp>,
}

/// How a run of these traces stands now. `quiet_after`: when nothing has come for so long that nothing will.
/// `known`: there is a run of them, whose states theirs are.
pub(super) fn standing(
    run: &DerivedRun,
    rows: &[&TraceRow],
    known: bool,
    quiet_after: Timestamp,
    now: Timestamp,
) -> Standing {
    let was = |state: TraceState| known && rows.iter().any(|row| row.state == state);
    let fixed = was(TraceState::Settled);
    match &run.ending {
        Ending::Over { verdict, at } => {
            let since =
                rows.iter().filter(|_| known).filter_map(|row| row.over_at).max().map_or(now, Timestamp::from_micros);
            let stands_at = since.plus_secs(super::STANDS_AFTER_S);
            let fixed = fixed || now >= stands_at;
            let (status, error) = of(verdict);
            Standing {
                status: (!fixed).then_some(status),
                error,
                ended: Some(*at),
                inferred: false,
                state: if fixed { TraceState::Settled } else { TraceState::Over },
                over_at: Some(since),
                due: (!fixed).then_some(stands_at),
            }
        }
        Ending::Open { if_quiet, last_seen } => {
            // It had ended before: a later word of it changes what it did, and not how it ended.
            let ended = fixed || was(TraceState::Over) || was(TraceState::Quiet);
            let quiet = now >= quiet_after;
            let (status, error) = of(if_quiet);
            let state = match (fixed, ended || quiet) {
                (true, _) => TraceState::Settled,
                (false, true) => TraceState::Quiet,
                (false, false) => TraceState::Open,
            };
            Standing {
                status: match (ended, quiet) {
                    (true, _) => None,
                    (false, true) => Some(status),
                    (false, false) => Some(Status::Running),
                },
                error: if quiet && !ended { error } else { None },
                ended: (ended || quiet).then_some(*last_seen),
                inferred: ended || quiet,
                state,
                over_at: None,
                due: (state == TraceState::Open).then_some(quiet_after),
            }
        }
    }
}

fn of(verdict: &Verdict) -> (Status, Option<String>) {
    match verdict {
        Verdict::Success => (Status::Success, None),
        Verdict::Failed { error } => (Status::Failed, error.clone()),
    }
}

/// The record of a run. `labels` are those it is to have.
pub(super) fn record(
    run: &DerivedRun,
    user_key: i64,
    standing: &Standing,
    status: Status,
    labels: BTreeMap<String, String>,
    prices: &Prices,
) -> Result<NewExecution> {
    let over = status.is_terminal();
    let running = run.steps.iter().rev().find(|s| s.status == Some(PartStatus::Running) && !over);
    Ok(NewExecution {
        agent_name: agent_name(run).to_owned(),
        message: run.message.clone().unwrap_or_default(),
        triggered_by: Some(run.trigger),
        status: Some(status),
        started_at: Some(run.started),
        completed_at: standing.ended.filter(|_| over).map(|at| at.max(run.started)),
        response: run.response.clone(),
        error: standing.error.clone(),
        cost: prices.cost(run),
        input_tokens: run.usage.input,
        output_tokens: run.usage.output,
        cached_tokens: run.usage.cached,
        reasoning_tokens: run.usage.reasoning,
        model: run.model.clone(),
        current_step: running.and_then(|s| s.title.clone()),
        steps_total: (over && !run.steps.is_empty()).then_some(run.steps.len() as i64),
        thread_id: run.thread_id.clone(),
        parent_id: run.parent.map(|trace| id_of(user_key, &RunKey::Trace(trace))).transpose()?,
        labels,
        metadata: Some(metadata(run, standing, over, prices)),
        steps: run.steps.clone(),
        tool_calls: run.tool_calls.clone(),
        ..NewExecution::default()
    })
}

/// What is known beside the fields of a record.
fn metadata(run: &DerivedRun, standing: &Standing, over: bool, prices: &Prices) -> Value {
    let traces: BTreeSet<String> = run.spans.iter().map(|span| span.trace.to_string()).collect();
    let listed = |names: &[String]| names.iter().take(LISTED).cloned().collect::<Vec<_>>();
    let content = [("message", run.message.is_some()), ("response", run.response.is_some())];
    let not_recorded: Vec<&str> = content.iter().filter(|(_, there)| !there).map(|(name, _)| *name).collect();
    json!({"otlp": {
        "traces": traces.iter().take(LISTED).collect::<Vec<_>>(),
        "root_span": run.root.map(|root| root.to_string()),
        "agents": listed(&run.agents),
        "models": listed(&run.models),
        "unpriced": listed(&prices.unpriced(run)),
        "model_calls": run.model_calls,
        "handoffs": run.handoffs,
        "spans": run.spans.len(),
        "left_out": run.left_out,
        // None where the emitter records no content: that is no empty text.
        "not_recorded": not_recorded,
        // Whether somebody said that it ended, or it follows from nothing more having come.
        "end": over.then_some(if standing.inferred { "inferred" } else { "received" }),
        "labels": run.labels.keys().collect::<Vec<_>>(),
    }})
}

/// Adds to the metadata what only who writes the run knows, and keeps what others have put there. `before`: what it was.
pub(super) fn note(new: &mut NewExecution, rows: &[&TraceRow], before: Option<&str>) {
    let given = [
        ("response", new.response.is_some()),
        ("cost", new.cost.is_some()),
        ("input_tokens", new.input_tokens.is_some()),
        ("output_tokens", new.output_tokens.is_some()),
        ("cached_tokens", new.cached_tokens.is_some()),
        ("reasoning_tokens", new.reasoning_tokens.is_some()),
        ("model", new.model.is_some()),
    ];
    let given: Vec<&str> = given.into_iter().filter(|(_, is)| *is).map(|(name, _)| name).collect();
    let not_kept: i64 = rows.iter().map(|row| row.left_out).sum();
    let Some(Value::Object(metadata)) = &mut new.metadata else { return };
    if let Some(Value::Object(told)) = metadata.get_mut("otlp") {
        told.insert("given".to_owned(), json!(given));
        told.insert("spans_not_kept".to_owned(), json!(not_kept));
    }
    if let Some(Ok(Value::Object(others))) = before.map(serde_json::from_str) {
        metadata.extend(others.into_iter().filter(|(key, _)| key != "otlp"));
    }
}

/// The fields that spans have once told of, as `note` noted them.
pub(super) fn given_before(metadata: Option<&str>) -> BTreeSet<String> {
    let metadata: Option<Value> = metadata.and_then(|text| serde_json::from_str(text).ok());
    let given = metadata.iter().filter_map(|told| told.pointer("/otlp/given")?.as_array());
    given.flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Labels a run is to have: those of its spans, and what others gave it. `before`: what it has, `told`: its metadata.
pub(super) fn labels(
    run: &DerivedRun,
    before: BTreeMap<String, String>,
    told: Option<&str>,
) -> BTreeMap<String, String> {
    let told: Option<Value> = told.and_then(|text| serde_json::from_str(text).ok());
    let ours: BTreeSet<&str> = told
        .iter()
        .filter_map(|told| told.pointer("/otlp/labels")?.as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut labels: BTreeMap<String, String> =
        before.into_iter().filter(|(key, _)| !ours.contains(key.as_str())).collect();
    labels.extend(run.labels.clone());
    labels
}
