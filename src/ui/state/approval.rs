//! Both sides. An approval or a question in words, and what news change in it. Pure.

use crate::domain::interaction::names;
use crate::domain::{
    Approval, ApprovalDetail, InteractionKind, InteractionStatus, NotCounted, Policy, Standing, Status, Timestamp,
};
use crate::ui::kit::format;
use serde_json::Value;

/// `rejected by Ann` → `Rejected by Ann`.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The beginning of a Markdown text as plain words, for lists.
pub fn in_a_line(message: &str) -> String {
    let marks: &[_] = &['#', '>', '-', '*', '+', ' ', '\t'];
    let lines = message.lines().map(|line| line.trim().trim_start_matches(marks)).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" · ").replace("**", "").replace('`', "")
}

/// Moments in a server's sentence, written by `write` (from milliseconds) where it can.
pub fn with_moments(text: &str, write: impl Fn(i64) -> Option<String>) -> String {
    let word = |word: &str| {
        let bare = word.trim_end_matches([':', ',', '.', ';']);
        let moment = bare.contains('T').then(|| Timestamp::parse(bare)).flatten();
        match moment.and_then(|at| write(at.millis())) {
            Some(written) => written + &word[bare.len()..],
            None => word.to_owned(),
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// What it takes, of those who count.
pub fn rule(approval: &Approval) -> String {
    let tally = approval.tally();
    if approval.kind == InteractionKind::Question {
        return match tally.of {
            0 | 1 => "One answer is enough".to_owned(),
            of => format!("Any of {of} people may answer"),
        };
    }
    match (approval.policy, tally.of) {
        (_, 0) => "Nobody is left who could decide".to_owned(),
        (_, 1) => "1 approval is needed".to_owned(),
        (Policy::Any, _) => "One approval is enough".to_owned(),
        (Policy::All, 2) => "Both must approve".to_owned(),
        (Policy::All, of) => format!("All {of} must approve"),
        (policy, of) => format!("{} of {of} must approve", policy.needed(of)),
    }
}

/// Who has said nothing yet, as in a sentence.
pub fn missing(approval: &Approval) -> Option<String> {
    let missing: Vec<&str> = approval.missing().iter().map(|a| a.display_name.as_str()).collect();
    (!missing.is_empty()).then(|| names(&missing))
}

/// How it stands: `2 of 3 must approve; waiting for Bo`, or how it ended.
pub fn standing(approval: &Approval) -> String {
    if approval.status != InteractionStatus::Pending {
        return ended(approval);
    }
    match missing(approval) {
        Some(who) => format!("{}; waiting for {who}", rule(approval)),
        None => rule(approval),
    }
}

/// How it ended, and by whom.
pub fn ended(approval: &Approval) -> String {
    match &approval.outcome {
        Some(outcome) => sentence(outcome),
        None => status_word(approval.status).to_owned(),
    }
}

pub const fn status_word(status: InteractionStatus) -> &'static str {
    match status {
        InteractionStatus::Pending => "Pending",
        InteractionStatus::Approved => "Approved",
        InteractionStatus::Rejected => "Rejected",
        InteractionStatus::Answered => "Answered",
        InteractionStatus::Timeout => "Expired",
        InteractionStatus::Cancelled => "Withdrawn",
    }
}

/// The run's status that looks like it: icon and colour.
pub const fn looks_like(status: InteractionStatus) -> Status {
    match status {
        InteractionStatus::Pending => Status::Waiting,
        InteractionStatus::Approved | InteractionStatus::Answered => Status::Success,
        InteractionStatus::Rejected | InteractionStatus::Timeout => Status::Failed,
        InteractionStatus::Cancelled => Status::Cancelled,
    }
}

/// Parameters as text: what can't be seen, or turns the direction of what follows, is spelled out, so that nothing looks
/// like something else.
pub fn parameters_text(parameters: &Value) -> String {
    let hidden = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    let plain = |c: char| if hidden(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    format!("{parameters:#}").chars().map(plain).collect()
}

pub const fn kind_word(kind: InteractionKind) -> &'static str {
    match kind {
        InteractionKind::Approval => "Approval",
        InteractionKind::Question => "Question",
    }
}

pub const fn excluded_word(why: NotCounted) -> &'static str {
    match why {
        NotCounted::Requester => "started this run, so others decide",
        NotCounted::Removed => "was taken off the list",
    }
}

/// Why the viewer can't decide; nothing when they can, or it is over.
pub fn why_not(detail: &ApprovalDetail) -> Option<&'static str> {
    if detail.approval.status != InteractionStatus::Pending {
        return None;
    }
    match detail.you {
        Standing::MayDecide => None,
        Standing::HasDecided => Some("You have decided. It waits for others."),
        Standing::Requester => Some("You started this run, so others decide."),
        Standing::Removed => Some("You were taken off the list of those who decide."),
        Standing::Reader => Some("You read along; others decide."),
    }
}

