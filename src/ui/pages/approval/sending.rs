//! Both sides. Sending a decision or an answer: once, and back to where the reader came from.

use super::open::Open;
use crate::browser::{self, LocalStyle};
use crate::domain::error::readable;
use crate::domain::{Approval, Error};
use crate::server_fns::load_approval;
use crate::ui::paths;
use crate::ui::state::approval::{sentence, told, with_moments};
use crate::ui::state::notice::{Notice, use_notice};
use crate::ui::state::trail::use_way_back;
use leptos::prelude::*;
use std::future::Future;

#[derive(Clone, Copy)]
pub struct Sending {
    open: Open,
    notice: Notice,
    back: Callback<()>,
    /// On its way, or taken: nothing is sent twice.
    pub busy: RwSignal<bool>,
    pub problem: RwSignal<Option<String>>,
    /// Which fields were wrong.
    pub wrong: RwSignal<Vec<(String, String)>>,
}

impl Sending {
    pub fn new(open: Open) -> Self {
        let (notice, back) = (use_notice(), use_way_back(paths::APPROVALS));
        let (busy, problem) = (RwSignal::new(false), RwSignal::new(None));
        Self { open, notice, back, busy, problem, wrong: RwSignal::new(Vec::new()) }
    }

    /// `did`: what was done, as a sentence begins. `then` is done once it was taken, and adds what came of it.
    pub fn send<T: Future<Output = Option<String>> + 'static>(
        self,
        did: &'static str,
        request: impl Future<Output = Result<Approval, Error>> + 'static,
        then: impl FnOnce() -> T + 'static,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.problem.set(None);
        self.wrong.set(Vec::new());
        browser::spawn(async move {
            match request.await {
                Ok(now) => {
                    self.open.take(&now);
                    let more = then().await;
                    let run = load_approval(now.id.clone()).await.ok().map(|record| record.detail.run.status);
                    let text = told(&now, did, run);
                    self.notice.tell(more.map_or_else(|| text.clone(), |more| format!("{text} {more}")));
                    // The reader may have gone elsewhere meanwhile.
                    if self.busy.try_get_untracked().is_some() {
                        self.back.run(());
                    }
                }
                Err(e) => {
                    if self.busy.try_set(false).is_none() {
                        self.fail(e).await;
                    }
                }
            }
        });
    }

    async fn fail(self, e: Error) {
        self.open.live.note_error(&e);
        match e {
            Error::Invalid(errors) => {
                self.wrong.set(errors.into_iter().map(|e| (e.field, e.message)).collect());
                browser::focus_later(".asking-end [aria-invalid=true]".to_owned());
            }
            e => {
                let local = |ms| Some(browser::local_time(ms, LocalStyle::DayMinute));
                self.problem.set(Some(sentence(&with_moments(&readable(&e.to_string()), local))));
                // Somebody else was faster, or may have been: how it stands now.
                self.open.read().await;
            }
        }
    }
}
