//! Both sides. The page of flows: the flows with their newest runs, runs that go on and those that have ended, live.

use super::clock::Clock;
use super::flow_runs::FlowRunsState;
use super::live::Live;
use super::turn::Turn;
use crate::browser;
use crate::domain::{Error, ExecutionId, ExecutionSummary, FlowList, FlowStanding, FlowsPage, ServerFrame};
use crate::server_fns::{list_flow_runs, list_flows, load_flow_of_run, load_flows};
use leptos::prelude::*;
use std::collections::BTreeMap;

const TOPIC: &str = "executions";

#[derive(Clone, Copy)]
pub struct Flows {
    live: Live,
    clock: Clock,
    turn: StoredValue<Turn>,
    /// Runs whose flow is being read, and whether it is to be read once more after that.
    reading: StoredValue<BTreeMap<ExecutionId, bool>>,
    list: RwSignal<FlowList>,
    pub runs: RwSignal<FlowRunsState>,
    pub failed: RwSignal<Option<Error>>,
    /// Older runs, or further flows, are on their way.
    pub loading_runs: RwSignal<bool>,
    pub loading_flows: RwSignal<bool>,
}

impl Flows {
    pub fn new(live: Live, clock: Clock, first: FlowsPage) -> Self {
        let it = Self {
            live,
            clock,
            turn: StoredValue::new(Turn::default()),
            reading: StoredValue::new(BTreeMap::new()),
            list: RwSignal::new(first.list),
            runs: RwSignal::new(FlowRunsState::new(first.under_way, first.history, first.as_of)),
            failed: RwSignal::new(None),
            loading_runs: RwSignal::new(false),
            loading_flows: RwSignal::new(false),
        };
        Effect::watch(move || live.polls(), move |_, _, _| it.reload(), false);
        Effect::new(move || it.subscribe());
        on_cleanup(move || live.unsubscribe(TOPIC));
        it
    }

    pub fn ids(self) -> Vec<String> {
        self.list.with(|list| list.flows.iter().map(|f| f.flow.id.clone()).collect())
    }

    pub fn standing(self, id: &str) -> Option<FlowStanding> {
        self.list.with(|list| list.flows.iter().find(|f| f.flow.id == id).cloned())
    }

    /// What a flow is called now; runs may have done one that is not among the loaded, or is gone.
    pub fn name(self, id: &str) -> Option<String> {
        self.list.with(|list| list.flows.iter().find(|f| f.flow.id == id).map(|f| f.flow.name.clone()))
    }

    pub fn has_more_flows(self) -> bool {
        self.list.with(|list| list.next_cursor.is_some())
    }

    fn subscribe(self) {
        let since = self.runs.with_untracked(FlowRunsState::as_of);
        let filter = [("last".to_owned(), "all".into())].into();
        self.live.subscribe(TOPIC, filter, Some(since), move |frames| self.heard(frames));
    }

    fn heard(self, frames: &[ServerFrame]) {
        let ours = |frame: &&ServerFrame| frame.execution.as_ref().is_none_or(|run| run.flow_id.is_some());
        let frames: Vec<&ServerFrame> = frames.iter().filter(ours).collect();
        if frames.is_empty() {
            return;
        }
        let mut resync = false;
        let mut unknown = Vec::new();
        let now = self.clock.now_untracked();
        self.runs.try_update(|runs| {
            for frame in &frames {
                let asks = runs.apply(frame);
                resync |= asks.resync;
                unknown.extend(asks.flow);
            }
            runs.tidy(now);
        });
        for run in frames.iter().filter_map(|frame| frame.execution.as_deref()) {
            self.note_newest(run);
        }
        for id in unknown {
            self.read_flow(id);
        }
        if resync {
            self.reload();
        }
    }

