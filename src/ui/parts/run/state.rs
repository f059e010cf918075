//! Both sides. The run that is open: its record, and when to read its parts again.

use super::change::{take_detail, take_summary};
use crate::browser;
use crate::domain::{ExecutionDetail, FrameType, RunExtras, RunRecord, ServerFrame, Status};
use crate::server_fns::get_run;
use crate::ui::kit::follow;
use crate::ui::parts::use_stop;
use crate::ui::state::live::use_live;
use leptos::prelude::*;
use std::collections::BTreeMap;

/// Where a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Drawer,
    Page,
}

/// The record and its parts are read again at most this often.
const PAUSE_MS: u32 = 1_000;

#[derive(Clone, Copy)]
pub struct RunState {
    pub id: StoredValue<String>,
    pub detail: RwSignal<ExecutionDetail>,
    pub extras: RwSignal<RunExtras>,
    pub status: Memo<Status>,
    /// Counts up after the run changed: what is open reads its part again.
    pub pulse: RwSignal<u32>,
    /// A change came and is not read yet; a second one needs no second reading.
    due: StoredValue<bool>,
}

impl RunState {
    /// Follows the run until the current owner is cleaned up.
    pub fn follow(record: RunRecord) -> Self {
        let id = record.detail.summary.id.to_string();
        let detail = RwSignal::new(record.detail);
        let run = Self {
            id: StoredValue::new(id),
            detail,
            extras: RwSignal::new(record.extras),
            status: Memo::new(move |_| detail.with(|d| d.summary.status)),
            pulse: RwSignal::new(0),
            due: StoredValue::new(false),
        };
        run.listen();
        run
    }

    pub fn id(self) -> String {
        self.id.get_value()
    }

    pub fn unfinished(self) -> bool {
        !self.status.get().is_terminal()
    }

    fn listen(self) {
        let live = use_live();
        let topic = format!("execution:{}", self.id());
        let to_leave = topic.clone();
        follow(move || live.subscribe(&topic, BTreeMap::new(), None, move |frames| self.hear(frames)));
        on_cleanup(move || live.unsubscribe(&to_leave));
        // Without a socket: every 10 seconds, and after a Stop of one's own.
        let stop = use_stop();
        Effect::new(move |before: Option<(u32, u32)>| {
            let now = (live.polls(), stop.done());
            if before.is_some_and(|before| before != now) {
                self.read_soon();
            }
            now
        });
    }

    fn hear(self, frames: &[ServerFrame]) {
        for frame in frames {
            if let Some(summary) = &frame.execution {
                let summary = summary.as_ref().clone();
                self.detail.try_maybe_update(|d| (take_summary(d, summary), ()));
                self.read_soon();
            } else if matches!(frame.frame, FrameType::Subscribed | FrameType::Resync) {
                // Something may have happened between the answer that is shown and the start of the flow.
                self.read_soon();
            }
        }
    }

    fn take(self, new: RunRecord) {
        let version = new.detail.summary.version;
        if self.detail.try_with_untracked(|d| version >= d.summary.version) == Some(true) {
            self.extras.try_maybe_update(|extras| {
                let changed = *extras != new.extras;
                if changed {
                    *extras = new.extras;
                }
                (changed, ())
            });
        }
        self.detail.try_maybe_update(|d| (take_detail(d, new.detail), ()));
    }

    /// Reads the record again within a second, however many changes come meanwhile.
    pub fn read_soon(self) {
        // `None`: the view was closed meanwhile.
        if self.due.try_update_value(|due| std::mem::replace(due, true)) != Some(false) {
            return;
        }
        browser::spawn(async move {
            browser::sleep(PAUSE_MS).await;
            let Some(id) = self.due.try_update_value(|due| *due = false).and_then(|()| self.id.try_get_value()) else {
                return;
            };
            self.pulse.try_update(|n| *n += 1);
            // A failed reading changes nothing here; the connection mark tells of it, the next change reads again.
            if let Ok(new) = get_run(id).await {
                self.take(new);
            }
        });
    }
}
