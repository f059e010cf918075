//! Server. Reading executions.

use super::{Caller, cursor};
use crate::domain::{
    Error, ExecutionDetail, ExecutionId, ExecutionPage, ExecutionSummary, Filter, FirstPage, ListQuery, Result,
    RunCount, Sort, Status, Timestamp, page,
};
use crate::store::executions::{self as rows, Record};
use crate::store::list::{self, After, Selection};
use crate::store::{Executor as _, Tx, Visible, events, users};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// What is wanted of a list.
#[derive(Debug, Clone, Default)]
pub struct ListRequest {
    pub filter: Filter,
    pub sort: Sort,
    pub limit: Option<i64>,
    pub cursor: Option<String>,
    pub offset: Option<i64>,
}

impl ListRequest {
    fn check(&self) -> Result<(i64, i64)> {
        let limit = self.limit.unwrap_or(page::DEFAULT_LIMIT);
        if !(1..=page::MAX_LIMIT).contains(&limit) {
            return Err(Error::invalid("limit", format!("must be from 1 to {}", page::MAX_LIMIT)));
        }
        let offset = self.offset.unwrap_or(0);
        if !(0..=page::MAX_OFFSET).contains(&offset) {
            return Err(Error::invalid("offset", format!("must be from 0 to {}", page::MAX_OFFSET)));
        }
        if self.offset.is_some() && self.cursor.is_some() {
            return Err(Error::invalid("offset", "can't be combined with cursor"));
        }
        Ok((limit, offset))
    }
}

/// Counts by what was counted, valid for one state of the data.
#[derive(Default)]
pub struct CountCache(Mutex<HashMap<(String, Visible), Count>>);

struct Count {
    as_of: i64,
    at: Timestamp,
    runs: i64,
}

/// A count over a relative window moves with time even when nothing is written.
const COUNT_FRESH_MS: i64 = 1_000;

/// Executions across all agents the caller may see.
pub async fn list(caller: &Caller, request: &ListRequest) -> Result<ExecutionPage> {
    let visible = caller.fleet()?.clone();
    list_visible(caller, request, &visible).await
}

/// Executions of one agent; `client` users have these pages too.
pub async fn list_of_agent(caller: &Caller, name: &str, mut request: ListRequest) -> Result<ExecutionPage> {
    let agent = super::agents::get(caller, name).await?;
    request.filter.agent = crate::domain::Choice::only(agent.name);
    list_visible(caller, &request, &caller.visible().clone()).await
}

async fn list_visible(caller: &Caller, request: &ListRequest, visible: &Visible) -> Result<ExecutionPage> {
    list_in(&mut caller.app.store.snapshot().await?, caller, request, visible).await
}

pub(super) async fn list_in(
    tx: &mut Tx,
    caller: &Caller,
    request: &ListRequest,
    visible: &Visible,
) -> Result<ExecutionPage> {
    let (limit, offset) = request.check()?;
    let now = caller.now();
    let after = request.cursor.as_deref().map(|c| cursor::decode(c, &request.filter, request.sort)).transpose()?;
    let as_of = events::newest(tx).await?;
    let selection = Selection::resolve(tx, &request.filter, visible, now).await?;
    let total = count(caller, request, visible, tx, &selection, as_of, now).await?;
    let selection = selection.for_sort(request.sort, total, tx.is_sqlite());
    let mut found = list::page(tx, &selection, request.sort, after, offset, limit + 1).await?;
    let has_more = found.len() as i64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next_cursor = match found.last() {
        Some((value, last)) if has_more => {
            Some(cursor::encode(&request.filter, request.sort, After { value: *value, key: last.key }))
        }
        _ => None,
    };
    Ok(ExecutionPage {
        executions: found.iter().map(|(_, r)| r.summary()).collect::<Result<_>>()?,
        next_cursor,
        has_more,
        total_count: total.min(page::COUNT_CAP),
        total_is_capped: total > page::COUNT_CAP,
        filters_applied: request.filter.api_pairs().into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
        as_of,
    })
}

