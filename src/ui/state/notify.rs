//! Both sides. Tells the reader, on this machine and on request, that a run failed or waits: through the live flow, so
//! also while the tab is hidden. What comes together is told together.

use super::live::Live;
use super::query::PageQuery;
use super::session::SessionResource;
use crate::browser::{self, Permission};
use crate::domain::{
    Choice, ExecutionId, ExecutionSummary, Filter, FrameType, Range, Role, ServerFrame, Status, Window,
};
use crate::server_fns::list_executions;
use crate::ui::kit::follow;
use crate::ui::kit::format::plural;
use crate::ui::paths;
use leptos::prelude::*;
use std::collections::HashMap;

const TOPIC: &str = "attention";
const NOTIFY: &str = "runboard.notify";
const SOUND: &str = "runboard.sound";
/// What comes within this time is one notification.
const GATHER_MS: u32 = 700;
/// Runs told of, of which no more are remembered.
const REMEMBERED: usize = 5_000;

/// In context on every page.
#[derive(Clone, Copy)]
pub struct Notify {
    live: Live,
    /// Asked for on this machine.
    pub wanted: RwSignal<bool>,
    pub sound: RwSignal<bool>,
    pub permission: RwSignal<Permission>,
    /// The newest event when the page was loaded.
    from: StoredValue<i64>,
    told: StoredValue<HashMap<ExecutionId, Status>>,
    pending: StoredValue<Vec<ExecutionSummary>>,
}

impl Notify {
    /// Starts with hydration, for whoever is signed in.
    pub fn start(live: Live, session: SessionResource) {
        let notify = Self {
            live,
            wanted: RwSignal::new(false),
            sound: RwSignal::new(false),
            permission: RwSignal::new(Permission::Missing),
            from: StoredValue::new(0),
            told: StoredValue::new(HashMap::new()),
            pending: StoredValue::new(Vec::new()),
        };
        provide_context(notify);
        follow(move || {
            notify.permission.set(browser::may_notify());
            notify.wanted.set(browser::stored(NOTIFY).is_some());
            notify.sound.set(browser::stored(SOUND).is_some());
        });
        let known = Memo::new(move |_| {
            session.with(|s| match s {
                Some(Ok(s)) if s.me.as_ref().is_some_and(|me| me.role != Role::Client) => Some(s.as_of),
                _ => None,
            })
        });
        Effect::new(move |listens: Option<bool>| {
            let on = notify.shows() || notify.sound.get();
            match (known.get().filter(|_| on), listens) {
                (Some(_), Some(true)) => true,
                (Some(as_of), _) => {
                    notify.listen(as_of);
                    true
                }
                (None, Some(true)) => {
                    live.unsubscribe(TOPIC);
                    false
                }
                (None, _) => false,
            }
        });
    }

    /// Wanted, and allowed.
    pub fn shows(self) -> bool {
        self.wanted.get() && self.permission.get() == Permission::Granted
    }

    /// After a press: the browser asks the reader the first time.
    pub fn want(self, on: bool) {
        self.wanted.set(on);
        if !on {
            return browser::forget(NOTIFY);
        }
        browser::store(NOTIFY, "on");
        browser::ask_to_notify(move |permission| self.permission.set(permission));
    }

    pub fn want_sound(self, on: bool) {
        self.sound.set(on);
        if on {
            browser::store(SOUND, "on");
            // So that the reader knows it, and the browser lets it be heard later.
            browser::chime();
        } else {
            browser::forget(SOUND);
        }
    }

    fn filter(self) -> Filter {
        Filter {
            status: Choice { include: vec![Status::Waiting, Status::Failed], exclude: Vec::new() },
            changed: Range { min: Some(self.from.get_value()), max: None },
            window: Window::All,
            include_unfinished: true,
            ..Filter::default()
        }
    }

    fn listen(self, as_of: i64) {
        self.from.set_value(as_of);
        let pairs = self.filter().api_pairs();
        let filter = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        self.live.subscribe(TOPIC, filter, Some(as_of), move |frames| self.heard(frames));
    }

