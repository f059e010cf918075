//! Both sides. What `/approvals` shows, and what news change in it: each in its part, the order never changes. Pure.

use crate::domain::{
    Approval, ApprovalPage, ApprovalsPage, ApprovalsPart, InteractionKind, InteractionStatus, StandingRule,
};
use std::cmp::Reverse;
use std::collections::HashMap;

/// Shown of one part.
pub const MOST: usize = 500;
/// Of which it is remembered when they were heard of.
const REMEMBERED: usize = 5_000;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Part {
    pub approvals: Vec<Approval>,
    pub next_cursor: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct ApprovalsState {
    for_me: Part,
    for_others: Part,
    decided: Part,
    pub rules: Vec<StandingRule>,
    as_of: i64,
    /// By id: the newest event that told of it.
    heard: HashMap<String, i64>,
}

/// Equal requests that wait for the reader: one, or several that can be decided together.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// That of the first.
    pub key: String,
    pub ids: Vec<String>,
}

impl ApprovalsState {
    pub fn new(page: ApprovalsPage) -> Self {
        let mut state = Self::default();
        state.load(page);
        state
    }

    pub fn as_of(&self) -> i64 {
        self.as_of
    }

    pub fn part(&self, part: ApprovalsPart) -> &Part {
        match part {
            ApprovalsPart::ForMe => &self.for_me,
            ApprovalsPart::ForOthers => &self.for_others,
            ApprovalsPart::Decided => &self.decided,
        }
    }

    fn part_mut(&mut self, part: ApprovalsPart) -> &mut Part {
        match part {
            ApprovalsPart::ForMe => &mut self.for_me,
            ApprovalsPart::ForOthers => &mut self.for_others,
            ApprovalsPart::Decided => &mut self.decided,
        }
    }

    pub fn one(&self, id: &str) -> Option<&Approval> {
        let all = [&self.for_me, &self.for_others, &self.decided];
        all.into_iter().flat_map(|part| &part.approvals).find(|a| a.id == id)
    }

    pub fn ids(&self, part: ApprovalsPart) -> Vec<String> {
        self.part(part).approvals.iter().map(|a| a.id.clone()).collect()
    }

    /// What is fetched holds what had happened by `as_of`; of what was heard after it the news count.
    pub fn load(&mut self, page: ApprovalsPage) {
        let late: Vec<(Approval, i64)> = self
            .heard
            .iter()
            .filter(|(_, seq)| **seq > page.as_of)
            .filter_map(|(id, seq)| Some((self.one(id)?.clone(), *seq)))
            .collect();
        let part = |page: ApprovalPage| Part { approvals: page.approvals, next_cursor: page.next_cursor };
        (self.for_me, self.for_others) = (part(page.for_me), part(page.for_others));
        self.decided = part(page.decided);
        self.rules = page.rules;
        self.as_of = page.as_of;
        for (approval, seq) in late {
            self.apply(approval, seq);
        }
    }

    /// Further ones of a part, as they were asked for.
    pub fn load_more(&mut self, which: ApprovalsPart, more: ApprovalPage) {
        for approval in more.approvals {
            if self.one(&approval.id).is_none() {
                self.part_mut(which).approvals.push(approval);
            }
        }
        self.part_mut(which).next_cursor = more.next_cursor;
    }

    /// One message of the live flow; `true`: more is here than is shown, fetch again.
    pub fn apply(&mut self, new: Approval, seq: i64) -> bool {
        if self.heard.get(&new.id).is_some_and(|known| *known > seq) {
            return false;
        }
        if self.heard.len() > REMEMBERED {
            self.heard.clear();
        }
        self.heard.insert(new.id.clone(), seq);
        self.as_of = self.as_of.max(seq);
        for part in [&mut self.for_me, &mut self.for_others, &mut self.decided] {
            part.approvals.retain(|a| a.id != new.id);
        }
        let which = place_of(&new);
        let part = self.part_mut(which);
        let at = part.approvals.partition_point(|a| before(which, a, &new));
        // What belongs below the loaded ones is found there.
        if at < part.approvals.len() || part.next_cursor.is_none() {
            part.approvals.insert(at, new);
        }
        part.approvals.len() > MOST
    }

    pub fn rule_revoked(&mut self, id: &str) {
        self.rules.retain(|rule| rule.id != id);
    }

