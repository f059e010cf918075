//! Server. The cards: aggregates under a filter, kept for up to five seconds.

use super::Caller;
use crate::domain::{AgentStats, Filter, Result, Role, Stats, Status, Timestamp};
use crate::store::list::Selection;
use crate::store::{Visible, events, stats};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

const FRESH_MS: i64 = 5_000;

#[derive(Default)]
pub struct Cache(Mutex<HashMap<(String, Visible), (Timestamp, Stats)>>);

/// The cards of a page.
pub async fn for_page(caller: &Caller, query: &str) -> Result<Stats> {
    let (filter, _) = super::executions::page_query(query);
    let visible = match (caller.role, filter.agent.include.as_slice()) {
        (Role::Client, [_]) => caller.visible(),
        _ => caller.fleet()?,
    };
    let visible = visible.clone();
    visible_stats(caller, &filter, &visible).await
}

/// Aggregates over everything the filter matches.
pub async fn get(caller: &Caller, filter: &Filter) -> Result<Stats> {
    let visible = caller.fleet()?.clone();
    visible_stats(caller, filter, &visible).await
}

async fn visible_stats(caller: &Caller, filter: &Filter, visible: &Visible) -> Result<Stats> {
    let now = caller.now();
    let key = (format!("{:?}", filter.api_pairs()), visible.clone());
    {
        let cache = caller.app.stats.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, stats)) = cache.get(&key)
            && now.millis_since(*at) < FRESH_MS
        {
            return Ok(stats.clone());
        }
    }
    let stats = compute(caller, filter, visible, now).await?;
    let mut cache = caller.app.stats.0.lock().unwrap_or_else(PoisonError::into_inner);
    cache.retain(|_, (at, _)| now.millis_since(*at) < FRESH_MS);
    cache.insert(key, (now, stats.clone()));
    Ok(stats)
}

async fn compute(caller: &Caller, filter: &Filter, visible: &Visible, now: Timestamp) -> Result<Stats> {
    let mut tx = caller.app.store.snapshot().await?;
    let as_of = events::newest(&mut tx).await?;
    let selection = Selection::resolve(&mut tx, filter, visible, now).await?;
    let groups = stats::groups(&mut tx, &selection).await?;
    let mut stats = Stats { as_of, ..summed(&groups) };
    let timed: i64 = groups.iter().map(|g| g.timed).sum();
    if timed > 0 {
        stats.p50_duration_ms = stats::duration_at(&mut tx, &selection, nearest_rank(timed, 50)).await?;
        stats.p95_duration_ms = stats::duration_at(&mut tx, &selection, nearest_rank(timed, 95)).await?;
    }
    Ok(stats)
}

/// The nearest-rank position (from 1) of a percentile among `n` values.
fn nearest_rank(n: i64, percent: i64) -> i64 {
    ((n * percent + 99) / 100).max(1)
}

fn rate(success: i64, terminal: i64) -> Option<f64> {
    (terminal > 0).then(|| success as f64 / terminal as f64)
}

#[expect(clippy::cast_possible_truncation, reason = "a sum of whole numbers; the cast saturates")]
fn whole(sum: f64) -> i64 {
    sum as i64
}

/// Runs, success, terminal, cost of one agent.
#[derive(Default)]
struct PerAgent {
    count: i64,
    success: i64,
    terminal: i64,
    cost_nanos: f64,
}

fn summed(groups: &[stats::Group]) -> Stats {
    let mut s = Stats::default();
    let mut agents: BTreeMap<&str, PerAgent> = BTreeMap::new();
    let (mut cost, mut tokens, mut duration, mut timed) = (0.0, 0.0, 0.0, 0);
    for g in groups {
        let slot = match g.status {
            Status::Queued => &mut s.queued,
            Status::Running => &mut s.running,
            Status::Waiting => &mut s.waiting,
            Status::Paused => &mut s.paused,
            Status::Success => &mut s.successful,
            Status::Failed => &mut s.failed,
            Status::Cancelled => &mut s.cancelled,
        };
        *slot += g.runs;
        s.total_executions += g.runs;
        tokens += g.tokens;
        cost += g.cost_nanos;
        duration += g.duration_ms;
        timed += g.timed;
        *s.by_trigger.entry(g.triggered_by.to_string()).or_default() += g.runs;
        let agent = agents.entry(&g.agent_name).or_default();
        agent.count += g.runs;
        agent.cost_nanos += g.cost_nanos;
        if g.status.is_terminal() {
            s.unpriced += g.runs - g.priced;
            agent.terminal += g.runs;
        }
        if g.status == Status::Success {
            agent.success += g.runs;
        }
    }
    s.total_cost = cost / 1e9;
    s.total_tokens = whole(tokens);
    s.success_rate = rate(s.successful, s.successful + s.failed + s.cancelled);
    s.avg_duration_ms = (timed > 0).then(|| duration / timed as f64);
    s.by_agent = agents
        .into_iter()
        .map(|(name, a)| AgentStats {
            agent_name: name.to_owned(),
            count: a.count,
            success_rate: rate(a.success, a.terminal),
            cost: a.cost_nanos / 1e9,
        })
        .collect();
    s.by_agent.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.agent_name.cmp(&b.agent_name)));
    s.by_agent.truncate(100);
    s
}

#[cfg(test)]
mod tests {
    use super::nearest_rank;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        assert_eq!((nearest_rank(1, 50), nearest_rank(4, 50), nearest_rank(5, 50)), (1, 2, 3));
        assert_eq!((nearest_rank(20, 95), nearest_rank(100, 95), nearest_rank(1, 95)), (19, 95, 1));
    }
}
