//! Server. Failures under a filter, grouped by what they have in common.

use super::Caller;
use crate::domain::failure::BUCKETS;
use crate::domain::{Choice, Error, FailureGroup, FailureGroups, Filter, LastGood, Result, Timestamp};
use crate::store::list::Selection;
use crate::store::{Visible, events, executions as rows, failures};
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

/// The groups with the most runs.
pub async fn groups(caller: &Caller, filter: &Filter, limit: Option<i64>) -> Result<FailureGroups> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Error::invalid("limit", format!("must be from 1 to {MAX_LIMIT}")));
    }
    let (visible, now) = (caller.fleet()?, caller.now());
    let mut tx = caller.app.store.snapshot().await?;
    let as_of = events::newest(&mut tx).await?;
    let (from, to) = filter.window.bounds(now);
    let selection = Selection::resolve(&mut tx, filter, visible, now).await?;
    let mut found = failures::groups(&mut tx, &selection, from.is_some(), limit + 1).await?;
    let has_more = found.len() as i64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let first = found.iter().map(|g| g.first_at).min().map_or(now, Timestamp::from_micros);
    let (from, to) = (from.unwrap_or(first), to.unwrap_or(now));

    let ids = found.iter().map(|g| g.id.clone()).collect();
    let among = Filter { error_group: Choice { include: ids, exclude: Vec::new() }, ..filter.clone() };
    let mut about = About::default();
    if !found.is_empty() {
        let selection = Selection::resolve(&mut tx, &among, visible, now).await?;
        about.agents(failures::by_agent(&mut tx, &selection).await?);
        let width = ((to.micros() - from.micros()) / BUCKETS as i64 + 1).max(1);
        about.times(failures::over_time(&mut tx, &selection, from.micros(), width).await?);
    }
    let newest: Vec<i64> = found.iter().map(|g| g.newest_key).collect();
    let samples = rows::by_keys(&mut tx, &newest).await?;
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
            last_good: last_good(&mut tx, &g, visible).await?,
            over_time: about.times.remove(&g.id).unwrap_or_else(|| vec![0; BUCKETS]),
            id: g.id,
            pattern: g.pattern,
        });
    }
    Ok(FailureGroups { groups, has_more, from, to, as_of })
}

async fn last_good(tx: &mut crate::store::Tx, g: &failures::GroupRow, visible: &Visible) -> Result<Option<LastGood>> {
    let found = failures::last_good(tx, &g.id, g.first_at, visible).await?;
    let good = |(id, agent_name, at): (String, String, i64)| {
        Ok(LastGood { id: id.parse()?, agent_name, started_at: Timestamp::from_micros(at) })
    };
    found.map(good).transpose()
}

/// More about groups, by their id.
#[derive(Default)]
struct About {
    agents: HashMap<String, Vec<String>>,
    times: HashMap<String, Vec<i64>>,
}

impl About {
    fn agents(&mut self, rows: Vec<(String, String, i64)>) {
        for (group, agent, _) in rows {
            let names = self.agents.entry(group).or_default();
            if names.len() < AGENTS {
                names.push(agent);
            }
        }
    }

    /// Unfinished runs may lie outside of the window: they count at its ends.
    fn times(&mut self, rows: Vec<(String, i64, i64)>) {
        for (group, bucket, runs) in rows {
            let bucket = usize::try_from(bucket).unwrap_or(0).min(BUCKETS - 1);
            self.times.entry(group).or_insert_with(|| vec![0; BUCKETS])[bucket] += runs;
        }
    }
}
