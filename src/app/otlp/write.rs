//! Server. Writes what was derived from traces: makes runs, changes them, and takes away those that turned out to be
//! none. One transaction, and only if nothing came since the spans were read.

use super::kept::{kept, status};
use super::made::{self, Standing};
use super::parts;
use super::prices::Prices;
use crate::app::notify::{self, News};
use crate::app::{App, Caller, interactions, record};
use crate::domain::agent::slug;
use crate::domain::{EventKind, ExecutionId, NewToolCall, Result, Status, Timestamp};
use crate::otlp::derive::{DerivedRun, RunKey};
use crate::store::agents::AgentRow;
use crate::store::executions::{self as rows, NewRecord, Record};
use crate::store::interactions as asked;
use crate::store::traces::{self, TraceRow, TraceState};
use crate::store::{Tx, agents, departures, events, parts as part_rows, queue, search};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What was derived, to be written.
pub(super) struct Derived {
    /// The traces as they were read.
    pub rows: Vec<TraceRow>,
    /// False: others belong with them, too many to be looked at.
    pub whole: bool,
    pub runs: Vec<DerivedRun>,
    pub prices: Prices,
    /// Who sent them, by the limits of their tokens; none of a person who has left.
    pub callers: HashMap<Option<String>, Option<Caller>>,
    /// They are not derived anew for so long.
    pub pause_ms: i64,
}

/// What came of it.
pub(super) enum Written {
    /// Something came in between: what was derived is not all there is.
    Stale,
    Done(Outcome),
}

#[derive(Default)]
pub(super) struct Outcome {
    pub refusals: Vec<Refusal>,
    /// Runs that were not there before.
    pub added: usize,
    /// Agents were registered or forgotten.
    pub agents_changed: bool,
}

/// Runs that who sent them may not record.
pub(super) struct Refusal {
    pub traces: Vec<i64>,
    pub why: String,
}

/// A transaction's way through the runs.
pub(super) struct Writing<'a> {
    pub tx: &'a mut Tx,
    pub user_key: i64,
    pub now: Timestamp,
    pub derived: &'a Derived,
    /// By the limits of who sent a trace, and name.
    pub agents: HashMap<(Option<String>, String), Result<AgentRow>>,
    /// Agents that runs have left, with the first word of the trace that they were registered for.
    left: BTreeMap<i64, i64>,
    pub outcome: Outcome,
}

/// What becomes of a run and of its traces.
enum Fate {
    Recorded(i64, Standing),
    /// None of the sender's, and not to be recorded; with the run that was taken for it meanwhile.
    Refused {
        traces: Vec<i64>,
        why: String,
    },
    /// Nothing is written of it: whose it is can't be said yet, or only part of it was looked at.
    Waits,
    /// Somebody else's spans came to a run: it stays as it is without them.
    Untouched {
        run: i64,
        refused: Vec<i64>,
        why: String,
    },
}

/// `insist`: also if newer spans came meanwhile, so that a run that is told of without a pause gets on.
pub(super) async fn write(
    tx: &mut Tx,
    app: &App,
    user_key: i64,
    derived: &Derived,
    insist: bool,
    now: Timestamp,
) -> Result<Written> {
    let keys: Vec<i64> = derived.rows.iter().map(|row| row.key).collect();
    let mut current: BTreeMap<i64, TraceRow> =
        traces::by_keys(tx, &keys).await?.into_iter().map(|row| (row.key, row)).collect();
    // As when it was read: nothing has come, and nobody else has made anything of it.
    let same = |row: &TraceRow| {
        let known = current.get(&row.key).map(|now| (now.looks, now.version));
        known == Some((row.looks, row.version)) || insist && known.is_some_and(|(looks, _)| looks == row.looks)
    };
    if !derived.rows.iter().all(same) {
        return Ok(Written::Stale);
    }
    let read: HashMap<i64, i64> = derived.rows.iter().map(|row| (row.key, row.version)).collect();
    let by_id: HashMap<String, i64> = current.values().map(|row| (row.trace_id.clone(), row.key)).collect();
    let before: BTreeSet<i64> = current.values().filter_map(|row| row.execution_key).collect();
    let mut w = Writing {
        tx,
        user_key,
        now,
        derived,
        agents: HashMap::new(),
        left: BTreeMap::new(),
        outcome: Outcome::default(),
    };
    let mut taken = BTreeSet::new();
    // Traces of which is said what they are of, and those that are left as they are.
    let (mut told, mut alone) = (BTreeSet::new(), BTreeSet::new());
    let mut refused = Vec::new();
    for run in &derived.runs {
        let of_run: BTreeSet<String> = run.spans.iter().map(|span| span.trace.to_string()).collect();
        let mut own: Vec<i64> = of_run.iter().filter_map(|id| by_id.get(id)).copied().collect();
        own.sort_by_key(|key| current.get(key).map(|row| (row.starts_at, row.trace_id.clone())));
        let own_rows: Vec<&TraceRow> = own.iter().filter_map(|key| current.get(key)).collect();
        match w.run(app, run, &own_rows, &taken).await? {
            Fate::Recorded(key, standing) => {
                taken.insert(key);
                for trace in own {
                    let Some(row) = current.get_mut(&trace) else { continue };
                    row.execution_key = Some(key);
                    row.state = standing.state;
                    row.over_at = standing.over_at.map(Timestamp::micros);
                    row.due_at = standing.due.map(Timestamp::micros);
                    row.alone = is_alone(run);
                    told.insert(trace);
                }
            }
            Fate::Waits => {}
            Fate::Refused { traces, why } => {
                refused.extend(traces.iter().copied());
                w.outcome.refusals.push(Refusal { traces, why });
            }
            Fate::Untouched { run, refused: traces, why } => {
                taken.insert(run);
                alone.extend(own);
                refused.extend(traces.iter().copied());
                w.outcome.refusals.push(Refusal { traces, why });
            }
        }
    }
    for row in current.values_mut().filter(|row| !told.contains(&row.key) && !alone.contains(&row.key)) {
        // A part of what is too much to be looked at stays what it is.
        if derived.whole || row.execution_key.is_none() {
            (row.execution_key, row.alone, row.over_at, row.state) = (None, false, None, TraceState::Open);
        } else {
            taken.extend(row.execution_key);
        }
        row.due_at = None;
    }
    for row in current.values_mut() {
        row.looks += 1;
        row.calm_until = now.plus_millis(derived.pause_ms).micros();
        if read.get(&row.key).is_some_and(|version| *version != row.version) {
            row.due_at = Some(row.calm_until);
        }
        traces::save_outcome(w.tx, row).await?;
    }
    traces::refuse(w.tx, &refused).await?;
    for key in before.difference(&taken) {
        w.take_away(*key).await?;
    }
    w.forget_agents().await?;
    Ok(Written::Done(w.outcome))
}

