//! Server. Looks how much of their budgets agents have used up, and tells once for each level of each limit in each day and
//! month. The totals a budget is judged by are brought up to date as the last step of a transaction, so it is looked at after.

use super::{News, Span, tell};
use crate::app::{App, budgets};
use crate::domain::budget::{day_of, month_of};
use crate::domain::{BudgetLevel, Error, Result, Spending, Timestamp};
use crate::store::agents::{self, AgentRow};
use crate::store::executions::nanos;
use crate::store::notify::{self as rows, BudgetMark};
use crate::store::{Executor, Tx};

/// Once over all agents that have a budget.
pub async fn watch(app: &App) -> Result<()> {
    let now = app.now();
    let mut db = app.store.read();
    for key in rows::budgeted(&mut db).await? {
        match news(&mut db, key, now).await {
            Ok(news) if news.is_empty() => {}
            Ok(_) => app.store.write(move |tx| Box::pin(async move { mark_and_tell(tx, key, now).await })).await?,
            // One whose settings can't be read is no reason to say nothing of others.
            Err(e @ Error::Unavailable(_)) => return Err(e),
            Err(e) => tracing::warn!(key, error = %e, "a budget can't be judged"),
        }
    }
    Ok(())
}

type Reached = (Span, Spending, BudgetMark);

/// What has not been told yet.
async fn news(db: &mut impl Executor, agent_key: i64, now: Timestamp) -> Result<Vec<Reached>> {
    let agent = agents::by_key(db, agent_key).await?;
    let mut found = Vec::new();
    for reached in reached(db, &agent, now).await? {
        if !rows::budget_is_marked(db, &reached.2).await? {
            found.push(reached);
        }
    }
    Ok(found)
}

/// The levels an agent stands at.
async fn reached(db: &mut impl Executor, agent: &AgentRow, now: Timestamp) -> Result<Vec<Reached>> {
    let Some(state) = budgets::state_of(db, agent, now).await? else { return Ok(Vec::new()) };
    let spans = [(Span::Day, day_of(now).0, state.day), (Span::Month, month_of(now).0, state.month)];
    let mark = |(span, starts_at, spending): (Span, Timestamp, Option<Spending>)| {
        let spending = spending?;
        let level = match spending.level {
            BudgetLevel::Fine => return None,
            BudgetLevel::Warn => WARN,
            BudgetLevel::Spent => SPENT,
        };
        let limit_nanos = nanos(spending.limit_usd);
        let mark = BudgetMark { agent_key: agent.key, span: span.as_str(), starts_at, limit_nanos, level };
        Some((span, spending, mark))
    };
    Ok(spans.into_iter().filter_map(mark).collect())
}

const WARN: &str = "warn";
const SPENT: &str = "spent";

/// Judged once more: whoever comes second finds it told.
async fn mark_and_tell(tx: &mut Tx, agent_key: i64, now: Timestamp) -> Result<()> {
    let agent = agents::by_key(tx, agent_key).await?;
    for (span, spending, mark) in reached(tx, &agent, now).await? {
        if !rows::mark_budget(tx, &mark).await? {
            continue;
        }
        if mark.level == SPENT {
            // What has come to its end is past its warning, also when it becomes less again.
            rows::mark_budget(tx, &BudgetMark { level: WARN, ..mark }).await?;
        }
        tell(tx, News::Budget { agent: &agent, span, spending: &spending }, now).await?;
    }
    Ok(())
}
