//! Both sides. The page of approvals: what waits for the reader, for others, what was decided; live.

mod list;

pub use list::{ApprovalsState, Group, MOST};

use super::asks::Asks;
use super::live::Live;
use super::turn::Turn;
use crate::browser;
use crate::domain::{
    Approval, ApprovalsPage, ApprovalsPart, Decision, Error, FrameType, InteractionStatus, ResponseResult,
    ResponseToMany, ServerFrame,
};
use crate::server_fns::{list_approvals, load_approvals, respond_to_many, revoke_standing_rule};
use crate::ui::kit::format;
use leptos::prelude::*;

#[derive(Clone, Copy)]
pub struct Approvals {
    live: Live,
    turn: StoredValue<Turn>,
    pub list: RwSignal<ApprovalsState>,
    pub failed: RwSignal<Option<Error>>,
    /// Further ones are on their way.
    pub loading: RwSignal<bool>,
}

impl Approvals {
    /// `asked`: what had been heard when the page was asked for.
    pub fn new(live: Live, asks: Asks, first: ApprovalsPage, asked: u64) -> Self {
        let it = Self {
            live,
            turn: StoredValue::new(Turn::default()),
            list: RwSignal::new(ApprovalsState::new(first)),
            failed: RwSignal::new(None),
            loading: RwSignal::new(false),
        };
        Effect::watch(move || live.polls(), move |_, _, _| it.reload(), false);
        Effect::new(move || {
            asks.listen(move |frames| it.heard(frames));
            if asks.heard_untracked() != asked {
                it.reload();
            }
        });
        it
    }

    pub fn one(self, id: &str) -> Option<Approval> {
        self.list.with(|list| list.one(id).cloned())
    }

    fn heard(self, frames: &[ServerFrame]) {
        let told = self.list.try_update(|list| {
            let mut gap = false;
            for frame in frames {
                gap |= frame.frame == FrameType::Resync;
                if let Some(approval) = &frame.approval {
                    gap |= list.apply((**approval).clone(), frame.seq.unwrap_or_else(|| list.as_of()));
                }
            }
            gap
        });
        if told == Some(true) {
            self.reload();
        }
    }

    pub fn reload(self) {
        let Some(asked) = self.turn.try_update_value(Turn::ask) else { return };
        browser::spawn(async move {
            let answer = load_approvals().await;
            if self.turn.try_with_value(|t| t.is_newest(asked)) != Some(true) {
                return;
            }
            match answer {
                Ok(page) => {
                    self.failed.set(None);
                    self.list.update(|list| list.load(page));
                }
                Err(e) => self.fail(e),
            }
        });
    }

    pub fn more(self, part: ApprovalsPart) {
        let cursor = self.list.with_untracked(|list| list.part(part).next_cursor.clone());
        if cursor.is_none() || self.loading.get_untracked() {
            return;
        }
        self.loading.set(true);
        browser::spawn(async move {
            let answer = list_approvals(part, cursor.clone()).await;
            if self.loading.try_set(false).is_some() {
                return;
            }
            match answer {
                // A reload meanwhile may have begun anew.
                Ok(more) if self.list.with_untracked(|list| list.part(part).next_cursor == cursor) => {
                    self.list.update(|list| list.load_more(part, more));
                }
                Ok(_) => {}
                Err(e) => self.fail(e),
            }
        });
    }

    /// The same answer to several; what became of them in a sentence.
    pub async fn decide(self, ids: Vec<String>, decision: Decision, comment: Option<String>) -> Result<String, Error> {
        match respond_to_many(ResponseToMany { ids, decision, comment }).await {
            Ok(results) => {
                if !self.live.is_live_untracked() {
                    self.reload();
                }
                Ok(summary(&results, decision))
            }
            Err(e) => {
                self.live.note_error(&e);
                Err(e)
            }
        }
    }

    pub async fn revoke(self, id: String) -> Result<(), Error> {
        let answer = revoke_standing_rule(id.clone()).await;
        match &answer {
            Ok(()) => {
                self.list.try_update(|list| list.rule_revoked(&id));
            }
            Err(e) => self.live.note_error(e),
        }
        answer
    }

    fn fail(self, e: Error) {
        self.live.note_error(&e);
        self.failed.set(Some(e));
    }
}

/// `You approved 2 requests; 1 still waits for others. 1 was not: rejected by Bo`.
fn summary(results: &[ResponseResult], decision: Decision) -> String {
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let taken: Vec<_> = results.iter().filter_map(|r| r.status).collect();
    let open = taken.iter().filter(|status| **status == InteractionStatus::Pending).count();
    let errors: Vec<&str> = results.iter().filter_map(|r| r.error.as_deref()).collect();
    let requests = format::plural(number(taken.len()), "request", "requests");
    let waiting =
        (open > 0).then(|| format!("; {} for others", format::plural(number(open), "still waits", "still wait")));
    let refused = errors.first().map(|first| format!(". Not taken: {}, {first}", errors.len()));
    format!("You {} {requests}{}{}", decision.done(), waiting.unwrap_or_default(), refused.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_several_is_told_together() {
        let result = |status: Option<InteractionStatus>, error: Option<&str>| ResponseResult {
            id: "x".into(),
            status,
            error: error.map(str::to_owned),
        };
        let all = [
            result(Some(InteractionStatus::Approved), None),
            result(Some(InteractionStatus::Pending), None),
            result(None, Some("Bo rejected it")),
        ];
        assert_eq!(summary(&all[..1], Decision::Approve), "You approved 1 request");
        let text = "You approved 2 requests; 1 still waits for others. Not taken: 1, Bo rejected it";
        assert_eq!(summary(&all, Decision::Approve), text);
    }
}