/// A run whatever other traces hold: neither a bare call that may be part of a conversation, nor another's report. While
/// its root has not come, that can't be told.
fn is_alone(run: &DerivedRun) -> bool {
    let bare = run.labels.get("kind").is_some_and(|kind| kind == "model-call");
    matches!(run.key, RunKey::Trace(_)) && run.root.is_some() && !bare
}

impl Writing<'_> {
    /// Makes or changes a run.
    async fn run(&mut self, app: &App, run: &DerivedRun, own: &[&TraceRow], taken: &BTreeSet<i64>) -> Result<Fate> {
        let existing = self.existing(run, own, taken).await?;
        if !self.derived.whole && !is_alone(run) {
            return Ok(Fate::Waits);
        }
        if let Some(record) = &existing {
            let strange = self.strange(own, record.agent_key);
            if !strange.is_empty() {
                let why = "these spans belong to a run that is not yours to change".to_owned();
                return Ok(Fate::Untouched { run: record.key, refused: strange, why });
            }
        }
        let quiet_after = super::quiet_after(app, own);
        let standing = made::standing(run, own, existing.is_some(), quiet_after, self.now);
        let (agent, record) = match (self.agent_of(run, own).await?, existing) {
            (Ok(agent), record) => (agent, record),
            (Err((traces, why)), Some(record)) => {
                let agent = agents::by_key(self.tx, record.agent_key).await?;
                // Begun for the service's name while nobody said whose it is: now it is said.
                let begun_for_service = own.iter().any(|row| slug(&row.service) == agent.name);
                if run.agent_stated && begun_for_service && agent.name != slug(made::agent_name(run)) {
                    return Ok(Fate::Refused { traces, why });
                }
                (agent, Some(record))
            }
            // The name may still be said, by who comes last.
            (Err(_), None) if !run.agent_stated && run.ending.ended().is_none() => return Ok(Fate::Waits),
            (Err((traces, why)), None) => return Ok(Fate::Refused { traces, why }),
        };
        let Some(record) = record else {
            self.outcome.added += 1;
            let key = self.add(run, &standing, &agent, own).await?;
            return Ok(Fate::Recorded(key, standing));
        };
        let (key, moved) = (record.key, (record.agent_key != agent.key).then_some(record.agent_key));
        self.change(run, &standing, &agent, record, own).await?;
        if let Some(left) = moved {
            let first = own.iter().map(|row| row.first_received_at).min().unwrap_or_default();
            self.left.insert(left, first);
        }
        Ok(Fate::Recorded(key, standing))
    }

    async fn add(&mut self, run: &DerivedRun, standing: &Standing, agent: &AgentRow, own: &[&TraceRow]) -> Result<i64> {
        let status = standing.status.unwrap_or_else(|| run.ending.status());
        let (user, prices) = (self.user_key, &self.derived.prices);
        let mut new = made::record(run, user, standing, status, run.labels.clone(), prices)?;
        made::note(&mut new, own, None);
        let mut id = made::id_of(user, &run.key)?;
        if !rows::existing(self.tx, &[id.as_str()]).await?.is_empty() {
            // Somebody has given it to a run of their own.
            id = uuid::Uuid::now_v7().to_string().parse()?;
        }
        let key = record::insert(self.tx, &id, agent, Some(user), &new, 1, self.now).await?;
        if status == Status::Failed {
            let record = rows::by_key_for_update(self.tx, key).await?;
            notify::tell(self.tx, News::Failed { runs: &[&record] }, self.now).await?;
        }
        part_rows::upsert_steps(self.tx, key, &new.steps).await?;
        let calls: Vec<NewToolCall> = new.tool_calls.iter().map(parts::whole).collect();
        part_rows::upsert_tool_calls(self.tx, key, &calls, self.now).await?;
        events::append(self.tx, &[(key, agent.key, EventKind::of(status, true))], self.now).await?;
        Ok(key)
    }

    /// Brings a run up to what is known of it now.
    async fn change(
        &mut self,
        run: &DerivedRun,
        standing: &Standing,
        agent: &AgentRow,
        before: Record,
        own: &[&TraceRow],
    ) -> Result<()> {
        let texts = rows::texts(self.tx, before.key).await?;
        let status = status(&before, standing, own);
        let labels = made::labels(run, before.labels()?, texts.metadata.as_deref());
        let mut new = made::record(run, self.user_key, standing, status, labels, &self.derived.prices)?;
        made::note(&mut new, own, texts.metadata.as_deref());
        let id: ExecutionId = before.id.parse()?;
        let made = record::prepared(&id, agent, before.user_key, &new, before.attempt, self.now)?;
        let given = made::given_before(texts.metadata.as_deref());
        let made = kept(made, &before, &texts, standing.status == Some(status), &given);
        let parts_changed = parts::renew(self.tx, before.key, &new.tool_calls, &new.steps, self.now).await?;
        if made.record == before && made.texts == texts && !parts_changed {
            return Ok(());
        }
        self.save(before, texts, made).await
    }

    async fn save(&mut self, before: Record, texts_before: rows::Texts, made: NewRecord) -> Result<()> {
        let (tx, now) = (&mut *self.tx, self.now);
        let NewRecord { mut record, texts, folded, labels } = made;
        let ended = record.status.is_terminal() && !before.status.is_terminal();
        if record.agent_key != before.agent_key {
            departures::note(tx, &before, now).await?;
            asked::move_to(tx, record.key, record.agent_key).await?;
            events::append(tx, &[(before.key, before.agent_key, EventKind::Updated)], now).await?;
        }
        if record.labels != before.labels {
            rows::replace_labels(tx, record.key, &labels).await?;
        }
        rows::save_texts(tx, record.key, &texts).await?;
        let said = |r: &Record| (r.message.clone(), r.response.clone(), r.error.clone());
        let long = |t: &rows::Texts| (t.message.clone(), t.response.clone(), t.error.clone());
        if said(&record) != said(&before) || long(&texts) != long(&texts_before) {
            search::replace(tx, record.key, &folded).await?;
            // Found anew, by the whole text.
            record.error_group = None;
            if let (true, Some(error)) = (record.has_error, texts.error.as_ref().or(record.error.as_ref())) {
                let failure = crate::domain::failure::fingerprint(error);
                record.error_group = Some(rows::keep_group(tx, &failure).await?);
            }
        }
        if ended {
            queue::remove(tx, record.key).await?;
            interactions::run_ended(tx, &record, now).await?;
        }
        if record.status.is_terminal() {
            record.waiting_on = None;
        }
        rows::restate(tx, &mut record, now).await?;
        if record.status == Status::Failed && before.status != Status::Failed {
            notify::tell(tx, News::Failed { runs: &[&record] }, now).await?;
        }
        let kind =
            if record.status == before.status { EventKind::Updated } else { EventKind::of(record.status, false) };
        events::append(tx, &[(record.key, record.agent_key, kind)], now).await
    }

    /// A run that no trace tells of any more: it turned out to be another one's.
    async fn take_away(&mut self, key: i64) -> Result<()> {
        if !traces::of_execution(self.tx, key).await?.is_empty() {
            return Ok(());
        }
        let record = rows::by_key_for_update(self.tx, key).await?;
        departures::note(self.tx, &record, self.now).await?;
        rows::remove(self.tx, &record).await?;
        events::append(self.tx, &[(key, record.agent_key, EventKind::Updated)], self.now).await?;
        self.left.insert(record.agent_key, 0);
        Ok(())
    }

    /// Agents that were registered for runs which are not theirs after all.
    async fn forget_agents(&mut self) -> Result<()> {
        for (key, since) in std::mem::take(&mut self.left) {
            // Of one that was known before, nothing says what it was registered for.
            if since > 0 && agents::forget_unused(self.tx, key, Timestamp::from_micros(since)).await? {
                self.outcome.agents_changed = true;
            }
        }
        Ok(())
    }
}
