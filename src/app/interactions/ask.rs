//! Server. Asking people: by whoever does a run, or by a step of a flow.

use super::check::{self, Bound};
use super::people::{self, People};
use super::{seen, settle, told};
use crate::app::Caller;
use crate::app::executions::{locked, path_id};
use crate::app::validate::Check;
use crate::domain::interaction::{MOST_PENDING, names};
use crate::domain::{
    AgentKind, Approval, Decision, Error, InteractionKind, InteractionStatus, NewInteraction, Result, Role, Status,
    Timestamp,
};
use crate::store::executions::{self, Record};
use crate::store::interactions::{self as rows, InteractionRow, NewInteractionRow};
use crate::store::queue::{self, State};
use crate::store::{Tx, agents, parts};

/// Of the time people have, so much is left when they are reminded.
const REMINDED_AT: i64 = 4;
/// Who has less time is not reminded; who has all time is after a day.
const TOO_SHORT_S: i64 = 120;
const A_DAY_S: i64 = 86_400;

/// Asks for a run that others do. The same again, while it waits, answers what was asked: `false`.
pub async fn ask(caller: &Caller, execution_id: &str, new: NewInteraction) -> Result<(Approval, bool)> {
    let id = path_id(execution_id)?;
    caller.writer()?;
    let mut check = Check::default();
    check::interaction(&mut check, "", &new);
    check.done()?;
    let (who, now) = (caller.clone(), caller.now());
    caller
        .write(move |tx| {
            Box::pin(async move {
                let mut run = locked(tx, &who, &id).await?;
                others_do(tx, &run).await?;
                if who.role == Role::Client && new.approvers.iter().any(|name| name.trim().starts_with("role:")) {
                    return Err(Error::invalid("approvers", "clients name people, not roles"));
                }
                let asked = ask_in(tx, &mut run, &new, By::Run(who.user_key), now).await?;
                Ok((seen::one(tx, &who, &asked.row).await?, asked.news))
            })
        })
        .await
}

async fn others_do(tx: &mut Tx, run: &Record) -> Result<()> {
    if run.status.is_terminal() {
        return Err(Error::Conflict(format!("the run has already ended: {}", run.status)));
    }
    if run.cancel_requested_at.is_some() {
        return Err(Error::Conflict("the run is to stop: there is nothing to ask any more".to_owned()));
    }
    let Some(entry) = queue::of(tx, run.key).await?.filter(|entry| entry.state != State::Away) else { return Ok(()) };
    let webhook = agents::by_key(tx, entry.agent_key).await?.kind == AgentKind::Webhook && run.flow_id.is_none();
    Err(Error::Conflict(if webhook {
        "answer the webhook first, with 202: then the run is yours, and its time does not run out while people decide"
            .to_owned()
    } else {
        "Runboard does this run itself; in a flow, a step can ask".to_owned()
    }))
}

/// What has become of a request.
pub(crate) struct Asked {
    pub row: InteractionRow,
    /// It was not asked before.
    pub news: bool,
}

