//! Server. Runs of flows: one step after another, each written down when it begins and when it has ended. Between steps a
//! run can pause, and be taken up by another server.

use super::context::{By, Context, Exchange};
use super::job::{Failure, Job, Outcome, Spent};
use super::{Engine, Halt, ask, halt_of};
use crate::app::agents::stored_config;
use crate::app::control::NO_COMMANDS;
use crate::app::{budgets, flows, record};
use crate::domain::flow::MOST_STEPS;
use crate::domain::{
    AgentConfig, AgentKind, Error, ExecutionPatch, FlowStep, InteractionKind, NewInteraction, NewStep, OnInterruption,
    PartStatus, Result, Status, Step, Timestamp,
};
use crate::store::agents::AgentRow;
use crate::store::executions::Record;
use crate::store::flows::{self as rows, FlowRunRow};
use crate::store::{Tx, agents, executions, parts, queue};
use futures::future::BoxFuture;
use std::time::Duration;
use tokio::sync::watch;

/// The database could not be reached: tried again after.
const AGAIN: Duration = Duration::from_millis(500);
/// A run whose servers go away this often is not taken up again: it may be the reason.
const MOST_RESUMPTIONS: i64 = 5;

type Halted = watch::Receiver<Option<Halt>>;

/// Whether a step is to be done.
pub(super) enum Begun {
    Yes,
    /// People have decided already; what it came to.
    Done(String),
    /// There is nobody to ask.
    Refused(String),
    /// The run pauses; nobody is at it now.
    Parked,
    /// It is to stop, or is no longer this server's.
    No,
}

/// Does the steps that are not done.
pub async fn run(engine: &Engine, job: &Job, flow: &FlowRunRow, mut halted: Halted) -> Result<Outcome> {
    let planned = flows::steps(&flow.steps)?;
    let known = insist(&mut halted, || Box::pin(known_steps(engine, job))).await?;
    // What each step is done as; what came before it grows with each.
    let mut part = Job { flow: None, ..job.clone() };
    for (step, index) in planned.iter().zip(0..) {
        let message = Some(job.message.as_str()).filter(|_| flow.with_message);
        let asked = step.interaction().map(|asked| ask::of_step(asked, &planned, index, &part, message));
        let done = known.iter().find(|s| s.index == index && s.status == PartStatus::Success);
        let done = match (done, &asked) {
            // What it allows has not begun, and is not what was allowed: people are asked anew.
            (Some(_), Some(asked)) if is_newest(&known, index) && !approved(engine, &part, index, asked).await? => None,
            (done, _) => done,
        };
        let (input, output) = if let Some(done) = done {
            (done.input.clone().unwrap_or_default(), done.output.clone().unwrap_or_default())
        } else {
            part.step = Some(index);
            part.message = input(&planned, index, flow, &job.message, &part.context);
            let begun = insist(&mut halted, || Box::pin(begin(engine, &part, index, step, asked.as_ref()))).await?;
            let output = match begun {
                Begun::Yes => {
                    let outcome = work(engine, &mut part, step, halted.clone()).await?;
                    let total = part.spent.with(outcome.patch.clone());
                    // Why it halted is said by whoever ends the run.
                    if halt_of(&halted).is_some() {
                        return Ok(Outcome { failure: outcome.failure, patch: total, ..Outcome::default() });
                    }
                    let failure = outcome.failure.as_ref();
                    insist(&mut halted, || Box::pin(end(engine, &part, index, &outcome.patch, &total, failure)))
                        .await?;
                    if let Some(failure) = outcome.failure {
                        let failure = of_step(failure, &planned, index, step);
                        return Ok(Outcome { failure: Some(failure), patch: total, ..Outcome::default() });
                    }
                    part.spent = Spent::after(&total);
                    outcome.patch.response.unwrap_or_default()
                }
                Begun::Done(output) => output,
                Begun::Refused(why) => {
                    let failure = of_step(Failure::lasting(why), &planned, index, step);
                    return Ok(Outcome { failure: Some(failure), ..Outcome::default() });
                }
                Begun::Parked => return Ok(Outcome { parked: true, ..Outcome::default() }),
                Begun::No => return Ok(Outcome::default()),
            };
            (std::mem::take(&mut part.message), output)
        };
        let by = match step {
            FlowStep::Approval { .. } => By::Approval,
            FlowStep::Question { .. } => By::Answer,
            _ => By::Agent,
        };
        part.context.before.push(Exchange { title: step.title().to_owned(), by, input, output });
    }
    Ok(Outcome::default())
}

/// Whether no step after it was begun.
fn is_newest(known: &[Step], index: i64) -> bool {
    known.iter().all(|step| step.index <= index)
}

