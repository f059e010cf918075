//! Both sides. The approval that is open: it follows what others do.

use crate::browser;
use crate::domain::{Approval, ApprovalDetail, FrameType, InteractionStatus, ServerFrame};
use crate::server_fns::load_approval;
use crate::ui::state::approval::{is_open, take};
use crate::ui::state::asks::use_asks;
use crate::ui::state::clock::use_clock;
use crate::ui::state::live::{Live, use_live};
use crate::ui::state::turn::Turn;
use leptos::prelude::*;

/// What comes within this time is read again once.
const GATHER_MS: u32 = 200;

#[derive(Clone, Copy)]
pub struct Open {
    pub live: Live,
    pub id: StoredValue<String>,
    pub detail: RwSignal<ApprovalDetail>,
    pub status: Memo<InteractionStatus>,
    /// The viewer may decide, now.
    pub can_decide: Memo<bool>,
    due: StoredValue<bool>,
    turn: StoredValue<Turn>,
}

impl Open {
    /// Until the current owner is cleaned up. `asked`: what had been heard when it was asked for.
    pub fn follow(detail: ApprovalDetail, asked: u64) -> Self {
        let (live, asks, clock) = (use_live(), use_asks(), use_clock());
        let id = StoredValue::new(detail.approval.id.clone());
        let detail = RwSignal::new(detail);
        let open = Self {
            live,
            id,
            detail,
            status: Memo::new(move |_| detail.with(|d| d.approval.status)),
            can_decide: Memo::new(move |_| detail.with(|d| is_open(d, clock.now()))),
            due: StoredValue::new(false),
            turn: StoredValue::new(Turn::default()),
        };
        Effect::watch(move || live.polls(), move |_, _, _| open.read_soon(), false);
        Effect::new(move || {
            asks.listen(move |frames| open.hear(frames));
            if asks.heard_untracked() != asked {
                open.read_soon();
            }
        });
        open
    }

    /// Something of it that changes only when it does.
    pub fn memo<T: PartialEq + Send + Sync + 'static>(self, read: fn(&ApprovalDetail) -> T) -> Memo<T> {
        Memo::new(move |_| self.detail.with(read))
    }

    fn hear(self, frames: &[ServerFrame]) {
        let mut again = false;
        for frame in frames {
            again |= frame.frame == FrameType::Resync;
            if let Some(news) = frame.approval.as_deref()
                && self.id.try_with_value(|id| *id == news.id) == Some(true)
            {
                self.take(news);
                // What the viewer may do, and how the run stands, comes with the whole.
                again = true;
            }
        }
        if again {
            self.read_soon();
        }
    }

    pub fn take(self, news: &Approval) {
        self.detail.try_maybe_update(|detail| (take(detail, news), ()));
    }

    pub fn read_soon(self) {
        if self.due.try_update_value(|due| std::mem::replace(due, true)) != Some(false) {
            return;
        }
        browser::spawn(async move {
            browser::sleep(GATHER_MS).await;
            if self.due.try_update_value(|due| *due = false).is_some() {
                self.read().await;
            }
        });
    }

    /// Reads it again; a failed reading changes nothing here.
    pub async fn read(self) {
        let asked = self.turn.try_update_value(Turn::ask);
        let Some((id, asked)) = self.id.try_get_value().zip(asked) else { return };
        match load_approval(id).await {
            Ok(new) => {
                if self.turn.try_with_value(|t| t.is_newest(asked)) == Some(true) {
                    self.detail.try_maybe_update(|detail| {
                        let changed = *detail != new.detail;
                        *detail = new.detail;
                        (changed, ())
                    });
                }
            }
            Err(e) => self.live.note_error(&e),
        }
    }
}
