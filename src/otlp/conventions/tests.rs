//! Server. One line for each rule of what a span is, and for products of which little is known otherwise.

use super::{Kind, kind, usage};
use crate::otlp::attributes::Value;
use crate::otlp::conventions::usage::asked_for;
use crate::otlp::conventions::{source, texts, tool};
use crate::otlp::model::{Origin, Outcome, Span, SpanId, TraceId};
use serde_json::json;
use std::sync::Arc;

fn span(scope: &str, name: &str, pairs: &[(&str, &str)]) -> Span {
    let attributes: Vec<(String, Value)> =
        pairs.iter().map(|(k, v)| ((*k).to_owned(), Value::Text((*v).to_owned()))).collect();
    Span {
        trace: TraceId::from_bytes(&[1; 16]).expect("an id"),
        id: SpanId::from_bytes(&[1; 8]).expect("an id"),
        parent: None,
        name: name.to_owned(),
        start: 1,
        end: Some(2),
        outcome: Outcome::Unset,
        message: String::new(),
        attributes: attributes.into(),
        events: Vec::new(),
        links: Vec::new(),
        origin: Arc::new(Origin { scope: scope.to_owned(), ..Origin::default() }),
    }
}

/// Scope, name and attributes, and what that is.
type Rule<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], Kind);

#[test]
fn the_first_convention_that_says_something_decides() {
    const OI: &str = "openinference.span.kind";
    const OP: &str = "gen_ai.operation.name";
    const TL: &str = "traceloop.span.kind";
    let usage = ("gen_ai.usage.input_tokens", "1");
    let model = ("gen_ai.request.model", "m");
    let rules: &[Rule<'_>] = &[
        ("x", "a", &[(OI, "LLM"), (OP, "invoke_agent")], Kind::Model),
        ("x", "handoff to b", &[(OI, "TOOL")], Kind::Handoff),
        ("x", "handoff to b", &[(OI, "TOOL"), ("tool.name", "t")], Kind::Tool),
        ("x", "a", &[(OI, "agent")], Kind::Agent),
        ("x", "a", &[(OI, "GUARDRAIL")], Kind::Step),
        ("x", "a", &[("langfuse.observation.type", "generation")], Kind::Model),
        ("x", "a", &[("langfuse.observation.type", "span")], Kind::Step),
        ("ai", "a", &[("ai.operationId", "ai.streamText.doStream"), (OP, "x")], Kind::Model),
        ("ai", "a", &[("ai.operationId", "ai.toolCall")], Kind::Tool),
        ("ai", "a", &[("ai.operationId", "ai.generateObject")], Kind::Agent),
        ("x", "a", &[("langsmith.span.kind", "chain"), (OP, "chat")], Kind::Chain),
        ("x", "a", &[(TL, "task"), (OP, "chat"), model, usage], Kind::Step),
        ("x", "a", &[(TL, "workflow"), (OP, "invoke_agent")], Kind::Workflow),
        ("x", "a", &[(OP, "create_agent")], Kind::Setup),
        ("x", "a", &[(OP, "invoke_agent"), ("crewai.crew.id", "1")], Kind::Workflow),
        ("gemini-cli", "llm_call", &[(OP, "llm_call")], Kind::Model),
        ("gemini-cli", "tool_call", &[(OP, "tool_call")], Kind::Tool),
        ("gemini-cli", "schedule_tool_calls", &[(OP, "schedule_tool_calls")], Kind::Step),
        ("semantic_kernel", "chat.completions m", &[(OP, "chat.completions")], Kind::Model),
        ("gcp.vertex.agent", "invocation", &[], Kind::Workflow),
        ("gcp.vertex.agent", "agent_run [x]", &[], Kind::Agent),
        ("gcp.vertex.agent", "call_llm", &[], Kind::Model),
        ("gcp.vertex.agent", "execute_tool t", &[], Kind::Tool),
        ("gcp.vertex.agent", "execute_tool (merged)", &[(OP, "execute_tool")], Kind::Step),
        ("openinference.instrumentation.dspy", "finish.__call__", &[(OI, "TOOL")], Kind::Step),
        ("openinference.instrumentation.dspy", "find.__call__", &[(OI, "TOOL")], Kind::Tool),
        ("pydantic-ai", "agent run", &[], Kind::Agent),
        ("pydantic-ai", "running tool", &[("gen_ai.tool.name", "t")], Kind::Tool),
        ("pydantic-ai", "running tools", &[], Kind::Step),
        ("logfire.openai_agents", "Responses API with {gen_ai.request.model!r}", &[], Kind::Model),
        ("logfire.openai_agents", "Function: {name}", &[], Kind::Tool),
        ("codex_exec", "session_task.turn", &[], Kind::Workflow),
        ("codex_exec", "handle_responses", &[usage], Kind::Model),
        ("codex_exec", "handle_responses", &[], Kind::Other),
        ("codex_exec", "dispatch", &[("codex.tool.phase", "run"), ("call_id", "c")], Kind::Tool),
        ("x", "chat m", &[model, usage, ("gen_ai.tool.name", "t")], Kind::Model),
        ("x", "chat m", &[model], Kind::Other),
        ("x", "invoke_agent in name only", &[], Kind::Other),
    ];
    for (scope, name, pairs, expected) in rules {
        assert_eq!(kind(&span(scope, name, pairs)), *expected, "{scope} {name} {pairs:?}");
    }
}

