//! Server. Whose run it is, and which agents took part.

use super::tree::{Node, Tree};
use crate::otlp::conventions::name::{agent_guessed, agent_stated, can_be_agents, graph, of_chain, short, workflow};
use crate::otlp::conventions::{Kind, source};

/// Agents of one trace by their start; the run's own first. Wrappers are often marked as agents, too: where any
/// agent's name is stated, those without one are none.
pub fn agents(tree: &Tree<'_>) -> Vec<String> {
    let spans = || tree.nodes.iter().filter(|node| node.kind == Kind::Agent);
    let mut names: Vec<String> = spans().filter_map(|node| agent_stated(node.span, node.kind)).collect();
    if names.is_empty() {
        names = spans().filter_map(|node| agent_guessed(node.span)).collect();
    }
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// The name of the run's agent, and whether it is stated. While its span has not come, others may carry it.
pub fn agent_name(tree: &Tree<'_>, root: Option<usize>, agents: &[String]) -> (String, bool) {
    let nodes = || tree.nodes.iter();
    let stated_by = |node: &Node<'_>| agent_stated(node.span, node.kind);
    let by_agents = || nodes().filter(|node| node.kind == Kind::Agent).find_map(stated_by);
    let root = root.and_then(|at| tree.nodes.get(at));
    let chain = root.filter(|node| node.kind == Kind::Chain).map(|node| node.span);
    let by_root = || root.and_then(stated_by);
    let by_anyone = || nodes().find_map(stated_by);
    let by_wrapper = || nodes().filter(|node| node.kind == Kind::Workflow).find_map(|node| workflow(node.span));
    let by_service = || nodes().find_map(|node| source::service(&node.span.origin));
    if let Some(name) = chain.and_then(of_chain).or_else(by_agents).or_else(by_root).or_else(by_anyone) {
        return (name, true);
    }
    let guessed = agents.first().cloned().or_else(by_wrapper).or_else(|| chain.and_then(graph));
    let name = guessed.or_else(|| by_service().filter(|name| can_be_agents(name)).map(short));
    (name.unwrap_or_else(|| "unnamed".to_owned()), false)
}
