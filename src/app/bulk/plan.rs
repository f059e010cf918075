//! Server. What a bulk action would do: which runs it is for, which of them are left out and why.

use super::{link, stored_id};
use crate::app::Caller;
use crate::auth::secret;
use crate::domain::filter::{parse_query, query_string};
use crate::domain::{
    BULK_LIMIT, BulkAction, BulkPreview, BulkTarget, Error, Excluded, ExcludedGroup, ExecutionId, Filter, ListQuery,
    Reason, Result, RunLink, Sort,
};
use crate::store::executions::{self as rows, Record};
use crate::store::list::{self, After, Selection};
use crate::store::{Tx, agents, events};
use std::collections::{HashMap, HashSet};

/// Rows read at once.
const PAGE: i64 = 1_000;
/// Runs of a kind that a preview names.
const NAMED: usize = 5;

/// Which runs are meant.
#[derive(Debug, Clone)]
pub enum Target {
    Ids(Vec<ExecutionId>),
    /// Everything the filter matches that was there at event `as_of`; now, when absent.
    Matching {
        filter: Box<Filter>,
        as_of: Option<i64>,
    },
}

impl TryFrom<BulkTarget> for Target {
    type Error = Error;

    /// A list leaves out what it does not understand; an action must not.
    fn try_from(target: BulkTarget) -> Result<Self> {
        Ok(match target {
            BulkTarget::Ids(ids) => Self::Ids(ids),
            BulkTarget::Matching { query, as_of } => {
                let list = ListQuery::parse(&parse_query(&query));
                if let Some(wrong) = list.errors.first() {
                    return Err(Error::invalid(wrong.field.as_str(), wrong.message.clone()));
                }
                Self::Matching { filter: Box::new(list.filter), as_of: Some(as_of) }
            }
        })
    }
}

impl Target {
    /// The same for the same request only.
    pub fn fingerprint(&self, action: BulkAction) -> String {
        let words: Vec<String> = match self {
            Self::Ids(ids) => ids.iter().map(ToString::to_string).collect(),
            Self::Matching { filter, as_of } => vec![query_string(filter.api_pairs()), format!("{as_of:?}")],
        };
        let parts: Vec<&[u8]> =
            [action.as_str()].into_iter().chain(words.iter().map(String::as_str)).map(str::as_bytes).collect();
        secret::fingerprint(&parts)
    }
}

/// The runs to act on, in the order of the list, and the others.
pub struct Plan {
    pub counted: Vec<Record>,
    pub excluded: Vec<(ExecutionId, Reason, Option<Record>)>,
}

impl Plan {
    pub fn ids(&self) -> Result<Vec<ExecutionId>> {
        self.counted.iter().map(|r| stored_id(&r.id)).collect()
    }

    pub fn excluded(&self) -> Vec<Excluded> {
        self.excluded.iter().map(|(id, reason, _)| Excluded { id: id.clone(), reason: *reason }).collect()
    }
}

/// Can Runboard start this run once more? `startable`: keys of the agents whose runs it can start.
pub(super) fn can_retry(run: &Record, startable: &HashSet<i64>) -> Result<(), Reason> {
    if !startable.contains(&run.agent_key) {
        return Err(Reason::NotStartedHere);
    }
    if run.status.is_terminal() { Ok(()) } else { Err(Reason::Unfinished) }
}

/// Why nothing would be done with a run, if so.
fn obstacle(caller: &Caller, action: BulkAction, run: &Record, startable: &HashSet<i64>) -> Option<Reason> {
    if !caller.may_operate(run.agent_key) {
        return Some(Reason::NotYours);
    }
    match action {
        BulkAction::Terminate if run.status.is_terminal() => Some(Reason::Ended),
        BulkAction::Terminate if run.cancel_requested_at.is_some() => Some(Reason::StopAsked),
        BulkAction::Terminate => None,
        BulkAction::Retry => can_retry(run, startable).err(),
    }
}

