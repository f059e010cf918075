//! Server. Tool spans as tool calls.

use super::known::Known;
use super::tree::{Node, Tree};
use super::types::moment;
use crate::domain::{NewToolCall, PartStatus};
use crate::otlp::conventions::error::{error_text, says_failed};
use crate::otlp::conventions::{Kind, texts, tool};
use crate::otlp::model::{Outcome, Span};
use std::collections::HashSet;

/// The calls of a tree, in its order. `taken` are ids that are in use in this run: providers' ids may repeat,
/// a record's may not.
pub fn tool_calls(tree: &Tree<'_>, known: &Known<'_>, taken: &mut HashSet<String>) -> Vec<NewToolCall> {
    let mut calls: Vec<NewToolCall> = Vec::new();
    // For each node the call that it is, or is below of.
    let mut call_of: Vec<Option<usize>> = Vec::with_capacity(tree.nodes.len());
    for node in &tree.nodes {
        let above = node.parent.and_then(|at| call_of.get(at).copied().flatten());
        if node.kind != Kind::Tool {
            call_of.push(above);
            continue;
        }
        if let Some(outer) = same_call(tree, node).then_some(above).flatten().and_then(|at| calls.get_mut(at)) {
            add_inner(outer, node, known);
            call_of.push(above);
            continue;
        }
        call_of.push(Some(calls.len()));
        let parent = above.and_then(|at| calls.get(at)).map(|call| call.call_id.clone());
        calls.push(tool_call(node, known, parent, taken));
    }
    calls
}

/// Two libraries report the same call, one within the other.
fn same_call(tree: &Tree<'_>, node: &Node<'_>) -> bool {
    tree.parent(node).is_some_and(|p| p.kind == Kind::Tool && tool::name(p.span) == tool::name(node.span))
}

/// The inner report knows of an error that the outer one doesn't, and of what it was given.
fn add_inner(call: &mut NewToolCall, node: &Node<'_>, known: &Known<'_>) {
    let told = texts::told(node.span, known.logs(node.span));
    call.arguments = call.arguments.take().or_else(|| tool::arguments(node.span, &told));
    call.result = call.result.take().or_else(|| tool::result(node.span, &told));
    if status(node) == PartStatus::Failed {
        call.status = Some(PartStatus::Failed);
        call.error = call.error.take().or_else(|| error_text(node.span));
    }
}

fn tool_call(
    node: &Node<'_>,
    known: &Known<'_>,
    parent_call_id: Option<String>,
    taken: &mut HashSet<String>,
) -> NewToolCall {
    let span = node.span;
    let told = texts::told(span, known.logs(span));
    let status = status(node);
    NewToolCall {
        call_id: free_id(span, taken),
        name: Some(tool::name(span)),
        arguments: tool::arguments(span, &told),
        result: tool::result(span, &told),
        error: (status == PartStatus::Failed).then(|| error_text(span)).flatten(),
        status: Some(status),
        started_at: Some(moment(span.start)),
        completed_at: span.end.map(moment),
        parent_call_id,
    }
}

/// What the call is known by: the provider's id, else the span's. Either may be in use, of a span in another trace, or
/// because somebody gave a call the name of a span.
fn free_id(span: &Span, taken: &mut HashSet<String>) -> String {
    let by_span = [span.id.to_string(), format!("{} {}", span.trace, span.id)];
    let numbered = (2_u64..).map(|n| format!("{} {} {n}", span.trace, span.id));
    let mut ids = tool::call_id(span).into_iter().chain(by_span).chain(numbered);
    ids.find(|id| taken.insert(id.clone())).unwrap_or_default()
}

fn status(node: &Node<'_>) -> PartStatus {
    match node.span.end {
        _ if node.span.outcome == Outcome::Error || says_failed(node.span) => PartStatus::Failed,
        Some(_) => PartStatus::Success,
        None => PartStatus::Running,
    }
}