async fn count(
    caller: &Caller,
    request: &ListRequest,
    visible: &Visible,
    tx: &mut Tx,
    selection: &Selection,
    as_of: i64,
    now: Timestamp,
) -> Result<i64> {
    let key = (format!("{:?}", request.filter.api_pairs()), visible.clone());
    let moves = matches!(request.filter.window, crate::domain::Window::Last(_));
    {
        let cache = caller.app.counts.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = cache.get(&key)
            && known.as_of == as_of
            && (!moves || now.millis_since(known.at) < COUNT_FRESH_MS)
        {
            return Ok(known.runs);
        }
    }
    let runs = list::count(tx, selection).await?;
    let mut cache = caller.app.counts.0.lock().unwrap_or_else(PoisonError::into_inner);
    if cache.len() >= 1_000 {
        cache.clear();
    }
    cache.insert(key, Count { as_of, at: now, runs });
    Ok(runs)
}

/// The list of a page: its query string says which. Wrong parameters are left out; the page shows them as errors.
pub async fn list_for_page(
    caller: &Caller,
    query: &str,
    cursor: Option<String>,
    limit: Option<i64>,
) -> Result<ExecutionPage> {
    let (filter, sort) = page_query(query);
    let request = ListRequest { filter, sort, limit, cursor, ..ListRequest::default() };
    match request.filter.agent.include.as_slice() {
        [name] if caller.role == crate::domain::Role::Client => {
            let name = name.clone();
            list_of_agent(caller, &name, request).await
        }
        _ => list(caller, &request).await,
    }
}

/// The first page with everything counted beside it, at one moment; without `whole` only what is counted at once.
pub async fn first_for_page(caller: &Caller, query: &str, cursor: Option<String>, whole: bool) -> Result<FirstPage> {
    let (filter, sort) = page_query(query);
    let visible = super::numbers::page_visible(caller, &filter)?.clone();
    let bad_cursor = cursor.as_deref().is_some_and(|c| cursor::decode(c, &filter, sort).is_err());
    let cursor = cursor.filter(|_| !bad_cursor);
    let request = ListRequest { filter, sort, cursor, ..ListRequest::default() };
    let mut tx = caller.app.store.snapshot().await?;
    let page = list_in(&mut tx, caller, &request, &visible).await?;
    let numbers = super::numbers::beside_rows(caller, &mut tx, &request.filter, &visible, page.as_of, whole).await?;
    let ever = !page.executions.is_empty() || was_ever(&mut tx, caller, &request.filter, &visible).await?;
    Ok(FirstPage { page, ever, numbers, bad_cursor })
}

/// Whether there is any run at all where this page looks.
async fn was_ever(tx: &mut Tx, caller: &Caller, asked: &Filter, visible: &Visible) -> Result<bool> {
    let mut filter = Filter::default();
    if caller.role == crate::domain::Role::Client {
        filter.agent = asked.agent.clone();
    }
    let any = ListRequest { filter, limit: Some(1), ..ListRequest::default() };
    Ok(!list_in(tx, caller, &any, visible).await?.executions.is_empty())
}

/// How many runs each query of a page would show.
pub async fn counts_for_page(caller: &Caller, queries: &[String]) -> Result<Vec<RunCount>> {
    const MOST: usize = 20;
    if queries.len() > MOST {
        return Err(Error::invalid("queries", format!("has more than {MOST} queries")));
    }
    let mut tx = caller.app.store.snapshot().await?;
    let as_of = events::newest(&mut tx).await?;
    let mut counts = Vec::with_capacity(queries.len());
    for query in queries {
        let (filter, sort) = page_query(query);
        let visible = super::numbers::page_visible(caller, &filter)?.clone();
        let request = ListRequest { filter, sort, ..ListRequest::default() };
        let now = caller.now();
        let selection = Selection::resolve(&mut tx, &request.filter, &visible, now).await?;
        let runs = count(caller, &request, &visible, &mut tx, &selection, as_of, now).await?;
        counts.push(RunCount { runs: runs.min(page::COUNT_CAP), capped: runs > page::COUNT_CAP });
    }
    Ok(counts)
}

