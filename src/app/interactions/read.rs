//! Server. What waits for whom, what was decided, and what it takes to decide.

use super::{decide, rules, seen};
use crate::app::{Caller, cursor};
use crate::domain::interaction::{MOST_TOGETHER, OFFERED_AFTER};
use crate::domain::{
    Approval, ApprovalDetail, ApprovalPage, ApprovalRun, ApprovalsPage, ApprovalsPart, Error, InteractionKind,
    InteractionStatus, Result, Standing, Step, Timestamp, page as pages,
};
use crate::store::interactions::lists::{self, Reader};
use crate::store::interactions::{self as rows, InteractionRow};
use crate::store::{Executor, Tx, Visible, events, executions, parts};

const ON_A_PAGE: i64 = 50;
/// Steps before the one that asks, shown with it.
const PREVIOUS: i64 = 20;
const PREVIOUS_BYTES: usize = 16 << 10;
/// What cursors belong to.
const FOR_ME: &str = "approvals for me";

const fn scope_of(part: ApprovalsPart) -> &'static str {
    match part {
        ApprovalsPart::ForMe => FOR_ME,
        ApprovalsPart::ForOthers => "approvals for others",
        ApprovalsPart::Decided => "approvals decided",
    }
}

fn reader(caller: &Caller) -> Reader<'_> {
    Reader { visible: caller.visible(), user_key: caller.user_key, limited: caller.is_limited() }
}

/// How many wait for the caller.
pub async fn waiting_for(caller: &Caller) -> Result<i64> {
    lists::count_waiting_for(&mut caller.app.store.read(), &reader(caller)).await
}

/// Those that stand so, or all, newest first. With `for_me` only those that wait for the caller, longest first.
pub async fn list(
    caller: &Caller,
    status: Option<InteractionStatus>,
    for_me: bool,
    cursor: Option<String>,
    limit: i64,
) -> Result<ApprovalPage> {
    if !(1..=pages::MAX_LIMIT).contains(&limit) {
        return Err(Error::invalid("limit", format!("must be from 1 to {}", pages::MAX_LIMIT)));
    }
    let scope = if for_me { FOR_ME.to_owned() } else { format!("approvals {status:?}") };
    let from = cursor.map(|text| cursor::decode_pair(&text, &scope)).transpose()?.map(|(_, key)| key);
    let mut db = caller.app.store.read();
    let found = if for_me {
        if status.is_some_and(|s| s != InteractionStatus::Pending) {
            return Err(Error::invalid("waiting_for", "is for pending ones"));
        }
        lists::waiting_for(&mut db, &reader(caller), from, limit + 1).await?
    } else {
        lists::list(&mut db, &reader(caller), status, from, limit + 1).await?
    };
    paged(&mut db, caller, found, limit, &scope).await
}

async fn paged(
    db: &mut impl Executor,
    caller: &Caller,
    mut found: Vec<InteractionRow>,
    limit: i64,
    scope: &str,
) -> Result<ApprovalPage> {
    let more = found.len() as i64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let position = |row: &InteractionRow| (row.decided_at.unwrap_or(0), row.key);
    let next_cursor = found.last().filter(|_| more).map(|row| cursor::encode_pair(scope, position(row)));
    Ok(ApprovalPage { approvals: seen::listed(db, caller, &found).await?, next_cursor })
}

/// A part of the page of approvals.
pub async fn part(caller: &Caller, part: ApprovalsPart, cursor: Option<String>) -> Result<ApprovalPage> {
    let from = cursor.map(|text| cursor::decode_pair(&text, scope_of(part))).transpose()?;
    part_in(&mut caller.app.store.read(), caller, part, from).await
}

async fn part_in(
    db: &mut impl Executor,
    caller: &Caller,
    part: ApprovalsPart,
    from: Option<(i64, i64)>,
) -> Result<ApprovalPage> {
    let (key, more) = (from.map(|(_, key)| key), ON_A_PAGE + 1);
    let found = match part {
        ApprovalsPart::ForMe => lists::waiting_for(db, &reader(caller), key, more).await?,
        ApprovalsPart::ForOthers => lists::waiting_for_others(db, &reader(caller), key, more).await?,
        ApprovalsPart::Decided => lists::decided(db, &reader(caller), from, more).await?,
    };
    paged(db, caller, found, ON_A_PAGE, scope_of(part)).await
}

