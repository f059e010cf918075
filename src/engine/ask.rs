//! Server. Steps that ask people: the run waits for them, and nobody is at it.

use super::flow::Begun;
use super::job::Job;
use crate::app::interactions::By;
use crate::app::{interactions, record};
use crate::auth::secret;
use crate::domain::{Error, ExecutionPatch, FlowStep, InteractionKind, NewInteraction, NewStep, Result, Timestamp};
use crate::store::executions::Record;
use crate::store::{Executor, Tx, interactions as store, parts, queue};
use serde_json::json;

/// What the next step is sent is shown up to here, and known by its hash beyond.
const SHOWN_BYTES: usize = 16 << 10;

/// What a step asks; of an approval, bound to exactly what is done next, until an approval is asked for again: the steps,
/// what they are sent, and by the hashes of what they know besides.
pub fn of_step(
    asked: NewInteraction,
    planned: &[FlowStep],
    index: i64,
    part: &Job,
    message: Option<&str>,
) -> NewInteraction {
    if asked.kind == InteractionKind::Question {
        return asked;
    }
    let after = usize::try_from(index).unwrap_or(usize::MAX).saturating_add(1);
    let is_approval = |step: &&FlowStep| matches!(step, FlowStep::Approval { .. });
    let next: Vec<&FlowStep> = planned.iter().skip(after).take_while(|step| !is_approval(step)).collect();
    let input = part.context.passed_on().or(message).unwrap_or_default();
    let shown = &input[..input.floor_char_boundary(SHOWN_BYTES)];
    let known = json!({
        "memories": part.context.memories_as_json(),
        "before": part.context.before_as_json(),
        "agent": part.agent.config,
    });
    let mut parameters = json!({
        "next": next,
        "input": shown,
        "input_bytes": input.len(),
        "input_sha256": secret::sha256_hex(input.as_bytes()),
        "context_sha256": secret::sha256_hex(interactions::canonical(&known).as_bytes()),
    });
    if let Some(message) = message {
        parameters["message"] = json!(message[..message.floor_char_boundary(SHOWN_BYTES)]);
        parameters["message_sha256"] = json!(secret::sha256_hex(message.as_bytes()));
    }
    NewInteraction { parameters: Some(parameters), ..asked }
}

/// Whether what people have approved in this run is still what would be done now.
pub async fn still_approved(db: &mut impl Executor, key: i64, index: i64, asked: &NewInteraction) -> Result<bool> {
    // Taken over from the run that this one retries by itself.
    let Some(approved) = store::approved_hash(db, key, index).await? else { return Ok(true) };
    let now = asked.parameters.as_ref().map_or_else(|| "null".to_owned(), interactions::canonical);
    Ok(approved == secret::sha256_hex(now.as_bytes()))
}

/// Asks. Without anybody to ask, nothing has changed.
pub async fn people(
    tx: &mut Tx,
    run: &mut Record,
    begun: &NewStep,
    asked: &NewInteraction,
    now: Timestamp,
) -> Result<Begun> {
    let asked = match interactions::ask_in(tx, run, asked, By::Step(begun.index), now).await {
        Ok(asked) => asked,
        Err(e @ (Error::Invalid(_) | Error::Conflict(_))) => return Ok(Begun::Refused(e.to_string())),
        Err(e) => return Err(e),
    };
    note_begun(tx, run, begun, now).await?;
    if let Some(approved) = asked.approved() {
        interactions::finish_step(tx, run, begun.index, approved, now).await?;
        record::change(tx, run, &ExecutionPatch::default(), now).await?;
        return Ok(Begun::Done(approved.to_owned()));
    }
    queue::park(tx, run.key, now).await?;
    Ok(Begun::Parked)
}

/// Writes down that a step begins.
pub async fn note_begun(tx: &mut Tx, run: &mut Record, begun: &NewStep, now: Timestamp) -> Result<()> {
    parts::begin_step(tx, run.key, begun).await?;
    run.steps_done = parts::step_progress(tx, run.key).await?.0;
    let step = ExecutionPatch { current_step: begun.title.clone(), ..ExecutionPatch::default() };
    record::change(tx, run, &step, now).await
}
