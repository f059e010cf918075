//! Server. What sort of work a span is. The first convention that says something about it decides; names decide
//! only where an emitter says nothing else.

use crate::otlp::model::Span;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Agent,
    /// Wraps a run, or a crew, without being an agent itself.
    Workflow,
    Model,
    Tool,
    /// One agent gives the conversation to another.
    Handoff,
    Retrieval,
    /// A framework's piece of work that may be a whole run: OpenInference's and LangSmith's chains.
    Chain,
    /// Part of an agent's work.
    Step,
    /// An agent is made, not run.
    Setup,
    /// Nothing says that it has to do with agents at all.
    Other,
}

pub fn kind(span: &Span) -> Kind {
    let said = openinference(span)
        .or_else(|| langfuse(span))
        .or_else(|| vercel(span))
        .or_else(|| langsmith(span))
        .or_else(|| traceloop(span))
        .or_else(|| gen_ai(span))
        .or_else(|| by_scope(span))
        .or_else(|| by_name(span))
        .or_else(|| model_attributes(span));
    match said {
        // ADK's sum of several tool spans beside it; not a call.
        Some(Kind::Tool) if span.name == "execute_tool (merged)" => Kind::Step,
        // How DSPy's agents say that they are done; nothing is called.
        Some(Kind::Tool) if span.name == "finish.__call__" && span.origin.scope.ends_with("dspy") => Kind::Step,
        Some(kind) => kind,
        None => Kind::Other,
    }
}

fn openinference(span: &Span) -> Option<Kind> {
    let kind = span.attributes.text("openinference.span.kind")?.to_ascii_uppercase();
    Some(match kind.as_str() {
        "LLM" => Kind::Model,
        "TOOL" if span.name.starts_with("handoff to ") && !span.attributes.has("tool.name") => Kind::Handoff,
        "TOOL" => Kind::Tool,
        "AGENT" => Kind::Agent,
        "RETRIEVER" | "RERANKER" | "EMBEDDING" => Kind::Retrieval,
        "CHAIN" => Kind::Chain,
        _ => Kind::Step,
    })
}

fn langfuse(span: &Span) -> Option<Kind> {
    let kind = span.attributes.text("langfuse.observation.type")?.to_ascii_lowercase();
    Some(match kind.as_str() {
        "generation" => Kind::Model,
        "tool" => Kind::Tool,
        "agent" => Kind::Agent,
        "retriever" | "embedding" => Kind::Retrieval,
        _ => Kind::Step,
    })
}

/// Vercel's AI SDK before version 7.
fn vercel(span: &Span) -> Option<Kind> {
    let operation = span.attributes.text("ai.operationId")?;
    Some(match operation {
        "ai.toolCall" => Kind::Tool,
        _ if [".doGenerate", ".doStream", ".doEmbed"].iter().any(|end| operation.ends_with(end)) => Kind::Model,
        // Nobody acts there: the model span below it is what there is.
        "ai.embed" | "ai.embedMany" | "ai.rerank" => Kind::Step,
        _ => Kind::Agent,
    })
}

fn langsmith(span: &Span) -> Option<Kind> {
    Some(match span.attributes.text("langsmith.span.kind")? {
        "llm" => Kind::Model,
        "tool" => Kind::Tool,
        "retriever" | "embedding" => Kind::Retrieval,
        "chain" => Kind::Chain,
        _ => Kind::Step,
    })
}

fn traceloop(span: &Span) -> Option<Kind> {
    Some(match span.attributes.text("traceloop.span.kind")? {
        "workflow" => Kind::Workflow,
        "agent" => Kind::Agent,
        "tool" => Kind::Tool,
        _ => Kind::Step,
    })
}

/// OpenTelemetry's own words, and those that products say in the same attribute.
fn gen_ai(span: &Span) -> Option<Kind> {
    Some(match span.attributes.text("gen_ai.operation.name")? {
        "invoke_agent" if is_crew(span) => Kind::Workflow,
        "invoke_agent" => Kind::Agent,
        "invoke_workflow" => Kind::Workflow,
        "create_agent" => Kind::Setup,
        "execute_tool" | "tool_call" => Kind::Tool,
        // The last three are Semantic Kernel's, before it took the words of the conventions.
        "chat"
        | "generate_content"
        | "text_completion"
        | "llm_call"
        | "chat.completions"
        | "chat.streaming_completions"
        | "text.completions" => Kind::Model,
        "embeddings" | "retrieval" => Kind::Retrieval,
        _ => Kind::Step,
    })
}

/// OpenLLMetry calls a whole crew an agent, too.
fn is_crew(span: &Span) -> bool {
    !span.attributes.has("gen_ai.agent.name") && span.attributes.below("crewai.crew.").next().is_some()
}

fn by_scope(span: &Span) -> Option<Kind> {
    match span.origin.scope.as_str() {
        "gcp.vertex.agent" => adk(&span.name),
        "pydantic-ai" => pydantic(span),
        "logfire.openai_agents" => logfire(&span.name),
        scope if scope.starts_with("codex") => codex(span),
        _ => None,
    }
}

fn adk(name: &str) -> Option<Kind> {
    match name {
        "invocation" => Some(Kind::Workflow),
        "call_llm" => Some(Kind::Model),
        _ => name.starts_with("agent_run [").then_some(Kind::Agent),
    }
}

/// Before version 2.
fn pydantic(span: &Span) -> Option<Kind> {
    match span.name.as_str() {
        "agent run" => Some(Kind::Agent),
        "running tool" if span.attributes.has("gen_ai.tool.name") => Some(Kind::Tool),
        "running tools" => Some(Kind::Step),
        _ => None,
    }
}

/// The names are templates, and the same for all spans of one kind.
fn logfire(name: &str) -> Option<Kind> {
    const PREFIXES: [(&str, Kind); 9] = [
        ("OpenAI Agents trace", Kind::Workflow),
        ("Agent run", Kind::Agent),
        ("Function:", Kind::Tool),
        ("Responses API", Kind::Model),
        ("Chat completion", Kind::Model),
        ("Handoff", Kind::Handoff),
        ("Task", Kind::Step),
        ("Turn", Kind::Step),
        ("Guardrail", Kind::Step),
    ];
    PREFIXES.iter().find(|(prefix, _)| name.starts_with(prefix)).map(|(_, kind)| *kind)
}

fn codex(span: &Span) -> Option<Kind> {
    let attributes = &span.attributes;
    match span.name.as_str() {
        "session_task.turn" => Some(Kind::Workflow),
        "handle_responses" if attributes.below("gen_ai.usage.").next().is_some() => Some(Kind::Model),
        _ => (attributes.has("codex.tool.phase") && attributes.has("call_id")).then_some(Kind::Tool),
    }
}

/// ADK's tools that fail before their attributes are set.
fn by_name(span: &Span) -> Option<Kind> {
    span.name.starts_with("execute_tool ").then_some(Kind::Tool)
}

fn model_attributes(span: &Span) -> Option<Kind> {
    let attributes = &span.attributes;
    let answered = attributes.has("gen_ai.response.model") || attributes.below("gen_ai.usage.").next().is_some();
    (attributes.has("gen_ai.request.model") && answered).then_some(Kind::Model)
}