/// Changes nothing.
pub async fn plan(caller: &Caller, action: BulkAction, target: Target) -> Result<Plan> {
    caller.writer()?;
    caller.fleet()?;
    let mut tx = caller.app.store.snapshot().await?;
    let (found, missing) = match target {
        Target::Ids(ids) => by_ids(&mut tx, caller, ids).await?,
        Target::Matching { filter, as_of } => (matching(&mut tx, caller, &filter, as_of).await?, Vec::new()),
    };
    let startable = match action {
        BulkAction::Retry => agents::run_here(&mut tx).await?.into_iter().collect(),
        BulkAction::Terminate => HashSet::new(),
    };
    let mut plan = Plan { counted: Vec::new(), excluded: Vec::new() };
    for run in found {
        match obstacle(caller, action, &run, &startable) {
            None => plan.counted.push(run),
            Some(reason) => plan.excluded.push((stored_id(&run.id)?, reason, Some(run))),
        }
    }
    plan.excluded.extend(missing.into_iter().map(|id| (id, Reason::NotFound, None)));
    Ok(plan)
}

/// In the order they were given in, each once; and those there are not for this caller.
async fn by_ids(tx: &mut Tx, caller: &Caller, ids: Vec<ExecutionId>) -> Result<(Vec<Record>, Vec<ExecutionId>)> {
    let mut seen = HashSet::new();
    let ids: Vec<ExecutionId> = ids.into_iter().filter(|id| seen.insert(id.clone())).collect();
    if ids.is_empty() {
        return Err(Error::invalid("ids", "names no run"));
    }
    if ids.len() > BULK_LIMIT {
        return Err(too_many("ids"));
    }
    let texts: Vec<&str> = ids.iter().map(ExecutionId::as_str).collect();
    let found = rows::by_ids(tx, &texts, caller.visible()).await?;
    let mut found: HashMap<String, Record> = found.into_iter().map(|r| (r.id.clone(), r)).collect();
    let mut there = Vec::with_capacity(found.len());
    let mut missing = Vec::new();
    for id in ids {
        match found.remove(id.as_str()) {
            Some(run) => there.push(run),
            None => missing.push(id),
        }
    }
    Ok((there, missing))
}

fn too_many(field: &str) -> Error {
    Error::invalid(field, format!("means more than {BULK_LIMIT} runs; a bulk action takes no more at once, narrow it"))
}

/// What the filter matches and was there at `as_of`. A page of the list at a time, until it is all or too much.
async fn matching(tx: &mut Tx, caller: &Caller, filter: &Filter, as_of: Option<i64>) -> Result<Vec<Record>> {
    let visible = caller.fleet()?;
    let newest = events::newest(tx).await?;
    let as_of = as_of.unwrap_or(newest);
    if as_of < 0 || as_of > newest {
        return Err(Error::invalid("as_of", "lies in the future; take it from a list"));
    }
    let too_new = rows::first_key_after(tx, as_of).await?;
    let selection = Selection::resolve(tx, filter, visible, caller.now()).await?;
    let count = list::count(tx, &selection).await?;
    let sort = Sort::default();
    let selection = selection.for_sort(sort, count, tx.is_sqlite());
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = list::page(tx, &selection, sort, after, 0, PAGE).await?;
        let full = page.len() as i64 == PAGE;
        after = page.last().map(|(value, run)| After { value: *value, key: run.key });
        all.extend(page.into_iter().map(|(_, run)| run).filter(|run| run.key < too_new));
        if all.len() > BULK_LIMIT {
            return Err(too_many("filter"));
        }
        if !full {
            return Ok(all);
        }
    }
}

/// The answer of a dry run: runs to act on, and the others.
pub async fn dry_run(caller: &Caller, action: BulkAction, target: Target) -> Result<(Vec<ExecutionId>, Vec<Excluded>)> {
    let plan = plan(caller, action, target).await?;
    Ok((plan.ids()?, plan.excluded()))
}

/// A dry run for people.
pub async fn preview(caller: &Caller, action: BulkAction, target: Target) -> Result<BulkPreview> {
    let plan = plan(caller, action, target).await?;
    let mut groups: Vec<ExcludedGroup> = Vec::new();
    for (_, reason, run) in &plan.excluded {
        let at = groups.iter().position(|g| g.reason == *reason).unwrap_or_else(|| {
            groups.push(ExcludedGroup { reason: *reason, count: 0, first: Vec::new() });
            groups.len() - 1
        });
        let group = &mut groups[at];
        group.count += 1;
        if let Some(run) = run.as_ref().filter(|_| group.first.len() < NAMED) {
            group.first.push(link(run)?);
        }
    }
    let first = plan.counted.iter().take(NAMED).map(link).collect::<Result<Vec<RunLink>>>()?;
    Ok(BulkPreview { ids: plan.ids()?, first, excluded: groups })
}
