//! Server. One cell: which runs it counts, and changing it.

use super::{Counted, Durations, SPANS};
use crate::domain::{Error, Result};
use crate::store::db::{Executor, Tx};
use crate::store::executions::chunks;
use crate::store::query::{Query, Value};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CellKey {
    /// Micros.
    pub span: i64,
    pub agent_key: i64,
    pub starts_at: i64,
    pub status: &'static str,
    pub triggered_by: &'static str,
    pub model: String,
    pub flags: i64,
}

/// What a cell holds, or what is to be added to it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Delta {
    pub runs: i64,
    pub cost_nanos: f64,
    pub priced: i64,
    pub tokens: f64,
    pub duration_ms: f64,
    pub timed: i64,
    pub durations: Durations,
}

/// Adds a run to the cells it belongs to, or with `by` of -1 takes it out.
pub(super) fn count(cells: &mut BTreeMap<CellKey, Delta>, run: &Counted, by: i64) {
    let sign = by as f64;
    for span in SPANS {
        for agent_key in [run.agent_key, 0] {
            let key = CellKey {
                span,
                agent_key,
                starts_at: run.sort_at - run.sort_at.rem_euclid(span),
                status: run.status.as_str(),
                triggered_by: run.triggered_by.as_str(),
                model: run.model.clone(),
                flags: run.flags,
            };
            let cell = cells.entry(key).or_default();
            cell.runs += by;
            if let Some(nanos) = run.cost_nanos {
                cell.priced += by;
                cell.cost_nanos += sign * nanos as f64;
            }
            cell.tokens += sign * run.tokens.unwrap_or(0) as f64;
            if let Some(ms) = run.duration_ms {
                cell.timed += by;
                cell.duration_ms += sign * ms as f64;
                cell.durations.add(ms, by);
            }
        }
    }
}

impl Delta {
    fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.cost_nanos += other.cost_nanos;
        self.priced += other.priced;
        self.tokens += other.tokens;
        self.duration_ms += other.duration_ms;
        self.timed += other.timed;
        self.durations.merge(&other.durations);
    }
}

impl CellKey {
    fn values(&self) -> Vec<Value> {
        vec![
            (self.span / 1_000_000).into(),
            self.agent_key.into(),
            self.starts_at.into(),
            self.status.into(),
            self.triggered_by.into(),
            self.model.as_str().into(),
            self.flags.into(),
        ]
    }
}

#[derive(sqlx::FromRow)]
struct CellRow {
    span: i64,
    agent_key: i64,
    starts_at: i64,
    status: String,
    triggered_by: String,
    model: String,
    flags: i64,
    runs: i64,
    cost_nanos: f64,
    priced: i64,
    tokens: f64,
    duration_ms: f64,
    timed: i64,
    durations: String,
}

const KEY: &str = "(span, agent_key, starts_at, status, triggered_by, model, flags)";
const INSERT: &str = "insert into execution_rollup (span, agent_key, starts_at, status, triggered_by, model, flags, runs, \
    cost_nanos, priced, tokens, duration_ms, timed, durations) values ";
const UPSERT: &str = " on conflict (span, agent_key, starts_at, status, triggered_by, model, flags) do update set \
    runs = excluded.runs, cost_nanos = excluded.cost_nanos, priced = excluded.priced, tokens = excluded.tokens, \
    duration_ms = excluded.duration_ms, timed = excluded.timed, durations = excluded.durations";

/// Adds to the stored cells. An emptied one goes.
pub(super) async fn apply(tx: &mut Tx, deltas: BTreeMap<CellKey, Delta>) -> Result<()> {
    let mut cells: Vec<(CellKey, Delta)> = deltas.into_iter().filter(|(_, d)| *d != Delta::default()).collect();
    let keys: Vec<CellKey> = cells.iter().map(|(key, _)| key.clone()).collect();
    let mut stored = Vec::new();
    for chunk in chunks(&keys) {
        let mut q = Query::new("select * from execution_rollup where ");
        q.push(KEY).push(" in (values ").rows(chunk.iter().map(CellKey::values)).push(")");
        stored.extend(tx.all::<CellRow>(q).await?);
    }
    for row in stored {
        let Ok(at) = cells.binary_search_by(|(key, _)| order(key, &row)) else {
            // Its text is stored otherwise than it was given: no reason to refuse the changes of others.
            tracing::error!(model = row.model, starts_at = row.starts_at, "a cell that was not asked for");
            continue;
        };
        let durations = Durations::parse(&row.durations)
            .ok_or_else(|| Error::Internal(format!("durations of the cell at {} can't be read", row.starts_at)))?;
        cells[at].1.add(&Delta {
            runs: row.runs,
            cost_nanos: row.cost_nanos,
            priced: row.priced,
            tokens: row.tokens,
            duration_ms: row.duration_ms,
            timed: row.timed,
            durations,
        });
    }
    let (empty, full): (Vec<_>, Vec<_>) = cells.into_iter().partition(|(_, d)| d.runs <= 0);
    for chunk in chunks(&empty) {
        let mut q = Query::new("delete from execution_rollup where ");
        q.push(KEY).push(" in (values ").rows(chunk.iter().map(|(key, _)| key.values())).push(")");
        tx.run(q).await?;
    }
    for chunk in chunks(&full) {
        let mut q = Query::new(INSERT);
        q.rows(chunk.iter().map(|(key, d)| [key.values(), contents(d)].concat())).push(UPSERT);
        tx.run(q).await?;
    }
    Ok(())
}

fn contents(d: &Delta) -> Vec<Value> {
    vec![
        d.runs.into(),
        d.cost_nanos.into(),
        d.priced.into(),
        d.tokens.into(),
        d.duration_ms.into(),
        d.timed.into(),
        d.durations.text().into(),
    ]
}

fn order(key: &CellKey, row: &CellRow) -> std::cmp::Ordering {
    let left = (key.span, key.agent_key, key.starts_at, key.status, key.triggered_by, key.model.as_str(), key.flags);
    let right = (
        row.span * 1_000_000,
        row.agent_key,
        row.starts_at,
        row.status.as_str(),
        row.triggered_by.as_str(),
        row.model.as_str(),
        row.flags,
    );
    left.cmp(&right)
}
