//! Server. Which model spans are calls, and what they took. One call is often reported twice, and totals are
//! repeated further up: nothing is counted twice.

use super::tree::{Node, Tree};
use super::types::{ModelUsage, Used, moment};
use crate::otlp::conventions::usage::{both_costs, model, provider, response_id};
use crate::otlp::conventions::{Kind, Usage, kind, texts};
use crate::otlp::model::{Outcome, Span};
use std::collections::{BTreeMap, HashMap, HashSet};

/// One call of a model.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// Position in the tree.
    pub at: usize,
    pub span: &'a Span,
    pub usage: Usage,
    pub model: Option<String>,
}

/// The calls of a tree, in its order.
pub fn calls<'a>(tree: &Tree<'a>) -> Vec<Call<'a>> {
    let within = within_calls(tree);
    let twins = twins(tree);
    let mut ids = HashSet::new();
    let mut calls: Vec<Call<'a>> = Vec::new();
    let mut call_at: HashMap<usize, usize> = HashMap::new();
    for (at, node) in tree.nodes.iter().enumerate().filter(|(_, node)| node.kind == Kind::Model) {
        let outer = within.get(at).copied().flatten().or_else(|| twins.get(&at).copied());
        let known_id = response_id(node.span).is_some_and(|id| !ids.insert(id));
        if outer.is_some() || known_id {
            // What only the inner report knows is still true.
            let counted = outer.and_then(|outer| call_at.get(&outer)).and_then(|call| calls.get_mut(*call));
            if let Some(call) = counted {
                complete(call, node);
            }
            continue;
        }
        if is_helper(node) {
            continue;
        }
        call_at.insert(at, calls.len());
        calls.push(Call { at, span: node.span, usage: node.usage, model: model(node.span) });
    }
    calls
}

fn complete(call: &mut Call<'_>, inner: &Node<'_>) {
    if !call.usage.has_tokens() {
        call.usage = inner.usage;
    }
    call.model = call.model.take().or_else(|| model(inner.span));
}

/// The call that a span is part of: the outermost model span above it with no agent or tool between.
fn within_calls(tree: &Tree<'_>) -> Vec<Option<usize>> {
    let mut all: Vec<Option<usize>> = Vec::with_capacity(tree.nodes.len());
    for node in &tree.nodes {
        let outer = node.parent.and_then(|at| match tree.nodes.get(at)?.kind {
            Kind::Agent | Kind::Tool => None,
            Kind::Model => all.get(at).copied().flatten().or(Some(at)),
            _ => all.get(at).copied().flatten(),
        });
        all.push(outer);
    }
    all
}

/// A preparation that instrumentations mark as a call: it took nothing, and is a framework's private function
/// (LlamaIndex' `_prepare_chat_with_tools`) or neither names a model nor says anything.
fn is_helper(node: &Node<'_>) -> bool {
    let span = node.span;
    if span.outcome == Outcome::Error || span.end.is_none() || node.usage.has_tokens() {
        return false;
    }
    let function = span.name.rsplit('.').next().unwrap_or_default();
    let is_private = function.starts_with('_') && !function.starts_with("__");
    let has_output = span.attributes.below("llm.output_messages.").next().is_some();
    (is_private && !has_output) || (model(span).is_none() && texts::answered(span, &texts::told(span, &[])).is_none())
}

/// Siblings of which one is an SDK's own report of the other.
fn twins(tree: &Tree<'_>) -> HashMap<usize, usize> {
    let mut siblings: BTreeMap<Option<usize>, Vec<(usize, &Span)>> = BTreeMap::new();
    for (at, node) in tree.nodes.iter().enumerate().filter(|(_, node)| node.kind == Kind::Model) {
        siblings.entry(node.parent).or_default().push((at, node.span));
    }
    siblings.values().flat_map(|spans| enclosed(spans)).collect()
}