async fn approved(engine: &Engine, part: &Job, index: i64, asked: &NewInteraction) -> Result<bool> {
    if asked.kind == InteractionKind::Question {
        return Ok(true);
    }
    ask::still_approved(&mut engine.0.app.store.read(), part.key, index, asked).await
}

/// A failure, with the step it happened in.
fn of_step(failure: Failure, planned: &[FlowStep], index: i64, step: &FlowStep) -> Failure {
    let error = format!("step {} of {}, {}: {}", index + 1, planned.len(), step.title(), failure.error);
    Failure { error, ..failure }
}

async fn known_steps(engine: &Engine, job: &Job) -> Result<Vec<Step>> {
    parts::steps(&mut engine.0.app.store.read(), job.key, 0, MOST_STEPS as i64).await
}

/// What a step is sent: a prompt its text, those of people theirs, others what the step before it answered. What the run
/// was started with goes with the first prompt, or where there is none before, in its place.
fn input(planned: &[FlowStep], index: i64, flow: &FlowRunRow, message: &str, context: &Context) -> String {
    let first_prompt = planned
        .iter()
        .zip(0..)
        .find(|(step, i)| *i >= flow.from_step && matches!(step, FlowStep::Prompt { .. }))
        .map(|(_, i)| i);
    let message = Some(message).filter(|_| flow.with_message);
    match usize::try_from(index).ok().and_then(|i| planned.get(i)) {
        Some(FlowStep::Prompt { prompt, .. }) => match message.filter(|_| first_prompt == Some(index)) {
            Some(message) => format!("{prompt}\n\n{message}"),
            None => prompt.clone(),
        },
        Some(FlowStep::Approval { message, .. } | FlowStep::Question { message, .. }) => message.clone(),
        _ => context.passed_on().or(message).unwrap_or_default().to_owned(),
    }
}

/// Does one step as its kind says.
async fn work(engine: &Engine, part: &mut Job, step: &FlowStep, halted: Halted) -> Result<Outcome> {
    let outcome = match step.config() {
        None => engine.perform(part, &stored_config(&part.agent)?, halted).await?,
        Some(AgentConfig::Command(_)) if !engine.0.app.config.allow_commands => {
            return Ok(Failure::lasting(NO_COMMANDS).into());
        }
        Some(config) => {
            // What came before is for prompts.
            let context = std::mem::take(&mut part.context);
            let outcome = engine.perform(part, &config, halted).await;
            part.context = context;
            outcome?
        }
    };
    if outcome.reports_later {
        let failure = Failure::lasting("the webhook did not answer with a response, which a step of a flow has to");
        return Ok(Outcome { failure: Some(failure), reports_later: false, ..outcome });
    }
    Ok(outcome)
}

/// Notes that a step begins, unless the run is to pause or stop. One that asks people waits for them.
async fn begin(
    engine: &Engine,
    part: &Job,
    index: i64,
    step: &FlowStep,
    asked: Option<&NewInteraction>,
) -> Result<Begun> {
    let (owner, key, now) = (engine.0.owner.clone(), part.key, engine.0.app.now());
    let begun = NewStep {
        index,
        title: Some(step.title().to_owned()),
        kind: Some(step.kind().to_owned()),
        status: Some(PartStatus::Running),
        input: Some(part.message.clone()),
        started_at: Some(now),
        ..NewStep::default()
    };
    let asked = asked.cloned();
    let store = &engine.0.app.store;
    store
        .write(move |tx| {
            Box::pin(async move {
                if !queue::holds(tx, key, &owner).await? {
                    return Ok(Begun::No);
                }
                let mut run = executions::by_key_for_update(tx, key).await?;
                if run.cancel_requested_at.is_some() {
                    return Ok(Begun::No);
                }
                if pauses(tx, &mut run, now).await? {
                    return Ok(Begun::Parked);
                }
                if let Some(asked) = asked {
                    return ask::people(tx, &mut run, &begun, &asked, now).await;
                }
                ask::note_begun(tx, &mut run, &begun, now).await?;
                Ok(Begun::Yes)
            })
        })
        .await
}

/// Lets a run pause, if somebody asked for it or its agent has spent what it may: then until it may spend again.
async fn pauses(tx: &mut Tx, run: &mut Record, now: Timestamp) -> Result<bool> {
    let paused = ExecutionPatch { status: Some(Status::Paused), ..ExecutionPatch::default() };
    if rows::of_run(tx, run.key).await?.is_some_and(|flow| flow.pause_requested_at.is_some()) {
        queue::park(tx, run.key, now).await?;
        rows::ask_to_pause(tx, run.key, None).await?;
        record::change(tx, run, &paused, now).await?;
        return Ok(true);
    }
    let agent = agents::by_key(tx, run.agent_key).await?;
    match budgets::check(tx, &agent, now).await {
        Ok(()) => return Ok(false),
        Err(Error::Conflict(reason)) => parts::note(tx, run.key, &reason, now).await?,
        Err(e) => return Err(e),
    }
    queue::put_back(tx, run.key, now, None).await?;
    record::change(tx, run, &paused, now).await?;
    Ok(true)
}

