//! Server. Traps between traces.

use super::made::{agent, model, run, span, tokens, tool, trace};
use crate::domain::Status;
use crate::otlp::derive;
use crate::otlp::derive::{Ending, RunKey, Verdict};
use crate::otlp::model::Span;

fn bare(n: u32, of: u8) -> Span {
    model(n, None, 10, 1).of(of)
}

#[test]
fn bare_calls_of_one_conversation_are_one_run_that_can_go_on() {
    let call = |n, of| bare(n, of).with("gen_ai.conversation.id", "c");
    let tools = tool(3, None, "t").of(3).with("gen_ai.conversation.id", "c");
    let run_ = run(&[call(2, 2), call(1, 1), tools.clone()]);
    assert_eq!(run_.key, RunKey::Conversation { service: "shop".to_owned(), id: "c".to_owned() });
    assert_eq!((tokens(&run_), run_.model_calls, run_.tool_calls.len()), ((Some(20), Some(2)), 2, 1));
    assert_eq!(run_.labels.get("kind").map(String::as_str), Some("model-call"));
    assert_eq!((run_.ending.status(), run_.thread_id.as_deref()), (Status::Running, Some("c")));
    assert!(matches!(run_.ending, Ending::Open { if_quiet: Verdict::Success, .. }));
    let failed = run(&[call(1, 1), call(2, 2).failed("429")]).ending;
    let reason = Verdict::Failed { error: Some("429".to_owned()) };
    assert!(matches!(failed, Ending::Open { if_quiet, .. } if if_quiet == reason));
    assert_eq!(derive(&[call(1, 1), bare(2, 2).with("gen_ai.conversation.id", "d")], &[]).len(), 2);
    assert_eq!(derive(&[tools], &[]).len(), 0, "tools alone are none");
}

#[test]
fn bare_calls_without_a_conversation_are_a_run_each() {
    let runs = derive(&[bare(1, 1), bare(2, 2).failed("429")], &[]);
    let seen: Vec<_> = runs.iter().map(|r| (r.key.clone(), r.ending.status())).collect();
    assert_eq!(seen, [(RunKey::Trace(trace(1)), Status::Success), (RunKey::Trace(trace(2)), Status::Failed)]);
    let wrapped = [span(0, None, "my bot"), model(1, Some(0), 10, 1).with("gen_ai.conversation.id", "c")];
    assert_eq!(run(&wrapped).key, RunKey::Trace(trace(1)), "somebody put a span around it");
}

#[test]
fn a_call_reported_in_two_traces_is_one_run() {
    let id = |span: Span| span.with("gen_ai.response.id", "msg_1");
    let run_ = run(&[id(bare(1, 1)), id(bare(2, 2)).by("com.anthropic.sdk.python")]);
    assert_eq!((run_.key, run_.replaces), (RunKey::Trace(trace(1)), vec![RunKey::Trace(trace(2))]));
    let sdk = bare(2, 2).by("com.anthropic.sdk.python");
    assert_eq!(run(&[bare(1, 1).lasting(9), sdk.clone()]).replaces, [RunKey::Trace(trace(2))]);
    assert_eq!(derive(&[bare(1, 1).lasting(9), sdk.clone().with("gen_ai.request.model", "other")], &[]).len(), 2);
    assert_eq!(derive(&[bare(1, 1).lasting(9), bare(2, 2)], &[]).len(), 2, "two at once are two");
    let in_a_run = run(&[agent(0, None, "a"), model(1, Some(0), 10, 1).lasting(9), sdk]);
    assert_eq!((in_a_run.agent_name.as_str(), in_a_run.replaces.len(), in_a_run.model_calls), ("a", 1, 1));
}

#[test]
fn a_trace_is_dropped_only_if_all_it_tells_is_told_elsewhere() {
    let id = |span: Span, id: &str| span.with("gen_ai.response.id", id);
    let both = [id(bare(2, 2), "msg_1").by("com.anthropic.sdk.python"), id(bare(3, 2), "msg_2")];
    let runs = derive(&[&both[..], &[id(bare(1, 1), "msg_1").lasting(9)]].concat(), &[]);
    assert_eq!(runs.iter().map(|run| (run.model_calls, run.replaces.len())).collect::<Vec<_>>(), [(1, 0), (2, 0)]);
    let sdk = |n, of, name| id(bare(n, of), name).by("com.anthropic.sdk.python");
    let run_ = run(&[bare(1, 1).lasting(9), sdk(2, 2, "msg_1"), id(bare(20, 3), "msg_1")]);
    let replaced = [2, 3].map(|n| RunKey::Trace(trace(n)));
    assert_eq!(
        (run_.key, run_.replaces),
        (RunKey::Trace(trace(1)), replaced.to_vec()),
        "told of by one that is told of"
    );
}

#[test]
fn a_run_that_another_one_started_names_it() {
    let spans = [
        agent(0, None, "boss"),
        span(1, None, "queue").of(2).linked(1),
        agent(2, None, "helper").of(3).linked(2),
        agent(3, None, "stranger").of(4).linked(9),
        span(4, None, "nothing").of(5),
        agent(5, None, "alone").of(6).linked(5),
        agent(6, None, "circle").of(7).linked(8),
        span(7, None, "circle").of(8).linked(7),
    ];
    let parents: Vec<_> = derive(&spans, &[]).into_iter().map(|r| (r.agent_name, r.parent)).collect();
    let expected =
        [("boss", None), ("helper", Some(trace(1))), ("stranger", Some(trace(9))), ("alone", None), ("circle", None)];
    assert_eq!(parents, expected.map(|(name, parent)| (name.to_owned(), parent)));
}

#[test]
fn of_runs_that_name_each_other_the_first_was_started_by_none() {
    let spans = [1, 2, 3].map(|n| agent(u32::from(n), None, &format!("agent {n}")).of(n).linked(n % 3 + 1));
    let parents = |spans: &[Span]| derive(spans, &[]).into_iter().map(|run| run.parent).collect::<Vec<_>>();
    assert_eq!(parents(&spans), [None, Some(trace(3)), Some(trace(1))]);
    let into_it = agent(9, None, "after").of(9).linked(2);
    assert_eq!(parents(&[&spans[..], &[into_it]].concat()), [None, Some(trace(3)), Some(trace(1)), Some(trace(2))]);
}