/// `Expires in 2 m 10 s`; `None`: never, or it is over already.
pub fn countdown(approval: &Approval, now: Timestamp) -> Option<String> {
    let at = approval.expires_at.filter(|_| approval.status == InteractionStatus::Pending)?;
    let ms = at.millis_since(now);
    Some(match ms {
        ..=0 => "Expired".to_owned(),
        1..10_000 => format!("Expires in {}", format::span(ms)),
        _ => format!("Expires in {}", format::duration(ms)),
    })
}

/// May the viewer still decide?
pub fn is_open(detail: &ApprovalDetail, now: Timestamp) -> bool {
    let approval = &detail.approval;
    detail.you == Standing::MayDecide
        && approval.status == InteractionStatus::Pending
        && approval.expires_at.is_none_or(|at| at > now)
}

/// What is said of a decision that was just taken in; `run`: how the run stands after it.
pub fn told(approval: &Approval, did: &str, run: Option<Status>) -> String {
    let title = &approval.title;
    let then = match (approval.status, run) {
        (InteractionStatus::Pending, _) => match missing(approval) {
            Some(who) => format!("It waits for {who}."),
            None => "Others are still to decide.".to_owned(),
        },
        (_, Some(Status::Failed)) => "The run has stopped.".to_owned(),
        (_, Some(Status::Cancelled)) => "The run was stopped meanwhile.".to_owned(),
        (_, Some(Status::Success)) => "The run has succeeded.".to_owned(),
        (_, Some(Status::Waiting)) => "The run waits for the next decision.".to_owned(),
        (InteractionStatus::Rejected, None) => "The run is told.".to_owned(),
        (_, Some(Status::Queued | Status::Running | Status::Paused) | None) => "The run goes on.".to_owned(),
    };
    format!("{did} “{title}”. {then}")
}

