//! Server. Looks at traces that have grown or whose time has come: derives their runs and writes them.

use super::gather::{Gathered, gather, parts, read};
use super::prices::Prices;
use super::write::{Derived, Refusal, Written, write};
use super::{blocking, pause_ms};
use crate::app::App;
use crate::domain::{Error, Result};
use crate::otlp::derive;
use crate::store::traces::{self, TraceRow};
use std::collections::{BTreeMap, HashMap};
use std::time::Instant;
use tracing::Instrument as _;

/// Others write to the same traces. The last time, what is known by then is written if only newer spans came.
const TRIES: usize = 4;
/// Traces that are looked at in one step.
const AT_ONCE: i64 = 1_000;
/// What could not be looked at comes again after.
const AGAIN_S: i64 = 60;

/// Derives the runs of these traces of a person, and of all that belong with them, and writes them.
pub(super) async fn bring_up(app: &App, user_key: i64, keys: &[i64]) -> Result<Vec<Refusal>> {
    for try_ in 1..=TRIES {
        let begun = Instant::now();
        let gathered = gather(app, user_key, keys).await?;
        let told = gathered.told(keys);
        let (written, runs) = derived(app, user_key, gathered, try_ == TRIES).instrument(told.clone()).await?;
        told.record("runboard.runs", runs as i64);
        if let Written::Done(outcome) = written {
            let new = outcome.added.min(runs);
            app.store.figures().derived(new, runs - new, begun.elapsed());
            if outcome.agents_changed {
                app.access_changed();
            }
            return Ok(outcome.refusals);
        }
    }
    Ok(Vec::new())
}

/// Once: what came of it, and how many runs there are.
async fn derived(app: &App, user_key: i64, gathered: Gathered, insist: bool) -> Result<(Written, usize)> {
    let prices = Prices::load(app).await?;
    // Who sent a trace decides whose runs it may tell of, whoever looks at it now.
    let mut callers = HashMap::new();
    for row in &gathered.rows {
        if !callers.contains_key(&row.agents) {
            callers.insert(row.agents.clone(), app.person_within(user_key, row.agents.as_deref()).await?);
        }
    }
    let derived = blocking(move || {
        let (spans, logs) = read(&gathered);
        let runs = derive(&spans, &logs);
        let (spans, bytes) = total(&gathered.rows);
        let pause_ms = pause_ms(spans, bytes);
        Derived { rows: gathered.rows, whole: gathered.whole, runs, prices, callers, pause_ms }
    });
    let (derived, app_too, now) = (derived.await?, app.clone(), app.now());
    let runs = derived.runs.len();
    let job =
        app.store.write(move |tx| Box::pin(async move { write(tx, &app_too, user_key, &derived, insist, now).await }));
    Ok((job.await?, runs))
}

fn total(rows: &[TraceRow]) -> (i64, i64) {
    (rows.iter().map(|row| row.span_count).sum(), rows.iter().map(|row| row.bytes).sum())
}

/// Once around: whatever is due. Several servers may do so; what one has written, the others find done.
pub async fn step(app: &App) -> Result<()> {
    let due = traces::due(&mut app.store.read(), app.now(), AT_ONCE).await?;
    if due.is_empty() {
        return Ok(());
    }
    let keys: Vec<i64> = due.iter().map(|(_, key)| *key).collect();
    let mut by_person: BTreeMap<i64, Vec<TraceRow>> = BTreeMap::new();
    for row in traces::by_keys(&mut app.store.read(), &keys).await? {
        by_person.entry(row.user_key).or_default().push(row);
    }
    for (user_key, rows) in by_person {
        for keys in parts(rows, super::TRACES_AT_ONCE) {
            match look(app, user_key, &keys).await {
                Ok(()) => {}
                Err(e @ Error::Unavailable(_)) => return Err(e),
                Err(e) => {
                    tracing::error!(error = %e, traces = keys.len(), "traces can't be looked at");
                    postpone(app, &keys).await?;
                }
            }
        }
    }
    Ok(())
}

async fn look(app: &App, user_key: i64, keys: &[i64]) -> Result<()> {
    for refusal in bring_up(app, user_key, keys).await? {
        tracing::warn!(traces = refusal.traces.len(), why = refusal.why, "spans that came were not kept");
    }
    Ok(())
}

async fn postpone(app: &App, keys: &[i64]) -> Result<()> {
    let (keys, until) = (keys.to_vec(), app.now().plus_secs(AGAIN_S));
    app.store.write(move |tx| Box::pin(async move { traces::postpone(tx, &keys, until).await })).await
}
