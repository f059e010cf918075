//! Server. The dashboard's agents and what is under way.

use super::count::{Need, Question};
use super::{keep, key, look};
use crate::app::executions::{ListRequest, list_in};
use crate::app::{Caller, budgets};
use crate::domain::fleet::MOST_AGENTS;
use crate::domain::{
    AgentStanding, BudgetState, Choice, Error, ExecutionPage, Filter, Fleet, Result, Status, Timestamp, Window,
};
use crate::store::executions::Record;
use crate::store::{agents, events, executions, schedules};
use std::collections::HashMap;

/// Of waiting runs, of those going on, and of those in a queue.
const MOST_UNDER_WAY: i64 = 100;

/// The first `limit` agents by name; their numbers are those of the last 24 hours and add up to the cards.
pub async fn fleet(caller: &Caller, limit: i64) -> Result<Fleet> {
    if !(1..=MOST_AGENTS).contains(&limit) {
        return Err(Error::invalid("limit", format!("must be from 1 to {MOST_AGENTS}")));
    }
    let (visible, now) = (caller.fleet()?.clone(), caller.now());
    let filter = Filter::page_default();
    let (filters, seen) = key(&filter, &visible);
    let key = (format!("{limit} {filters}"), seen);
    if let Some(known) = look(&caller.app.numbers.fleets, &key, now) {
        return Ok(known);
    }
    let mut tx = caller.app.store.snapshot().await?;
    let as_of = events::newest(&mut tx).await?;
    let mut rows = agents::list(&mut tx, &visible, "", limit + 1).await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let keys: Vec<i64> = rows.iter().map(|a| a.key).collect();
    let newest = executions::newest_of(&mut tx, &keys).await?;
    let newest: HashMap<i64, &Record> = newest.iter().map(|run| (run.agent_key, run)).collect();
    let next: HashMap<i64, i64> = schedules::next_of(&mut tx, &keys).await?.into_iter().collect();
    let cube = Question { filter: &filter, visible: &visible, now }.cube(&mut tx, Need::Cards).await?;
    let counts = cube.by_agent(&filter);
    let mut standings = Vec::with_capacity(rows.len());
    for row in rows {
        let last_run = newest.get(&row.key).map(|run| run.summary()).transpose()?;
        let next_run = next.get(&row.key).copied().map(Timestamp::from_micros);
        let counts = counts.get(&row.key).copied().unwrap_or_default();
        let budget = budgets::state_of(&mut tx, &row, now).await?.and_then(BudgetState::worst);
        let (name, display_name) = (row.name, row.display_name);
        standings.push(AgentStanding { name, display_name, last_run, next_run, budget, counts });
    }
    let fleet = Fleet { agents: standings, more, as_of };
    keep(&caller.app.numbers.fleets, key, now, &fleet);
    Ok(fleet)
}

/// Unfinished runs, newest start first: up to 100 that wait for somebody, 100 that go on or pause, and 100 in a queue.
/// `total_count` has them all.
pub async fn under_way(caller: &Caller) -> Result<ExecutionPage> {
    let visible = caller.fleet()?.clone();
    let request = |include: Vec<Status>| ListRequest {
        filter: Filter { status: Choice { include, exclude: Vec::new() }, window: Window::All, ..Filter::default() },
        limit: Some(MOST_UNDER_WAY),
        ..ListRequest::default()
    };
    let mut tx = caller.app.store.snapshot().await?;
    let mut page = list_in(&mut tx, caller, &request(vec![Status::Waiting]), &visible).await?;
    for others in [vec![Status::Running, Status::Paused], vec![Status::Queued]] {
        let more = list_in(&mut tx, caller, &request(others), &visible).await?;
        page.executions.extend(more.executions);
        page.has_more |= more.has_more;
        page.total_count += more.total_count;
        page.total_is_capped |= more.total_is_capped;
    }
    page.executions.sort_by(|a, b| (b.effective_start(), &b.id).cmp(&(a.effective_start(), &a.id)));
    page.next_cursor = None;
    Ok(page)
}
