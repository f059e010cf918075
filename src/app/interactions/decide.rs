//! Server. Deciding: once, by those who are asked, on exactly what they were shown.

use super::{check, people, seen, settle};
use crate::app::Caller;
use crate::domain::interaction::MOST_TOGETHER;
use crate::domain::{
    Answers, Approval, Error, InteractionKind, InteractionStatus, NotCounted, Response, ResponseResult, ResponseToMany,
    Result, Standing, Timestamp,
};
use crate::store::executions::{self, Record};
use crate::store::interactions::{self as rows, ApproverRow, InteractionRow};
use crate::store::{Tx, parts, users};

/// What somebody decides about an approval. Who comes too late is told who was there first.
pub async fn respond(caller: &Caller, id: &str, response: Response) -> Result<Approval> {
    caller.writer()?;
    check::comment(response.comment.as_deref())?;
    let (who, id, now) = (caller.clone(), id.to_owned(), caller.now());
    let decided = caller
        .write(move |tx| {
            Box::pin(async move {
                let row = seen::for_update(tx, &who, &id).await?;
                if row.kind == InteractionKind::Question {
                    return Err(Error::Conflict("this is a question: it wants an answer".to_owned()));
                }
                let mut run = may_decide(tx, &who, &row, now).await?;
                if response.parameters_hash.as_ref().is_some_and(|hash| *hash != row.parameters_hash) {
                    return Err(Error::Conflict(
                        "these are not the parameters that the run asks for; look at them again".to_owned(),
                    ));
                }
                let comment = response.comment.as_deref().map(str::trim).filter(|text| !text.is_empty());
                if !rows::decide(tx, row.key, who.user_key, response.decision, comment, None, now).await? {
                    return Err(Error::Conflict("you have decided already".to_owned()));
                }
                let said = comment.map(|text| format!(": {text}")).unwrap_or_default();
                let words = format!("{} {} “{}”{said}", who.display_name, response.decision.done(), row.title);
                parts::note(tx, run.key, &words, now).await?;
                settle::conclude(tx, &row, &mut run, now).await?;
                seen::again(tx, &who, &row).await
            })
        })
        .await;
    caller.app.bell.ring();
    decided
}

/// The same answer to several equal requests; each is judged alone.
pub async fn respond_to_many(caller: &Caller, response: ResponseToMany) -> Result<Vec<ResponseResult>> {
    caller.writer()?;
    let ResponseToMany { ids, decision, comment } = response;
    if ids.is_empty() || ids.len() > MOST_TOGETHER {
        return Err(Error::invalid("ids", format!("needs 1 to {MOST_TOGETHER} ids")));
    }
    check::comment(comment.as_deref())?;
    let mut alike: Option<String> = None;
    for (i, id) in ids.iter().enumerate() {
        let (row, _) = seen::find(&mut caller.app.store.read(), caller, id).await?;
        if alike.get_or_insert_with(|| row.alike.clone()) != &row.alike {
            return Err(Error::invalid(format!("ids[{i}]"), "asks for something else than the first"));
        }
    }
    let one_by_one = caller.unclaimed();
    let mut results = Vec::with_capacity(ids.len());
    for id in ids {
        let response = Response { decision, comment: comment.clone(), parameters_hash: None };
        results.push(match respond(&one_by_one, &id, response).await {
            Ok(approval) => ResponseResult { id, status: Some(approval.status), error: None },
            Err(e @ (Error::Unavailable(_) | Error::Internal(_))) => return Err(e),
            Err(e) => ResponseResult { id, status: None, error: Some(e.to_string()) },
        });
    }
    Ok(results)
}

/// Answers a question; the first answer counts.
pub async fn answer(caller: &Caller, id: &str, answers: Answers) -> Result<Approval> {
    caller.writer()?;
    let (who, id, now) = (caller.clone(), id.to_owned(), caller.now());
    let answered = caller
        .write(move |tx| {
            Box::pin(async move {
                let row = seen::for_update(tx, &who, &id).await?;
                if row.kind == InteractionKind::Approval {
                    return Err(Error::Conflict("this is an approval: it wants a decision".to_owned()));
                }
                let mut run = may_decide(tx, &who, &row, now).await?;
                let answers = check::answers(&seen::fields(&row)?, answers)?;
                rows::add_answerer(tx, &row, who.user_key, now).await?;
                parts::note(tx, run.key, &format!("{} answered “{}”", who.display_name, row.title), now).await?;
                settle::answered(tx, &row, &mut run, &who.display_name, &answers, now).await?;
                seen::again(tx, &who, &row).await
            })
        })
        .await;
    caller.app.bell.ring();
    answered
}

