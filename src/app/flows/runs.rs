//! Server. Runs of flows: which there are, which flow each does, and how far it is.

use super::{agents_of, list_rows, seen, steps};
use crate::app::executions as runs;
use crate::app::{Caller, cursor};
use crate::domain::execution::preview;
use crate::domain::flow::FLOWS_AT_ONCE;
use crate::domain::{
    ExecutionSummary, FlowList, FlowOfRun, FlowRunSteps, FlowRuns, FlowStanding, FlowUnderWay, FlowsPage, PlannedStep,
    Result,
};
use crate::store::executions::Record;
use crate::store::flows::{self as rows, FlowRunRow};
use crate::store::{Executor, Visible, events, parts};
use std::collections::HashMap;

/// Runs on a page of the history, and shown as going on.
const RUNS_AT_ONCE: i64 = 50;
const MOST_UNDER_WAY: i64 = 100;
/// What cursors over runs of flows belong to.
const RUNS: &str = "runs of flows";
const STEPS: i64 = 1_000;

/// The flow of a run as the caller may know it.
fn planned(caller: &Caller, agent_key: i64, row: &FlowRunRow) -> Result<FlowOfRun> {
    let told = caller.operates(agent_key);
    let plan = |step: &crate::domain::FlowStep| PlannedStep {
        title: step.title().to_owned(),
        kind: step.kind().to_owned(),
        does: told.then(|| preview(&step.in_words())),
    };
    Ok(FlowOfRun {
        id: row.id.clone(),
        name: row.name.clone(),
        version: row.version,
        steps: steps(&row.steps)?.iter().map(plan).collect(),
        pause_requested: row.pause_requested_at.is_some(),
    })
}

/// The flow that a run does, if Runboard does one.
pub(crate) async fn of_run(db: &mut impl Executor, caller: &Caller, record: &Record) -> Result<Option<FlowOfRun>> {
    let row = rows::of_run(db, record.key).await?;
    row.map(|row| planned(caller, record.agent_key, &row)).transpose()
}

/// The flow a run does, if Runboard does one.
pub async fn flow_of_run(caller: &Caller, id: &str) -> Result<Option<FlowOfRun>> {
    let record = runs::find(caller, id).await?;
    of_run(&mut caller.app.store.read(), caller, &record).await
}

/// The prompts and responses of a run.
pub async fn run_steps(caller: &Caller, id: &str) -> Result<FlowRunSteps> {
    let record = runs::find(caller, id).await?;
    let mut tx = caller.app.store.snapshot().await?;
    let flow = of_run(&mut tx, caller, &record).await?;
    Ok(FlowRunSteps { flow, steps: parts::steps(&mut tx, record.key, 0, STEPS).await? })
}

/// Flows by name, each with its newest run.
pub async fn standings(caller: &Caller, cursor: Option<String>) -> Result<FlowList> {
    let (found, next_cursor) = list_rows(caller, None, cursor, FLOWS_AT_ONCE).await?;
    let keys: Vec<i64> = found.iter().map(|f| f.key).collect();
    let newest = rows::newest_runs(&mut caller.app.store.read(), &keys).await?;
    let newest: HashMap<i64, &Record> = newest.iter().map(|(flow, run)| (*flow, run)).collect();
    let agents = agents_of(caller, &found).await?;
    let mut flows = Vec::with_capacity(found.len());
    for row in found {
        let Some(agent) = agents.get(&row.agent_key) else { continue };
        let last_run = newest.get(&row.key).map(|run| run.summary()).transpose()?;
        flows.push(FlowStanding { flow: seen(caller, row, agent)?, last_run });
    }
    Ok(FlowList { flows, next_cursor })
}

/// Runs of flows that have ended, newest start first.
pub async fn ended(caller: &Caller, cursor: Option<String>) -> Result<FlowRuns> {
    let visible = caller.fleet()?.clone();
    let before = cursor.map(|text| cursor::decode_pair(&text, RUNS)).transpose()?;
    history(&mut caller.app.store.read(), &visible, before).await
}

async fn history(db: &mut impl Executor, visible: &Visible, before: Option<(i64, i64)>) -> Result<FlowRuns> {
    let mut found = rows::runs(db, visible, false, before, RUNS_AT_ONCE + 1).await?;
    let more = found.len() as i64 > RUNS_AT_ONCE;
    found.truncate(usize::try_from(RUNS_AT_ONCE).unwrap_or(usize::MAX));
    let position = |r: &Record| (r.started_at.unwrap_or(r.queued_at), r.key);
    let next_cursor = found.last().filter(|_| more).map(|r| cursor::encode_pair(RUNS, position(r)));
    Ok(FlowRuns { runs: found.iter().map(Record::summary).collect::<Result<_>>()?, next_cursor })
}

/// What the page of flows shows.
pub async fn page(caller: &Caller) -> Result<FlowsPage> {
    let visible = caller.fleet()?.clone();
    let list = standings(caller, None).await?;
    let mut tx = caller.app.store.snapshot().await?;
    let as_of = events::newest(&mut tx).await?;
    let going_on = rows::runs(&mut tx, &visible, true, None, MOST_UNDER_WAY).await?;
    let keys: Vec<i64> = going_on.iter().map(|r| r.key).collect();
    let flows: HashMap<i64, FlowRunRow> =
        rows::of_runs(&mut tx, &keys).await?.into_iter().map(|row| (row.execution_key, row)).collect();
    let mut under_way = Vec::with_capacity(going_on.len());
    for record in going_on {
        let run = record.summary()?;
        let flow = match flows.get(&record.key) {
            Some(row) => planned(caller, record.agent_key, row)?,
            None => reported(&run),
        };
        under_way.push(FlowUnderWay { run, flow });
    }
    let history = history(&mut tx, &visible, None).await?;
    Ok(FlowsPage { list, under_way, history, as_of })
}

/// A flow that others do: what it is made of is theirs.
fn reported(run: &ExecutionSummary) -> FlowOfRun {
    let id = run.flow_id.clone().unwrap_or_default();
    FlowOfRun { name: id.clone(), id, version: 0, steps: Vec::new(), pause_requested: false }
}
