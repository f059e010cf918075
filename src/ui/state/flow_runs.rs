//! Both sides. Runs of flows on their page, and what events do to them: those that go on, and those that have ended. Pure.

use crate::domain::{
    ExecutionId, ExecutionSummary, FlowOfRun, FlowRuns, FlowUnderWay, FrameType, ServerFrame, Status, Timestamp,
};
use std::cmp::Reverse;
use std::sync::Arc;

/// How long an ended run stays among those that go on, so that nothing slips away under a finger.
const STAYS_MS: i64 = 6_000;
/// As many as the server tells of.
const MOST: usize = 100;

#[derive(Debug, Clone, PartialEq)]
pub struct Going {
    pub run: ExecutionSummary,
    /// `None`: not read yet.
    pub flow: Option<FlowOfRun>,
    /// The sequence number up to which this is known to be right.
    seq: i64,
}

/// What an event leaves to be asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asks {
    /// What this run does is not known, or not any more.
    pub flow: Option<ExecutionId>,
    /// There is a gap: fetch again.
    pub resync: bool,
}

#[derive(Debug, Clone, Default)]
pub struct FlowRunsState {
    going: Vec<Arc<Going>>,
    ended: Vec<Arc<ExecutionSummary>>,
    next_cursor: Option<String>,
    as_of: i64,
    /// More go on than are shown.
    more: bool,
}

impl FlowRunsState {
    pub fn new(under_way: Vec<FlowUnderWay>, history: FlowRuns, as_of: i64) -> Self {
        let mut state = Self::default();
        state.load(under_way, history, as_of);
        state
    }

    pub fn as_of(&self) -> i64 {
        self.as_of
    }

    pub fn next_cursor(&self) -> Option<&str> {
        self.next_cursor.as_deref()
    }

    /// More go on than are shown.
    pub fn more(&self) -> bool {
        self.more
    }

    /// Those that go on, and those that have just ended.
    pub fn going(&self, now: Timestamp) -> Vec<ExecutionId> {
        self.going.iter().filter(|g| stays(&g.run, now)).map(|g| g.run.id.clone()).collect()
    }

    /// Those that have ended and are not shown among the others any more.
    pub fn ended(&self, now: Timestamp) -> Vec<ExecutionId> {
        let shown = self.going(now);
        self.ended.iter().map(|run| run.id.clone()).filter(|id| !shown.contains(id)).collect()
    }

    pub fn one_going(&self, id: &ExecutionId) -> Option<Arc<Going>> {
        self.going.iter().find(|g| g.run.id == *id).cloned()
    }

    pub fn one_ended(&self, id: &ExecutionId) -> Option<Arc<ExecutionSummary>> {
        self.ended.iter().find(|run| run.id == *id).cloned()
    }

    /// Takes in what was fetched; what is known to be newer stays.
    pub fn load(&mut self, under_way: Vec<FlowUnderWay>, history: FlowRuns, as_of: i64) {
        self.more = under_way.len() >= MOST;
        let mut before = std::mem::take(&mut self.going);
        for FlowUnderWay { run, flow } in under_way {
            let known = before.iter().position(|g| g.run.id == run.id).map(|at| before.remove(at));
            let newer = known.filter(|g| g.run.version > run.version);
            self.put_going(newer.unwrap_or_else(|| Arc::new(Going { run, flow: Some(flow), seq: as_of })));
        }
        // What was heard of after the answer was made, and what stays for a moment.
        for late in before.into_iter().filter(|g| g.seq > as_of || g.run.status.is_terminal()) {
            self.put_going(late);
        }
        let joins = history.runs.iter().any(|run| self.one_ended(&run.id).is_some());
        if !joins {
            // Something lies between: what is below is loaded again when it is asked for.
            self.ended.retain(|known| history.runs.first().is_none_or(|newest| place(known) < place(newest)));
            self.next_cursor = history.next_cursor;
        }
        for run in history.runs {
            self.put_ended(run);
        }
        self.as_of = self.as_of.max(as_of);
    }

    /// Older ones, as they were asked for.
    pub fn load_older(&mut self, older: FlowRuns) {
        for run in older.runs {
            self.put_ended(run);
        }
        self.next_cursor = older.next_cursor;
    }

    /// What a run does has been read.
    pub fn flow_read(&mut self, id: &ExecutionId, flow: FlowOfRun) {
        if let Some(going) = self.going.iter_mut().find(|g| g.run.id == *id)
            && going.flow.as_ref() != Some(&flow)
        {
            Arc::make_mut(going).flow = Some(flow);
        }
    }

