//! Both sides. The cards' numbers: under the list's filter, following the live flow at their own pace.

use super::live::Live;
use super::query::PageQuery;
use super::turn::Turn;
use crate::browser;
use crate::domain::{Error, Stats};
use crate::server_fns::execution_stats;
use leptos::prelude::*;

/// Never asked for more often, however many events come, and never because of scrolling.
const EVERY_MS: u32 = 5_000;

#[derive(Clone, Copy)]
pub struct Numbers {
    live: Live,
    query: Memo<PageQuery>,
    turn: StoredValue<Turn>,
    pub stats: RwSignal<Option<Stats>>,
}

impl Numbers {
    pub fn new(live: Live, query: Memo<PageQuery>, first: Result<Stats, Error>) -> Self {
        // When they could not be had the cards show dashes; the list says what went wrong.
        let numbers = Self { live, query, turn: StoredValue::new(Turn::default()), stats: RwSignal::new(first.ok()) };
        let wanted = Memo::new(move |_| query.with(|q| q.filter.page_query()));
        Effect::watch(move || wanted.get(), move |_, _, _| numbers.reload(), false);
        let poll = move || {
            if !live.is_paused_untracked() {
                numbers.reload();
            }
        };
        Effect::watch(move || live.polls(), move |_, _, _| poll(), false);
        Effect::new(move || browser::spawn(numbers.keep()));
        numbers
    }

    /// Ends by itself when the page is left: the signals are gone then.
    async fn keep(self) {
        let mut seen = self.live.events_untracked();
        loop {
            browser::sleep(EVERY_MS).await;
            if self.stats.try_get_untracked().is_none() {
                return;
            }
            let events = self.live.events_untracked();
            if events != seen && browser::page_visible() && !self.live.is_paused_untracked() {
                seen = events;
                self.reload();
            }
        }
    }

    pub fn reload(self) {
        let Some(asked) = self.turn.try_update_value(Turn::ask) else { return };
        let query = self.query.with_untracked(|q| q.filter.page_query());
        browser::spawn(async move {
            let answer = execution_stats(query).await;
            if self.turn.try_with_value(|t| t.is_newest(asked)) != Some(true) {
                return;
            }
            match answer {
                Ok(stats) => self.stats.set(Some(stats)),
                Err(e) => self.live.note_error(&e),
            }
        });
    }
}
