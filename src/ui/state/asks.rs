//! Both sides. What waits for the reader, on every page: the number beside "Approvals", and the one subscription to the
//! topic, which every part of the page that shows approvals hears through this.

use super::live::Live;
use super::session::SessionResource;
use crate::browser;
use crate::domain::{FrameType, ServerFrame};
use crate::server_fns::count_waiting_for_me;
use crate::ui::kit::follow;
use leptos::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

const TOPIC: &str = "approvals";
/// What comes within this time is counted once.
const GATHER_MS: u32 = 250;

type Listener = Arc<dyn Fn(&[ServerFrame]) + Send + Sync>;

/// In context on every page.
#[derive(Clone, Copy)]
pub struct Asks {
    live: Live,
    /// Known better than from the server's HTML.
    waiting: RwSignal<Option<i64>>,
    counting: StoredValue<bool>,
    listeners: StoredValue<(u64, BTreeMap<u64, Listener>)>,
    /// Grows with every batch: who asked the server before one came asks again.
    heard: StoredValue<u64>,
}

impl Asks {
    /// Starts with hydration, for whoever is signed in.
    pub fn start(live: Live, session: SessionResource) -> Self {
        let asks = Self {
            live,
            waiting: RwSignal::new(None),
            counting: StoredValue::new(false),
            listeners: StoredValue::new((0, BTreeMap::new())),
            heard: StoredValue::new(0),
        };
        provide_context(asks);
        let known = Memo::new(move |_| {
            session.with(|s| match s {
                Some(Ok(s)) if s.me.is_some() => Some(s.as_of),
                _ => None,
            })
        });
        follow(move || {
            if let Some(as_of) = known.get() {
                live.subscribe(TOPIC, BTreeMap::new(), Some(as_of), move |frames| asks.take(frames));
            }
        });
        Effect::watch(
            move || live.polls(),
            move |_, _, _| {
                if known.get_untracked().is_some() {
                    asks.count();
                }
            },
            false,
        );
        asks
    }

    /// How many wait for the reader; `first` is what the page came with.
    pub fn waiting(self, first: i64) -> Signal<i64> {
        Signal::derive(move || self.waiting.get().unwrap_or(first))
    }

    /// Hears of every change until the current owner is cleaned up, of gaps (`resync`) too.
    pub fn listen(self, listener: impl Fn(&[ServerFrame]) + Send + Sync + 'static) {
        let key = self.listeners.try_update_value(|(last, all)| {
            *last += 1;
            all.insert(*last, Arc::new(listener));
            *last
        });
        on_cleanup(move || {
            self.listeners.try_update_value(|(_, all)| key.and_then(|key| all.remove(&key)));
        });
    }

    /// Changes when something was heard.
    pub fn heard_untracked(self) -> u64 {
        self.heard.get_value()
    }

    fn take(self, frames: &[ServerFrame]) {
        if !frames.iter().any(|f| f.approval.is_some() || f.frame == FrameType::Resync) {
            return;
        }
        self.heard.update_value(|n| *n += 1);
        let listeners: Vec<Listener> = self.listeners.with_value(|(_, all)| all.values().cloned().collect());
        for listener in listeners {
            listener(frames);
        }
        self.count();
    }

    fn count(self) {
        if self.counting.try_update_value(|counting| std::mem::replace(counting, true)) != Some(false) {
            return;
        }
        browser::spawn(async move {
            browser::sleep(GATHER_MS).await;
            // What comes from here on is counted by the next one.
            self.counting.set_value(false);
            match count_waiting_for_me().await {
                Ok(n) if self.waiting.get_untracked() != Some(n) => self.waiting.set(Some(n)),
                Ok(_) => {}
                Err(e) => self.live.note_error(&e),
            }
        });
    }
}

pub fn use_asks() -> Asks {
    expect_context()
}
