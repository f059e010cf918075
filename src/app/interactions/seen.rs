//! Server. Approvals and questions as the caller may know them.

use super::decide::standing;
use crate::app::Caller;
use crate::domain::execution::preview;
use crate::domain::{
    Answers, Approval, Approver, Error, InteractionOutcome, InteractionStatus, QuestionField, Result, Standing,
    Timestamp,
};
use crate::store::interactions::lists::MOST_NEWS;
use crate::store::interactions::{self as rows, ApproverRow, InteractionRow};
use crate::store::{Executor, Tx};
use serde_json::Value;
use std::collections::HashMap;

/// Longer parameters, answers and fields are left out of lists.
pub(super) const LISTED_BYTES: usize = 4 << 10;
/// Changes are told to those who listen for so long.
const NEWS_S: i64 = 60;

/// Whether the caller may know of it: who sees the agent, and who is asked.
fn may_see(caller: &Caller, row: &InteractionRow, people: &[ApproverRow]) -> bool {
    let asked = people.iter().any(|p| p.user_key == caller.user_key);
    caller.visible().includes(row.agent_key) || (asked && caller.reaches(row.agent_key))
}

/// One that the caller may know of, and who is asked.
pub(super) async fn find(
    db: &mut impl Executor,
    caller: &Caller,
    id: &str,
) -> Result<(InteractionRow, Vec<ApproverRow>)> {
    let row = rows::find(db, id).await?.ok_or(Error::NotFound)?;
    let people = rows::approvers(db, &[row.key]).await?;
    if may_see(caller, &row, &people) { Ok((row, people)) } else { Err(Error::NotFound) }
}

/// The same for changing.
pub(super) async fn for_update(tx: &mut Tx, caller: &Caller, id: &str) -> Result<InteractionRow> {
    let row = rows::find_for_update(tx, id).await?.ok_or(Error::NotFound)?;
    let people = rows::approvers(tx, &[row.key]).await?;
    if may_see(caller, &row, &people) { Ok(row) } else { Err(Error::NotFound) }
}

/// It was decided before: by whom and when.
pub(super) fn over(row: &InteractionRow) -> Error {
    let outcome = row.outcome.as_deref().unwrap_or(row.status.as_str());
    Error::Conflict(format!("it is over since {}: {outcome}", time(row.decided_at)))
}

pub(super) fn time(micros: Option<i64>) -> String {
    micros.map(|t| Timestamp::from_micros(t).to_string()).unwrap_or_default()
}

pub(super) fn fields(row: &InteractionRow) -> Result<Vec<QuestionField>> {
    row.fields.as_deref().map_or_else(|| Ok(Vec::new()), |text| read(row, text))
}

fn read<T: serde::de::DeserializeOwned>(row: &InteractionRow, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| Error::Internal(format!("interaction {}: {e}", row.id)))
}

/// In full.
pub(super) fn whole(caller: &Caller, row: &InteractionRow, people: &[ApproverRow]) -> Result<Approval> {
    let answers: Option<Answers> = row.answers.as_deref().map(|text| read(row, text)).transpose()?;
    let parameters: Option<Value> = row.parameters.as_deref().map(|text| read(row, text)).transpose()?;
    let pending = row.status == InteractionStatus::Pending;
    // What an agent is told is for those who operate it, and what will be done for those who decide about it.
    let asked = people.iter().any(|p| p.user_key == caller.user_key);
    let parameters = parameters.filter(|_| asked || caller.operates(row.agent_key));
    Ok(Approval {
        id: row.id.clone(),
        kind: row.kind,
        execution_id: row.execution_id.parse()?,
        agent_name: row.agent_name.clone(),
        agent_display_name: row.agent_display_name.clone(),
        step: row.step,
        title: row.title.clone(),
        message: row.message.clone(),
        policy: row.policy,
        approvers: people.iter().map(approver).collect::<Result<_>>()?,
        status: row.status,
        asked_at: Timestamp::from_micros(row.asked_at),
        expires_at: row.expires_at.map(Timestamp::from_micros),
        parameters,
        parameters_hash: row.parameters_hash.clone(),
        decided_at: row.decided_at.map(Timestamp::from_micros),
        outcome: row.outcome.clone(),
        fields: fields(row)?,
        answers,
        requested_by: row.requested_by.clone(),
        waits_for_you: pending && standing(caller, row, people)? == Standing::MayDecide,
    })
}

