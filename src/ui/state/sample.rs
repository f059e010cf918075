//! Both sides, tests only. Runs to try the pure parts on.

use crate::domain::{ExecutionId, ExecutionSummary, Status, Timestamp, Trigger};

pub fn id(n: u64) -> ExecutionId {
    format!("0199a3f2-0000-7000-8000-{n:012x}").parse().expect("an id")
}

/// A running run that started `start_s` seconds after 1970.
pub fn run(n: u64, start_s: i64) -> ExecutionSummary {
    let at = Timestamp::from_millis(start_s * 1_000);
    ExecutionSummary {
        id: id(n),
        agent_name: "build".into(),
        agent_display_name: "build".into(),
        status: Status::Running,
        triggered_by: Trigger::Cli,
        message: format!("run {n}"),
        response_preview: None,
        error: None,
        has_error: false,
        queued_at: at,
        started_at: Some(at),
        completed_at: None,
        duration_ms: None,
        queue_ms: None,
        cost: None,
        input_tokens: None,
        output_tokens: None,
        total_tokens: None,
        model: None,
        tool_call_count: 0,
        steps_done: 0,
        steps_total: None,
        current_step: None,
        waiting_on: None,
        thread_id: None,
        flow_id: None,
        parent_id: None,
        retry_of: None,
        attempt: 1,
        labels: std::collections::BTreeMap::default(),
        cancel_requested: false,
        version: 1,
        updated_at: at,
        current_tool: None,
        current_tool_since: None,
        heartbeat_at: None,
        cancel_requested_at: None,
        cancel_requested_by: None,
        error_group: None,
    }
}
