//! Both sides. What a live message changes in the record that is open.

use crate::domain::{ExecutionDetail, ExecutionSummary};

/// Takes the newer summary in; `false` when it is of another run or not newer. Summaries carry the first
/// 200 characters of texts: the full ones that are here stay until the record is read again.
pub fn take_summary(detail: &mut ExecutionDetail, new: ExecutionSummary) -> bool {
    let old = &mut detail.summary;
    if old.id != new.id || new.version <= old.version {
        return false;
    }
    let message = std::mem::take(&mut old.message);
    let error = old.error.take();
    let same = |full: &String, preview: &Option<String>| {
        preview.as_ref().is_some_and(|p| full.starts_with(p.trim_end_matches('…')))
    };
    *old = new;
    old.message = message;
    if let Some(full) = error
        && same(&full, &old.error)
    {
        old.error = Some(full);
    }
    true
}

/// Takes the record as read again, unless a newer live message came meanwhile.
pub fn take_detail(detail: &mut ExecutionDetail, new: ExecutionDetail) -> bool {
    let newer = detail.summary.id == new.summary.id && new.summary.version >= detail.summary.version;
    let changed = newer && *detail != new;
    if changed {
        *detail = new;
    }
    changed
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::domain::Status;
    use serde_json::json;

    /// A running run.
    pub fn detail(version: i64) -> ExecutionDetail {
        let value = json!({
            "id": "0199a3f2-0000-7000-8000-00000000c41e", "agent_name": "a", "agent_display_name": "A",
            "status": "running", "triggered_by": "cli", "message": "the whole message", "response_preview": null,
            "error": null, "has_error": false, "queued_at": "2026-01-01T00:00:00Z", "started_at": null,
            "completed_at": null, "duration_ms": null, "queue_ms": null, "cost": null, "input_tokens": null,
            "output_tokens": null, "total_tokens": null, "model": null, "tool_call_count": 0, "steps_done": 0,
            "steps_total": null, "current_step": null, "waiting_on": null, "thread_id": null, "flow_id": null,
            "parent_id": null, "retry_of": null, "attempt": 1, "labels": {}, "cancel_requested": false,
            "version": version, "updated_at": "2026-01-01T00:00:00Z", "response": null, "metadata": null,
            "cached_tokens": null, "reasoning_tokens": null, "context_used": null, "context_max": null,
            "retry_chain": [], "children": [], "interactions": [], "started_by": null,
        });
        serde_json::from_value(value).expect("a run")
    }

    #[test]
    fn an_older_or_repeated_message_changes_nothing() {
        let mut open = detail(5);
        for version in [4, 5] {
            let mut late = detail(version).summary;
            late.status = Status::Queued;
            assert!(!take_summary(&mut open, late));
        }
        assert_eq!(open, detail(5));
    }

    #[test]
    fn a_message_keeps_the_full_texts() {
        let mut open = detail(1);
        open.summary.error = Some("a long error in full".to_owned());
        let mut new = detail(2).summary;
        new.message = "the whole".to_owned();
        new.error = Some("a long error".to_owned());
        new.status = Status::Failed;
        assert!(take_summary(&mut open, new));
        assert_eq!(open.summary.status, Status::Failed);
        assert_eq!(open.summary.message, "the whole message");
        assert_eq!(open.summary.error.as_deref(), Some("a long error in full"));
    }

    #[test]
    fn another_error_replaces_the_one_shown() {
        let mut open = detail(1);
        open.summary.error = Some("first".to_owned());
        let mut new = detail(2).summary;
        new.error = Some("second".to_owned());
        assert!(take_summary(&mut open, new));
        assert_eq!(open.summary.error.as_deref(), Some("second"));
    }

    #[test]
    fn an_answer_that_comes_late_does_not_undo_a_live_message() {
        let mut open = detail(7);
        assert!(!take_detail(&mut open, detail(6)));
        let mut fresh = detail(7);
        fresh.response = Some("done".to_owned());
        assert!(take_detail(&mut open, fresh));
        assert_eq!(open.response.as_deref(), Some("done"));
    }
}
