//! Server. Names: of agents, and of spans as people read them.

use super::kind::Kind;
use crate::otlp::model::Span;

/// Longer names are cut: no record takes them.
const LONGEST: usize = 200;

pub fn short(name: &str) -> String {
    let name = name.trim();
    if name.char_indices().nth(LONGEST).is_none() {
        return name.to_owned();
    }
    let mut cut: String = name.chars().take(LONGEST - 1).collect();
    cut.push('…');
    cut
}

/// The name of the agent that this span is the work of, if the emitter states it.
pub fn agent_stated(span: &Span, kind: Kind) -> Option<String> {
    let stated = of_anyone(span).or_else(|| match kind {
        Kind::Agent => of_an_agent(span),
        _ => None,
    });
    stated.filter(|name| can_be_agents(name)).map(|name| short(&name))
}

/// An agent's name needs something of which its address can be made.
pub fn can_be_agents(name: &str) -> bool {
    name.chars().any(char::is_alphanumeric)
}

/// Attributes that name the agent wherever they stand: model and tool spans carry them too.
fn of_anyone(span: &Span) -> Option<String> {
    const KEYS: [&str; 3] = ["gen_ai.agent.name", "agent_name", "langsmith.metadata.lc_agent_name"];
    let stated = span.attributes.first_text(&KEYS).map(str::to_owned);
    stated.or_else(|| in_metadata(span, "lc_agent_name"))
}

/// The name of the agent that a root without being marked as an agent's is the work of: LangChain's are marked by
/// chance, if "agent" is part of their name.
pub fn of_chain(span: &Span) -> Option<String> {
    of_anyone(span).filter(|name| can_be_agents(name)).map(|name| short(&name))
}

/// What a graph was called by who made it: LangChain gives its name to the chain that it is, or a class's.
pub fn graph(span: &Span) -> Option<String> {
    const CLASSES: [&str; 6] = ["LangGraph", "StateGraph", "CompiledStateGraph", "Pregel", "AgentExecutor", "chain"];
    let name = span.name.trim();
    let is_class = CLASSES.contains(&name) || name.starts_with("Runnable") || name.ends_with("Chain");
    let stated = span.origin.scope.ends_with("langchain") && !is_class && can_be_agents(name);
    stated.then(|| short(name))
}

/// OpenInference puts what LangChain knows into one attribute, as JSON.
pub fn in_metadata(span: &Span, key: &str) -> Option<String> {
    // Most spans with metadata don't have it: parsing would be most of the work.
    let json = span.attributes.text("metadata").filter(|json| json.contains(key))?;
    let metadata: serde_json::Value = serde_json::from_str(json).ok()?;
    metadata.get(key)?.as_str().filter(|name| !name.trim().is_empty()).map(str::to_owned)
}

/// Attributes that name the agent only on its own span.
fn of_an_agent(span: &Span) -> Option<String> {
    const KEYS: [&str; 5] =
        ["agent.name", "graph.node.name", "graph.node.id", "crewai.agent.role", "ai.telemetry.functionId"];
    let attributes = &span.attributes;
    let adk = || span.name.strip_prefix("agent_run [")?.strip_suffix(']');
    let vercel = || attributes.text("resource.name").filter(|_| attributes.has("ai.operationId"));
    let logfire = || attributes.text("name").filter(|_| span.origin.scope.starts_with("logfire."));
    let langfuse = || attributes.has("langfuse.observation.type").then_some(span.name.as_str());
    let stated = attributes.first_text(&KEYS).or_else(vercel).or_else(logfire).or_else(langfuse).or_else(adk);
    stated.or_else(|| attributes.text("traceloop.entity.name")).map(str::to_owned)
}

/// What an agent's span is called, where nothing states the agent's name.
pub fn agent_guessed(span: &Span) -> Option<String> {
    let name = span.name.trim();
    let name = name.strip_prefix("invoke_agent ").unwrap_or(name);
    let name = [".run", "._execute_core", ".agent"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    // Vercel's version 7 and others put the model there.
    let is_model = span.attributes.text("gen_ai.request.model") == Some(name);
    let generic = is_model || !can_be_agents(name) || ["invoke_agent", "agent run"].contains(&name);
    (!generic).then(|| short(name))
}

/// The name that somebody gave to what wraps a run. `traceloop.entity.name` is none: LlamaIndex puts a class there.
pub fn workflow(span: &Span) -> Option<String> {
    let attributes = &span.attributes;
    let stated = attributes.first_text(&["crewai.crew.name", "traceloop.workflow.name"]);
    stated.or_else(|| span.name.strip_prefix("invoke_workflow ")).filter(|name| can_be_agents(name)).map(short)
}

/// As people read it: logfire's names are templates.
pub fn shown(span: &Span) -> String {
    short(span.attributes.text("logfire.msg").unwrap_or(&span.name))
}
