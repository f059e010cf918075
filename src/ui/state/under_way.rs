//! Both sides. What is under way now, for a card: waiting runs first, no more than fit. A run that has ended stays for a
//! moment, so that nothing slips away under a finger.

use super::clock::Clock;
use super::list::ListState;
use super::live::Live;
use super::turn::Turn;
use crate::browser;
use crate::domain::{Error, ExecutionId, ExecutionPage, ServerFrame, Sort, Status, Timestamp};
use crate::server_fns::load_under_way;
use leptos::prelude::*;

const TOPIC: &str = "executions";
/// Rows of the card.
pub const SHOWN: usize = 12;
/// How long an ended run stays.
const STAYS_MS: i64 = 8_000;
/// Ended runs are let go of when there are so many rows.
const MOST_ROWS: usize = 1_000;

#[derive(Clone, Copy)]
pub struct UnderWay {
    live: Live,
    clock: Clock,
    turn: StoredValue<Turn>,
    /// The server has more than it told.
    more: RwSignal<bool>,
    pub list: RwSignal<ListState>,
    pub failed: RwSignal<Option<Error>>,
}

impl UnderWay {
    pub fn new(live: Live, clock: Clock, first: Result<ExecutionPage, Error>) -> Self {
        let (list, more, failed) = match first {
            Ok(page) => {
                let more = page.has_more;
                (ListState::new(Sort::default(), page), more, None)
            }
            Err(e) => (ListState::default(), false, Some(e)),
        };
        let turn = StoredValue::new(Turn::default());
        let (list, more, failed) = (RwSignal::new(list), RwSignal::new(more), RwSignal::new(failed));
        let it = Self { live, clock, turn, more, list, failed };
        Effect::watch(move || live.polls(), move |_, _, _| it.reload(), false);
        Effect::new(move || it.subscribe());
        on_cleanup(move || live.unsubscribe(TOPIC));
        it
    }

    /// Hears of all runs: the numbers beside the card follow what is recorded as ended, too.
    fn subscribe(self) {
        let since = self.list.with_untracked(ListState::as_of);
        let filter = [("last".to_owned(), "all".into())].into();
        self.live.subscribe(TOPIC, filter, Some(since), move |frames| self.heard(frames));
    }

    fn heard(self, frames: &[ServerFrame]) {
        let mut gap = false;
        let told = self.list.try_update(|list| {
            for frame in frames {
                let goes_on = frame.execution.as_ref().is_some_and(|run| !run.status.is_terminal());
                gap |= list.apply_as(frame, goes_on, true).resync;
            }
            // Of those that were not told some belong on the card by now.
            list.len() > MOST_ROWS || (self.more.get_untracked() && going_on(list) < SHOWN)
        });
        if gap || told == Some(true) {
            self.reload();
        }
    }

    pub fn reload(self) {
        let Some(asked) = self.turn.try_update_value(Turn::ask) else { return };
        browser::spawn(async move {
            let answer = load_under_way().await;
            if self.turn.try_with_value(|t| t.is_newest(asked)) != Some(true) {
                return;
            }
            match answer {
                Ok(page) => {
                    self.more.set(page.has_more);
                    self.list.update(|list| {
                        list.replace(page);
                    });
                    self.failed.set(None);
                }
                Err(e) => {
                    self.live.note_error(&e);
                    self.failed.set(Some(e));
                }
            }
        });
    }

    /// The rows of the card, and whether there are more.
    pub fn shown(self) -> (Vec<ExecutionId>, bool) {
        let now = self.clock.now();
        self.list.with(|list| {
            let mut ids = shown(list, now);
            let more = ids.len() > SHOWN || self.more.get();
            ids.truncate(SHOWN);
            (ids, more)
        })
    }
}

fn going_on(list: &ListState) -> usize {
    list.order().iter().filter_map(|id| list.row(id)).filter(|row| !row.left).count()
}

fn shown(list: &ListState, now: Timestamp) -> Vec<ExecutionId> {
    let (mut waiting, mut others, mut queued) = (Vec::new(), Vec::new(), Vec::new());
    for row in list.order().iter().filter_map(|id| list.row(id)) {
        let stays = row.run.completed_at.is_some_and(|at| now.millis_since(at) < STAYS_MS);
        if row.left && !stays {
            continue;
        }
        let place = match row.run.status {
            Status::Waiting => &mut waiting,
            Status::Queued => &mut queued,
            _ => &mut others,
        };
        place.push(row.run.id.clone());
    }
    waiting.append(&mut others);
    waiting.append(&mut queued);
    waiting
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{FrameType, Topic};
    use crate::ui::state::sample::{id, run};

    #[test]
    fn who_waits_for_somebody_comes_first_and_an_ended_run_stays_for_a_moment() {
        let mut waits = run(1, 1);
        waits.status = Status::Waiting;
        let page = ExecutionPage {
            executions: vec![run(3, 3), run(2, 2), waits],
            next_cursor: None,
            has_more: false,
            total_count: 3,
            total_is_capped: false,
            filters_applied: std::collections::BTreeMap::new(),
            as_of: 1,
        };
        let mut list = ListState::new(Sort::default(), page);
        let now = Timestamp::from_millis(1_000_000);
        assert_eq!(shown(&list, now), [id(1), id(3), id(2)]);

        let mut ended = run(3, 3);
        (ended.status, ended.version, ended.completed_at) = (Status::Success, ended.version + 1, Some(now));
        let frame = ServerFrame {
            topic: Some(Topic::Executions.to_string()),
            seq: Some(9),
            matches: Some(false),
            execution: Some(Box::new(ended)),
            ..ServerFrame::plain(FrameType::ExecutionCompleted)
        };
        list.apply(&frame, true);
        assert_eq!(shown(&list, now), [id(1), id(3), id(2)]);
        let later = Timestamp::from_millis(1_000_000 + STAYS_MS);
        assert_eq!(shown(&list, later), [id(1), id(2)]);
    }
}
