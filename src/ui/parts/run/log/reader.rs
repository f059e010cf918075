//! Both sides. What of a log is here and what is being read: history where it is looked at, new lines as they come.

use super::book::LogBook;
use super::window::{LINE, follows, window};
use crate::browser::{self, EventStream, StreamEvent};
use crate::domain::LogLine;
use crate::server_fns::{LogPage, read_log};
use crate::ui::parts::run::state::RunState;
use crate::ui::paths;
use leptos::html;
use leptos::prelude::*;

/// Lines the server renders, and the browser first: the newest ones.
const FIRST: i64 = 150;
/// Pause before a stream that was refused is tried again.
const RETRY_MS: u32 = 5_000;

#[derive(Clone, Copy)]
pub struct Reader {
    pub run: RunState,
    pub book: RwSignal<LogBook>,
    pub follow: RwSignal<bool>,
    /// What failed last, until something is read again.
    pub problem: RwSignal<Option<String>>,
    /// The scrolled-to position and height of the view; `None` before the browser has measured it.
    view: RwSignal<Option<(f64, f64)>>,
    pub node: NodeRef<html::Div>,
    reading: StoredValue<bool>,
    stream: StoredValue<Option<EventStream>>,
}

impl Reader {
    pub fn new(run: RunState, first: LogPage) -> Self {
        Self {
            run,
            book: RwSignal::new(LogBook::new(first.lines, first.total)),
            follow: RwSignal::new(true),
            problem: RwSignal::new(None),
            view: RwSignal::new(None),
            node: NodeRef::new(),
            reading: StoredValue::new(false),
            stream: StoredValue::new(None),
        }
    }

    /// Numbers of the first and last line in the page; none once the view was closed.
    pub fn range(self) -> (i64, i64) {
        let (Some(total), Some(view)) = (self.book.try_with(LogBook::total), self.view.try_get()) else {
            return (1, 0);
        };
        match view {
            Some((top, height)) => window(top, height, total),
            None => ((total - FIRST + 1).max(1), total),
        }
    }

    /// Whether the view has its real height and every line its place.
    pub fn measured(self) -> bool {
        self.view.with(Option::is_some)
    }

    /// The reader scrolled, or the view changed its size.
    pub fn moved(self) {
        let Some(now) = browser::scroll_of(self.node) else { return };
        let before = self.view.get_untracked().map_or(0.0, |(top, _)| top);
        let follow = follows(self.follow.get_untracked(), before, now.top, now.height, now.content);
        if follow != self.follow.get_untracked() {
            self.follow.set(follow);
        }
        self.view.set(Some((now.top, now.height)));
        self.fill();
    }

    /// Takes the view over from the server's HTML, at the end of the log.
    pub fn start(self) {
        let height = browser::scroll_of(self.node).map_or(600.0, |now| now.height);
        self.view.set(Some((f64::MAX, height)));
        request_animation_frame(move || browser::scroll_to_end(self.node));
    }

    /// Brings a line to the middle of the view.
    pub fn go_to(self, seq: i64) {
        let Some(now) = browser::scroll_of(self.node) else { return };
        self.follow.set(false);
        browser::scroll_to(self.node, ((seq - 1) as f64 * LINE - now.height / 2.0).max(0.0));
    }

    /// Reads the lines that are in view and not here.
    pub fn fill(self) {
        let wanted = move || {
            let (first, last) = untrack(|| self.range());
            self.book.try_with_untracked(|book| book.missing(first, last)).flatten()
        };
        if self.reading.get_value() || wanted().is_none() {
            return;
        }
        self.reading.set_value(true);
        let id = self.run.id();
        browser::spawn(async move {
            let mut asked = None;
            // The same gap again: the server does not have these lines.
            while let Some(after) = wanted().filter(|after| asked != Some(*after)) {
                asked = Some(after);
                match read_log(id.clone(), Some(after)).await {
                    Ok(page) => self.take(page.lines, page.total),
                    Err(e) => {
                        self.problem.try_set(Some(e.to_string()));
                        break;
                    }
                }
            }
            self.reading.try_set_value(false);
        });
    }

    fn take(self, lines: Vec<LogLine>, total: i64) {
        let around = untrack(|| self.range()).0;
        self.problem.try_set(None);
        self.book.try_update(|book| {
            book.add(lines, total);
            book.trim(around);
        });
    }

    /// Follows the run's stream while it is unfinished, and reads the rest when it ended.
    pub fn listen(self) {
        if untrack(|| self.run.unfinished()) {
            self.open_stream();
        }
        on_cleanup(move || self.close_stream());
        Effect::new(move |was: Option<bool>| {
            let unfinished = self.run.unfinished();
            if was == Some(true) && !unfinished {
                self.read_rest();
            }
            unfinished
        });
    }

    fn open_stream(self) {
        let after = self.book.with_untracked(LogBook::total);
        let stream =
            EventStream::open(&paths::api_stream(&self.run.id(), after), &["log", "end"], move |event| match event {
                StreamEvent::Message { name: "log", data } => match serde_json::from_str(&data) {
                    Ok(lines) => self.take(lines, 0),
                    // Not readable: the lines are read the plain way.
                    Err(_) => self.read_rest(),
                },
                StreamEvent::Message { .. } => {
                    self.close_stream();
                    self.read_rest();
                }
                StreamEvent::Refused => self.try_later(),
            });
        self.stream.try_update_value(|s| *s = Some(stream));
    }

    fn close_stream(self) {
        if let Some(stream) = self.stream.try_update_value(Option::take).flatten() {
            stream.close();
        }
    }

    fn try_later(self) {
        self.close_stream();
        browser::spawn(async move {
            browser::sleep(RETRY_MS).await;
            if self.stream.try_with_value(Option::is_none) == Some(true) {
                self.read_rest();
                if untrack(|| self.run.unfinished()) {
                    self.open_stream();
                }
            }
        });
    }

    /// Asks how long the log is and brings its end.
    fn read_rest(self) {
        let Some(id) = self.run.id.try_get_value() else { return };
        browser::spawn(async move {
            let after = self.book.try_with_untracked(LogBook::total);
            match read_log(id, after).await {
                Ok(page) => {
                    self.take(page.lines, page.total);
                    self.fill();
                }
                Err(e) => drop(self.problem.try_set(Some(e.to_string()))),
            }
        });
    }
}
