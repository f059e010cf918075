//! Both sides. News of a list that is paused: the newest of each run, until the reader wants them. Pure.

use crate::domain::{ExecutionId, FrameType, ServerFrame};
use std::collections::HashMap;

/// Beyond so many runs it is cheaper to ask again.
const MOST: usize = 5_000;

#[derive(Debug, Clone, Default)]
pub struct Waiting {
    frames: HashMap<ExecutionId, ServerFrame>,
    /// More happened than is kept here: fetch again.
    stale: bool,
}

impl Waiting {
    pub fn take(&mut self, frame: &ServerFrame) {
        if frame.frame == FrameType::Resync {
            self.stale = true;
        }
        let Some(run) = frame.execution.as_deref() else { return };
        let newer =
            self.frames.get(&run.id).and_then(|f| f.execution.as_deref()).is_none_or(|r| r.version <= run.version);
        if newer && (self.frames.len() < MOST || self.frames.contains_key(&run.id)) {
            self.frames.insert(run.id.clone(), frame.clone());
        } else if newer {
            self.stale = true;
        }
    }

    /// There may be news that nobody told of.
    pub fn missed(&mut self) {
        self.stale = true;
    }

    pub fn is_empty(&self) -> bool {
        self.frames.is_empty() && !self.stale
    }

    /// Runs with news, as far as they are known.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Everything in the order in which it happened, and whether to fetch again.
    pub fn release(&mut self) -> (Vec<ServerFrame>, bool) {
        let mut frames: Vec<_> = std::mem::take(&mut self.frames).into_values().collect();
        frames.sort_by_key(|f| f.seq);
        (frames, std::mem::take(&mut self.stale))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::state::sample::run;

    fn news(n: u64, version: i64, seq: i64) -> ServerFrame {
        let execution = Some(Box::new(crate::domain::ExecutionSummary { version, ..run(n, 0) }));
        ServerFrame { seq: Some(seq), execution, ..ServerFrame::plain(FrameType::ExecutionUpdated) }
    }

    #[test]
    fn the_newest_of_each_run_is_kept_in_order() {
        let mut waiting = Waiting::default();
        for frame in [news(1, 2, 5), news(2, 1, 6), news(1, 3, 7), news(1, 2, 5)] {
            waiting.take(&frame);
        }
        assert_eq!(waiting.len(), 2);
        let (frames, stale) = waiting.release();
        assert_eq!((frames.iter().map(|f| f.seq).collect::<Vec<_>>(), stale), (vec![Some(6), Some(7)], false));
        assert!(waiting.is_empty());
    }

    #[test]
    fn a_gap_and_a_flood_are_fetched_again() {
        let mut waiting = Waiting::default();
        waiting.take(&ServerFrame::plain(FrameType::Resync));
        assert!(!waiting.is_empty());
        assert_eq!(waiting.release(), (vec![], true));
        for n in 0..=MOST {
            waiting.take(&news(n as u64, 1, 1));
        }
        assert_eq!((waiting.len(), waiting.release().1), (MOST, true));
    }
}
