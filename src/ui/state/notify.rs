//! Both sides. Tells the reader, on this machine and on request, that a run failed or waits: through the live flow, so
//! also while the tab is hidden. What comes together is told together.

use super::asks::Asks;
use super::live::Live;
use super::query::PageQuery;
use super::session::SessionResource;
use crate::browser::{self, Permission};
use crate::domain::{
    Approval, Choice, ExecutionId, ExecutionSummary, Filter, FrameType, InteractionStatus, Range, Role, ServerFrame,
    Status, Window,
};
use crate::server_fns::list_executions;
use crate::ui::kit::follow;
use crate::ui::kit::format::plural;
use crate::ui::paths;
use leptos::prelude::*;
use std::collections::{HashMap, HashSet};

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
    /// What waits for the reader, of which was told; its run is not told of once more.
    told_asks: StoredValue<HashMap<String, ExecutionId>>,
    pending: StoredValue<News>,
}

/// What is told together.
#[derive(Debug, Clone, Default, PartialEq)]
struct News {
    runs: Vec<ExecutionSummary>,
    asks: Vec<Approval>,
}

impl News {
    fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.asks.is_empty()
    }

    /// A run that waits for the reader is told of as what it asks.
    fn once_each(mut self) -> Self {
        let asking: HashSet<&ExecutionId> = self.asks.iter().map(|a| &a.execution_id).collect();
        self.runs.retain(|run| run.status != Status::Waiting || !asking.contains(&run.id));
        self
    }
}

impl Notify {
    /// Starts with hydration, for whoever is signed in.
    pub fn start(live: Live, asks: Asks, session: SessionResource) {
        let notify = Self {
            live,
            wanted: RwSignal::new(false),
            sound: RwSignal::new(false),
            permission: RwSignal::new(Permission::Missing),
            from: StoredValue::new(0),
            told: StoredValue::new(HashMap::new()),
            told_asks: StoredValue::new(HashMap::new()),
            pending: StoredValue::new(News::default()),
        };
        provide_context(notify);
        follow(move || {
            notify.permission.set(browser::may_notify());
            notify.wanted.set(browser::stored(NOTIFY).is_some());
            notify.sound.set(browser::stored(SOUND).is_some());
        });
        Effect::new(move || asks.listen(move |frames| notify.heard_asks(frames)));
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

    /// Approvals and questions, as far as they wait for the reader.
    fn heard_asks(self, frames: &[ServerFrame]) {
        if !(self.sound.get_untracked() || self.wanted.get_untracked()) {
            return;
        }
        let mine = |a: &&Approval| a.waits_for_you && a.status == InteractionStatus::Pending;
        let asks: Vec<Approval> = frames.iter().filter_map(|f| f.approval.as_deref()).filter(mine).cloned().collect();
        let fresh = self.told_asks.try_update_value(|told| {
            if told.len() > REMEMBERED {
                told.clear();
            }
            asks.into_iter().filter(|a| told.insert(a.id.clone(), a.execution_id.clone()).is_none()).collect()
        });
        self.gather(News { runs: Vec::new(), asks: fresh.unwrap_or_default() });
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
        let mut runs: Vec<ExecutionSummary> = fresh.unwrap_or_default();
        let asked = |run: &ExecutionSummary| {
            self.told_asks.with_value(|told| told.values().any(|id| *id == run.id)) && run.status == Status::Waiting
        };
        runs.retain(|run| !asked(run));
        self.gather(News { runs, asks: Vec::new() });
    }

    fn gather(self, news: News) {
        if news.is_empty() {
            return;
        }
        let first = self.pending.try_update_value(|pending| {
            let first = pending.is_empty();
            pending.runs.extend(news.runs);
            pending.asks.extend(news.asks);
            first
        });
        if first == Some(true) {
            browser::spawn(async move {
                browser::sleep(GATHER_MS).await;
                self.tell(self.pending.try_update_value(std::mem::take).unwrap_or_default().once_each());
            });
        }
    }

    fn tell(self, news: News) {
        if self.sound.get_untracked() {
            browser::chime();
        }
        let shows = self.wanted.get_untracked() && self.permission.get_untracked() == Permission::Granted;
        if let (true, Some((title, body))) = (shows, words(&news)) {
            let path = match (news.runs.as_slice(), news.asks.as_slice()) {
                ([], [one]) => paths::approval(&one.id),
                ([], _) => paths::APPROVALS.to_owned(),
                ([one], []) => paths::execution(one.id.as_str()),
                _ => paths::executions(&PageQuery::default().with_filter(self.filter()).address()),
            };
            browser::notify(&title, &body, move || browser::load_page(&path));
        }
    }
}

/// Title and text. No error and no response: a locked screen shows this to anybody.
fn words(news: &News) -> Option<(String, String)> {
    let verb = |r: &ExecutionSummary| if r.status == Status::Failed { "failed" } else { "waits" };
    match (news.runs.as_slice(), news.asks.as_slice()) {
        ([], []) => None,
        ([], [one]) => Some((format!("{} waits for you", one.agent_display_name), one.title.clone())),
        ([one], []) => Some((format!("{} {}", one.agent_display_name, verb(one)), one.message.clone())),
        (runs, asks) => {
            let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
            let of = |status| number(runs.iter().filter(|r| r.status == status).count());
            let (failed, waiting) = (of(Status::Failed), of(Status::Waiting));
            let mut title = Vec::new();
            if !asks.is_empty() {
                title.push(format!("{} for you", plural(number(asks.len()), "request waits", "requests wait")));
            }
            if failed > 0 {
                title.push(format!("{} failed", plural(failed, "run", "runs")));
            }
            if waiting > 0 {
                title.push(format!("{} waiting", plural(waiting, "run", "runs")));
            }
            let runs = runs.iter().map(|r| r.agent_display_name.as_str());
            let mut names: Vec<&str> = runs.chain(asks.iter().map(|a| a.agent_display_name.as_str())).collect();
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
    use super::super::approval::tests::approval;
    use super::super::sample::run;
    use super::*;

    fn runs(runs: &[ExecutionSummary]) -> News {
        News { runs: runs.to_vec(), asks: Vec::new() }
    }

    #[test]
    fn one_run_is_named_and_many_are_counted() {
        let failed = |n| ExecutionSummary { status: Status::Failed, ..run(n, 1) };
        let waits = ExecutionSummary { status: Status::Waiting, agent_display_name: "reviewer".into(), ..run(9, 1) };
        assert_eq!(words(&runs(&[])), None);
        assert_eq!(words(&runs(&[failed(1)])), Some(("build failed".into(), "run 1".into())));
        assert_eq!(words(&runs(std::slice::from_ref(&waits))).map(|w| w.0), Some("reviewer waits".into()));
        let both = Some(("2 runs failed, 1 run waiting".into(), "build, reviewer".into()));
        assert_eq!(words(&runs(&[failed(1), failed(2), waits])), both);
    }

    #[test]
    fn what_waits_for_the_reader_is_told_once() {
        let waits = ExecutionSummary { status: Status::Waiting, ..run(3, 1) };
        let news = News { runs: vec![waits], asks: vec![approval(3)] }.once_each();
        assert_eq!(words(&news), Some(("Mailer waits for you".into(), "Send the offer".into())));
        let failed = ExecutionSummary { status: Status::Failed, ..run(3, 1) };
        let news = News { runs: vec![failed], asks: vec![approval(3)] }.once_each();
        assert_eq!(words(&news).map(|w| w.0), Some("1 request waits for you, 1 run failed".into()));
    }
}