    /// The newest run of its flow.
    fn note_newest(self, run: &ExecutionSummary) {
        self.list.try_maybe_update(|list| {
            let flow = list.flows.iter_mut().find(|f| run.flow_id.as_ref() == Some(&f.flow.id));
            let Some(flow) = flow else { return (false, ()) };
            let newer = flow.last_run.as_ref().is_none_or(|last| {
                let same = last.id == run.id;
                (same && run.version > last.version) || (!same && run.id > last.id)
            });
            if newer {
                flow.last_run = Some(run.clone());
            }
            (newer, ())
        });
    }

    /// Reads which flow a run does and whether it is to pause: a summary does not tell.
    fn read_flow(self, id: ExecutionId) {
        let at_it = self.reading.try_update_value(|reading| {
            let at_it = reading.contains_key(&id);
            reading.insert(id.clone(), at_it);
            at_it
        });
        if at_it != Some(false) {
            return;
        }
        browser::spawn(async move {
            let answer = load_flow_of_run(id.to_string()).await;
            let again = self.reading.try_update_value(|reading| reading.remove(&id) == Some(true));
            match answer {
                Ok(Some(flow)) => {
                    self.runs.try_update(|runs| runs.flow_read(&id, flow));
                }
                Ok(None) => {}
                Err(e) => self.live.note_error(&e),
            }
            if again == Some(true) {
                self.read_flow(id);
            }
        });
    }

    /// Everything anew, as far as it was loaded.
    pub fn reload(self) {
        let Some(asked) = self.turn.try_update_value(Turn::ask) else { return };
        let known = self.list.with_untracked(|list| list.flows.len());
        browser::spawn(async move {
            let mut answer = load_flows().await;
            while let Ok(page) = &mut answer
                && page.list.flows.len() < known
                && page.list.next_cursor.is_some()
            {
                match list_flows(page.list.next_cursor.take()).await {
                    Ok(more) => append(&mut page.list, more),
                    Err(e) => answer = Err(e),
                }
            }
            if self.turn.try_with_value(|t| t.is_newest(asked)) != Some(true) {
                return;
            }
            match answer {
                Ok(page) => {
                    self.failed.set(None);
                    if self.list.with_untracked(|list| *list != page.list) {
                        self.list.set(page.list);
                    }
                    self.runs.update(|runs| runs.load(page.under_way, page.history, page.as_of));
                }
                Err(e) => self.fail(e),
            }
        });
    }

    /// After something the reader did: the live flow brings the change of a run, or else this does.
    pub fn refresh_unless_live(self) {
        if !self.live.is_live_untracked() {
            self.reload();
        }
    }

    pub fn more_runs(self) {
        let cursor = self.runs.with_untracked(|runs| runs.next_cursor().map(str::to_owned));
        if cursor.is_none() || self.loading_runs.get_untracked() {
            return;
        }
        self.loading_runs.set(true);
        browser::spawn(async move {
            let answer = list_flow_runs(cursor.clone()).await;
            if self.loading_runs.try_set(false).is_some() {
                return;
            }
            match answer {
                // A reload meanwhile may have begun anew.
                Ok(older) if self.runs.with_untracked(|runs| runs.next_cursor() == cursor.as_deref()) => {
                    self.runs.update(|runs| runs.load_older(older));
                }
                Ok(_) => {}
                Err(e) => self.fail(e),
            }
        });
    }

    pub fn more_flows(self) {
        let cursor = self.list.with_untracked(|list| list.next_cursor.clone());
        if cursor.is_none() || self.loading_flows.get_untracked() {
            return;
        }
        self.loading_flows.set(true);
        browser::spawn(async move {
            let answer = list_flows(cursor.clone()).await;
            if self.loading_flows.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(more) if self.list.with_untracked(|list| list.next_cursor == cursor) => {
                    self.list.update(|list| append(list, more));
                }
                Ok(_) => {}
                Err(e) => self.fail(e),
            }
        });
    }

    fn fail(self, e: Error) {
        self.live.note_error(&e);
        self.failed.set(Some(e));
    }
}

fn append(list: &mut FlowList, more: FlowList) {
    list.flows.extend(more.flows);
    list.next_cursor = more.next_cursor;
}
