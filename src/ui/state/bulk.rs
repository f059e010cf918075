//! Both sides. A bulk action from its question to its result. The job itself is the server's: closing the page, or
//! only the dialog, does not end it.

use super::live::Live;
use super::picks::{Picks, verb_of};
use super::turn::Turn;
use crate::browser;
use crate::domain::{BulkAction, BulkJob, BulkPreview, BulkProgress, BulkRowSeen, BulkState, BulkTarget, Error};
use crate::server_fns::{abort_bulk, load_bulk, preview_bulk, recent_bulk, start_bulk};
use crate::ui::kit::format::{count, plural};
use leptos::prelude::*;

const LOOK_MS: u32 = 400;
/// The server can't be reached just now; it is asked so many times more before the reader is.
const LOOK_AGAIN_MS: u32 = 3_000;
const LOOKS: u32 = 20;

/// What the dialog shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Nothing,
    Question,
    Job,
    Recent,
}

#[derive(Clone, Copy)]
pub struct Bulk {
    pub picks: Picks,
    live: Live,
    pub shown: RwSignal<Shown>,
    pub action: RwSignal<BulkAction>,
    /// The dry run; `None` while it is on its way.
    pub preview: RwSignal<Option<Result<BulkPreview, Error>>>,
    /// One dialog makes one job, however often it is confirmed.
    request_key: StoredValue<String>,
    pub busy: RwSignal<bool>,
    pub problem: RwSignal<Option<String>>,
    /// The job could not be had for long: it is followed again when the reader wants it.
    pub lost: RwSignal<bool>,
    /// The job that is followed: the one begun last, or one that was looked up.
    pub job: RwSignal<Option<BulkJob>>,
    pub rows: RwSignal<Vec<BulkRowSeen>>,
    pub next: RwSignal<Option<String>>,
    pub recent: RwSignal<Option<Result<Vec<BulkJob>, Error>>>,
    /// Which dry run counts.
    asked: StoredValue<Turn>,
    /// Which job is followed.
    followed: StoredValue<Turn>,
}

pub const fn verb(action: BulkAction) -> &'static str {
    match action {
        BulkAction::Terminate => "Stop",
        BulkAction::Retry => "Retry",
    }
}

impl Bulk {
    pub fn new(picks: Picks, live: Live) -> Self {
        Self {
            picks,
            live,
            shown: RwSignal::new(Shown::Nothing),
            action: RwSignal::new(BulkAction::Terminate),
            preview: RwSignal::new(None),
            request_key: StoredValue::new(String::new()),
            busy: RwSignal::new(false),
            problem: RwSignal::new(None),
            lost: RwSignal::new(false),
            job: RwSignal::new(None),
            rows: RwSignal::new(Vec::new()),
            next: RwSignal::new(None),
            recent: RwSignal::new(None),
            asked: StoredValue::new(Turn::default()),
            followed: StoredValue::new(Turn::default()),
        }
    }

    /// Opens the dialog with what would happen to the selection.
    pub fn ask(self, action: BulkAction) {
        let Some(asked) = self.asked.try_update_value(Turn::ask) else { return };
        self.action.set(action);
        self.preview.set(None);
        self.problem.set(None);
        self.request_key.set_value(browser::request_key());
        self.shown.set(Shown::Question);
        browser::focus_later("#bulk-title".to_owned());
        let target = self.picks.target();
        browser::spawn(async move {
            let answer = preview_bulk(action, target).await;
            if is_newest(self.asked, asked) {
                if let Err(e) = &answer {
                    self.live.note_error(e);
                }
                self.preview.set(Some(answer));
            }
        });
    }

