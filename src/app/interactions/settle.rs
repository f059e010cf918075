//! Server. What a decision does to the run: it goes on, waits for others, or has failed. Always within the transaction
//! of what led to it.

use crate::app::record;
use crate::domain::interaction::names;
use crate::domain::{
    Answers, Decision, Error, ExecutionPatch, InteractionKind, InteractionStatus, NewStep, OnReject, PartStatus,
    QuestionField, Result, Status, Tally, Timestamp, Verdict,
};
use crate::store::executions::{self, Record};
use crate::store::interactions::{self as rows, ApproverRow, InteractionRow};
use crate::store::queue::{self, State};
use crate::store::{Tx, parts};

/// Those who count.
fn counted(people: &[ApproverRow]) -> impl Iterator<Item = &ApproverRow> {
    people.iter().filter(|p| p.excluded.is_none())
}

pub(super) fn tally(people: &[ApproverRow]) -> Result<Tally> {
    let said: Vec<_> = counted(people).map(ApproverRow::decision).collect::<Result<_>>()?;
    Ok(Tally::of(said))
}

/// `approved by Ann: go; Bo`
fn by(people: &[ApproverRow], decision: Decision) -> String {
    let said = counted(people).filter(|p| p.decision.as_deref() == Some(decision.as_str()));
    let words = said.map(|p| match (&p.comment, p.by_rule()) {
        (_, true) => format!("a standing rule of {}", p.display_name),
        (Some(comment), false) => format!("{}: {comment}", p.display_name),
        (None, false) => p.display_name.clone(),
    });
    format!("{} by {}", decision.done(), words.collect::<Vec<_>>().join("; "))
}

/// Looks where an approval stands, and does what follows.
pub(super) async fn conclude(tx: &mut Tx, row: &InteractionRow, run: &mut Record, now: Timestamp) -> Result<()> {
    conclude_after(tx, row, run, "", now).await
}

/// The same; `after`: what made it come to this, beside the answers.
async fn conclude_after(
    tx: &mut Tx,
    row: &InteractionRow,
    run: &mut Record,
    after: &str,
    now: Timestamp,
) -> Result<()> {
    let people = rows::approvers(tx, &[row.key]).await?;
    rows::touch(tx, row.key, now).await?;
    match tally(&people)?.verdict(row.policy) {
        Verdict::Open => settle(tx, run, now).await,
        Verdict::Approved => {
            let outcome = format!("{}{after}", by(&people, Decision::Approve));
            rows::end(tx, row.key, InteractionStatus::Approved, &outcome, None, now).await?;
            go_on(tx, row, run, &outcome, now).await
        }
        Verdict::Rejected => {
            let why = format!("{}{after}", by(&people, Decision::Reject));
            refused(tx, row, run, InteractionStatus::Rejected, &why, now).await
        }
        Verdict::Nobody => {
            let why = format!("nobody is left who could decide{after}");
            refused(tx, row, run, InteractionStatus::Cancelled, &why, now).await
        }
    }
}

/// Ends what standing rules have approved before anybody was asked.
pub(super) async fn at_once(tx: &mut Tx, row: &InteractionRow, now: Timestamp) -> Result<()> {
    let people = rows::approvers(tx, &[row.key]).await?;
    if tally(&people)?.verdict(row.policy) != Verdict::Approved {
        return Ok(());
    }
    rows::end(tx, row.key, InteractionStatus::Approved, &by(&people, Decision::Approve), None, now).await
}

/// A question has its answer.
pub(super) async fn answered(
    tx: &mut Tx,
    row: &InteractionRow,
    run: &mut Record,
    who: &str,
    answers: &Answers,
    now: Timestamp,
) -> Result<()> {
    let written = serde_json::to_string(answers).map_err(|e| Error::Internal(format!("answers: {e}")))?;
    let outcome = format!("answered by {who}");
    rows::end(tx, row.key, InteractionStatus::Answered, &outcome, Some(&written), now).await?;
    go_on(tx, row, run, &in_words(&super::seen::fields(row)?, answers), now).await
}

/// Answers as people read them, and the steps after them.
fn in_words(fields: &[QuestionField], answers: &Answers) -> String {
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(all) => all.iter().filter_map(|v| v.as_str()).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    let given = fields.iter().filter_map(|field| Some((field, answers.get(&field.name)?)));
    given.map(|(field, value)| format!("{}: {}", field.label, text(value))).collect::<Vec<_>>().join("\n")
}

/// It was rejected, too late, or nobody is left: as the run wants it, that is its end or it goes on.
pub(super) async fn refused(
    tx: &mut Tx,
    row: &InteractionRow,
    run: &mut Record,
    status: InteractionStatus,
    why: &str,
    now: Timestamp,
) -> Result<()> {
    rows::end(tx, row.key, status, why, None, now).await?;
    if row.on_reject == OnReject::Continue {
        return settle(tx, run, now).await;
    }
    if row.step.is_some() {
        parts::end_running_steps(tx, run.key, why, now).await?;
    }
    let failed =
        ExecutionPatch { status: Some(Status::Failed), error: Some(why.to_owned()), ..ExecutionPatch::default() };
    record::change(tx, run, &failed, now).await
}

/// The run goes on, if it waits for nothing else. A flow's takes its place in the queue again.
async fn go_on(tx: &mut Tx, row: &InteractionRow, run: &mut Record, output: &str, now: Timestamp) -> Result<()> {
    if let Some(index) = row.step {
        // Asked by a step: it is this one the run is at, and nobody has taken it on since.
        let parked = queue::of(tx, run.key).await?.is_some_and(|entry| entry.state == State::Parked);
        let step = parts::step(tx, run.key, index).await?.filter(|step| step.status == PartStatus::Running);
        if !parked || step.is_none() {
            return Err(Error::Conflict("the run is no longer at the step that asked".to_owned()));
        }
        finish_step(tx, run, index, output, now).await?;
        queue::put_back(tx, run.key, now, None).await?;
    }
    settle(tx, run, now).await
}

