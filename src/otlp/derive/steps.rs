//! Server. Agents within a run, and what they hand to each other, as its steps.

use super::calls::Call;
use super::known::Known;
use super::tree::{Node, Tree};
use super::types::moment;
use crate::domain::{NewStep, PartStatus};
use crate::otlp::conventions::error::error_text;
use crate::otlp::conventions::name::{agent_guessed, agent_stated, shown};
use crate::otlp::conventions::{Kind, Usage, texts};
use crate::otlp::model::Outcome;

/// Each agent once, where more than one took part. The one that is the whole run is no step of itself, nor is a
/// span of an agent within another span of the same.
pub fn steps(tree: &Tree<'_>, root: Option<usize>, calls: &[Call<'_>], known: &Known<'_>) -> Vec<NewStep> {
    let name = |node: &Node<'_>| agent_stated(node.span, node.kind).or_else(|| agent_guessed(node.span));
    let any_stated = tree.nodes.iter().any(|n| n.kind == Kind::Agent && agent_stated(n.span, n.kind).is_some());
    let mut starts: Vec<usize> = Vec::new();
    // For each node the agent it works for, and that agent's step.
    let mut within: Vec<(Option<String>, Option<usize>)> = Vec::with_capacity(tree.nodes.len());
    for (at, node) in tree.nodes.iter().enumerate() {
        let (agent, step) = node.parent.and_then(|p| within.get(p).cloned()).unwrap_or_default();
        let own = match node.kind {
            // Wrappers are marked as agents, too, but don't say whose.
            Kind::Agent if any_stated => agent_stated(node.span, node.kind),
            Kind::Agent => name(node),
            _ => None,
        };
        let begins = own.is_some() && own != agent && Some(at) != root;
        if begins || node.kind == Kind::Handoff {
            starts.push(at);
        }
        let step = if begins { Some(starts.len() - 1) } else { step };
        within.push((own.or(agent), step));
    }
    let agents = starts.iter().filter_map(|at| tree.nodes.get(*at)).filter(|node| node.kind == Kind::Agent).count();
    let root_is_agent = root.and_then(|at| tree.nodes.get(at)).is_some_and(|node| node.kind == Kind::Agent);
    if agents == 0 || (agents == 1 && !(root_is_agent && root_named(tree, root, any_stated))) {
        return Vec::new();
    }
    let mut used = vec![Usage::default(); starts.len()];
    for call in calls {
        let step = within.get(call.at).and_then(|(_, step)| used.get_mut((*step)?));
        if let Some(sum) = step {
            *sum = sum.plus(call.usage);
        }
    }
    let nodes = starts.iter().filter_map(|at| tree.nodes.get(*at)).zip(used).enumerate();
    nodes.map(|(index, (node, used))| step(index, node, name(node), used, known)).collect()
}

fn root_named(tree: &Tree<'_>, root: Option<usize>, any_stated: bool) -> bool {
    let root = root.and_then(|at| tree.nodes.get(at));
    root.is_some_and(|node| !any_stated || agent_stated(node.span, node.kind).is_some())
}

fn step(index: usize, node: &Node<'_>, name: Option<String>, used: Usage, known: &Known<'_>) -> NewStep {
    let span = node.span;
    let told = texts::told(span, known.logs(span));
    let failed = span.outcome == Outcome::Error;
    NewStep {
        index: index as i64,
        title: name
            .filter(|_| node.kind == Kind::Agent)
            .or_else(|| Some(shown(span)))
            .filter(|title| !title.is_empty()),
        kind: Some(if node.kind == Kind::Agent { "agent" } else { "handoff" }.to_owned()),
        status: Some(match span.end {
            _ if failed => PartStatus::Failed,
            Some(_) => PartStatus::Success,
            None => PartStatus::Running,
        }),
        input: texts::asked(span, &told),
        output: texts::answered(span, &told),
        error: failed.then(|| error_text(span)).flatten(),
        started_at: Some(moment(span.start)),
        completed_at: span.end.map(moment),
        input_tokens: used.input,
        output_tokens: used.output,
        cost: None,
    }
}
