//! Server. Standing rules: made by somebody from what they have approved, for themselves alone and for a while.

use super::seen::{self, LISTED_BYTES};
use crate::app::{Caller, cursor};
use crate::domain::execution::preview;
use crate::domain::interaction::MOST_DAYS;
use crate::domain::{
    Decision, Error, InteractionKind, NewStandingRule, Result, StandingRule, Timestamp, page as pages,
};
use crate::store::interactions::ApproverRow;
use crate::store::interactions::rules::{self as rows, RuleRow};
use crate::store::{Executor, Visible};

const LIST: &str = "standing rules";

fn seen_by(caller: &Caller, row: RuleRow) -> Result<StandingRule> {
    let shown = row.parameters.as_deref().filter(|text| text.len() <= LISTED_BYTES);
    let parameters = shown.map(serde_json::from_str).transpose();
    let holds = row.revoked_at.is_none() && row.expires_at > caller.now().micros();
    Ok(StandingRule {
        can_revoke: holds && caller.writer().is_ok() && may_revoke(caller, &row),
        parameters: parameters.map_err(|e| Error::Internal(format!("rule {}: {e}", row.id)))?,
        id: row.id,
        agent_name: row.agent_name,
        agent_display_name: row.agent_display_name,
        title: row.title,
        message: preview(&row.message),
        parameters_hash: row.parameters_hash,
        made_by: row.made_by,
        created_at: Timestamp::from_micros(row.created_at),
        expires_at: Timestamp::from_micros(row.expires_at),
        revoked_at: row.revoked_at.map(Timestamp::from_micros),
        revoked_by: row.revoked_by,
        uses: row.uses,
        last_used_at: row.last_used_at.map(Timestamp::from_micros),
    })
}

fn may_revoke(caller: &Caller, row: &RuleRow) -> bool {
    let theirs = row.user_key == caller.user_key || row.agent_owner_key == caller.user_key || caller.admin().is_ok();
    theirs && caller.reaches(row.agent_key)
}

pub(super) async fn listed(
    db: &mut impl Executor,
    caller: &Caller,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<StandingRule>> {
    let found = rows::list(db, caller.user_key, limit_to(caller), before, limit).await?;
    found.into_iter().map(|row| seen_by(caller, row)).collect()
}

/// The caller's rules and those of agents they own, newest first, also those that hold no more.
pub async fn list(caller: &Caller, cursor: Option<String>, limit: i64) -> Result<(Vec<StandingRule>, Option<String>)> {
    if !(1..=pages::MAX_LIMIT).contains(&limit) {
        return Err(Error::invalid("limit", format!("must be from 1 to {}", pages::MAX_LIMIT)));
    }
    let before = cursor.map(|text| cursor::decode_pair(&text, LIST)).transpose()?.map(|(key, _)| key);
    let limit_to = limit_to(caller);
    let mut found = rows::list(&mut caller.app.store.read(), caller.user_key, limit_to, before, limit + 1).await?;
    let more = found.len() as i64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = found.last().filter(|_| more).map(|row| cursor::encode_pair(LIST, (row.key, 0)));
    Ok((found.into_iter().map(|row| seen_by(caller, row)).collect::<Result<_>>()?, next))
}

/// A token for some agents has to do with their rules only.
fn limit_to(caller: &Caller) -> Option<&[i64]> {
    match caller.visible() {
        Visible::Agents(keys) if caller.is_limited() => Some(keys),
        Visible::Agents(_) | Visible::All => None,
    }
}

/// From now on the caller approves the same of this agent without being asked.
pub async fn make_rule(caller: &Caller, new: NewStandingRule) -> Result<StandingRule> {
    // What decides in somebody's name for weeks is not for the token of an agent's process.
    caller.token_manager()?;
    if !(1..=MOST_DAYS).contains(&new.days) {
        return Err(Error::invalid("days", format!("must be from 1 to {MOST_DAYS}")));
    }
    let (who, now) = (caller.clone(), caller.now());
    caller
        .write(move |tx| {
            Box::pin(async move {
                let (from, people) = seen::find(tx, &who, &new.approval_id).await?;
                let mine = people.iter().find(|p| p.user_key == who.user_key);
                let mine = mine.filter(|p| !p.by_rule());
                let approved = mine.map(ApproverRow::decision).transpose()?.flatten() == Some(Decision::Approve);
                if from.kind != InteractionKind::Approval || !approved {
                    return Err(Error::Conflict("a rule is made from an approval that you gave yourself".to_owned()));
                }
                if rows::holds_for(tx, who.user_key, &from, now).await? {
                    return Err(Error::Conflict("there is already such a rule of yours".to_owned()));
                }
                let id = uuid::Uuid::now_v7().to_string();
                rows::add(tx, &id, who.user_key, &from, now, now.plus_secs(new.days * 86_400)).await?;
                let row = rows::find(tx, &id).await?.ok_or(Error::NotFound)?;
                seen_by(&who, row)
            })
        })
        .await
}

/// Ends a rule: its maker, the agent's owner, and admins.
pub async fn revoke_rule(caller: &Caller, id: &str) -> Result<()> {
    caller.writer()?;
    let (who, id, now) = (caller.clone(), id.to_owned(), caller.now());
    caller
        .write(move |tx| {
            Box::pin(async move {
                let rule = rows::find(tx, &id).await?.filter(|rule| may_revoke(&who, rule)).ok_or(Error::NotFound)?;
                if !rows::revoke(tx, rule.key, who.user_key, now).await? {
                    return Err(Error::Conflict("the rule was ended before".to_owned()));
                }
                Ok(())
            })
        })
        .await
}
