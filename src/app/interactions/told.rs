//! Server. Those whose turn it is hear of it by mail and webhook, as they have chosen.

use super::settle;
use crate::app::notify::{self, News, Waits};
use crate::domain::{InteractionKind, InteractionStatus, Result, Timestamp, Verdict};
use crate::store::Tx;
use crate::store::interactions::{self as rows, ApproverRow, InteractionRow};

/// It waits since now, unless standing rules have decided it already.
pub(super) async fn waiting(tx: &mut Tx, row: &InteractionRow, people: &[ApproverRow], now: Timestamp) -> Result<()> {
    let decided = row.kind == InteractionKind::Approval && settle::tally(people)?.verdict(row.policy) != Verdict::Open;
    if decided {
        return Ok(());
    }
    notify::tell(tx, News::Waiting(waits(row, &turns(people))), now).await
}

/// It still waits.
pub(super) async fn reminder(tx: &mut Tx, row: &InteractionRow, now: Timestamp) -> Result<()> {
    if row.status != InteractionStatus::Pending {
        return Ok(());
    }
    let people = rows::approvers(tx, &[row.key]).await?;
    notify::tell(tx, News::Reminder(waits(row, &turns(&people))), now).await
}

fn turns(people: &[ApproverRow]) -> Vec<i64> {
    people.iter().filter(|p| p.turn).map(|p| p.user_key).collect()
}

fn waits<'a>(row: &'a InteractionRow, user_keys: &'a [i64]) -> Waits<'a> {
    Waits {
        user_keys,
        interaction_id: &row.id,
        execution_id: &row.execution_id,
        agent_key: row.agent_key,
        agent_name: &row.agent_name,
        agent_display_name: &row.agent_display_name,
        title: &row.title,
        expires_at: row.expires_at.map(Timestamp::from_micros),
    }
}