/// SDKs that report their calls themselves, besides the instrumentation around them: `com.anthropic.sdk.python`.
pub fn is_own_report(span: &Span) -> bool {
    let scope = &span.origin.scope;
    scope.starts_with("com.") && scope.contains(".sdk")
}

/// Which SDK's own reports lie within which instrumentation's span of the same model. They share no id: failed
/// calls have none, and OpenInference has none at all. `spans` come by their start.
pub fn enclosed<K: Copy>(spans: &[(K, &Span)]) -> Vec<(K, K)> {
    let mut found = Vec::new();
    // By model the span that reaches furthest.
    let mut reach: HashMap<&str, (K, &Span)> = HashMap::new();
    for &(key, span) in spans {
        if is_own_report(span) {
            let mut outer = models(span).filter_map(|model| reach.get(model));
            let outer = outer.find(|(_, outer)| span.end.is_some() && span.end <= outer.end && !differ(outer, span));
            found.extend(outer.map(|(outer, _)| (key, *outer)));
            continue;
        }
        for model in models(span) {
            let known = reach.entry(model).or_insert((key, span));
            if known.1.end < span.end {
                *known = (key, span);
            }
        }
    }
    found
}

fn differ(a: &Span, b: &Span) -> bool {
    response_id(a).zip(response_id(b)).is_some_and(|(a, b)| a != b)
}

fn models(span: &Span) -> impl Iterator<Item = &str> {
    const KEYS: [&str; 5] = [
        "gen_ai.response.model",
        "gen_ai.request.model",
        "llm.model_name",
        "llm.response.model_name",
        "llm.request.model_name",
    ];
    KEYS.iter().filter_map(|key| span.attributes.text(key))
}

/// What a run took. Sums of calls; where no call knows its tokens, the totals that stand highest.
pub fn total(tree: &Tree<'_>, calls: &[Call<'_>]) -> Usage {
    let with_tokens = || calls.iter().filter(|call| call.usage.has_tokens());
    if with_tokens().next().is_some() {
        let sum = with_tokens().fold(Usage::default(), |sum, call| sum.plus(call.usage));
        // A sum that leaves some calls out is no cost; a price list does better.
        let cost = with_tokens().map(|call| call.usage.cost).reduce(both_costs).flatten();
        return Usage { cost, ..sum };
    }
    let tops: Vec<Usage> = highest_with_tokens(tree).map(|node| node.usage).collect();
    let cost = tops.iter().map(|usage| usage.cost).reduce(both_costs).flatten();
    Usage { cost, ..tops.into_iter().fold(Usage::default(), Usage::plus) }
}

/// Spans with tokens that have no such span above them.
pub fn highest_with_tokens<'t, 'a>(tree: &'t Tree<'a>) -> impl Iterator<Item = &'t Node<'a>> {
    let below = tree.inherited(|above: Option<(&Node<'_>, &bool)>| {
        above.is_some_and(|(node, below)| *below || node.usage.has_tokens())
    });
    tree.nodes.iter().zip(below).filter(|(node, below)| !below && node.usage.has_tokens()).map(|(node, _)| node)
}

/// Tokens by model, for a price list.
pub fn by_model<'a>(used: impl Iterator<Item = (&'a Span, Option<String>, Usage)>) -> Vec<ModelUsage> {
    let mut by_model: BTreeMap<_, ModelUsage> = BTreeMap::new();
    for (span, model, usage) in used {
        let provider = provider(span);
        let sum = by_model.entry((model.clone(), provider.clone())).or_insert_with(|| ModelUsage {
            model,
            provider,
            calls: 0,
            usage: Usage::default(),
            each: Vec::new(),
        });
        let cost = if sum.calls == 0 { usage.cost } else { both_costs(sum.usage.cost, usage.cost) };
        sum.calls += 1;
        sum.usage = Usage { cost, ..sum.usage.plus(usage) };
        sum.each.push(Used { at: moment(span.start), usage, one_call: kind(span) == Kind::Model });
    }
    by_model.into_values().collect()
}