fn approver(p: &ApproverRow) -> Result<Approver> {
    Ok(Approver {
        email: p.email.clone(),
        display_name: p.display_name.clone(),
        decision: p.decision()?,
        comment: p.comment.clone(),
        at: p.at.map(Timestamp::from_micros),
        excluded: p.excluded()?,
        by_rule: p.by_rule(),
    })
}

/// As lists carry them.
pub(super) async fn listed(db: &mut impl Executor, caller: &Caller, found: &[InteractionRow]) -> Result<Vec<Approval>> {
    let people = people_of(db, found).await?;
    let none = Vec::new();
    found.iter().map(|row| short(caller, row, people.get(&row.key).unwrap_or(&none))).collect()
}

fn short(caller: &Caller, row: &InteractionRow, people: &[ApproverRow]) -> Result<Approval> {
    let short = |text: &Option<String>| text.clone().filter(|text| text.len() <= LISTED_BYTES);
    let row = InteractionRow {
        message: preview(&row.message),
        parameters: short(&row.parameters),
        answers: short(&row.answers),
        fields: short(&row.fields),
        ..row.clone()
    };
    whole(caller, &row, people)
}

async fn people_of(db: &mut impl Executor, found: &[InteractionRow]) -> Result<HashMap<i64, Vec<ApproverRow>>> {
    let keys: Vec<i64> = found.iter().map(|row| row.key).collect();
    let mut people: HashMap<i64, Vec<ApproverRow>> = HashMap::new();
    for person in rows::approvers(db, &keys).await? {
        people.entry(person.interaction_key).or_default().push(person);
    }
    Ok(people)
}

pub(super) async fn one(db: &mut impl Executor, caller: &Caller, row: &InteractionRow) -> Result<Approval> {
    whole(caller, row, &rows::approvers(db, &[row.key]).await?)
}

/// As it stands now.
pub(super) async fn again(db: &mut impl Executor, caller: &Caller, row: &InteractionRow) -> Result<Approval> {
    let row = rows::find(db, &row.id).await?.ok_or(Error::NotFound)?;
    one(db, caller, &row).await
}

/// What a run has asked, for whoever may see the run: newest first.
pub(crate) async fn of_run(db: &mut impl Executor, caller: &Caller, execution_key: i64) -> Result<Vec<Approval>> {
    const MOST: i64 = 100;
    let found = rows::of_execution(db, execution_key, MOST).await?;
    listed(db, caller, &found).await
}

/// What has come of the newest that a run has asked, for whoever does the run.
pub(crate) async fn outcomes(db: &mut impl Executor, execution_key: i64) -> Result<Vec<InteractionOutcome>> {
    const MOST: i64 = 20;
    let found = rows::of_execution(db, execution_key, MOST).await?;
    let outcome = |row: InteractionRow| {
        Ok(InteractionOutcome {
            answers: row.answers.as_deref().map(|text| read(&row, text)).transpose()?,
            id: row.id,
            kind: row.kind,
            title: row.title,
            status: row.status,
            outcome: row.outcome,
        })
    };
    found.into_iter().map(outcome).collect()
}

/// What is news of these runs' requests to the caller; `None`: too much to be told singly.
pub(crate) async fn changed_for(caller: &Caller, execution_keys: &[i64]) -> Result<Option<Vec<Approval>>> {
    let mut db = caller.app.store.read();
    let since = caller.now().plus_secs(-NEWS_S);
    let found = rows::lists::changed(&mut db, execution_keys, since).await?;
    if found.len() as i64 >= MOST_NEWS {
        return Ok(None);
    }
    let people = people_of(&mut db, &found).await?;
    let none = Vec::new();
    let with = found.iter().map(|row| (row, people.get(&row.key).unwrap_or(&none)));
    let theirs = with.filter(|(row, people)| may_see(caller, row, people));
    theirs.map(|(row, people)| short(caller, row, people)).collect::<Result<_>>().map(Some)
}