/// Takes news in; `false` when they are older than what is known. They carry the beginning of the message, and no long
/// parameters: what is here stays.
pub fn take(detail: &mut ApprovalDetail, news: &Approval) -> bool {
    let old = &mut detail.approval;
    let said = |a: &Approval| a.approvers.iter().filter(|a| a.decision.is_some()).count();
    let is_older = old.status != InteractionStatus::Pending && news.status == InteractionStatus::Pending;
    if old.id != news.id || is_older || said(news) < said(old) {
        return false;
    }
    let mut new = news.clone();
    new.message = std::mem::take(&mut old.message);
    new.parameters = old.parameters.take().or(new.parameters);
    *old = new;
    if news.waits_for_you {
        detail.you = Standing::MayDecide;
    }
    true
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::domain::{Approver, Decision, Verdict};
    use crate::ui::state::sample::id;

    pub fn approver(name: &str, decision: Option<Decision>) -> Approver {
        Approver {
            email: format!("{}@example.com", name.to_lowercase()),
            display_name: name.to_owned(),
            decision,
            comment: None,
            at: None,
            excluded: None,
            by_rule: false,
        }
    }

    /// One that was asked at second `n`, of Ann and Bo.
    pub fn approval(n: u64) -> Approval {
        Approval {
            id: id(n).to_string(),
            kind: InteractionKind::Approval,
            execution_id: id(n),
            agent_name: "mailer".into(),
            agent_display_name: "Mailer".into(),
            step: Some(1),
            title: "Send the offer".into(),
            message: "To **Hansen**".into(),
            policy: Policy::All,
            approvers: vec![approver("Ann", None), approver("Bo", None)],
            status: InteractionStatus::Pending,
            asked_at: Timestamp::from_millis(i64::try_from(n).expect("small") * 1_000),
            expires_at: None,
            parameters: None,
            parameters_hash: "hash".into(),
            decided_at: None,
            outcome: None,
            fields: Vec::new(),
            answers: None,
            requested_by: None,
            waits_for_you: true,
        }
    }

    pub fn detail(approval: Approval) -> ApprovalDetail {
        let run = crate::domain::ApprovalRun {
            status: Status::Waiting,
            message: "Offer".into(),
            started_at: Timestamp::from_millis(0),
            steps_done: 1,
            steps_total: Some(3),
            error: None,
            can_open: true,
        };
        let (you, alike) = (Standing::MayDecide, Vec::new());
        ApprovalDetail { approval, run, previous: Vec::new(), you, alike, rule_offered: false, can_remove: false }
    }

    #[test]
    fn how_it_stands_is_a_sentence() {
        let mut a = approval(1);
        assert_eq!(standing(&a), "Both must approve; waiting for Ann and Bo");
        a.approvers.push(approver("Cy", Some(Decision::Approve)));
        a.policy = Policy::Majority;
        assert_eq!(standing(&a), "2 of 3 must approve; waiting for Ann and Bo");
        a.approvers[0].excluded = Some(NotCounted::Requester);
        a.policy = Policy::Any;
        assert_eq!(standing(&a), "One approval is enough; waiting for Bo");
        assert_eq!(a.tally().verdict(a.policy), Verdict::Approved);
        (a.status, a.outcome) = (InteractionStatus::Rejected, Some("rejected by Ann: not today".into()));
        assert_eq!(standing(&a), "Rejected by Ann: not today");
        a.outcome = None;
        assert_eq!(standing(&a), "Rejected");
    }

    #[test]
    fn a_list_shows_words_instead_of_marks() {
        assert_eq!(in_a_line("# Offer\n\nTo **Hansen**:\n- `a.pdf`\n- 12 %"), "Offer · To Hansen: · a.pdf · 12 %");
    }

    #[test]
    fn moments_in_a_sentence_are_written_as_the_reader_does() {
        let text = "it is over since 2026-02-02T02:40:00Z: rejected by Ann";
        assert_eq!(with_moments(text, |_| Some("02:40".into())), "it is over since 02:40: rejected by Ann");
        assert_eq!(with_moments(text, |_| None), text);
    }

    #[test]
    fn the_time_that_is_left_is_told_by_the_servers_clock() {
        let mut a = approval(1);
        assert_eq!(countdown(&a, Timestamp::from_millis(0)), None);
        a.expires_at = Some(Timestamp::from_millis(200_000));
        let at = |ms| countdown(&a, Timestamp::from_millis(ms));
        assert_eq!(at(70_000).as_deref(), Some("Expires in 2 m 10 s"));
        assert_eq!(at(195_500).as_deref(), Some("Expires in 4 s"));
        assert_eq!(at(200_000).as_deref(), Some("Expired"));
        assert!(!is_open(&detail(a.clone()), Timestamp::from_millis(200_000)));
        a.status = InteractionStatus::Approved;
        assert_eq!(countdown(&a, Timestamp::from_millis(0)), None);
    }

    #[test]
    fn lesson_11_a_late_message_takes_no_vote_and_no_end_back() {
        let mut open = detail(approval(1));
        let mut voted = approval(1);
        voted.message = "To **H".into();
        voted.approvers[0].decision = Some(Decision::Approve);
        voted.waits_for_you = false;
        assert!(take(&mut open, &voted));
        assert_eq!(open.approval.message, "To **Hansen**", "the whole text stays");
        assert!(!take(&mut open, &approval(1)));
        voted.status = InteractionStatus::Approved;
        assert!(take(&mut open, &voted));
        voted.status = InteractionStatus::Pending;
        assert!(!take(&mut open, &voted));
        assert!(!take(&mut open, &approval(2)), "it is another one's");
    }

    #[test]
    fn parameters_show_what_is_hidden_in_them() {
        let text = parameters_text(&serde_json::json!({"to": "a\u{202e}b\u{200b}", "n": "日本"}));
        assert_eq!(text, "{\n  \"n\": \"日本\",\n  \"to\": \"a\\u202eb\\u200b\"\n}");
    }

    #[test]
    fn a_decision_is_told_with_what_comes_of_it() {
        let mut a = approval(1);
        a.approvers[0].decision = Some(Decision::Approve);
        assert_eq!(told(&a, "You approved", Some(Status::Waiting)), "You approved “Send the offer”. It waits for Bo.");
        a.status = InteractionStatus::Approved;
        assert!(told(&a, "You approved", Some(Status::Queued)).ends_with("The run goes on."));
        a.status = InteractionStatus::Rejected;
        assert!(told(&a, "You rejected", Some(Status::Failed)).ends_with("The run has stopped."));
    }
}
