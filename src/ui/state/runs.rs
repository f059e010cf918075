//! Both sides. A list of runs on a page: its rows, what is being fetched, and the live flow into it.

use super::clock::Clock;
use super::link::Connection;
use super::list::{Change, ListState};
use super::live::Live;
use super::numbers::Numbers;
use super::query::PageQuery;
use super::turn::Turn;
use super::waiting::Waiting;
use crate::browser;
pub use crate::domain::FirstPage;
use crate::domain::page::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::domain::{Error, ExecutionPage, ServerFrame, Timestamp};
use crate::server_fns::{list_executions, load_first_page};
use crate::ui::kit::follow;
use crate::ui::kit::format::plural;
use leptos::prelude::*;

/// A refetch after a gap reads at most so many pages; below them the list loads again when it is reached.
const RESYNC_PAGES: usize = 5;
const HIGHLIGHT_MS: u32 = 2_500;
/// A page left open at its top lets go of the rows far below when there are so many.
const MOST_AT_TOP: usize = 5_000;

/// Who scrolls far gets more at once; who reads the first rows does not wait for them.
fn page_size(loaded: usize) -> i64 {
    i64::try_from(loaded).unwrap_or(MAX_LIMIT).clamp(DEFAULT_LIMIT, MAX_LIMIT)
}

/// The rows, and all that is counted beside them.
pub async fn first_page(query: PageQuery) -> Result<FirstPage, Error> {
    load_first_page(query.list(), query.cursor, true).await
}

#[derive(Clone, Copy)]
pub struct Runs {
    live: Live,
    clock: Clock,
    query: Memo<PageQuery>,
    topic: StoredValue<String>,
    turn: StoredValue<Turn>,
    /// The query the rows answer; cursors belong to it.
    shown: StoredValue<String>,
    /// What is counted beside the rows, under the same filter.
    numbers: StoredValue<Option<Numbers>>,
    pub list: RwSignal<ListState>,
    pub ever: RwSignal<bool>,
    /// Other rows are on their way; the old ones stay, dimmed.
    pub loading: RwSignal<bool>,
    pub loading_more: RwSignal<bool>,
    pub failed: RwSignal<Option<Error>>,
    /// When the rows were fetched.
    pub as_of: RwSignal<Timestamp>,
    pub at_top: RwSignal<bool>,
    /// News held back while the list is paused.
    pub waiting: RwSignal<Waiting>,
    /// For the polite live region.
    pub said: RwSignal<String>,
}

impl Runs {
    /// Takes over what the server rendered and follows `query` and the live flow of `topic`.
    pub fn new(
        live: Live,
        clock: Clock,
        query: Memo<PageQuery>,
        topic: String,
        first: Result<FirstPage, Error>,
    ) -> Self {
        let (list, ever, failed) = match first {
            Ok(first) => (ListState::new(query.get_untracked().sort, first.page), first.ever, None),
            Err(e) => (ListState::default(), true, Some(e)),
        };
        let runs = Self {
            live,
            clock,
            query,
            topic: StoredValue::new(topic),
            turn: StoredValue::new(Turn::default()),
            shown: StoredValue::new(query.with_untracked(PageQuery::list)),
            numbers: StoredValue::new(None),
            list: RwSignal::new(list),
            ever: RwSignal::new(ever),
            loading: RwSignal::new(false),
            loading_more: RwSignal::new(false),
            failed: RwSignal::new(failed),
            as_of: RwSignal::new(clock.now_untracked()),
            at_top: RwSignal::new(true),
            waiting: RwSignal::new(Waiting::default()),
            said: RwSignal::new(String::new()),
        };
        runs.follow();
        runs
    }

    /// These numbers come with the rows from now on.
    pub fn count_with(self, numbers: Numbers) {
        self.numbers.set_value(Some(numbers));
    }

    pub fn query(self) -> Memo<PageQuery> {
        self.query
    }