    /// Begins with exactly the runs that were shown.
    pub fn confirm(self) {
        let ids = self.preview.with_untracked(|p| match p {
            Some(Ok(preview)) if !preview.ids.is_empty() => Some(preview.ids.clone()),
            _ => None,
        });
        let Some(ids) = ids.filter(|_| !self.busy.get_untracked()) else { return };
        self.busy.set(true);
        self.problem.set(None);
        let (key, action, asked) = (self.request_key.get_value(), self.action.get_untracked(), self.asked.get_value());
        browser::spawn(async move {
            match start_bulk(key, action, BulkTarget::Ids(ids)).await {
                Ok(job) => {
                    self.picks.clear();
                    self.picks.shown.set(false);
                    self.say(verb_of(
                        if action == BulkAction::Terminate { "Stopping" } else { "Retrying" },
                        job.counted,
                    ));
                    // The reader may have closed the dialog meanwhile: the bar then shows the job.
                    let stays = is_newest(self.asked, asked) && self.shown.get_untracked() == Shown::Question;
                    self.follow(job);
                    if stays {
                        self.show_job();
                    }
                }
                Err(e) => {
                    self.live.note_error(&e);
                    self.problem.set(Some(e.to_string()));
                }
            }
            self.busy.set(false);
        });
    }

    /// Shows a job's rows and goes on looking until it has ended.
    fn follow(self, job: BulkJob) {
        let Some(asked) = self.followed.try_update_value(Turn::ask) else { return };
        let id = job.id.clone();
        self.rows.set(Vec::new());
        self.next.set(None);
        self.job.set(Some(job));
        self.lost.set(false);
        browser::spawn(async move {
            let mut failures = 0;
            loop {
                let answer = load_bulk(id.clone(), None).await;
                if !is_newest(self.followed, asked) {
                    return;
                }
                let pause = match answer {
                    Ok(progress) => {
                        failures = 0;
                        self.problem.set(None);
                        if self.take(progress) {
                            return;
                        }
                        LOOK_MS
                    }
                    Err(e) => {
                        self.live.note_error(&e);
                        self.problem.set(Some(e.to_string()));
                        failures += 1;
                        if failures > LOOKS
                            || !matches!(e, Error::Unavailable(_) | Error::TooMany { .. } | Error::Internal(_))
                        {
                            self.lost.set(true);
                            return;
                        }
                        LOOK_AGAIN_MS
                    }
                };
                browser::sleep(pause).await;
                if !is_newest(self.followed, asked) {
                    return;
                }
            }
        });
    }

    /// What the server says of the job; whether that was all.
    fn take(self, progress: BulkProgress) -> bool {
        let BulkProgress { job, rows, next_cursor } = progress;
        // Pages the reader has asked for below the first stay.
        let mut extended = false;
        self.rows.update(|shown| {
            extended = shown.len() > rows.len();
            for (at, row) in rows.into_iter().enumerate() {
                match shown.get_mut(at) {
                    Some(old) => *old = row,
                    None => shown.push(row),
                }
            }
        });
        if !extended {
            self.next.set(next_cursor);
        }
        let over = job.ended();
        if over {
            self.say(result_words(&job));
            self.picks.runs().refresh_unless_live();
        }
        self.job.set(Some(job));
        over
    }

    /// The next rows of the job that is shown.
    pub fn more(self) {
        let (Some(id), Some(cursor)) =
            (self.job.with_untracked(|j| j.as_ref().map(|j| j.id.clone())), self.next.get_untracked())
        else {
            return;
        };
        let asked = self.followed.get_value();
        self.next.set(None);
        browser::spawn(async move {
            let answer = load_bulk(id, Some(cursor.clone())).await;
            if !is_newest(self.followed, asked) {
                return;
            }
            match answer {
                Ok(progress) => {
                    self.rows.update(|rows| rows.extend(progress.rows));
                    self.next.set(progress.next_cursor);
                }
                Err(e) => {
                    self.problem.set(Some(e.to_string()));
                    self.next.set(Some(cursor));
                }
            }
        });
    }

