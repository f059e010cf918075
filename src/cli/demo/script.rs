//! Server. Turns a finished run into what its client would have reported while it went on. Pure.

use super::agents::Agent;
use crate::domain::{
    ExecutionPatch, InteractionKind, NewExecution, NewInteraction, NewLogLine, NewStep, NewToolCall, OnReject,
    PartStatus, Policy, Status, Timestamp,
};
use serde_json::json;

/// Who looks at the demo has so long to decide.
const ASKED_FOR_S: i64 = 600;

/// One report.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    Log(NewLogLine),
    Tool(NewToolCall),
    Step(NewStep),
    Patch(ExecutionPatch),
    /// Ask somebody, and go on when they have decided.
    Ask(Box<NewInteraction>),
    /// Hand work to another agent.
    Call(&'static str),
}

/// How a run begins: queued, with nothing of what is still to come.
pub fn opening(run: &NewExecution) -> NewExecution {
    NewExecution {
        id: run.id.clone(),
        agent_name: run.agent_name.clone(),
        message: run.message.clone(),
        triggered_by: run.triggered_by,
        status: Some(Status::Queued),
        model: run.model.clone(),
        thread_id: run.thread_id.clone(),
        parent_id: run.parent_id.clone(),
        flow_id: run.flow_id.clone(),
        steps_total: run.steps_total,
        labels: run.labels.clone(),
        metadata: run.metadata.clone(),
        context_max: run.context_max,
        ..NewExecution::default()
    }
}

/// The reports in order, each with its milliseconds after the start.
pub fn acts(run: &NewExecution, agent: &Agent, approver: Option<&str>) -> Vec<(i64, Act)> {
    let (Some(start), Some(end)) = (run.started_at, run.completed_at) else { return Vec::new() };
    let length = end.millis_since(start);
    let after = |t: Option<Timestamp>| t.map_or(0, |t| t.millis_since(start).min(length));
    let status = |status| ExecutionPatch { status: Some(status), ..ExecutionPatch::default() };
    let mut acts = vec![(0, Act::Patch(status(Status::Running)))];
    for step in &run.steps {
        let begun = NewStep { status: Some(PartStatus::Running), output: None, error: None, ..step.clone() };
        acts.push((after(step.started_at), Act::Step(NewStep { started_at: None, completed_at: None, ..begun })));
        acts.push((
            after(step.completed_at),
            Act::Step(NewStep { started_at: None, completed_at: None, ..step.clone() }),
        ));
    }
    for call in &run.tool_calls {
        let begun = NewToolCall { status: Some(PartStatus::Running), result: None, error: None, ..call.clone() };
        acts.push((after(call.started_at), Act::Tool(NewToolCall { started_at: None, completed_at: None, ..begun })));
        let done = NewToolCall { started_at: None, completed_at: None, ..call.clone() };
        acts.push((after(call.completed_at), Act::Tool(done)));
    }
    acts.extend(run.log.iter().map(|l| (after(l.ts), Act::Log(NewLogLine { ts: None, ..l.clone() }))));
    acts.extend([2, 4, 6, 8].map(|tenths| (length * tenths / 10, Act::Patch(progress(run, tenths)))));
    acts.extend(approver.map(|email| (length / 2, Act::Ask(Box::new(question(run, email))))));
    acts.extend(agent.hands_to.map(|(name, _)| (length / 5, Act::Call(name))));
    acts.sort_by_key(|(at, _)| *at);
    acts.push((length, Act::Patch(last(run))));
    acts
}

/// What is asked half-way: whether its last tool may be called.
fn question(run: &NewExecution, approver: &str) -> NewInteraction {
    let call = run.tool_calls.last();
    let tool = call.and_then(|call| call.name.as_deref()).unwrap_or("the last step");
    NewInteraction {
        kind: InteractionKind::Approval,
        title: format!("Call {tool}"),
        message: format!("Goes on to **{tool}** with what it has found for: {}", run.message),
        approvers: vec![approver.to_owned()],
        policy: Policy::Any,
        expires_in_s: Some(ASKED_FOR_S),
        parameters: Some(json!({"tool": tool, "arguments": call.and_then(|call| call.arguments.clone())})),
        fields: Vec::new(),
        allow_requester: true,
        // Nobody need be there for the demo to go on.
        on_reject: OnReject::Continue,
    }
}

/// What is known of tokens and cost after some tenths of the run.
fn progress(run: &NewExecution, tenths: i64) -> ExecutionPatch {
    let part = |whole: Option<i64>| whole.map(|n| n * tenths / 10);
    ExecutionPatch {
        input_tokens: part(run.input_tokens),
        output_tokens: part(run.output_tokens),
        cached_tokens: part(run.cached_tokens),
        context_used: part(run.context_used),
        cost: run.cost.map(|usd| (usd * tenths as f64 * 100_000.0).round() / 1_000_000.0),
        ..ExecutionPatch::default()
    }
}

fn last(run: &NewExecution) -> ExecutionPatch {
    ExecutionPatch {
        status: run.status,
        response: run.response.clone(),
        error: run.error.clone(),
        reasoning_tokens: run.reasoning_tokens,
        cost: run.cost,
        ..progress(run, 10)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{agents, dice::Dice, story};
    use super::*;

    #[test]
    fn a_script_starts_with_running_and_ends_with_the_end() {
        let mut dice = Dice::new(11);
        for agent in agents::all() {
            for end in [Status::Success, Status::Failed, Status::Cancelled] {
                let run = story::run(&mut dice, agent, Timestamp::from_millis(1_774_000_000_000), end);
                let acts = acts(&run, agent, Some("ann@example.com"));
                assert!(acts.is_sorted_by_key(|(at, _)| *at));
                assert!(matches!(&acts[0], (0, Act::Patch(p)) if p.status == Some(Status::Running)));
                assert!(
                    matches!(&acts[acts.len() - 1].1, Act::Patch(p) if p.status == Some(end) && p.cost == run.cost)
                );
                let logged = acts.iter().filter(|(_, a)| matches!(a, Act::Log(_))).count();
                assert_eq!(logged, run.log.len());
            }
        }
    }

    #[test]
    fn a_tool_call_is_reported_running_before_it_is_done() {
        let mut dice = Dice::new(12);
        let agent = agents::by_name("Code Reviewer").expect("the agent");
        let run = story::run(&mut dice, agent, Timestamp::from_millis(1_774_000_000_000), Status::Success);
        let mut open = std::collections::BTreeSet::new();
        for (_, act) in acts(&run, agent, None) {
            if let Act::Tool(call) = act {
                let first = open.insert(call.call_id);
                assert_eq!(first, call.status == Some(PartStatus::Running));
            }
        }
        assert_eq!(open.len(), run.tool_calls.len());
    }
}
