//! Server. Runs from spans: what came is stored first and acknowledged then; the runs are derived from all that is
//! stored, so that they are the same whatever came when, how often, and through which server.

mod gather;
mod keep;
mod kept;
mod look;
mod made;
mod parts;
mod prepare;
pub mod prices;
mod tree;
mod whose;
mod write;

pub use look::step;
pub use tree::{Trees, count, span, spans};

use super::{App, Caller};
use crate::domain::{Error, Result, Timestamp};
use crate::otlp::{Decoded, LogRecord, Rejected, Span};
use crate::store::traces::TraceRow;
use keep::Stored;
use prepare::Batch;
use std::collections::HashMap;
use std::time::Duration;

/// What is kept of one trace. A run with more tells of what it has done, and that there was more.
pub const SPANS_PER_TRACE: usize = 20_000;
pub const BYTES_PER_TRACE: i64 = 64 << 20;
pub const LOGS_PER_TRACE: usize = 20_000;
/// Spans that are written in one transaction: others wait for it.
const SPANS_AT_ONCE: usize = 5_000;
/// Traces that are looked at together.
const TRACES_AT_ONCE: usize = 200;
/// Traces whose runs a request waits for; the others follow.
const WAITED_FOR: usize = 1_000;
const WAIT: Duration = Duration::from_secs(5);
/// After its root has ended, what comes late may still say that a run ended otherwise.
const STANDS_AFTER_S: i64 = 60;
/// The next look at what is due.
const PACE: Duration = Duration::from_secs(1);

/// Stores spans, and makes or changes the runs they tell of. When this returns, what was not rejected is durable.
pub async fn ingest_traces(caller: &Caller, spans: Decoded<Span>) -> Result<Rejected> {
    caller.writer()?;
    let Decoded { items, mut rejected } = spans;
    let came = rejected.count.saturating_add(items.len() as u64);
    let (batches, refused) = blocking(move || prepare::spans(items)).await?;
    rejected.add_many(refused, too_many());
    take_in(caller, batches, &mut rejected).await?;
    caller.app.store.figures().spans_came(came.saturating_sub(rejected.count), rejected.count);
    Ok(rejected)
}

/// The same of log records. Those that belong to no span say nothing about a run.
pub async fn ingest_logs(caller: &Caller, logs: Decoded<LogRecord>) -> Result<Rejected> {
    caller.writer()?;
    let Decoded { items, mut rejected } = logs;
    let (batches, refused) = blocking(move || prepare::logs(items)).await?;
    rejected.add_many(refused, too_many());
    take_in(caller, batches, &mut rejected).await?;
    Ok(rejected)
}

fn too_many() -> String {
    format!("more than {SPANS_PER_TRACE} spans or {BYTES_PER_TRACE} bytes of one trace are not kept")
}

async fn take_in(caller: &Caller, batches: Vec<Batch>, rejected: &mut Rejected) -> Result<()> {
    let stored = store(caller, batches).await?;
    let mut sent: HashMap<i64, u64> = HashMap::new();
    for s in &stored {
        rejected.add_many(s.refused, s.why.clone());
        sent.insert(s.key, s.items - s.refused);
    }
    let now = caller.now();
    let seeds: Vec<i64> = stored.iter().filter(|s| s.grew && s.calm_until <= now.micros()).map(|s| s.key).collect();
    let begun = caller.app.passed();
    for keys in seeds.get(..seeds.len().min(WAITED_FOR)).unwrap_or_default().chunks(TRACES_AT_ONCE) {
        if caller.app.passed().saturating_sub(begun) > WAIT {
            break;
        }
        match look::bring_up(&caller.app, caller.user_key, keys).await {
            Ok(refusals) => {
                for refusal in refusals {
                    let count = refusal.traces.iter().filter_map(|key| sent.get(key)).sum();
                    rejected.add_many(count, refusal.why);
                }
            }
            // It is stored and due: `step` will look at it.
            Err(e) => tracing::warn!(error = %e, "runs of spans that were taken in will be made later"),
        }
    }
    Ok(())
}

async fn store(caller: &Caller, batches: Vec<Batch>) -> Result<Vec<Stored>> {
    let mut stored = Vec::with_capacity(batches.len());
    let mut batches = batches.into_iter().peekable();
    while batches.peek().is_some() {
        let mut part = Vec::new();
        let mut items = 0;
        let fits = |b: &Batch, part: &[Batch], items| {
            part.is_empty() || (items + b.len() <= SPANS_AT_ONCE && part.len() < TRACES_AT_ONCE)
        };
        while let Some(batch) = batches.next_if(|b| fits(b, &part, items)) {
            items += batch.len();
            part.push(batch);
        }
        let (who, limits, now) = (caller.clone(), caller.limits()?, caller.now());
        let write = caller.app.store.write(move |tx| {
            Box::pin(async move {
                let mut stored = Vec::with_capacity(part.len());
                for batch in &part {
                    stored.push(keep::keep(tx, &who, limits.as_deref(), batch, now).await?);
                }
                Ok(stored)
            })
        });
        stored.extend(write.await?);
    }
    Ok(stored)
}

/// Work that takes long, and would keep others from their turn.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|e| {
        let id = uuid::Uuid::now_v7().simple().to_string();
        tracing::error!(id, error = %e, "work on spans panicked");
        Error::Internal(id)
    })
}

/// How long a run of so many spans and bytes is left alone after it was derived.
fn pause_ms(spans: i64, bytes: i64) -> i64 {
    const SMALL: (i64, i64) = (500, 2 << 20);
    if spans <= SMALL.0 && bytes <= SMALL.1 { 0 } else { (spans / 2).max(bytes / 2_000).clamp(1_000, 30_000) }
}

/// After how long without anything new a run is taken to have ended.
fn quiet_after(app: &App, rows: &[&TraceRow]) -> Timestamp {
    let last = rows.iter().map(|row| row.last_received_at).max().unwrap_or_default();
    Timestamp::from_micros(last).plus_secs(app.config.otlp_quiet_s)
}

/// Looks at what is due, for as long as the server goes on.
pub async fn work(app: App) {
    let mut every = tokio::time::interval(PACE);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        if let Err(e) = step(&app).await {
            tracing::warn!(error = %e, "traces will be looked at again");
        }
    }
}
