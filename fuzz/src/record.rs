//! Server. A run as a record takes it, checked by the rules that hold for whatever programs send.

use crate::domain::agent::slug;
use crate::domain::visible::has_visible;
use crate::domain::{NewExecution, Result};
use crate::otlp::DerivedRun;
use crate::validate;

/// As `app::otlp` makes it of a run; an agent's name that is none is replaced there.
pub fn check(run: &DerivedRun) -> Result<()> {
    let named = !slug(&run.agent_name).is_empty() && has_visible(&run.agent_name);
    validate::new_execution(&NewExecution {
        agent_name: if named { run.agent_name.clone() } else { "unnamed".to_owned() },
        message: run.message.clone().unwrap_or_default(),
        triggered_by: Some(run.trigger),
        status: Some(run.ending.status()),
        started_at: Some(run.started),
        completed_at: run.ending.ended(),
        response: run.response.clone(),
        error: run.ending.error().map(str::to_owned),
        cost: run.usage.cost,
        input_tokens: run.usage.input,
        output_tokens: run.usage.output,
        cached_tokens: run.usage.cached,
        reasoning_tokens: run.usage.reasoning,
        model: run.model.clone(),
        current_step: run.steps.last().and_then(|step| step.title.clone()),
        thread_id: run.thread_id.clone(),
        labels: run.labels.clone(),
        steps: run.steps.clone(),
        tool_calls: run.tool_calls.clone(),
        ..NewExecution::default()
    })
}