/// Filter and sort of a page's query string.
pub fn page_query(query: &str) -> (Filter, Sort) {
    let mut pairs = crate::domain::filter::parse_query(query);
    pairs.retain(|(name, _)| !matches!(name.as_str(), "run" | "tab" | "live" | "cursor" | "at"));
    let list = ListQuery::parse(&pairs);
    (list.filter, list.sort)
}

/// Unfinished runs, newest first.
pub async fn active(caller: &Caller, limit: Option<i64>) -> Result<ExecutionPage> {
    let mut filter = Filter::default();
    filter.status.include = Status::UNFINISHED.to_vec();
    list(caller, &ListRequest { filter, limit: limit.or(Some(page::MAX_LIMIT)), ..ListRequest::default() }).await
}

/// The newest runs.
pub async fn recent(caller: &Caller, limit: Option<i64>) -> Result<ExecutionPage> {
    list(caller, &ListRequest { limit: limit.or(Some(20)), ..ListRequest::default() }).await
}

/// An id from a path: what is no id does not exist.
pub(super) fn path_id(text: &str) -> Result<ExecutionId> {
    text.parse().map_err(|_| Error::NotFound)
}

/// A run to change, which nobody else changes until the transaction ends; only for those who may.
pub(super) async fn locked(tx: &mut Tx, who: &Caller, id: &ExecutionId) -> Result<Record> {
    let record = rows::find_for_update(tx, id.as_str(), who.visible()).await?;
    who.operator(record.agent_key)?;
    Ok(record)
}

/// One execution in full.
pub async fn get(caller: &Caller, id: &str) -> Result<ExecutionDetail> {
    let id = path_id(id)?;
    let mut tx = caller.app.store.snapshot().await?;
    let record = rows::find(&mut tx, id.as_str(), caller.visible()).await?;
    let texts = rows::texts(&mut tx, record.key).await?;
    let retry_chain = rows::retry_chain(&mut tx, id.as_str(), caller.visible()).await?;
    let children = rows::children(&mut tx, id.as_str(), caller.visible()).await?;
    let stop = super::control::record_of(&mut tx, &record).await?;
    let flow = super::flows::of_run(&mut tx, caller, &record).await?;
    let interactions = super::interactions::of_run(&mut tx, caller, record.key).await?;
    let started_by = match record.user_key {
        Some(key) => users::by_key(&mut tx, key).await?.map(|u| u.email),
        None => None,
    };
    let mut summary = record.summary()?;
    summary.message = texts.message.unwrap_or(summary.message);
    summary.error = texts.error.or(summary.error);
    let metadata = texts.metadata.as_deref().map(serde_json::from_str).transpose();
    Ok(ExecutionDetail {
        response: texts.response.or(record.response.clone()),
        metadata: metadata.map_err(|e| Error::Internal(format!("metadata: {e}")))?,
        cached_tokens: record.cached_tokens,
        reasoning_tokens: record.reasoning_tokens,
        context_used: record.context_used,
        context_max: record.context_max,
        retry_chain,
        children,
        interactions,
        stop,
        flow,
        started_by,
        summary,
    })
}

/// The summary alone.
pub async fn summary(caller: &Caller, id: &str) -> Result<ExecutionSummary> {
    find(caller, id).await?.summary()
}

/// The stored row, if the caller may see it.
pub async fn find(caller: &Caller, id: &str) -> Result<Record> {
    let id = path_id(id)?;
    rows::find(&mut caller.app.store.read(), id.as_str(), caller.visible()).await
}

/// Newest event, for whoever wants to follow from here.
pub async fn as_of(caller: &Caller) -> Result<i64> {
    events::newest(&mut caller.app.store.read()).await
}

/// Readiness: does the database answer?
pub async fn database_answers(app: &super::App) -> Result<()> {
    let (_,): (i64,) = app.store.read().one(crate::store::Query::new("select count(*) from settings")).await?;
    Ok(())
}