    /// What waits for the reader, equal ones together where the first of them stands.
    pub fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<(Option<Same<'_>>, Group)> = Vec::new();
        for approval in &self.for_me.approvals {
            let same = (approval.kind == InteractionKind::Approval).then(|| same(approval));
            let known = same.and_then(|same| groups.iter_mut().find(|(s, _)| *s == Some(same)));
            match known {
                Some((_, group)) => group.ids.push(approval.id.clone()),
                None => {
                    groups.push((same, Group { key: approval.id.clone(), ids: vec![approval.id.clone()] }));
                }
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }
}

type Same<'a> = (&'a str, &'a str, &'a str, &'a str);

fn same(a: &Approval) -> Same<'_> {
    (&a.agent_name, &a.title, &a.message, &a.parameters_hash)
}

fn place_of(approval: &Approval) -> ApprovalsPart {
    match approval.status {
        InteractionStatus::Pending if approval.waits_for_you => ApprovalsPart::ForMe,
        InteractionStatus::Pending => ApprovalsPart::ForOthers,
        _ => ApprovalsPart::Decided,
    }
}

/// Mine: the longest waiting first. Others: the newest first.
fn before(part: ApprovalsPart, a: &Approval, b: &Approval) -> bool {
    let asked = |a: &Approval| (a.asked_at, a.id.clone());
    match part {
        ApprovalsPart::ForMe => asked(a) < asked(b),
        ApprovalsPart::ForOthers => Reverse(asked(a)) < Reverse(asked(b)),
        ApprovalsPart::Decided => {
            let decided = |a: &Approval| Reverse((a.decided_at.unwrap_or(a.asked_at), a.id.clone()));
            decided(a) < decided(b)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::ui::state::approval::tests::approval;
    use crate::ui::state::sample::id;

    fn page(numbers: &[u64], as_of: i64, next: Option<&str>) -> ApprovalsPage {
        let empty = || ApprovalPage { approvals: Vec::new(), next_cursor: None };
        let approvals = numbers.iter().map(|n| approval(*n)).collect();
        ApprovalsPage {
            for_me: ApprovalPage { approvals, next_cursor: next.map(str::to_owned) },
            for_others: empty(),
            decided: empty(),
            rules: Vec::new(),
            as_of,
        }
    }

    fn state(numbers: &[u64]) -> ApprovalsState {
        ApprovalsState::new(page(numbers, 10, None))
    }

    fn other(n: u64) -> Approval {
        let mut a = approval(n);
        a.title = format!("Other {n}");
        a
    }

    fn decided(n: u64, at: i64) -> Approval {
        let (status, decided_at) = (InteractionStatus::Approved, Some(Timestamp::from_millis(at)));
        Approval { status, decided_at, waits_for_you: false, ..approval(n) }
    }

    fn ids(numbers: &[u64]) -> Vec<String> {
        numbers.iter().map(|n| id(*n).to_string()).collect()
    }

    #[test]
    fn what_is_decided_goes_from_one_part_to_the_other() {
        let mut state = state(&[1, 2, 3]);
        let voted = Approval { waits_for_you: false, ..approval(2) };
        assert!(!state.apply(voted, 11));
        assert_eq!(state.ids(ApprovalsPart::ForMe), ids(&[1, 3]));
        assert_eq!(state.ids(ApprovalsPart::ForOthers), ids(&[2]));
        state.apply(decided(2, 5_000), 12);
        state.apply(decided(1, 6_000), 13);
        assert_eq!(state.ids(ApprovalsPart::Decided), ids(&[1, 2]), "the newest decision first");
        // A message that comes late does not bring it back.
        state.apply(approval(2), 11);
        assert_eq!(state.ids(ApprovalsPart::ForMe), ids(&[3]));
    }

    #[test]
    fn the_longest_waiting_comes_first_and_what_lies_below_is_found_there() {
        let mut state = ApprovalsState::new(page(&[1, 3], 10, Some("c")));
        state.apply(other(2), 11);
        state.apply(other(9), 12);
        assert_eq!(state.ids(ApprovalsPart::ForMe), ids(&[1, 2, 3]));
        let more = ApprovalPage { approvals: vec![other(4), other(9)], next_cursor: None };
        state.load_more(ApprovalsPart::ForMe, more);
        assert_eq!(state.ids(ApprovalsPart::ForMe), ids(&[1, 2, 3, 4, 9]));
    }

    #[test]
    fn equal_requests_are_one_group_where_the_first_stands() {
        let mut state = state(&[1, 3, 5]);
        state.apply(other(2), 11);
        let groups: Vec<_> = state.groups().into_iter().map(|g| g.ids).collect();
        assert_eq!(groups, [ids(&[1, 3, 5]), ids(&[2])]);
        let mut different = approval(4);
        different.parameters_hash = "another".into();
        state.apply(different, 12);
        let question = Approval { kind: InteractionKind::Question, ..approval(6) };
        state.apply(question, 13);
        assert_eq!(state.groups().len(), 4, "other parameters and questions stand alone");
    }

    #[test]
    fn an_answer_that_comes_late_takes_nothing_back() {
        let mut state = state(&[1, 2]);
        state.apply(decided(1, 5_000), 20);
        state.apply(other(3), 21);
        state.load(page(&[1, 2], 15, None));
        assert_eq!(state.ids(ApprovalsPart::ForMe), ids(&[2, 3]));
        assert_eq!(state.ids(ApprovalsPart::Decided), ids(&[1]));
    }
}