    /// One message of the live flow.
    pub fn apply(&mut self, frame: &ServerFrame) -> Asks {
        if frame.frame == FrameType::Resync {
            return Asks { flow: None, resync: true };
        }
        let Some(run) = frame.execution.as_deref().filter(|run| run.flow_id.is_some()) else { return Asks::default() };
        let seq = frame.seq.unwrap_or(self.as_of);
        self.as_of = self.as_of.max(seq);
        let ended = run.status.is_terminal();
        let mut asks = Asks::default();
        if let Some(going) = self.going.iter_mut().find(|g| g.run.id == run.id) {
            if run.version <= going.run.version {
                return asks;
            }
            // To pause is asked for beside the run, and taken back when it goes on.
            if !ended && (run.status != going.run.status || same_to_see(run, &going.run)) {
                asks.flow = Some(run.id.clone());
            }
            let going = Arc::make_mut(going);
            going.run = run.clone();
            going.seq = seq;
        } else if !ended && self.one_ended(&run.id).is_none() {
            self.put_going(Arc::new(Going { run: run.clone(), flow: None, seq }));
            if self.going.len() > MOST {
                self.going.truncate(MOST);
                self.more = true;
            }
            asks.flow = self.one_going(&run.id).map(|g| g.run.id.clone());
        }
        if ended && self.reaches(run) {
            self.put_ended(run.clone());
        }
        let going_on = self.going.iter().filter(|g| !g.run.status.is_terminal()).count();
        asks.resync = self.more && going_on < MOST / 2;
        asks
    }

    /// Lets go of those that have been in the history for a while.
    pub fn tidy(&mut self, now: Timestamp) {
        self.going.retain(|g| stays(&g.run, now));
    }

    /// Does the run belong among the loaded ones, not below them?
    fn reaches(&self, run: &ExecutionSummary) -> bool {
        self.next_cursor.is_none() || self.ended.last().is_none_or(|last| place(run) < place(last))
    }

    fn put_going(&mut self, new: Arc<Going>) {
        let at = self.going.partition_point(|g| place(&g.run) < place(&new.run));
        self.going.insert(at, new);
    }

    fn put_ended(&mut self, run: ExecutionSummary) {
        if let Some(known) = self.ended.iter_mut().find(|known| known.id == run.id) {
            if run.version > known.version {
                *known = Arc::new(run);
            }
            return;
        }
        let at = self.ended.partition_point(|known| place(known) < place(&run));
        self.ended.insert(at, Arc::new(run));
    }
}

fn stays(run: &ExecutionSummary, now: Timestamp) -> bool {
    !run.status.is_terminal() || run.completed_at.is_some_and(|at| now.millis_since(at) < STAYS_MS)
}

/// Newest start first, as the server has it.
fn place(run: &ExecutionSummary) -> (Reverse<i64>, Reverse<&ExecutionId>) {
    (Reverse(run.effective_start().micros()), Reverse(&run.id))
}

/// Did nothing change that a summary tells?
fn same_to_see(new: &ExecutionSummary, old: &ExecutionSummary) -> bool {
    let plain = |run: &ExecutionSummary| ExecutionSummary { version: 0, updated_at: old.updated_at, ..run.clone() };
    plain(new) == plain(old)
}

/// What can be done about going on, or not, with a run of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// Nothing: it has ended, somebody else does it, or it is not the viewer's to operate.
    No,
    Possible,
    /// It pauses when its step is done.
    Asked,
    Paused,
}

impl Pause {
    pub fn of(run: &ExecutionSummary, flow: Option<&FlowOfRun>) -> Self {
        let Some(flow) = flow.filter(|flow| operated(flow) && !run.cancel_requested) else { return Self::No };
        match run.status {
            Status::Paused => Self::Paused,
            Status::Queued | Status::Running if flow.pause_requested => Self::Asked,
            Status::Queued | Status::Running => Self::Possible,
            _ => Self::No,
        }
    }
}