    fn follow(self) {
        let wanted = Memo::new(move |_| self.query.with(PageQuery::list));
        Effect::watch(move || wanted.get(), move |_, _, _| self.reload(), false);
        let poll = move || {
            if self.live.is_paused_untracked() {
                self.waiting.update(Waiting::missed);
            } else {
                self.resync();
            }
        };
        Effect::watch(move || self.live.polls(), move |_, _, _| poll(), false);
        Effect::watch(
            move || self.live.paused(),
            move |paused, _, _| {
                if !paused {
                    self.release();
                }
            },
            false,
        );
        // What failed while the server was away is asked again when it is back.
        let is_live = Memo::new(move |_| self.live.connection() == Connection::Live);
        let back = move |live: &bool| {
            if *live && self.failed.get_untracked().is_some() {
                self.resync();
            }
        };
        Effect::watch(move || is_live.get(), move |live, _, _| back(live), false);
        follow(move || {
            self.subscribe();
            // A page of history by a link without JavaScript: with it the list begins at its top.
            if self.query.with_untracked(|q| q.cursor.is_some()) {
                self.reload();
            }
        });
        let topic = self.topic.get_value();
        on_cleanup(move || self.live.unsubscribe(&topic));
    }

    fn subscribe(self) {
        let filter = self.query.with_untracked(|q| q.filter.api_pairs());
        let filter = filter.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let since = self.list.with_untracked(ListState::as_of);
        let topic = self.topic.get_value();
        self.live.subscribe(&topic, filter, Some(since), move |frames| self.heard(frames));
    }

    fn heard(self, frames: &[ServerFrame]) {
        if self.live.is_paused_untracked() {
            self.waiting.try_update(|w| frames.iter().for_each(|f| w.take(f)));
            return;
        }
        self.apply(frames);
    }

    /// Takes in what was held back while the list was paused.
    pub fn release(self) {
        let Some((frames, stale)) = self.waiting.try_update(Waiting::release) else { return };
        self.apply(&frames);
        if stale {
            self.resync();
        }
    }

    fn apply(self, frames: &[ServerFrame]) {
        let Some(at_top) = self.at_top.try_get_untracked() else { return };
        let mut sum = Change::default();
        self.list.update(|list| {
            for frame in frames {
                let change = list.apply(frame, at_top);
                sum.new += change.new;
                sum.failed += change.failed;
                sum.resync |= change.resync;
            }
        });
        self.tell(sum);
        if sum.resync {
            self.resync();
        } else if sum.new > 0 && at_top && self.list.with_untracked(ListState::len) > MOST_AT_TOP {
            self.shorten();
        }
    }

    /// Back to the first page, for a reader who is at the top anyway.
    fn shorten(self) {
        let Some(asked) = self.turn.try_update_value(Turn::ask) else { return };
        let query = self.query.with_untracked(PageQuery::list);
        browser::spawn(async move {
            let answer = list_executions(query, None, None).await;
            if let (Ok(page), true, Some(true)) = (answer, self.is_newest(asked), self.at_top.try_get_untracked()) {
                self.list.update(|l| {
                    l.replace(page);
                });
            }
        });
    }

    fn tell(self, change: Change) {
        let n = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let mut parts = Vec::new();
        if change.new > 0 {
            self.ever.set(true);
            parts.push(plural(n(change.new), "new run", "new runs"));
            self.settle_later();
        }
        if change.failed > 0 {
            parts.push(format!("{} failed", change.failed));
        }
        if !parts.is_empty() {
            self.said.set(parts.join(", "));
        }
    }

    fn settle_later(self) {
        browser::spawn(async move {
            browser::sleep(HIGHLIGHT_MS).await;
            self.list.try_update(ListState::settle);
        });
    }

    /// The rows from the top, under the query as it is now. Whatever was asked before is void.
    pub fn reload(self) {
        let Some(asked) = self.turn.try_update_value(Turn::ask) else { return };
        let query = self.query.get_untracked();
        self.loading.set(true);
        self.loading_more.set(false);
        let numbers = self.numbers.get_value();
        if let Some(numbers) = numbers {
            numbers.wait();
        }
        browser::spawn(async move {
            let answer = load_first_page(query.list(), None, false).await;
            if !self.is_newest(asked) {
                return;
            }
            match answer {
                Ok(first) => {
                    match (numbers, first.numbers) {
                        (Some(numbers), Some(values)) => numbers.take(values),
                        (Some(numbers), None) => numbers.reload(),
                        (None, _) => {}
                    }
                    self.ever.set(first.ever);
                    self.shown.set_value(query.list());
                    self.list.set(ListState::new(query.sort, first.page));
                    self.waiting.set(Waiting::default());
                    self.fetched();
                    self.subscribe();
                }
                Err(e) => self.failed_with(e),
            }
            self.loading.set(false);
        });
    }

