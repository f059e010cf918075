//! Server. How a run ended, or would have, if nothing more comes.

use super::calls::Call;
use super::tree::{Node, Tree};
use super::types::{Ending, Verdict, moment};
use crate::otlp::attributes::Value;
use crate::otlp::conventions::error::{error_text, says_failed};
use crate::otlp::conventions::name::agent_stated;
use crate::otlp::conventions::{Kind, texts};
use crate::otlp::model::{Outcome, Span};

/// What is said of a run whose root never came, and that nothing says ended well.
pub const NO_END: &str = "no end received";

pub fn ending(tree: &Tree<'_>, root: Option<usize>, calls: &[Call<'_>]) -> Ending {
    let ended = root.and_then(|at| Some((at, tree.nodes.get(at)?)));
    match ended.and_then(|(at, node)| Some((at, node, node.span.end?))) {
        Some((at, node, end)) => Ending::Over { verdict: verdict(tree, at, node), at: moment(end) },
        None => Ending::Open { if_quiet: if_quiet(tree, calls), last_seen: moment(last_seen(tree)) },
    }
}

pub fn last_seen(tree: &Tree<'_>) -> u64 {
    tree.nodes.iter().map(|node| node.span.end.unwrap_or(node.span.start)).max().unwrap_or_default()
}

/// Several emitters leave the root's status alone when the agent below it fails. A tool's error fails nothing.
fn verdict(tree: &Tree<'_>, at: usize, root: &Node<'_>) -> Verdict {
    let failed = if root.span.outcome == Outcome::Error || says_failed(root.span) {
        Some(root)
    } else {
        let order = |node: &&Node<'_>| (node.span.end.is_none(), node.span.end, node.span.start, node.span.id);
        top_agents(tree, at).max_by_key(order).filter(|node| node.span.outcome == Outcome::Error)
    };
    match failed {
        Some(node) => Verdict::Failed { error: error_text(node.span).or_else(|| below(tree)) },
        None => Verdict::Success,
    }
}

/// Agents below the root that no other agent and no tool is above of. A root that is a named agent itself knows
/// best how its helpers' errors ended; only a second span of its own has a say.
fn top_agents<'t, 'a>(tree: &'t Tree<'a>, root: usize) -> impl Iterator<Item = &'t Node<'a>> {
    let name = |node: &Node<'_>| agent_stated(node.span, node.kind).filter(|_| node.kind == Kind::Agent);
    let root_node = tree.nodes.get(root);
    let root_name = root_node.and_then(name);
    // Where no agent's name is stated, one that is the root is no mere wrapper.
    let root_wraps = root_node
        .is_some_and(|n| n.kind != Kind::Agent || root_name.is_none() && tree.nodes.iter().any(|n| name(n).is_some()));
    let root_id = root_node.map(|node| node.span.id);
    let inside = tree.inherited(|above: Option<(&Node<'_>, &bool)>| {
        above.is_some_and(|(node, inside)| {
            *inside || node.kind == Kind::Tool || (node.kind == Kind::Agent && Some(node.span.id) != root_id)
        })
    });
    let others =
        tree.nodes.iter().zip(inside).filter(move |(n, _)| n.kind == Kind::Agent && Some(n.span.id) != root_id);
    let own = move |node: &Node<'_>| root_wraps || (root_name.is_some() && name(node) == root_name);
    others.filter(move |(node, inside)| !inside && own(node)).map(|(node, _)| node)
}

/// The reason, where the span that failed doesn't give it: the last one given below.
fn below(tree: &Tree<'_>) -> Option<String> {
    let failed = |kinds: &[Kind]| {
        let spans = tree.nodes.iter().filter(|n| kinds.contains(&n.kind) && n.span.outcome == Outcome::Error);
        let spans = spans.filter_map(|n| Some(((n.span.end, n.span.start, n.span.id), error_text(n.span)?)));
        spans.max_by_key(|(order, _)| *order).map(|(_, text)| text)
    };
    failed(&[Kind::Model, Kind::Agent])
        .or_else(|| failed(&[Kind::Tool, Kind::Chain, Kind::Step, Kind::Other, Kind::Workflow]))
}

fn if_quiet(tree: &Tree<'_>, calls: &[Call<'_>]) -> Verdict {
    let matters = |node: &&Node<'_>| matches!(node.kind, Kind::Agent | Kind::Model | Kind::Workflow);
    let none_failed = !tree.nodes.iter().filter(matters).any(|node| node.span.outcome == Outcome::Error);
    if none_failed && (wrapper_ended(tree) || last_answer_was_final(tree, calls)) {
        return Verdict::Success;
    }
    Verdict::Failed { error: Some(NO_END.to_owned()) }
}

/// What stands highest is an agent or a run's wrapper that ended: only something around it never came.
fn wrapper_ended(tree: &Tree<'_>) -> bool {
    let mut tops = tree.nodes.iter().filter(|n| n.parent.is_none() && matches!(n.kind, Kind::Agent | Kind::Workflow));
    tops.next().is_some_and(|first| first.span.end.is_some() && tops.all(|node| node.span.end.is_some()))
}

/// Without any agent's span: the last call's answer was no call of a tool, and nothing was done after it.
fn last_answer_was_final(tree: &Tree<'_>, calls: &[Call<'_>]) -> bool {
    if tree.nodes.iter().any(|node| matches!(node.kind, Kind::Agent | Kind::Workflow)) {
        return false;
    }
    let last = calls.iter().max_by_key(|call| (call.span.start, call.span.id));
    last.is_some_and(|last| {
        let after = tree.nodes.iter().any(|n| n.kind == Kind::Tool && Some(n.span.start) >= last.span.end);
        last.span.end.is_some() && !after && has_final_reason(last.span)
    })
}

fn has_final_reason(span: &Span) -> bool {
    const FINAL: [&str; 4] = ["stop", "end_turn", "stop_sequence", "completed"];
    let is_final =
        |word: &str| FINAL.iter().any(|reason| word.trim_matches(['"', '[', ']', ' ']).eq_ignore_ascii_case(reason));
    let one = span.attributes.first_text(&["llm.finish_reason", "ai.response.finishReason"]);
    one.is_some_and(is_final)
        || match span.attributes.get("gen_ai.response.finish_reasons") {
            Some(Value::List(reasons)) => reasons.iter().any(|reason| reason.text().is_some_and(is_final)),
            Some(Value::Text(reasons)) => reasons.split(',').any(is_final),
            _ => texts::told(span, &[]).iter().any(|t| {
                t.name() == "gen_ai.choice" && t.attribute("finish_reason").and_then(Value::text).is_some_and(is_final)
            }),
        }
}