/// What steps do is told to those who operate the agent.
pub fn operated(flow: &FlowOfRun) -> bool {
    flow.steps.iter().any(|step| step.does.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{PlannedStep, Topic};
    use crate::ui::state::sample::{id, run};

    fn of_flow(n: u64, version: i64, status: Status) -> ExecutionSummary {
        let mut run = run(n, i64::try_from(n).expect("small"));
        (run.flow_id, run.version, run.status) = (Some("f".into()), version, status);
        run.completed_at = status.is_terminal().then(|| Timestamp::from_millis(100_000));
        run
    }

    fn flow(pause_requested: bool) -> FlowOfRun {
        let steps = vec![PlannedStep { title: "One".into(), kind: "prompt".into(), does: Some("Say one".into()) }];
        FlowOfRun { id: "f".into(), name: "Flow".into(), version: 1, steps, pause_requested }
    }

    fn frame(seq: i64, run: ExecutionSummary) -> ServerFrame {
        ServerFrame {
            topic: Some(Topic::Executions.to_string()),
            seq: Some(seq),
            execution: Some(Box::new(run)),
            ..ServerFrame::plain(FrameType::ExecutionUpdated)
        }
    }

    fn loaded(going: &[u64], ended: &[u64], next: Option<&str>) -> FlowRunsState {
        let under_way = going.iter().map(|n| FlowUnderWay { run: of_flow(*n, 1, Status::Running), flow: flow(false) });
        let runs = ended.iter().map(|n| of_flow(*n, 1, Status::Success)).collect();
        FlowRunsState::new(under_way.collect(), FlowRuns { runs, next_cursor: next.map(str::to_owned) }, 10)
    }

    const LATER: i64 = 1_000_000;

    #[test]
    fn a_new_run_appears_and_asks_what_it_does() {
        let mut state = loaded(&[5], &[], None);
        let asks = state.apply(&frame(11, of_flow(9, 1, Status::Queued)));
        assert_eq!(asks, Asks { flow: Some(id(9)), resync: false });
        assert_eq!(state.going(Timestamp::from_millis(LATER)), [id(9), id(5)]);
        state.flow_read(&id(9), flow(true));
        assert!(state.one_going(&id(9)).is_some_and(|g| g.flow.as_ref().is_some_and(|f| f.pause_requested)));
        // A run without a flow is none of ours, a message of before changes nothing.
        assert_eq!(state.apply(&frame(12, run(8, 8))), Asks::default());
        assert_eq!(state.apply(&frame(13, of_flow(5, 1, Status::Failed))), Asks::default());
        assert_eq!(state.going(Timestamp::from_millis(LATER)).len(), 2);
    }

    #[test]
    fn progress_asks_for_nothing_but_what_is_not_to_be_seen_does() {
        let mut state = loaded(&[5], &[], None);
        let mut on = of_flow(5, 2, Status::Running);
        on.steps_done = 1;
        assert_eq!(state.apply(&frame(11, on.clone())), Asks::default());
        on.version = 3;
        assert_eq!(state.apply(&frame(12, on.clone())).flow, Some(id(5)), "somebody asked to pause");
        (on.version, on.status) = (4, Status::Paused);
        assert_eq!(state.apply(&frame(13, on)).flow, Some(id(5)));
    }

    #[test]
    fn an_ended_run_stays_for_a_moment_and_is_in_the_history_after_it() {
        let mut state = loaded(&[5, 7], &[3], None);
        state.apply(&frame(11, of_flow(5, 2, Status::Failed)));
        let (now, later) = (Timestamp::from_millis(101_000), Timestamp::from_millis(LATER));
        assert_eq!((state.going(now), state.ended(now)), (vec![id(7), id(5)], vec![id(3)]));
        assert_eq!((state.going(later), state.ended(later)), (vec![id(7)], vec![id(5), id(3)]));
        state.tidy(later);
        assert!(state.one_going(&id(5)).is_none());
        // A message that comes late does not bring it back.
        state.apply(&frame(9, of_flow(5, 1, Status::Running)));
        assert_eq!(state.going(later), [id(7)]);
    }

    #[test]
    fn an_answer_that_comes_late_takes_nothing_back() {
        let mut state = loaded(&[5], &[3], Some("c"));
        state.load_older(FlowRuns { runs: vec![of_flow(2, 1, Status::Success)], next_cursor: None });
        let mut on = of_flow(5, 3, Status::Running);
        on.steps_done = 2;
        state.apply(&frame(20, on));
        state.apply(&frame(21, of_flow(9, 1, Status::Running)));
        let under_way = vec![FlowUnderWay { run: of_flow(5, 2, Status::Running), flow: flow(false) }];
        let history = FlowRuns { runs: vec![of_flow(3, 1, Status::Success)], next_cursor: Some("c".into()) };
        state.load(under_way, history, 15);
        let later = Timestamp::from_millis(LATER);
        assert_eq!((state.going(later), state.ended(later)), (vec![id(9), id(5)], vec![id(3), id(2)]));
        assert_eq!(state.one_going(&id(5)).map(|g| g.run.steps_done), Some(2));
        assert_eq!(state.next_cursor(), None, "what was loaded below stays loaded");
    }

    #[test]
    fn a_gap_in_the_history_is_not_papered_over() {
        let mut state = loaded(&[], &[3, 2], None);
        let runs = vec![of_flow(90, 1, Status::Success), of_flow(80, 1, Status::Success)];
        state.load(Vec::new(), FlowRuns { runs, next_cursor: Some("c".into()) }, 30);
        assert_eq!(state.ended(Timestamp::from_millis(LATER)), [id(90), id(80)]);
        assert_eq!(state.next_cursor(), Some("c"));
        // What lies below the loaded ones is found there.
        state.apply(&frame(31, of_flow(40, 1, Status::Success)));
        assert_eq!(state.ended(Timestamp::from_millis(LATER)).len(), 2);
    }

    #[test]
    fn who_does_not_operate_the_agent_can_not_pause() {
        let (running, paused) = (of_flow(1, 1, Status::Running), of_flow(1, 1, Status::Paused));
        assert_eq!(Pause::of(&running, Some(&flow(false))), Pause::Possible);
        assert_eq!(Pause::of(&running, Some(&flow(true))), Pause::Asked);
        assert_eq!(Pause::of(&paused, Some(&flow(true))), Pause::Paused);
        assert_eq!(Pause::of(&of_flow(1, 1, Status::Failed), Some(&flow(false))), Pause::No);
        let mut told_less = flow(false);
        told_less.steps[0].does = None;
        assert_eq!((Pause::of(&running, Some(&told_less)), Pause::of(&running, None)), (Pause::No, Pause::No));
        let stopping = ExecutionSummary { cancel_requested: true, ..running };
        assert_eq!(Pause::of(&stopping, Some(&flow(false))), Pause::No);
    }
}