impl Asked {
    /// What was said, if standing rules have decided it at once.
    pub fn approved(&self) -> Option<&str> {
        self.row.outcome.as_deref().filter(|_| self.row.status == InteractionStatus::Approved)
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum By {
    /// A step of a flow.
    Step(i64),
    /// Whoever does the run.
    Run(i64),
}

/// Asks, within a transaction. What it refuses, it has not touched.
pub(crate) async fn ask_in(
    tx: &mut Tx,
    run: &mut Record,
    new: &NewInteraction,
    by: By,
    now: Timestamp,
) -> Result<Asked> {
    let (step, asker) = match by {
        By::Step(step) => (Some(step), None),
        By::Run(asker) => (None, Some(asker)),
    };
    let bound = check::bound(run.agent_key, new);
    let agent = agents::by_key(tx, run.agent_key).await?;
    let people = people::asked(tx, new, &[run.user_key, asker], &agent).await?;
    let fields = (!new.fields.is_empty()).then(|| serde_json::to_string(&new.fields)).transpose();
    let fields = fields.map_err(|e| Error::Internal(format!("fields: {e}")))?;
    let pending = rows::pending_of(tx, run.key).await?;
    for row in &pending {
        let same = row.alike == bound.alike && row.step == step && row.policy == new.policy && row.fields == fields;
        if same && asks_the_same(tx, row, &people).await? {
            return Ok(Asked { row: row.clone(), news: false });
        }
    }
    if pending.len() as i64 >= MOST_PENDING {
        return Err(Error::Conflict(format!("the run waits for {MOST_PENDING} answers, and for no more at once")));
    }
    let row = add(tx, run, new, step, &bound, fields.as_deref(), &people, now).await?;
    run.had_interaction = true;
    by_rules(tx, &row, now).await?;
    let everybody = rows::approvers(tx, &[row.key]).await?;
    told::waiting(tx, &row, &everybody, now).await?;
    let counted: Vec<&str> =
        everybody.iter().filter(|p| p.excluded.is_none()).map(|p| p.display_name.as_str()).collect();
    parts::note(tx, run.key, &format!("asks {}: {}", names(&counted), row.title), now).await?;
    match row.kind {
        // A step of a flow is taken on by whoever asks, once it is approved.
        InteractionKind::Approval if step.is_some() => settle::at_once(tx, &row, now).await?,
        InteractionKind::Approval => settle::conclude(tx, &row, run, now).await?,
        InteractionKind::Question => {}
    }
    if row.kind == InteractionKind::Question || step.is_some() {
        settle::settle(tx, run, now).await?;
    }
    let row = rows::find(tx, &row.id).await?.ok_or(Error::NotFound)?;
    Ok(Asked { row, news: true })
}

/// Whether a request that waits names the same people.
async fn asks_the_same(tx: &mut Tx, row: &InteractionRow, people: &People) -> Result<bool> {
    let mut before: Vec<i64> = rows::approvers(tx, &[row.key]).await?.iter().map(|p| p.user_key).collect();
    before.sort_unstable();
    Ok(before.into_iter().eq(people.asked.iter().map(|(key, _)| *key)))
}

#[expect(clippy::too_many_arguments, reason = "all of it is what is asked")]
async fn add(
    tx: &mut Tx,
    run: &Record,
    new: &NewInteraction,
    step: Option<i64>,
    bound: &Bound,
    fields: Option<&str>,
    people: &People,
    now: Timestamp,
) -> Result<InteractionRow> {
    let id = uuid::Uuid::now_v7().to_string();
    let remind_in = match new.expires_in_s {
        None => Some(A_DAY_S),
        Some(s) => (s >= TOO_SHORT_S).then_some(s - s / REMINDED_AT),
    };
    let row = NewInteractionRow {
        id: &id,
        execution_key: run.key,
        agent_key: run.agent_key,
        kind: new.kind,
        step,
        title: new.title.trim(),
        message: &new.message,
        policy: new.policy,
        parameters: bound.parameters.as_deref(),
        parameters_hash: &bound.hash,
        alike: &bound.alike,
        fields,
        requester_key: run.user_key,
        open_to_operators: people.open,
        on_reject: new.on_reject,
        expires_at: new.expires_in_s.map(|s| now.plus_secs(s)),
        remind_at: remind_in.map(|s| now.plus_secs(s)),
        approvers: &people.asked,
    };
    rows::add(tx, &row, now).await?;
    rows::find(tx, &id).await?.ok_or(Error::NotFound)
}

/// Those who have approved the same for good are not asked again.
async fn by_rules(tx: &mut Tx, row: &InteractionRow, now: Timestamp) -> Result<()> {
    if row.kind != InteractionKind::Approval {
        return Ok(());
    }
    for (rule, user) in rows::rules::holding(tx, row.agent_key, &row.alike, now).await? {
        if rows::decide(tx, row.key, user, Decision::Approve, None, Some(rule), now).await? {
            rows::rules::note_use(tx, rule, now).await?;
        }
    }
    Ok(())
}

/// Takes back what a run has asked; it goes on without an answer.
pub async fn withdraw(caller: &Caller, id: &str) -> Result<Approval> {
    caller.writer()?;
    let (who, id, now) = (caller.clone(), id.to_owned(), caller.now());
    caller
        .write(move |tx| {
            Box::pin(async move {
                let row = seen::for_update(tx, &who, &id).await?;
                who.operator(row.agent_key)?;
                if row.step.is_some() {
                    return Err(Error::Conflict("a step of a flow asks; stop the run instead".to_owned()));
                }
                if row.status != InteractionStatus::Pending {
                    return Err(seen::over(&row));
                }
                let mut run = executions::by_key_for_update(tx, row.execution_key).await?;
                let why = format!("taken back by {}", who.display_name);
                parts::note(tx, run.key, &format!("“{}” is {why}", row.title), now).await?;
                rows::end(tx, row.key, InteractionStatus::Cancelled, &why, None, now).await?;
                if run.status == Status::Waiting {
                    settle::settle(tx, &mut run, now).await?;
                }
                seen::again(tx, &who, &row).await
            })
        })
        .await
}
