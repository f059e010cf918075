//! Both sides. What the runs on the dashboard wait for: where each of them is decided.

use crate::domain::{ApprovalPage, ApprovalsPage, ApprovalsPart, ExecutionId};
use crate::ui::parts::runs::AsksOf;
use crate::ui::state::approvals::{Approvals, ApprovalsState};
use crate::ui::state::asks::use_asks;
use crate::ui::state::live::use_live;
use leptos::prelude::*;
use std::collections::HashMap;

/// What was read with the page, kept up to date. `asked`: what had been heard when it was asked for.
pub fn of_runs(first: ApprovalsPage, asked: u64) -> AsksOf {
    let state = Approvals::new(use_live(), use_asks(), first, asked);
    AsksOf(Memo::new(move |_| state.list.with(by_run)))
}

/// Of several of one run that which waits for the reader, the longest waiting first.
fn by_run(list: &ApprovalsState) -> HashMap<ExecutionId, String> {
    let mut asks = HashMap::new();
    for part in [ApprovalsPart::ForMe, ApprovalsPart::ForOthers] {
        for approval in &list.part(part).approvals {
            asks.entry(approval.execution_id.clone()).or_insert_with(|| approval.id.clone());
        }
    }
    asks
}

/// When they could not be had.
pub fn nothing() -> ApprovalsPage {
    let none = || ApprovalPage { approvals: Vec::new(), next_cursor: None };
    ApprovalsPage { for_me: none(), for_others: none(), decided: none(), rules: Vec::new(), as_of: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::InteractionStatus;
    use crate::ui::state::approval::tests::approval;

    #[test]
    fn a_run_leads_to_what_waits_for_the_reader() {
        let mut page = nothing();
        let mut other = approval(1);
        (other.id, other.waits_for_you) = ("other".into(), false);
        page.for_others.approvals = vec![other];
        page.for_me.approvals = vec![approval(1)];
        let mut list = ApprovalsState::new(page);
        let run = approval(1).execution_id;
        assert_eq!(by_run(&list).get(&run), Some(&approval(1).id));
        let mut ended = approval(1);
        ended.status = InteractionStatus::Approved;
        list.apply(ended, 5);
        assert_eq!(by_run(&list).get(&run).map(String::as_str), Some("other"));
    }
}