    fn heard(self, frames: &[ServerFrame]) {
        let mut news = Vec::new();
        for frame in frames {
            if frame.frame == FrameType::Resync {
                self.ask();
            } else if let Some(run) = &frame.execution {
                if frame.matches == Some(false) {
                    self.told.update_value(|told| {
                        told.remove(&run.id);
                    });
                } else {
                    news.push((**run).clone());
                }
            }
        }
        self.take(news);
    }

    /// The flow has a gap: what happened in it is asked for.
    fn ask(self) {
        let query = PageQuery::default().with_filter(self.filter()).list();
        browser::spawn(async move {
            match list_executions(query, None, None).await {
                Ok(page) => self.take(page.executions),
                Err(e) => self.live.note_error(&e),
            }
        });
    }

    fn take(self, runs: Vec<ExecutionSummary>) {
        let fresh = self.told.try_update_value(|told| {
            if told.len() > REMEMBERED {
                told.clear();
            }
            runs.into_iter().filter(|r| told.insert(r.id.clone(), r.status) != Some(r.status)).collect::<Vec<_>>()
        });
        let fresh = fresh.unwrap_or_default();
        if fresh.is_empty() {
            return;
        }
        let first = self.pending.try_update_value(|pending| {
            let first = pending.is_empty();
            pending.extend(fresh);
            first
        });
        if first == Some(true) {
            browser::spawn(async move {
                browser::sleep(GATHER_MS).await;
                self.tell(self.pending.try_update_value(std::mem::take).unwrap_or_default());
            });
        }
    }

    fn tell(self, runs: Vec<ExecutionSummary>) {
        if self.sound.get_untracked() {
            browser::chime();
        }
        let shows = self.wanted.get_untracked() && self.permission.get_untracked() == Permission::Granted;
        if let (true, Some((title, body))) = (shows, words(&runs)) {
            let path = match runs.as_slice() {
                [one] => paths::execution(one.id.as_str()),
                _ => paths::executions(&PageQuery::default().with_filter(self.filter()).address()),
            };
            browser::notify(&title, &body, move || browser::load_page(&path));
        }
    }
}

/// Title and text. No error and no response: a locked screen shows this to anybody.
fn words(runs: &[ExecutionSummary]) -> Option<(String, String)> {
    let verb = |r: &ExecutionSummary| if r.status == Status::Failed { "failed" } else { "waits" };
    match runs {
        [] => None,
        [one] => Some((format!("{} {}", one.agent_display_name, verb(one)), one.message.clone())),
        many => {
            let n = |status| i64::try_from(many.iter().filter(|r| r.status == status).count()).unwrap_or(i64::MAX);
            let (failed, waiting) = (n(Status::Failed), n(Status::Waiting));
            let mut title = Vec::new();
            if failed > 0 {
                title.push(format!("{} failed", plural(failed, "run", "runs")));
            }
            if waiting > 0 {
                title.push(format!("{} waiting", plural(waiting, "run", "runs")));
            }
            let mut names: Vec<&str> = many.iter().map(|r| r.agent_display_name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            let more = names.len().saturating_sub(3);
            names.truncate(3);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            Some((title.join(", "), names.join(", ") + &more))
        }
    }
}

pub fn use_notify() -> Notify {
    expect_context()
}

#[cfg(test)]
mod tests {
    use super::super::sample::run;
    use super::*;

    #[test]
    fn one_run_is_named_and_many_are_counted() {
        let failed = |n| ExecutionSummary { status: Status::Failed, ..run(n, 1) };
        let waits = ExecutionSummary { status: Status::Waiting, agent_display_name: "reviewer".into(), ..run(9, 1) };
        assert_eq!(words(&[]), None);
        assert_eq!(words(&[failed(1)]), Some(("build failed".into(), "run 1".into())));
        assert_eq!(words(std::slice::from_ref(&waits)).map(|w| w.0), Some("reviewer waits".into()));
        let both = Some(("2 runs failed, 1 run waiting".into(), "build, reviewer".into()));
        assert_eq!(words(&[failed(1), failed(2), waits]), both);
    }
}