    pub fn abort(self) {
        let Some(id) = self.job.with_untracked(|j| j.as_ref().map(|j| j.id.clone())) else { return };
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        browser::spawn(async move {
            // What it has come to is told by the next look.
            if let Err(e) = abort_bulk(id).await
                && !matches!(e, Error::Conflict(_))
            {
                self.live.note_error(&e);
                self.problem.set(Some(e.to_string()));
            }
            self.busy.set(false);
        });
    }

    pub fn show_job(self) {
        self.shown.set(Shown::Job);
        browser::focus_later("#bulk-title".to_owned());
    }

    /// Looks again at a job that could not be had.
    pub fn find_again(self) {
        self.problem.set(None);
        if let Some(job) = self.job.get_untracked() {
            self.follow(job);
        }
    }

    /// One of the recent jobs.
    pub fn look_up(self, job: BulkJob) {
        self.problem.set(None);
        self.follow(job);
        self.show_job();
    }

    pub fn show_recent(self) {
        self.recent.set(None);
        self.shown.set(Shown::Recent);
        browser::focus_later("#bulk-title".to_owned());
        browser::spawn(async move {
            let answer = recent_bulk().await;
            if let Err(e) = &answer {
                self.live.note_error(e);
            }
            self.recent.try_set(Some(answer));
        });
    }

    /// The dialog is closed; a job goes on.
    pub fn closed(self) {
        if self.shown.get_untracked() == Shown::Nothing {
            return;
        }
        self.shown.set(Shown::Nothing);
        self.problem.set(None);
        // What opened the dialog may be gone with the selection.
        if self.picks.selection.with_untracked(super::selection::Selection::is_empty) {
            let bar = self.job.with_untracked(Option::is_some);
            browser::focus_later(if bar { ".bulk-bar .btn" } else { "#main" }.to_owned());
        }
    }

    /// The result was seen.
    pub fn dismiss(self) {
        self.job.set(None);
        browser::focus_later("#main".to_owned());
    }

    pub fn clear(self) {
        self.picks.clear();
        browser::focus_later("#main".to_owned());
    }

    fn say(self, words: String) {
        self.picks.runs().said.set(words);
    }
}

/// False also when the page is gone.
fn is_newest(turn: StoredValue<Turn>, asked: Turn) -> bool {
    turn.try_with_value(|t| t.is_newest(asked)) == Some(true)
}

/// `2 asked to stop · 1 skipped`.
pub fn result_words(job: &BulkJob) -> String {
    let done = match job.action {
        BulkAction::Terminate => "asked to stop",
        BulkAction::Retry => "retried",
    };
    let mut parts = vec![format!("{} {done}", count(job.done))];
    let others = [(job.skipped, "skipped"), (job.failed, "failed"), (job.excluded_count, "left out")];
    parts.extend(others.into_iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{} {word}", count(n))));
    parts.join(" · ")
}

/// `Stopping 12 of 40 runs`, and how it ended.
pub fn job_words(job: &BulkJob) -> String {
    let all = plural(job.counted, "run", "runs");
    let (going, past) = match job.action {
        BulkAction::Terminate => ("Stopping", "Stop"),
        BulkAction::Retry => ("Retrying", "Retry"),
    };
    match job.state {
        BulkState::Running => format!("{going} {all}: {} done", count(job.over())),
        BulkState::Done => format!("{past}: {}", result_words(job)),
        BulkState::Aborted => format!("{past}, aborted: {}", result_words(job)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    #[test]
    fn a_job_says_how_far_it_is() {
        let mut job = BulkJob {
            id: String::new(),
            action: BulkAction::Terminate,
            state: BulkState::Running,
            counted: 40,
            done: 11,
            skipped: 1,
            failed: 0,
            excluded_count: 2,
            created_by: String::new(),
            created_at: Timestamp::from_millis(0),
            finished_at: None,
        };
        assert_eq!(job_words(&job), "Stopping 40 runs: 12 done");
        job.state = BulkState::Aborted;
        assert_eq!(job_words(&job), "Stop, aborted: 11 asked to stop · 1 skipped · 2 left out");
    }
}
