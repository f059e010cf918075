//! Both sides. What the list's page says beside its rows: what happened while the reader was away, the names of
//! failure groups, what a link to a moment leaves out. And the sign that the reader is there.

use super::live::Live;
use super::query::PageQuery;
use super::turn::Turn;
use crate::browser;
use crate::domain::{Beside, Error, Since};
use crate::server_fns::{load_beside, note_here};
use crate::ui::kit::follow;
use leptos::prelude::*;

/// How often a visible page says that its reader is there.
const HERE_EVERY_MS: u32 = 60_000;

/// In context on the list's page.
#[derive(Clone, Copy)]
pub struct BesideList {
    live: Live,
    turn: StoredValue<Turn>,
    pub since: RwSignal<Option<Since>>,
    groups: RwSignal<Vec<(String, String)>>,
    /// `None`: too many to count.
    pub newer: RwSignal<Option<i64>>,
}

impl BesideList {
    pub fn new(live: Live, query: Memo<PageQuery>, first: Result<Beside, Error>) -> Self {
        // When it could not be had nothing is said; the list tells what went wrong.
        let first = first.unwrap_or_else(|_| Beside::default());
        let beside = Self {
            live,
            turn: StoredValue::new(Turn::default()),
            since: RwSignal::new(first.since),
            groups: RwSignal::new(first.groups),
            newer: RwSignal::new(first.newer),
        };
        let wanted = Memo::new(move |_| query.with(asks));
        Effect::watch(move || wanted.get(), move |query, _, _| beside.reload(query.clone()), false);
        follow(move || {
            browser::on_window("visibilitychange", move || beside.here());
            browser::spawn(beside.keep());
        });
        beside
    }

    /// A chip's text, with what a group is called in place of its id.
    pub fn named(self, text: String) -> String {
        self.groups.with(|groups| {
            match groups.iter().find(|(id, _)| text.starts_with("failure") && text.ends_with(id)) {
                Some((id, pattern)) => text.replace(id, pattern),
                None => text,
            }
        })
    }

    fn reload(self, query: Option<String>) {
        let (Some(query), Some(asked)) = (query, self.turn.try_update_value(Turn::ask)) else { return };
        browser::spawn(async move {
            let answer = load_beside(query).await;
            if self.turn.try_with_value(|t| t.is_newest(asked)) != Some(true) {
                return;
            }
            match answer {
                Ok(beside) => {
                    self.groups.set(beside.groups);
                    self.newer.set(beside.newer);
                }
                Err(e) => self.live.note_error(&e),
            }
        });
    }

    /// Ends by itself when the page is left: the signals are gone then.
    async fn keep(self) {
        while self.since.try_get_untracked().is_some() {
            if browser::page_visible() && browser::online() {
                self.here();
            }
            browser::sleep(HERE_EVERY_MS).await;
        }
    }

    /// The reader is there, comes, or goes.
    fn here(self) {
        browser::spawn(async move {
            match note_here().await {
                Ok(since) => drop(self.since.try_set(Some(since))),
                Err(e) => self.live.note_error(&e),
            }
        });
    }
}

/// The query to ask about, when there is something to ask.
fn asks(query: &PageQuery) -> Option<String> {
    (query.filter.as_of.is_some() || !query.filter.error_group.is_empty()).then(|| query.list())
}
