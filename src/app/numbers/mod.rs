//! Server. What a page counts: cards, facets and timeline under the list's filter, kept for up to five seconds.

mod count;
mod cube;
mod fleet;

pub use fleet::{fleet, under_way};

use super::Caller;
use crate::domain::timeline::{BUCKETS, MOST_BUCKETS, Plan};
use crate::domain::{
    Error, FacetValue, Facets, FailureGroups, Filter, Fleet, Numbers, Result, Role, Stats, Timeline, Timestamp, Window,
};
use crate::store::list::Selection;
use crate::store::{Tx, Visible, events, stats as rows};
use count::{Need, Question};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

const FRESH_MS: i64 = 5_000;
/// Names of tools that a facet tells.
const TOOLS: i64 = 200;

/// Answers by what was asked, and when.
pub(super) type Kept<T> = Mutex<HashMap<(String, Visible), (Timestamp, T)>>;

#[derive(Default)]
pub struct Cache {
    stats: Kept<Stats>,
    facets: Kept<(Facets, i64)>,
    timelines: Kept<Timeline>,
    numbers: Kept<Numbers>,
    tools: Kept<Vec<FacetValue>>,
    pub(super) failures: Kept<FailureGroups>,
    fleets: Kept<Fleet>,
}

pub(super) fn look<T: Clone>(kept: &Kept<T>, key: &(String, Visible), now: Timestamp) -> Option<T> {
    let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    kept.get(key).filter(|(at, _)| now.millis_since(*at) < FRESH_MS).map(|(_, answer)| answer.clone())
}

pub(super) fn keep<T: Clone>(kept: &Kept<T>, key: (String, Visible), now: Timestamp, answer: &T) {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    kept.retain(|_, (at, _)| now.millis_since(*at) < FRESH_MS);
    kept.insert(key, (now, answer.clone()));
}

pub(super) fn key(filter: &Filter, visible: &Visible) -> (String, Visible) {
    (format!("{:?}", filter.api_pairs()), visible.clone())
}

/// Aggregates over everything the filter matches.
pub async fn stats(caller: &Caller, filter: &Filter) -> Result<Stats> {
    let (visible, now) = (caller.fleet()?.clone(), caller.now());
    let key = key(filter, &visible);
    if let Some(known) = look(&caller.app.numbers.stats, &key, now) {
        return Ok(known);
    }
    let question = Question { filter, visible: &visible, now };
    let mut tx = caller.app.store.snapshot().await?;
    let as_of = events::newest(&mut tx).await?;
    let cube = question.cube(&mut tx, Need::Cards).await?;
    let (p50_duration_ms, p95_duration_ms) = question.percentiles(&mut tx, &cube).await?;
    let stats = Stats { p50_duration_ms, p95_duration_ms, as_of, ..cube.stats(filter) };
    keep(&caller.app.numbers.stats, key, now, &stats);
    Ok(stats)
}

/// Values of each filter with their runs under all other filters, and the moment they are of.
pub async fn facets(caller: &Caller, filter: &Filter) -> Result<(Facets, i64)> {
    let (visible, now) = (caller.fleet()?.clone(), caller.now());
    let key = key(filter, &visible);
    if let Some(known) = look(&caller.app.numbers.facets, &key, now) {
        return Ok(known);
    }
    let question = Question { filter, visible: &visible, now };
    let mut tx = caller.app.store.snapshot().await?;
    let as_of = events::newest(&mut tx).await?;
    let cube = question.cube(&mut tx, Need::Facets).await?;
    let facets = Facets { tool: tools_in(&mut tx, &question).await?, ..cube.facets(filter) };
    keep(&caller.app.numbers.facets, key, now, &(facets.clone(), as_of));
    Ok((facets, as_of))
}

async fn tools_in(tx: &mut Tx, question: &Question<'_>) -> Result<Vec<FacetValue>> {
    let mut filter = question.filter.clone();
    filter.tool = crate::domain::Choice::default();
    let selection = Selection::resolve(tx, &filter, question.visible, question.now).await?;
    let named = rows::tools(tx, &selection, TOOLS).await?;
    Ok(named.into_iter().map(|(value, count)| FacetValue { value, count }).collect())
}

/// Runs over time in `buckets` equal stretches.
pub async fn timeline(caller: &Caller, filter: &Filter, buckets: Option<i64>) -> Result<Timeline> {
    let count = buckets.unwrap_or(BUCKETS);
    if !(1..=MOST_BUCKETS).contains(&count) {
        return Err(Error::invalid("buckets", format!("must be from 1 to {MOST_BUCKETS}")));
    }
    let (visible, now) = (caller.fleet()?.clone(), caller.now());
    let mut key = key(filter, &visible);
    key.0 = format!("{count} {}", key.0);
    if let Some(known) = look(&caller.app.numbers.timelines, &key, now) {
        return Ok(known);
    }
    let question = Question { filter, visible: &visible, now };
    let mut tx = caller.app.store.snapshot().await?;
    let as_of = events::newest(&mut tx).await?;
    let oldest = oldest(&mut tx, &question).await?;
    let plan = Plan::equal(filter.window, now, oldest, count);
    let cube = question.cube(&mut tx, Need::Outside).await?;
    let timeline = question.timeline(&mut tx, plan, &cube, as_of).await?;
    keep(&caller.app.numbers.timelines, key, now, &timeline);
    Ok(timeline)
}

