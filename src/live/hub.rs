//! Server. Follows the outbox and tells everybody who listens. Events of one execution that arrive
//! together become one: its newest state.

use crate::app::App;
use crate::domain::{EventKind, ExecutionSummary, FrameType, Result, ServerFrame, Topic};
use crate::store::{departures, events, executions};
use crate::telemetry::Figures;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{broadcast, watch};

/// Batches a listener may be behind before it has to read the gap from the database.
const RING: usize = 256;
const BATCH: i64 = 1_000;
/// Changes within this time travel together.
const GATHER: Duration = Duration::from_millis(10);
/// Executions whose last state is remembered, to tell who has just left a filter.
const REMEMBERED: usize = 20_000;

/// The newest state of an execution, and the event that led to it.
pub struct Change {
    pub seq: i64,
    pub kind: EventKind,
    pub key: i64,
    pub agent_key: i64,
    pub summary: Arc<ExecutionSummary>,
    /// The state before, when it is remembered.
    pub before: Option<Arc<ExecutionSummary>>,
    /// It left this agent: it is no more, or the agent's that this says.
    pub left: Option<Left>,
    frame: OnceLock<String>,
}

/// Where a run went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    Gone,
    To(i64),
}

impl Change {
    pub fn new(
        seq: i64,
        kind: EventKind,
        key: i64,
        agent_key: i64,
        summary: Arc<ExecutionSummary>,
        before: Option<Arc<ExecutionSummary>>,
    ) -> Self {
        Self { seq, kind, key, agent_key, summary, before, left: None, frame: OnceLock::new() }
    }

    /// The message for a topic.
    pub fn frame(&self, topic: &Topic, matches: Option<bool>, frame: FrameType, now_ms: i64) -> ServerFrame {
        ServerFrame {
            frame,
            seq: Some(self.seq),
            topic: Some(topic.to_string()),
            execution: Some(Box::new((*self.summary).clone())),
            approval: None,
            matches,
            detail: None,
            now_ms: Some(now_ms),
        }
    }

    /// The message of the `executions` topic as text: written once, whoever many listen.
    pub fn shared_text(&self, now_ms: i64) -> Result<String, serde_json::Error> {
        if let Some(text) = self.frame.get() {
            return Ok(text.clone());
        }
        let text = serde_json::to_string(&self.frame(&Topic::Executions, None, self.kind.frame(), now_ms))?;
        Ok(self.frame.get_or_init(|| text).clone())
    }
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Hub {
    changes: broadcast::Sender<Arc<Vec<Change>>>,
    closing: watch::Sender<bool>,
    figures: Figures,
}

impl Hub {
    /// Starts following. The task ends with the process.
    pub fn start(app: App) -> Self {
        let (changes, _) = broadcast::channel(RING);
        let figures = app.store.figures().clone();
        let hub = Self { changes: changes.clone(), closing: watch::Sender::new(false), figures };
        tokio::spawn(follow(app, changes));
        hub
    }

    pub fn listen(&self) -> broadcast::Receiver<Arc<Vec<Change>>> {
        self.changes.subscribe()
    }

    /// Ends all sockets and streams: the server stops.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Resolves when the server stops.
    pub async fn closed(&self) {
        // The sender lives in `self`, so waiting can't fail.
        drop(self.closing.subscribe().wait_for(|closing| *closing).await);
    }

    pub const fn figures(&self) -> &Figures {
        &self.figures
    }