/// The run, locked, if it is this person's turn.
async fn may_decide(tx: &mut Tx, who: &Caller, row: &InteractionRow, now: Timestamp) -> Result<Record> {
    let people = rows::approvers(tx, &[row.key]).await?;
    match standing(who, row, &people)? {
        Standing::Reader => return Err(Error::Forbidden("only those who are asked decide about this".to_owned())),
        Standing::Requester => {
            return Err(Error::Forbidden("you started this run: others have to decide about it".to_owned()));
        }
        Standing::Removed => {
            return Err(Error::Forbidden("you were taken off the list of those who decide about this".to_owned()));
        }
        Standing::HasDecided | Standing::MayDecide => {}
    }
    if row.status != InteractionStatus::Pending {
        return Err(seen::over(row));
    }
    let mine = people.iter().find(|p| p.user_key == who.user_key);
    if let Some((decision, at)) = mine.and_then(|p| Some((p.decision().transpose()?, p.at?))) {
        let at = Timestamp::from_micros(at);
        return Err(Error::Conflict(format!("you {} this at {at}", decision?.done())));
    }
    if row.expires_at.is_some_and(|at| at <= now.micros()) {
        return Err(Error::Conflict(format!("it is too late: it expired at {}", seen::time(row.expires_at))));
    }
    let run = executions::by_key_for_update(tx, row.execution_key).await?;
    if run.status.is_terminal() || run.cancel_requested_at.is_some() {
        return Err(Error::Conflict("the run has ended or is to stop: there is nothing to decide".to_owned()));
    }
    Ok(run)
}

/// What somebody may do about a request.
pub(super) fn standing(who: &Caller, row: &InteractionRow, people: &[ApproverRow]) -> Result<Standing> {
    let mine = people.iter().find(|p| p.user_key == who.user_key);
    let open = row.open_to_operators && who.operates(row.agent_key);
    Ok(match mine {
        Some(p) if p.decision.is_some() => Standing::HasDecided,
        Some(p) => match p.excluded()? {
            None => Standing::MayDecide,
            Some(_) if open => Standing::MayDecide,
            Some(NotCounted::Requester) => Standing::Requester,
            Some(NotCounted::Removed) => Standing::Removed,
        },
        None if open => Standing::MayDecide,
        None if row.requester_key == Some(who.user_key) => Standing::Requester,
        None => Standing::Reader,
    })
}

/// Takes somebody off the list, for admins: the others are counted again.
pub async fn remove_approver(caller: &Caller, id: &str, email: &str) -> Result<Approval> {
    caller.admin()?;
    let (who, id, email, now) = (caller.clone(), id.to_owned(), email.trim().to_lowercase(), caller.now());
    let removed = caller
        .write(move |tx| {
            Box::pin(async move {
                let row = seen::for_update(tx, &who, &id).await?;
                if row.status != InteractionStatus::Pending {
                    return Err(seen::over(&row));
                }
                let user = users::by_email(tx, &email).await?.ok_or(Error::NotFound)?;
                if !settle::without(tx, &row, (user.key, &user.display_name), &who.display_name, now).await? {
                    return Err(Error::NotFound);
                }
                seen::again(tx, &who, &row).await
            })
        })
        .await;
    caller.app.bell.ring();
    removed
}

/// For flows: whether somebody could decide about each step that asks, if this person started it now.
pub(crate) async fn decidable(
    tx: &mut Tx,
    steps: &[crate::domain::FlowStep],
    requester: Option<i64>,
    agent: &crate::store::agents::AgentRow,
) -> Result<()> {
    for (i, step) in steps.iter().enumerate() {
        let Some(new) = step.interaction() else { continue };
        people::asked(tx, &new, &[requester], agent).await.map_err(|e| at(i, e))?;
    }
    Ok(())
}

/// The same problem, of a step.
fn at(step: usize, e: Error) -> Error {
    let Error::Invalid(problems) = e else { return e };
    let under = |mut problem: crate::domain::FieldError| {
        problem.field = format!("steps[{step}].{}", problem.field);
        problem
    };
    Error::Invalid(problems.into_iter().map(under).collect())
}