/// Notes that a step of people is done.
pub(crate) async fn finish_step(tx: &mut Tx, run: &mut Record, index: i64, output: &str, now: Timestamp) -> Result<()> {
    let done = NewStep {
        index,
        status: Some(PartStatus::Success),
        output: Some(output.to_owned()),
        completed_at: Some(now),
        ..NewStep::default()
    };
    parts::upsert_steps(tx, run.key, &[done]).await?;
    run.steps_done = parts::step_progress(tx, run.key).await?.0;
    Ok(())
}

/// Says of a run what it waits for, or that it goes on.
pub(super) async fn settle(tx: &mut Tx, run: &mut Record, now: Timestamp) -> Result<()> {
    if run.status.is_terminal() {
        return Ok(());
    }
    let pending = rows::pending_of(tx, run.key).await?;
    let waited = run.status == Status::Waiting;
    let next = if pending.is_empty() { Status::Running } else { Status::Waiting };
    run.had_interaction = true;
    run.waiting_on = if pending.is_empty() { None } else { Some(waiting_on(tx, &pending).await?) };
    let patch = ExecutionPatch { status: Some(next), ..ExecutionPatch::default() };
    record::change(tx, run, &patch, now).await?;
    if waited && next == Status::Running {
        record::time_anew(tx, run, now).await?;
    }
    Ok(())
}

async fn waiting_on(tx: &mut Tx, pending: &[InteractionRow]) -> Result<String> {
    let keys: Vec<i64> = pending.iter().map(|row| row.key).collect();
    let people = rows::approvers(tx, &keys).await?;
    let mut who: Vec<&str> = people.iter().filter(|p| p.turn).map(|p| p.display_name.as_str()).collect();
    who.sort_unstable();
    who.dedup();
    Ok(if who.is_empty() { "a person".to_owned() } else { names(&who) })
}

/// What a run waits for is over, because the run is, or is to be; whether there was anything.
pub(crate) async fn cancel_pending(tx: &mut Tx, run: &Record, why: &str, now: Timestamp) -> Result<bool> {
    if !run.had_interaction && run.status != Status::Waiting {
        return Ok(false);
    }
    let pending = rows::pending_of(tx, run.key).await?;
    for row in &pending {
        rows::end(tx, row.key, InteractionStatus::Cancelled, why, None, now).await?;
    }
    Ok(!pending.is_empty())
}

/// A run that waits for people goes on when they say so.
pub(crate) async fn none_pending(tx: &mut Tx, run: &Record) -> Result<()> {
    if run.status != Status::Waiting || rows::pending_of(tx, run.key).await?.is_empty() {
        return Ok(());
    }
    let who = run.waiting_on.as_deref().unwrap_or("a person");
    Err(Error::Conflict(format!("the run waits for {who}; take back what it has asked, to go on without an answer")))
}

/// A run has ended.
pub(crate) async fn run_ended(tx: &mut Tx, run: &Record, now: Timestamp) -> Result<()> {
    let why = match (run.status, &run.cancel_requested_by) {
        (Status::Cancelled, Some(who)) => format!("the run was stopped by {who}"),
        (status, _) => format!("the run ended: {status}"),
    };
    cancel_pending(tx, run, &why, now).await.map(|_| ())
}

/// Somebody asked for a run to stop: nobody is to decide about it any more.
pub(crate) async fn stop_asked(tx: &mut Tx, run: &mut Record, who: &str, now: Timestamp) -> Result<bool> {
    if !cancel_pending(tx, run, &format!("{who} asked the run to stop"), now).await? {
        return Ok(false);
    }
    settle(tx, run, now).await?;
    Ok(true)
}

/// Counts again without somebody, wherever they have been asked and nobody has decided.
pub(crate) async fn recount_without(tx: &mut Tx, who: (i64, &str), actor: &str, now: Timestamp) -> Result<()> {
    loop {
        let named = rows::lists::naming(tx, who.0).await?;
        if named.is_empty() {
            return Ok(());
        }
        for id in named {
            let Some(row) = rows::find_for_update(tx, &id).await? else { continue };
            without(tx, &row, who, actor, now).await?;
        }
    }
}

/// Takes somebody (key, name) off the list. `false`: they were not on it.
pub(super) async fn without(
    tx: &mut Tx,
    row: &InteractionRow,
    (user_key, name): (i64, &str),
    actor: &str,
    now: Timestamp,
) -> Result<bool> {
    if row.status != InteractionStatus::Pending || !rows::exclude(tx, row.key, user_key).await? {
        return Ok(false);
    }
    let mut run = executions::by_key_for_update(tx, row.execution_key).await?;
    let removed = format!("{actor} took {name} off the list of those who decide about “{}”", row.title);
    parts::note(tx, run.key, &removed, now).await?;
    let anybody = rows::approvers(tx, &[row.key]).await?.iter().any(|p| p.turn);
    match row.kind {
        InteractionKind::Approval => {
            let after = format!(", after {actor} took {name} off the list");
            conclude_after(tx, row, &mut run, &after, now).await?;
        }
        InteractionKind::Question if anybody || row.open_to_operators => {
            rows::touch(tx, row.key, now).await?;
            settle(tx, &mut run, now).await?;
        }
        InteractionKind::Question => {
            let why = "nobody is left who could answer";
            refused(tx, row, &mut run, InteractionStatus::Cancelled, why, now).await?;
        }
    }
    Ok(true)
}