/// Notes how a step ended, and what the run has come to with it.
async fn end(
    engine: &Engine,
    part: &Job,
    index: i64,
    patch: &ExecutionPatch,
    total: &ExecutionPatch,
    failure: Option<&Failure>,
) -> Result<()> {
    let (owner, key, now) = (engine.0.owner.clone(), part.key, engine.0.app.now());
    let ended = NewStep {
        index,
        status: Some(if failure.is_some() { PartStatus::Failed } else { PartStatus::Success }),
        output: patch.response.clone(),
        error: failure.map(|f| super::finish::bounded(f.error.clone())),
        completed_at: Some(now),
        input_tokens: patch.input_tokens,
        output_tokens: patch.output_tokens,
        cost: patch.cost,
        ..NewStep::default()
    };
    let total = total.clone();
    let store = &engine.0.app.store;
    store
        .write(move |tx| {
            Box::pin(async move {
                queue::must_hold(tx, key, &owner).await?;
                parts::upsert_steps(tx, key, &[ended]).await?;
                let mut run = executions::by_key_for_update(tx, key).await?;
                run.steps_done = parts::step_progress(tx, key).await?.0;
                record::change(tx, &mut run, &total, now).await
            })
        })
        .await
}

/// Does something with the database however long that is away, as long as the run is this server's.
async fn insist<'a, T>(halted: &mut Halted, act: impl Fn() -> BoxFuture<'a, Result<T>> + Send) -> Result<T> {
    loop {
        match act().await {
            Err(e @ Error::Unavailable(_)) => tracing::warn!(error = %e, "a step of a flow waits"),
            done => return done,
        }
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            _ = halted.wait_for(|why| *why == Some(Halt::Lost)) => {
                return Err(queue::lost());
            }
        }
    }
}

/// Why a server has left a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interruption {
    /// Nobody knows. It may have been the run's own fault.
    Lost,
    /// As it was asked to.
    Stopped,
}

/// Puts a run back into the queue that a server has left in the middle of it, if its flow allows that: finished steps
/// stay, the one it was at is done anew. `not_before`: what the server left running may take so long to end.
pub async fn take_up_again(tx: &mut Tx, run: &mut Record, why: Interruption, not_before: Timestamp) -> Result<bool> {
    let Some(flow) = rows::of_run(tx, run.key).await? else { return Ok(false) };
    let Some(entry) = queue::of(tx, run.key).await? else { return Ok(false) };
    let lost = why == Interruption::Lost;
    let allowed = flow.on_interruption == OnInterruption::Resume && (!lost || flow.resumed < MOST_RESUMPTIONS);
    if !allowed || run.cancel_requested_at.is_some() {
        return Ok(false);
    }
    if lost {
        rows::count_resumption(tx, run.key).await?;
    }
    // It begins anew; until then nobody is at it.
    parts::end_running_steps(tx, run.key, "interrupted", not_before).await?;
    // Its time goes on.
    queue::put_back(tx, run.key, not_before, entry.deadline).await?;
    let why = if lost { "the server that did this run is gone" } else { "the server was stopped" };
    parts::note(tx, run.key, &format!("{why}; the flow goes on after step {}", run.steps_done), not_before).await?;
    Ok(true)
}

/// Whether a run may have started programs on the server's machine.
pub async fn runs_programs(tx: &mut Tx, agent: &AgentRow, execution_key: i64) -> Result<bool> {
    if agent.kind == AgentKind::Command {
        return Ok(true);
    }
    let Some(flow) = rows::of_run(tx, execution_key).await? else { return Ok(false) };
    Ok(flows::steps(&flow.steps)?.iter().any(FlowStep::is_program))
}

impl Engine {
    /// Leaves a run to whoever takes it up next, because this server ends.
    pub(super) async fn gives_back(&self, job: &Job, total: &ExecutionPatch) -> Result<bool> {
        let (owner, key, now) = (self.0.owner.clone(), job.key, self.0.app.now());
        let total = ExecutionPatch { response: None, ..total.clone() };
        let store = &self.0.app.store;
        store
            .write(move |tx| {
                Box::pin(async move {
                    if !queue::holds(tx, key, &owner).await? {
                        return Ok(true);
                    }
                    let mut run = executions::by_key_for_update(tx, key).await?;
                    if !take_up_again(tx, &mut run, Interruption::Stopped, now).await? {
                        return Ok(false);
                    }
                    // What it has spent is spent.
                    record::change(tx, &mut run, &total, now).await?;
                    Ok(true)
                })
            })
            .await
    }
}