#[test]
fn tokens_and_money_are_read_from_json_and_from_pythons_words() {
    let langfuse = span(
        "langfuse-sdk",
        "x",
        &[
            ("langfuse.observation.usage_details", r#"{"input": 7, "output": 3, "total": 10}"#),
            ("langfuse.observation.cost_details", r#"{"total": 0.5}"#),
        ],
    );
    let read = usage(&langfuse);
    assert_eq!((read.input, read.output, read.cost), (Some(7), Some(3), Some(0.5)));
    let crew = "total_tokens=12 prompt_tokens=9 cached_prompt_tokens=4 completion_tokens=3 successful_requests=1";
    let read = usage(&span("x", "x", &[("crewai.crew.token_usage", crew)]));
    assert_eq!((read.input, read.cached, read.output), (Some(9), Some(4), Some(3)));
    let nonsense = [("gen_ai.usage.input_tokens", "-5"), ("gen_ai.usage.output_tokens", "many")];
    assert_eq!(usage(&span("x", "x", &nonsense)), super::Usage::default());
}

#[test]
fn words_of_products_without_samples_are_found() {
    let asked = |pairs: &[(&str, &str)]| texts::asked(&span("x", "x", pairs), &[]);
    let answered = |pairs: &[(&str, &str)]| texts::answered(&span("x", "x", pairs), &[]);
    let request = r#"{"messages": [{"role": "user", "content": "q"}], "model": "m"}"#;
    assert_eq!(asked(&[("request_data", request)]).as_deref(), Some("q"));
    let response = r#"{"message": {"role": "assistant", "content": "a"}, "usage": {}}"#;
    assert_eq!(answered(&[("response_data", response)]).as_deref(), Some("a"));
    assert_eq!(answered(&[("gen_ai.output.messages", "plain words")]).as_deref(), Some("plain words"));
    assert_eq!(answered(&[("ai.response.text", r#"{"an": "object"}"#)]).as_deref(), Some(r#"{"an": "object"}"#));
    let old = [
        ("gen_ai.prompt.0.role", "system"),
        ("gen_ai.prompt.0.content", "s"),
        ("gen_ai.prompt.10.role", "user"),
        ("gen_ai.prompt.10.content", "q10"),
        ("gen_ai.prompt.2.role", "user"),
        ("gen_ai.prompt.2.content", "q2"),
    ];
    assert_eq!(asked(&old).as_deref(), Some("q10"));
    assert_eq!(asked(&[("gen_ai.input.messages", ""), ("input.value", "{}")]), None);
}

#[test]
fn tools_are_told_in_many_ways() {
    let args = |pairs: &[(&str, &str)]| tool::arguments(&span("x", "x", pairs), &[]);
    assert_eq!(args(&[("input.value", "Paris")]), Some(json!("Paris")));
    let call = r#"{"args": [], "sanitize": true, "kwargs": {"city": "Paris"}}"#;
    assert_eq!(args(&[("input.value", call)]), Some(json!({"city": "Paris"})));
    assert_eq!(args(&[("input.value", r#"{"kwargs": {"city": "Paris"}}"#)]), Some(json!({"city": "Paris"})));
    let other = r#"{"kwargs": {"a": 1}, "b": 2}"#;
    assert_eq!(args(&[("input.value", other)]), Some(json!({"kwargs": {"a": 1}, "b": 2})));
    let adk = [("gen_ai.tool.call.arguments", "{}"), ("gcp.vertex.agent.tool_call_args", r#"{"a": 1}"#)];
    assert_eq!((args(&adk), args(&[("gen_ai.tool.call.arguments", "{}")])), (Some(json!({"a": 1})), Some(json!({}))));
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    assert_eq!(args(&[("input.value", &deep)]), Some(json!(deep)), "no record takes it as JSON");
    let result = |pairs: &[(&str, &str)]| tool::result(&span("x", "x", pairs), &[]);
    let message = r#"{"type": "tool", "data": {"content": "{\"t\": 18}", "tool_call_id": "c"}}"#;
    assert_eq!(result(&[("output.value", message)]), Some(json!({"t": 18})));
    assert_eq!(result(&[("traceloop.entity.output", r#""18""#)]), Some(json!("18")));
    let blocks = r#"{"blocks": [{"text": "sunny, 21"}], "raw_output": "sunny, 21", "is_error": false}"#;
    assert_eq!(result(&[("output.value", blocks)]), Some(json!("sunny, 21")));
    let name = |name: &str, pairs: &[(&str, &str)]| tool::name(&span("x", name, pairs));
    assert_eq!(
        (name("execute_tool t", &[]).as_str(), name("t.tool", &[]).as_str(), name("", &[]).as_str()),
        ("t", "t", "tool")
    );
    assert_eq!(name("get_weather.__call__", &[]), "get_weather");
}

#[test]
fn conversations_are_known_by_many_names() {
    for key in [
        "gen_ai.conversation.id",
        "session.id",
        "traceloop.association.properties.chat_id",
        "ai.telemetry.metadata.sessionId",
    ] {
        assert_eq!(source::session(&span("x", "x", &[(key, "s")])).as_deref(), Some("s"), "{key}");
    }
}

#[test]
fn the_model_that_a_call_was_to_have_is_among_its_parameters() {
    let asked = |json: &str| asked_for(&span("x", "x", &[("llm.invocation_parameters", json)]));
    assert_eq!(asked(r#"{"model": "gpt-fail", "n": 1}"#).as_deref(), Some("gpt-fail"));
    assert_eq!((asked("{}"), asked("{"), asked(r#"{"model": 1}"#)), (None, None, None));
}

#[test]
fn what_smolagents_adds_to_a_task_is_not_part_of_it() {
    let asked = |scope, text| texts::asked(&span(scope, "x", &[("input.value", text)]), &[]);
    let scope = "openinference.instrumentation.smolagents";
    assert_eq!(asked(scope, "New task:\nq").as_deref(), Some("q"));
    assert_eq!(asked(scope, "New task: q").as_deref(), Some("New task: q"));
    assert_eq!(asked("x", "New task:\nq").as_deref(), Some("New task:\nq"));
}
