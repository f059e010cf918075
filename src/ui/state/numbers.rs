//! Both sides. What a page counts: cards, facets and timeline under the list's filter, following the live flow at
//! their own pace.

use super::live::Live;
use super::query::PageQuery;
use super::turn::Turn;
use crate::browser;
use crate::domain::{FacetValue, Facets, Numbers as Values, Stats, Timeline};
use crate::server_fns::load_numbers;
use crate::ui::kit::follow;
use leptos::prelude::*;

#[derive(Clone, Copy)]
pub struct Numbers {
    live: Live,
    query: Memo<PageQuery>,
    turn: StoredValue<Turn>,
    /// `None`: they could not be had. The list says what went wrong.
    values: RwSignal<Option<Values>>,
    /// Those shown answer an older filter.
    pub stale: RwSignal<bool>,
}

impl Numbers {
    /// Numbers under `query`. A change of it is answered together with the rows, by `take` or `reload`.
    pub fn new(live: Live, query: Memo<PageQuery>, first: Option<Values>) -> Self {
        let turn = StoredValue::new(Turn::default());
        let numbers = Self { live, query, turn, values: RwSignal::new(first), stale: RwSignal::new(false) };
        let poll = move || {
            if !live.is_paused_untracked() {
                numbers.reload();
            }
        };
        Effect::watch(move || live.polls(), move |_, _, _| poll(), false);
        follow(move || live.keep_up(move || numbers.behind(), move || numbers.reload()));
        numbers
    }

    pub fn stats<T: 'static>(self, read: impl FnOnce(&Stats) -> T) -> Option<T> {
        self.values.with(|v| v.as_ref().map(|v| read(&v.stats)))
    }

    pub fn timeline<T: 'static>(self, read: impl FnOnce(&Timeline) -> T) -> Option<T> {
        self.values.with(|v| v.as_ref().map(|v| read(&v.timeline)))
    }

    /// Runs with this value of a facet; `None` when it is not among those told.
    pub fn facet(self, facet: fn(&Facets) -> &Vec<FacetValue>, value: &str) -> Option<i64> {
        self.values.with(|v| Some(facet(&v.as_ref()?.facets).iter().find(|f| f.value == value)?.count))
    }

    pub fn values(self, facet: fn(&Facets) -> &Vec<FacetValue>) -> Vec<FacetValue> {
        self.values.with(|v| v.as_ref().map(|v| facet(&v.facets).clone()).unwrap_or_default())
    }

    /// Behind until an answer has the newest event in it: an answer may itself be some seconds old. `None` when the page is
    /// left.
    fn behind(self) -> Option<bool> {
        let as_of = self.values.try_with_untracked(|v| v.as_ref().map(|v| v.stats.as_of))?;
        Some(as_of.is_some_and(|n| n < self.live.newest_untracked()))
    }

    /// The rows under another filter are on their way; what is shown is the old one's.
    pub fn wait(self) {
        self.stale.set(true);
        self.turn.update_value(|t| {
            t.ask();
        });
    }

    /// They came with the rows.
    pub fn take(self, values: Values) {
        self.turn.update_value(|t| {
            t.ask();
        });
        self.show(values);
    }

    fn show(self, values: Values) {
        self.stale.set(false);
        if self.values.with_untracked(|v| v.as_ref() != Some(&values)) {
            self.values.set(Some(values));
        }
    }

    pub fn reload(self) {
        let Some(asked) = self.turn.try_update_value(Turn::ask) else { return };
        let query = self.query.with_untracked(|q| q.filter.page_query());
        browser::spawn(async move {
            let answer = load_numbers(query).await;
            if self.turn.try_with_value(|t| t.is_newest(asked)) != Some(true) {
                return;
            }
            match answer {
                Ok(values) => self.show(values),
                Err(e) => self.live.note_error(&e),
            }
        });
    }
}