/// The first run's start, where the window has no beginning.
async fn oldest(tx: &mut Tx, question: &Question<'_>) -> Result<Option<Timestamp>> {
    match question.filter.window.bounds(question.now) {
        (Some(_), _) => Ok(None),
        (None, _) => Ok(rows::oldest_start(tx, question.visible).await?.map(Timestamp::from_micros)),
    }
}

/// Whom a page's list shows: one agent's page is also for the role `client`.
pub(super) fn page_visible<'a>(caller: &'a Caller, filter: &Filter) -> Result<&'a Visible> {
    match (caller.role, filter.agent.include.as_slice()) {
        (Role::Client, [_]) => Ok(caller.visible()),
        _ => caller.fleet(),
    }
}

/// Everything a page counts, at most five seconds old.
pub async fn for_page(caller: &Caller, query: &str) -> Result<Numbers> {
    let (filter, _) = super::executions::page_query(query);
    let (visible, now) = (page_visible(caller, &filter)?.clone(), caller.now());
    if let Some(known) = look(&caller.app.numbers.numbers, &key(&filter, &visible), now) {
        return Ok(known);
    }
    let mut tx = caller.app.store.snapshot().await?;
    let as_of = events::newest(&mut tx).await?;
    numbers_in(caller, &mut tx, &filter, &visible, as_of).await
}

/// The same for rows read in this transaction: they agree to the last run. Without `whole`, `None` where counting would
/// take longer than a list may wait for.
pub(super) async fn beside_rows(
    caller: &Caller,
    tx: &mut Tx,
    filter: &Filter,
    visible: &Visible,
    as_of: i64,
    whole: bool,
) -> Result<Option<Numbers>> {
    let known = look(&caller.app.numbers.numbers, &key(filter, visible), caller.now());
    if let Some(known) = known.filter(|n| n.stats.as_of == as_of && !matches!(filter.window, Window::Last(_))) {
        return Ok(Some(known));
    }
    if !whole && !filter.is_counted() {
        return Ok(None);
    }
    numbers_in(caller, tx, filter, visible, as_of).await.map(Some)
}

async fn numbers_in(caller: &Caller, tx: &mut Tx, filter: &Filter, visible: &Visible, as_of: i64) -> Result<Numbers> {
    let now = caller.now();
    let question = Question { filter, visible, now };
    let cube = question.cube(tx, Need::Facets).await?;
    let (p50_duration_ms, p95_duration_ms) = question.percentiles(tx, &cube).await?;
    let plan = Plan::round(filter.window, now, oldest(tx, &question).await?);
    let numbers = Numbers {
        stats: Stats { p50_duration_ms, p95_duration_ms, as_of, ..cube.stats(filter) },
        facets: cube.facets(filter),
        timeline: question.timeline(tx, plan, &cube, as_of).await?,
    };
    keep(&caller.app.numbers.numbers, key(filter, visible), now, &numbers);
    Ok(numbers)
}

/// Tools with their runs under all other filters of a page.
pub async fn tools_for_page(caller: &Caller, query: &str) -> Result<Vec<FacetValue>> {
    let (filter, _) = super::executions::page_query(query);
    let (visible, now) = (page_visible(caller, &filter)?.clone(), caller.now());
    let key = key(&filter, &visible);
    if let Some(known) = look(&caller.app.numbers.tools, &key, now) {
        return Ok(known);
    }
    let mut tx = caller.app.store.snapshot().await?;
    let tools = tools_in(&mut tx, &Question { filter: &filter, visible: &visible, now }).await?;
    keep(&caller.app.numbers.tools, key, now, &tools);
    Ok(tools)
}

/// Agents whose name contains `text`, with their runs under all other filters of a page: most first, at most 50.
pub async fn agents_for_page(caller: &Caller, query: &str, text: &str) -> Result<Vec<FacetValue>> {
    let (filter, _) = super::executions::page_query(query);
    let visible = page_visible(caller, &filter)?.clone();
    let question = Question { filter: &filter, visible: &visible, now: caller.now() };
    let mut tx = caller.app.store.snapshot().await?;
    let cube = question.cube(&mut tx, Need::Facets).await?;
    Ok(cube.agents_like(&filter, text, 50))
}
