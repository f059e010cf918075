//! Server. One topic of one socket: which changes it gets, and as what.

use super::hub::{Change, Left, newest_states};
use crate::app::Caller;
use crate::domain::{
    Choice, Error, EventKind, ExecutionSummary, Filter, FrameType, Result, ServerFrame, Status, Topic,
};
use crate::store::list::{Selection, among};
use crate::store::{Visible, events};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// A gap larger than this is not replayed: refetching is cheaper.
const REPLAY: i64 = 5_000;
/// Runs that left a filter, of which a subscription remembers no more.
const REMEMBERED: usize = 20_000;

pub struct Subscription {
    pub topic: Topic,
    filter: Filter,
    legacy: bool,
    /// Events up to here are known to the client.
    from: i64,
    /// Who was told to have left the filter and has not come back: it is said once.
    left: HashSet<i64>,
}

/// A change to tell of: whether the run passes the filter, and as what kind of event.
struct Told<'c> {
    change: &'c Change,
    matches: bool,
    kind: EventKind,
}

/// Of each run only what was told last, in that order. One that started or ended and went on is still new, or ended, to
/// whoever listens.
fn newest(all: Vec<Told<'_>>) -> Vec<Told<'_>> {
    let mut kinds: HashMap<i64, EventKind> = HashMap::new();
    for told in all.iter().filter(|told| told.kind != EventKind::Updated) {
        kinds.insert(told.change.key, told.kind);
    }
    let mut seen = HashSet::new();
    let mut kept: Vec<Told> = all.into_iter().rev().filter(|told| seen.insert(told.change.key)).collect();
    for told in &mut kept {
        told.kind = kinds.get(&told.change.key).copied().unwrap_or(told.kind);
    }
    kept.reverse();
    kept
}

impl Subscription {
    /// Checks access and answers the subscription with what happened since `since`.
    pub async fn open(
        caller: &Caller,
        topic: &str,
        filter: &BTreeMap<String, serde_json::Value>,
        since: Option<i64>,
        legacy: bool,
    ) -> Result<(Self, Vec<ServerFrame>)> {
        let topic: Topic = topic.parse().map_err(|problem: String| Error::invalid("topic", problem))?;
        match &topic {
            Topic::Executions | Topic::Attention => {
                caller.fleet()?;
            }
            Topic::Agent(name) => {
                crate::app::agents::get(caller, name).await?;
            }
            Topic::Execution(id) => {
                crate::app::executions::find(caller, id.as_str()).await?;
            }
            Topic::Approvals => {}
        }
        let mut subscription =
            Self { topic, filter: Filter::from_object(filter)?, legacy, from: 0, left: HashSet::new() };
        let mut frames = vec![ServerFrame {
            topic: Some(subscription.topic.to_string()),
            now_ms: Some(caller.now().millis()),
            ..ServerFrame::plain(FrameType::Subscribed)
        }];
        frames.extend(subscription.replay(caller, since).await?);
        frames[0].seq = Some(subscription.from);
        Ok((subscription, frames))
    }

    /// Everything after `since`, each execution once in its newest state; or `resync` when that can't be told.
    pub async fn replay(&mut self, caller: &Caller, since: Option<i64>) -> Result<Vec<ServerFrame>> {
        let mut tx = caller.app.store.snapshot().await?;
        let newest = events::newest(&mut tx).await?;
        let since = since.unwrap_or(newest);
        self.from = newest;
        let oldest = events::oldest(&mut tx).await?;
        // What was asked and decided in between is read faster than told.
        let untold = self.topic == Topic::Approvals && since < newest;
        if untold || since > newest || since < oldest - 1 || newest - since > REPLAY {
            return Ok(vec![self.resync(newest, caller)]);
        }
        if since == newest {
            return Ok(Vec::new());
        }
        let rows = events::after(&mut tx, since, REPLAY + 1).await?;
        let changes = newest_states(&mut tx, &rows).await?;
        drop(tx);
        let changes: Vec<&Change> = changes.iter().collect();
        self.frames(caller, &changes).await
    }

    /// Refetch: what happened can't be told.
    fn resync(&self, seq: i64, caller: &Caller) -> ServerFrame {
        ServerFrame {
            topic: Some(self.topic.to_string()),
            seq: Some(seq),
            now_ms: Some(caller.now().millis()),
            ..ServerFrame::plain(FrameType::Resync)
        }
    }

    /// Is this change for this topic, as far as the topic itself tells, and may the caller see it?
    fn concerns(&self, visible: &Visible, change: &Change) -> bool {
        visible.includes(change.agent_key)
            && match &self.topic {
                Topic::Executions | Topic::Attention => true,
                Topic::Agent(name) => change.summary.agent_name == *name,
                Topic::Execution(id) => change.summary.id == *id,
                Topic::Approvals => false,
            }
            && self.filter.matches_fixed(&change.summary)
    }

    /// What these changes mean for those whom runs ask, and for those who see the runs.
    async fn asked(&self, caller: &Caller, changes: &[&Change]) -> Result<Vec<ServerFrame>> {
        let waits = |summary: &ExecutionSummary| summary.status == Status::Waiting;
        let concerns = |c: &&&Change| {
            waits(&c.summary) || c.before.as_ref().map_or(c.kind != EventKind::Started, |before| waits(before))
        };
        let near: Vec<&&Change> = changes.iter().filter(concerns).collect();
        let Some(seq) = near.iter().map(|c| c.seq).max() else { return Ok(Vec::new()) };
        let keys: Vec<i64> = near.iter().map(|c| c.key).collect();
        let frame = |approval| ServerFrame {
            seq: Some(seq),
            topic: Some(self.topic.to_string()),
            approval: Some(Box::new(approval)),
            now_ms: Some(caller.now().millis()),
            ..ServerFrame::plain(FrameType::ApprovalUpdated)
        };
        let Some(news) = crate::app::interactions::changed_for(caller, &keys).await? else {
            return Ok(vec![self.resync(seq, caller)]);
        };
        Ok(news.into_iter().map(frame).collect())
    }

    /// Messages for these changes.
    pub async fn frames(&mut self, caller: &Caller, changes: &[&Change]) -> Result<Vec<ServerFrame>> {
        if self.topic == Topic::Approvals {
            return self.asked(caller, changes).await;
        }
        let now_ms = caller.now().millis();
        let told = self.judged(caller, changes).await?;
        Ok(told.iter().flat_map(|told| self.messages(told, now_ms)).collect())
    }

    fn messages(&self, told: &Told, now_ms: i64) -> Vec<ServerFrame> {
        let mark = (!told.matches).then_some(false);
        let frame = |kind| told.change.frame(&self.topic, mark, kind, now_ms);
        let mut all = vec![frame(told.kind.frame())];
        if self.legacy && matches!(self.topic, Topic::Agent(_)) {
            all.push(frame(FrameType::RunUpdate));
        }
        all
    }

    /// The same as text, for what was gathered: with `newest_only` one message for each run. The usual message is written
    /// once for all sockets.
    pub async fn texts(
        &mut self,
        caller: &Caller,
        batches: &[Arc<Vec<Change>>],
        newest_only: bool,
    ) -> Result<Vec<String>> {
        let text = |frame: &ServerFrame| serde_json::to_string(frame).map_err(unwritable);
        let mut texts = Vec::new();
        let mut told = Vec::new();
        for batch in batches {
            let fresh: Vec<&Change> = batch.iter().filter(|c| c.seq > self.from).collect();
            if self.topic == Topic::Approvals {
                for frame in self.asked(caller, &fresh).await? {
                    texts.push(text(&frame)?);
                }
            } else {
                told.extend(self.judged(caller, &fresh).await?);
            }
        }
        let now_ms = caller.now().millis();
        for told in if newest_only { newest(told) } else { told } {
            if self.topic == Topic::Executions && told.matches && told.kind == told.change.kind {
                texts.push(told.change.shared_text(now_ms).map_err(unwritable)?);
                continue;
            }
            for frame in self.messages(&told, now_ms) {
                texts.push(text(&frame)?);
            }
        }
        Ok(texts)
    }

    /// Changes to tell of: those that match, and those that have just stopped matching.
    async fn judged<'c>(&mut self, caller: &Caller, changes: &[&'c Change]) -> Result<Vec<Told<'c>>> {
        let now = caller.now();
        let near: Vec<&'c Change> = changes.iter().copied().filter(|c| self.concerns(caller.visible(), c)).collect();
        let (gone, near): (Vec<&'c Change>, Vec<&'c Change>) = near.into_iter().partition(|c| c.left.is_some());
        let stored = if self.filter.in_memory() {
            None
        } else {
            // The database is asked only of those that memory does not rule out, which are few: most changes are signs of
            // life, and most subscriptions of this kind wait for a failure.
            let open: Vec<i64> =
                near.iter().filter(|c| self.filter.may_match(&c.summary, now)).map(|c| c.key).collect();
            let mut keys = Vec::new();
            if !open.is_empty() {
                let mut tx = caller.app.store.snapshot().await?;
                let selection = Selection::resolve(&mut tx, &self.filter, caller.visible(), now).await?;
                keys = among(&mut tx, &selection, &open).await?;
            }
            Some(keys.into_iter().collect::<HashSet<i64>>())
        };
        if self.left.len() > REMEMBERED {
            self.left.clear();
        }
        // Who sees where it went is told what it is there, and that is all, unless that is for somebody else.
        let by_agent = matches!(self.topic, Topic::Agent(_)) || self.filter.agent != Choice::default();
        let is_told = |change: &&'c Change| match change.left {
            Some(Left::To(agent)) => by_agent || !caller.visible().includes(agent),
            Some(Left::Gone) | None => true,
        };
        let tell = |change: &'c Change, matches| Told { change, matches, kind: change.kind };
        let mut told: Vec<Told> = gone.into_iter().filter(is_told).map(|change| tell(change, false)).collect();
        for change in near {
            let matches = match &stored {
                Some(keys) => keys.contains(&change.key),
                None => self.filter.matches(&change.summary, now),
            };
            // Without a memory of the state before, an update may have made it leave.
            let matched_before = match &change.before {
                // Of what the database knows, each run may have passed before.
                Some(before) => self.filter.matches(before, now),
                None => change.kind != EventKind::Started,
            };
            if matches {
                self.left.remove(&change.key);
                told.push(tell(change, true));
            } else if matched_before && self.left.insert(change.key) {
                told.push(tell(change, false));
            }
        }
        Ok(told)
    }
}

fn unwritable(e: serde_json::Error) -> Error {
    Error::Internal(format!("frame: {e}"))
}