/// What `/approvals` shows, at one moment.
pub async fn page(caller: &Caller) -> Result<ApprovalsPage> {
    let mut tx = caller.app.store.snapshot().await?;
    Ok(ApprovalsPage {
        as_of: events::newest(&mut tx).await?,
        for_me: part_in(&mut tx, caller, ApprovalsPart::ForMe, None).await?,
        for_others: part_in(&mut tx, caller, ApprovalsPart::ForOthers, None).await?,
        decided: part_in(&mut tx, caller, ApprovalsPart::Decided, None).await?,
        rules: rules::listed(&mut tx, caller, None, pages::MAX_LIMIT).await?,
    })
}

/// One, with what it takes to decide it.
pub async fn get(caller: &Caller, id: &str) -> Result<ApprovalDetail> {
    let mut tx = caller.app.store.snapshot().await?;
    let (row, people) = seen::find(&mut tx, caller, id).await?;
    let approval = seen::whole(caller, &row, &people)?;
    let you = decide::standing(caller, &row, &people)?;
    let run = run_of(&mut tx, caller, &row).await?;
    let previous = previous(&mut tx, &row).await?;
    let alike = if approval.waits_for_you && row.kind == InteractionKind::Approval {
        lists::alike(&mut tx, caller.user_key, &row, MOST_TOGETHER as i64 - 1).await?
    } else {
        Vec::new()
    };
    let rule_offered = rule_offered(&mut tx, caller, &row, you).await?;
    let can_remove = row.status == InteractionStatus::Pending && caller.admin().is_ok();
    Ok(ApprovalDetail { approval, run, previous, you, alike, rule_offered, can_remove })
}

/// The approval or question alone.
pub async fn find(caller: &Caller, id: &str) -> Result<Approval> {
    let mut db = caller.app.store.read();
    let (row, people) = seen::find(&mut db, caller, id).await?;
    seen::whole(caller, &row, &people)
}

async fn run_of(tx: &mut Tx, caller: &Caller, row: &InteractionRow) -> Result<ApprovalRun> {
    // Who is asked may know this much of it, whatever else they may see.
    let run = executions::find(tx, &row.execution_id, &Visible::All).await?;
    Ok(ApprovalRun {
        status: run.status,
        message: run.message,
        started_at: Timestamp::from_micros(run.started_at.unwrap_or(run.queued_at)),
        steps_done: run.steps_done,
        steps_total: run.steps_total,
        error: run.error,
        can_open: caller.visible().includes(row.agent_key),
    })
}

/// What the steps before it have come to.
async fn previous(tx: &mut Tx, row: &InteractionRow) -> Result<Vec<Step>> {
    let mut steps = parts::last_steps(tx, row.execution_key, row.step, PREVIOUS).await?;
    for step in &mut steps {
        for text in [&mut step.input, &mut step.output, &mut step.error] {
            if let Some(long) = text.as_mut().filter(|text| text.len() > PREVIOUS_BYTES) {
                long.truncate(long.floor_char_boundary(PREVIOUS_BYTES));
                long.push('…');
            }
        }
    }
    Ok(steps)
}

/// Whoever has approved the same so often need not be asked again and again.
async fn rule_offered(tx: &mut Tx, caller: &Caller, row: &InteractionRow, you: Standing) -> Result<bool> {
    let asked = matches!(you, Standing::MayDecide | Standing::HasDecided);
    if row.kind != InteractionKind::Approval || !asked {
        return Ok(false);
    }
    let often = lists::approved_alike(tx, caller.user_key, &row.alike, OFFERED_AFTER).await? >= OFFERED_AFTER;
    Ok(often && !rows::rules::holds_for(tx, caller.user_key, row, caller.now()).await?)
}
