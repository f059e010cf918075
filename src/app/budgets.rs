//! Server. What agents have spent of what they may spend, from the kept totals.

use super::agents::stored_limits;
use crate::domain::budget::{day_of, month_of};
use crate::domain::{BudgetState, Error, Result, Timestamp};
use crate::store::agents::AgentRow;
use crate::store::executions::usd;
use crate::store::{Executor, parts, rollup};

/// Where an agent stands; `None` without a budget.
pub async fn state_of(db: &mut impl Executor, agent: &AgentRow, now: Timestamp) -> Result<Option<BudgetState>> {
    let Some(budget) = stored_limits(agent)?.budget else { return Ok(None) };
    let (day, month) = (day_of(now).0, month_of(now).0);
    let spent_day = spent_since(db, agent.key, day).await?;
    let spent_month = spent_since(db, agent.key, month).await?;
    Ok(Some(BudgetState::of(&budget, spent_day, spent_month, now)))
}

/// The totals are by the start of runs: what a flow that began before has spent since comes on top.
async fn spent_since(db: &mut impl Executor, agent_key: i64, from: Timestamp) -> Result<f64> {
    Ok(usd(rollup::spent_since(db, agent_key, from).await? + parts::spent_since(db, agent_key, from).await?))
}

/// Refuses runs of an agent that has spent all it may.
pub async fn check(db: &mut impl Executor, agent: &AgentRow, now: Timestamp) -> Result<()> {
    let Some(state) = state_of(db, agent, now).await? else { return Ok(()) };
    match state.spent() {
        None => Ok(()),
        Some(s) => Err(Error::Conflict(format!(
            "the agent `{}` has spent {:.2} of its {:.2} USD and is paused until {}",
            agent.name, s.spent_usd, s.limit_usd, s.until
        ))),
    }
}
