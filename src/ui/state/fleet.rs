//! Both sides. The agents of the dashboard; they follow the live flow at their own pace, as the cards do.

use super::live::Live;
use super::turn::Turn;
use crate::browser;
use crate::domain::fleet::MOST_AGENTS;
use crate::domain::{AgentStanding, Error, Fleet as Values};
use crate::server_fns::load_fleet;
use leptos::prelude::*;

/// Agents at first, and of each "More".
pub const AGENTS_AT_ONCE: i64 = 100;

#[derive(Clone, Copy)]
pub struct Fleet {
    live: Live,
    turn: StoredValue<Turn>,
    limit: RwSignal<i64>,
    values: RwSignal<Option<Values>>,
    pub failed: RwSignal<Option<Error>>,
}

impl Fleet {
    pub fn new(live: Live, first: Result<Values, Error>) -> Self {
        let (values, failed) = match first {
            Ok(values) => (Some(values), None),
            Err(e) => (None, Some(e)),
        };
        let it = Self {
            live,
            turn: StoredValue::new(Turn::default()),
            limit: RwSignal::new(AGENTS_AT_ONCE),
            values: RwSignal::new(values),
            failed: RwSignal::new(failed),
        };
        Effect::watch(move || live.polls(), move |_, _, _| it.reload(), false);
        Effect::new(move || live.keep_up(move || it.behind(), move || it.reload()));
        it
    }

    /// Unknown, or older than the newest event; `None` when the page is left.
    fn behind(self) -> Option<bool> {
        let as_of = self.values.try_with_untracked(|v| v.as_ref().map(|v| v.as_of))?;
        Some(as_of.is_none_or(|n| n < self.live.newest_untracked()))
    }

    pub fn names(self) -> Vec<String> {
        self.values.with(|v| v.iter().flat_map(|v| &v.agents).map(|a| a.name.clone()).collect())
    }

    pub fn standing(self, name: &str) -> Option<AgentStanding> {
        self.values.with(|v| v.as_ref()?.agents.iter().find(|a| a.name == name).cloned())
    }

    pub fn is_empty(self) -> bool {
        self.values.with(|v| v.as_ref().is_some_and(|v| v.agents.is_empty()))
    }

    /// More agents can be shown here.
    pub fn has_more(self) -> bool {
        self.values.with(|v| v.as_ref().is_some_and(|v| v.more)) && self.limit.get() < MOST_AGENTS
    }

    pub fn show_more(self) {
        self.limit.update(|n| *n = (*n + AGENTS_AT_ONCE).min(MOST_AGENTS));
        self.reload();
    }

    pub fn reload(self) {
        let Some(asked) = self.turn.try_update_value(Turn::ask) else { return };
        let limit = self.limit.get_untracked();
        browser::spawn(async move {
            let answer = load_fleet(limit).await;
            if self.turn.try_with_value(|t| t.is_newest(asked)) != Some(true) {
                return;
            }
            match answer {
                Ok(values) => {
                    self.failed.set(None);
                    if self.values.with_untracked(|v| v.as_ref() != Some(&values)) {
                        self.values.set(Some(values));
                    }
                }
                Err(e) => {
                    self.live.note_error(&e);
                    self.failed.set(Some(e));
                }
            }
        });
    }
}
