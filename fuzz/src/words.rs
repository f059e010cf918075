//! Server. The words that spans are made of: keys from the dictionary, values that mean something under some key.

use arbitrary::{Result, Unstructured};
use std::sync::LazyLock;

const DICTIONARY: &str = include_str!("../otlp.dict");

/// The plain words of the dictionary: names of attributes.
pub static KEYS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let words = DICTIONARY.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
    words.filter(|word| !word.contains('\\')).collect()
});

/// What makes a span this or that.
pub const KINDS: [(&str, &str); 29] = [
    ("gen_ai.operation.name", "invoke_agent"),
    ("gen_ai.operation.name", "chat"),
    ("gen_ai.operation.name", "execute_tool"),
    ("gen_ai.operation.name", "invoke_workflow"),
    ("gen_ai.operation.name", "create_agent"),
    ("gen_ai.operation.name", "retrieval"),
    ("gen_ai.operation.name", "agent_step"),
    ("openinference.span.kind", "AGENT"),
    ("openinference.span.kind", "LLM"),
    ("openinference.span.kind", "TOOL"),
    ("openinference.span.kind", "CHAIN"),
    ("openinference.span.kind", "RETRIEVER"),
    ("langfuse.observation.type", "generation"),
    ("langfuse.observation.type", "agent"),
    ("langfuse.observation.type", "tool"),
    ("ai.operationId", "ai.generateText"),
    ("ai.operationId", "ai.generateText.doGenerate"),
    ("ai.operationId", "ai.toolCall"),
    ("langsmith.span.kind", "llm"),
    ("langsmith.span.kind", "chain"),
    ("langsmith.span.kind", "tool"),
    ("traceloop.span.kind", "workflow"),
    ("traceloop.span.kind", "agent"),
    ("traceloop.span.kind", "tool"),
    ("traceloop.span.kind", "task"),
    ("logfire.span_type", "pending_span"),
    ("gen_ai.request.model", "gpt-4o-2024-08-06"),
    ("codex.tool.phase", "x"),
    ("none", ""),
];

pub const SCOPES: [&str; 9] = [
    "lib",
    "com.anthropic.sdk.python",
    "gcp.vertex.agent",
    "pydantic-ai",
    "logfire.openai_agents",
    "codex_exec",
    "com.x.sdk",
    "",
    "\u{0}",
];

pub const SPANS: [&str; 18] = [
    "chat gpt",
    "agent run",
    "running tool",
    "running tools",
    "invocation",
    "call_llm",
    "agent_run [a]",
    "execute_tool x",
    "execute_tool (merged)",
    "handoff to b",
    "invoke_agent a.run",
    "invoke_workflow w",
    "handle_responses",
    "Function: {name}",
    "x._prepare_chat_with_tools",
    "Responses API",
    "",
    " \u{200b} ",
];

pub const EVENTS: [&str; 8] = [
    "exception",
    "gen_ai.choice",
    "gen_ai.user.message",
    "gen_ai.tool.message",
    "gen_ai.assistant.message",
    "gen_ai.client.inference.operation.details",
    "x",
    "",
];

const TEXTS: [&str; 42] = [
    "",
    " ",
    "a",
    "b",
    "stop",
    "text/plain",
    "error",
    "gpt-4o",
    "claude-sonnet-4-20250514",
    "openai",
    "schedule",
    "pending_span",
    "0000000000000001",
    "0000000000000002",
    "0000000000000003",
    "0000000000000000",
    "same",
    "same\u{0}",
    "{}",
    "[]",
    "null",
    "\"x\"",
    "[[[[",
    "521",
    "-5",
    "1e308",
    "NaN",
    "1000000000000",
    "9223372036854775807",
    "\u{0}\u{1}",
    "…é\u{10ffff}",
    r#"{"total":1000000,"input":5,"output":7,"reasoning_tokens":-1}"#,
    r#"{"lc_agent_name":"helper","thread_id":"t"}"#,
    r#"[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"text","text":"a"}]}]"#,
    r#"{"messages":[[{"role":"user","parts":[{"type":"text","content":"q"}]}]]}"#,
    r#"[{"role":"assistant","parts":[{"type":"tool_call","arguments":{"k":[1]}},{"type":"tool_call_response","result":1}]}]"#,
    r#""{\"role\":\"model\",\"parts\":[{\"text\":\"a\"}]}""#,
    r#"{"output":{"type":"tool","data":{"tool_call_id":"1","content":"[1]"}}}"#,
    r#"{"lc":1,"id":["x","AIMessage"],"kwargs":{"content":"a"}}"#,
    r#"{"args":[],"kwargs":{"question":"q"}}"#,
    "{'total_tokens': 9, 'prompt_tokens': 5, 'completion_tokens': 4}",
    "Error in agent run: {'error': 'reason'}",
];

pub fn text(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(match u.int_in_range(0..=19)? {
        // Longer than a name may be, or deep as JSON.
        0 => u.choose(&["x", "é", "\u{1}", "{\"a\":", "[", "\"", "\\"])?.repeat(*u.choose(&[61, 199, 201, 500])?),
        1..=5 => u.arbitrary()?,
        _ => (*u.choose(&TEXTS)?).to_owned(),
    })
}

pub fn key(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(match u.int_in_range(0..=15)? {
        0 => u.arbitrary()?,
        1 => format!("runboard.label.{}", text(u)?),
        2 => format!("llm.input_messages.{}.message.content", u.arbitrary::<u16>()?),
        _ => (*u.choose(&KEYS)?).to_owned(),
    })
}