    /// The next page below, when there is one and none is on its way.
    pub fn load_more(self) {
        let cursor = self.list.with_untracked(|l| l.next_cursor().map(str::to_owned));
        let Some(cursor) = cursor.filter(|_| !self.is_outdated()) else { return };
        if self.loading.get_untracked() || self.loading_more.get_untracked() || self.failed.get_untracked().is_some() {
            return;
        }
        let asked = self.turn.get_value();
        let query = self.query.with_untracked(PageQuery::list);
        let limit = self.list.with_untracked(|l| page_size(l.len()));
        self.loading_more.set(true);
        browser::spawn(async move {
            let answer = list_executions(query, Some(cursor.clone()), Some(limit)).await;
            if !self.is_newest(asked) {
                return;
            }
            match answer {
                // A resync meanwhile may have cut the list shorter: this page would leave a hole.
                Ok(page) if self.list.with_untracked(|l| l.next_cursor() == Some(cursor.as_str())) => {
                    self.list.update(|l| l.page_loaded(page));
                    self.failed.set(None);
                }
                Ok(_) => {}
                Err(e) => self.failed_with(e),
            }
            self.loading_more.set(false);
        });
    }

    /// Refetches what is loaded and merges it: no row moves, nothing loaded is lost.
    pub fn resync(self) {
        let Some(asked) = self.turn.try_get_value() else { return };
        if self.is_outdated() {
            return self.reload();
        }
        let query = self.query.with_untracked(PageQuery::list);
        let (until, limit) = self.list.with_untracked(|l| (l.last_id().cloned(), page_size(l.len())));
        browser::spawn(async move {
            let mut all: Option<ExecutionPage> = None;
            for _ in 0..RESYNC_PAGES {
                let cursor = all.as_ref().and_then(|p| p.next_cursor.clone());
                let page = match list_executions(query.clone(), cursor, Some(limit)).await {
                    Ok(page) => page,
                    Err(e) => {
                        if self.is_newest(asked) {
                            self.failed_with(e);
                        }
                        return;
                    }
                };
                let done = page.next_cursor.is_none()
                    || until.as_ref().is_none_or(|id| page.executions.iter().any(|r| r.id == *id));
                match &mut all {
                    None => all = Some(page),
                    Some(sum) => {
                        sum.executions.extend(page.executions);
                        sum.next_cursor = page.next_cursor;
                    }
                }
                if done {
                    break;
                }
            }
            let at_top = self.at_top.try_get_untracked();
            if let (true, Some(page), Some(at_top)) = (self.is_newest(asked), all, at_top) {
                let change = self.list.try_update(|l| l.resync(page, at_top));
                self.fetched();
                self.tell(change.unwrap_or_default());
            }
        });
    }

    /// After an action of the reader: the live flow brings the change, or else this does.
    pub fn refresh_unless_live(self) {
        if !self.live.is_live_untracked() {
            self.resync();
        }
    }

    /// Puts the held runs into the list.
    pub fn show_held(self) {
        if self.list.try_update(ListState::show_held) == Some(true) {
            self.settle_later();
        } else {
            self.reload();
        }
    }

    /// Do the rows answer an older query than the URL's? Then a reload is due, or on its way.
    fn is_outdated(self) -> bool {
        self.query.with_untracked(PageQuery::list) != self.shown.get_value()
    }

    fn is_newest(self, asked: Turn) -> bool {
        self.turn.try_with_value(|t| t.is_newest(asked)) == Some(true)
    }

    fn fetched(self) {
        self.failed.set(None);
        self.as_of.set(self.clock.now_untracked());
    }

    fn failed_with(self, error: Error) {
        self.live.note_error(&error);
        self.failed.set(Some(error));
    }
}
