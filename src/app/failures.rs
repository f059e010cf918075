//! Server. Failures under a filter, grouped by what they have in common.

use super::{Caller, numbers};
use crate::domain::failure::BUCKETS;
use crate::domain::{Choice, Error, FailureGroup, FailureGroups, Filter, LastGood, Result, Status, Timestamp};
use crate::store::failures::{self, AgentRow, GoodRow};
use crate::store::list::Selection;
use crate::store::{Tx, Visible, events, executions as rows};
use std::collections::HashMap;

const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 100;
const AGENTS: usize = 10;

/// The groups of a page.
pub async fn for_page(caller: &Caller, query: &str) -> Result<FailureGroups> {
    let (filter, _) = super::executions::page_query(query);
    groups(caller, &filter, None).await
}

/// What the groups a page's filter names are called: id and pattern. Of those the caller can't see, nothing.
pub async fn names_for_page(caller: &Caller, query: &str) -> Result<Vec<(String, String)>> {
    let (filter, _) = super::executions::page_query(query);
    let ids = [filter.error_group.include, filter.error_group.exclude].concat();
    rows::patterns(&mut caller.app.store.read(), &ids, caller.fleet()?).await
}

/// The groups with the most runs, at most five seconds old.
pub async fn groups(caller: &Caller, filter: &Filter, limit: Option<i64>) -> Result<FailureGroups> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Error::invalid("limit", format!("must be from 1 to {MAX_LIMIT}")));
    }
    let (visible, now) = (caller.fleet()?, caller.now());
    let mut key = numbers::key(filter, visible);
    key.0 = format!("{limit} {}", key.0);
    let kept = &caller.app.numbers.failures;
    if let Some(known) = numbers::look(kept, &key, now) {
        return Ok(known);
    }
    let mut tx = caller.app.store.snapshot().await?;
    let groups = groups_in(&mut tx, filter, visible, limit, now).await?;
    numbers::keep(kept, key, now, &groups);
    Ok(groups)
}

async fn groups_in(
    tx: &mut Tx,
    filter: &Filter,
    visible: &Visible,
    limit: i64,
    now: Timestamp,
) -> Result<FailureGroups> {
    let as_of = events::newest(tx).await?;
    let (from, to) = filter.window.bounds(now);
    let selection = Selection::resolve(tx, filter, visible, now).await?;
    let mut found = failures::groups(tx, &selection, from.is_some(), limit + 1).await?;
    let has_more = found.len() as i64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let first = found.iter().map(|g| g.first_at).min().map_or(now, Timestamp::from_micros);
    let (from, to) = (from.unwrap_or(first), to.unwrap_or(now));

    let ids = found.iter().map(|g| g.id.clone()).collect();
    let among = Filter { error_group: Choice { include: ids, exclude: Vec::new() }, ..filter.clone() };
    let mut about = About::default();
    if !found.is_empty() {
        let selection = Selection::resolve(tx, &among, visible, now).await?;
        let agents = failures::by_agent(tx, &selection).await?;
        let good = Selection::resolve(tx, &good(filter), &Visible::All, now).await?;
        about.good(failures::last_good(tx, &good, &had_it_first(&agents)).await?)?;
        about.agents(agents);
        let width = ((to.micros() - from.micros()) / BUCKETS as i64 + 1).max(1);
        about.times(failures::over_time(tx, &selection, from.micros(), width).await?);
    }
    let newest: Vec<i64> = found.iter().map(|g| g.newest_key).collect();
    let samples = rows::by_keys(tx, &newest).await?;
    let samples: HashMap<i64, String> = samples.into_iter().map(|r| (r.key, r.id)).collect();
    let mut groups = Vec::with_capacity(found.len());
    for g in found {
        let sample = samples.get(&g.newest_key).ok_or(Error::NotFound)?;
        groups.push(FailureGroup {
            count: g.runs,
            first_seen: Timestamp::from_micros(g.first_at),
            last_seen: Timestamp::from_micros(g.last_at),
            agents: about.agents.remove(&g.id).unwrap_or_default(),
            sample: sample.parse()?,
            last_good: about.good.remove(&g.id),
            over_time: about.times.remove(&g.id).unwrap_or_else(|| vec![0; BUCKETS]),
            id: g.id,
            pattern: g.pattern,
        });
    }
    Ok(FailureGroups { groups, has_more, from, to, as_of })
}

/// Successes of the kind of run that the filter is about: the same trigger, model, labels …, whenever they were and
/// whatever they cost. The agent is that of the failure.
pub fn good(filter: &Filter) -> Filter {
    Filter {
        status: Choice::only(Status::Success),
        trigger: filter.trigger.clone(),
        model: filter.model.clone(),
        label: filter.label.clone(),
        thread: filter.thread.clone(),
        flow: filter.flow.clone(),
        parent: filter.parent.clone(),
        root_only: filter.root_only,
        as_of: filter.as_of,
        ..Filter::default()
    }
}

/// Of each group, the agent whose run began first.
pub fn had_it_first(agents: &[AgentRow]) -> Vec<&AgentRow> {
    let mut first: HashMap<&str, &AgentRow> = HashMap::new();
    for row in agents {
        let known = first.entry(&row.id).or_insert(row);
        if row.first_at < known.first_at {
            *known = row;
        }
    }
    first.into_values().collect()
}

/// More about groups, by their id.
#[derive(Default)]
struct About {
    agents: HashMap<String, Vec<String>>,
    times: HashMap<String, Vec<i64>>,
    good: HashMap<String, LastGood>,
}

impl About {
    fn agents(&mut self, rows: Vec<AgentRow>) {
        for row in rows {
            let names = self.agents.entry(row.id).or_default();
            if names.len() < AGENTS {
                names.push(row.agent_name);
            }
        }
    }

    fn good(&mut self, rows: Vec<GoodRow>) -> Result<()> {
        for r in rows {
            let started_at = Timestamp::from_micros(r.started_at);
            self.good.insert(r.group_id, LastGood { id: r.id.parse()?, agent_name: r.agent_name, started_at });
        }
        Ok(())
    }

    /// Unfinished runs may lie outside of the window: they count at its ends.
    fn times(&mut self, rows: Vec<(String, i64, i64)>) {
        for (group, bucket, runs) in rows {
            let bucket = usize::try_from(bucket).unwrap_or(0).min(BUCKETS - 1);
            self.times.entry(group).or_insert_with(|| vec![0; BUCKETS])[bucket] += runs;
        }
    }
}