    pub fn listeners(&self) -> usize {
        self.changes.receiver_count()
    }
}

async fn follow(app: App, changes: broadcast::Sender<Arc<Vec<Change>>>) {
    let mut commits = app.store.commits();
    let poll = Duration::from_millis(app.config.poll_ms);
    let mut memory = Memory::default();
    let mut position = loop {
        match events::newest(&mut app.store.read()).await {
            Ok(seq) => break seq,
            Err(e) => {
                tracing::warn!(error = %e, "the outbox can't be read yet");
                tokio::time::sleep(poll).await;
            }
        }
    };
    loop {
        match unwatched(&app, &changes, &mut memory).await {
            Ok(Some(seq)) => position = seq,
            Ok(None) => {}
            Err(e) => tracing::warn!(error = %e, "the outbox can't be read"),
        }
        match read(&app, position, &mut memory).await {
            Ok(Some((batch, seq, full))) => {
                position = seq;
                // Nobody listening is no error.
                drop(changes.send(Arc::new(batch)));
                if full {
                    continue;
                }
            }
            Ok(None) => {}
            Err(e) => tracing::warn!(error = %e, "the outbox can't be read"),
        }
        tokio::time::sleep(GATHER).await;
        // This process's own commits wake it; another's are found by looking.
        drop(tokio::time::timeout(poll, commits.changed()).await);
    }
}

/// With nobody listening, there is nothing to read up to here. The order matters: who begins to listen after the
/// question reads a number that is no smaller.
async fn unwatched(
    app: &App,
    changes: &broadcast::Sender<Arc<Vec<Change>>>,
    memory: &mut Memory,
) -> Result<Option<i64>> {
    if changes.receiver_count() > 0 {
        return Ok(None);
    }
    let seq = events::newest(&mut app.store.read()).await?;
    if changes.receiver_count() > 0 {
        return Ok(None);
    }
    *memory = Memory::default();
    Ok(Some(seq))
}

async fn read(app: &App, position: i64, memory: &mut Memory) -> Result<Option<(Vec<Change>, i64, bool)>> {
    let mut tx = app.store.snapshot().await?;
    let rows = events::after(&mut tx, position, BATCH).await?;
    let Some(last) = rows.last() else { return Ok(None) };
    let (seq, full) = (last.seq, rows.len() as i64 == BATCH);
    let mut batch = newest_states(&mut tx, &rows).await?;
    for change in batch.iter_mut().filter(|change| change.left.is_none()) {
        change.before = memory.swap(change.key, change.summary.clone());
    }
    Ok(Some((batch, seq, full)))
}

/// One change for each execution among these events, in the order of their last events; one more for each agent that
/// it left.
pub async fn newest_states(tx: &mut crate::store::Tx, rows: &[events::EventRow]) -> Result<Vec<Change>> {
    let mut last: HashMap<(i64, i64), (i64, EventKind)> = HashMap::new();
    for row in rows {
        let entry = last.entry((row.execution_key, row.agent_key)).or_insert((row.seq, row.kind));
        // A run that started or ended and went on within one batch is still new, or ended, to whoever listens.
        let kind = if row.kind == EventKind::Updated { entry.1 } else { row.kind };
        *entry = (row.seq, kind);
    }
    let mut keys: Vec<i64> = last.keys().map(|(key, _)| *key).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut changes = Vec::with_capacity(keys.len());
    let mut agent_of = HashMap::with_capacity(keys.len());
    for record in executions::by_keys(tx, &keys).await? {
        agent_of.insert(record.key, record.agent_key);
        if let Some((seq, kind)) = last.remove(&(record.key, record.agent_key)) {
            let summary = Arc::new(record.summary()?);
            changes.push(Change::new(seq, kind, record.key, record.agent_key, summary, None));
        }
    }
    // What is left over points at nothing.
    if !last.is_empty() {
        let keys: Vec<i64> = last.keys().map(|(key, _)| *key).collect();
        for (key, agent_key, summary) in departures::of(tx, &keys).await? {
            let Some((seq, _)) = last.remove(&(key, agent_key)) else { continue };
            let left = agent_of.get(&key).map_or(Left::Gone, |agent| Left::To(*agent));
            let change = Change::new(seq, EventKind::Updated, key, agent_key, Arc::new(summary), None);
            changes.push(Change { left: Some(left), ..change });
        }
    }
    changes.sort_by_key(|c| c.seq);
    Ok(changes)
}

/// The last state of recently changed executions.
#[derive(Default)]
struct Memory {
    states: HashMap<i64, Arc<ExecutionSummary>>,
    order: VecDeque<i64>,
}

impl Memory {
    fn swap(&mut self, key: i64, state: Arc<ExecutionSummary>) -> Option<Arc<ExecutionSummary>> {
        let before = self.states.insert(key, state);
        if before.is_none() {
            self.order.push_back(key);
            if self.order.len() > REMEMBERED
                && let Some(oldest) = self.order.pop_front()
            {
                self.states.remove(&oldest);
            }
        }
        before
    }
}
