//! Server. One trace read, and a run put together from one or several.

use super::calls::{self, Call};
use super::ending::{self, ending};
use super::known::Known;
use super::tree::{Node, Tree};
use super::types::{DerivedRun, Ending, ModelUsage, RunKey, SpanClass, TreeSpan, Verdict, moment};
use super::{names, steps, tools};
use crate::domain::{NewStep, NewToolCall, Trigger};
use crate::otlp::conventions::chat::{Said, only_text};
use crate::otlp::conventions::error::error_text;
use crate::otlp::conventions::usage::{asked_for, both_costs, model};
use crate::otlp::conventions::{Kind, Usage, name, source, texts};
use crate::otlp::model::{Outcome, Span, TraceId};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

/// What a trace is, on the face of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Run,
    /// A model call that nothing is around of.
    BareCall,
    /// Tools that were called outside of any run.
    BareTools,
    Nothing,
}

pub struct Trace<'a> {
    pub id: TraceId,
    pub tree: Tree<'a>,
    pub calls: Vec<Call<'a>>,
    pub root: Option<usize>,
    pub shape: Shape,
    known: &'a Known<'a>,
}

impl<'a> Trace<'a> {
    pub fn read(id: TraceId, spans: &'a [Cow<'a, Span>], known: &'a Known<'a>) -> Self {
        let tree = Tree::of(spans);
        let root = root(&tree);
        let shape = shape(&tree, root);
        let calls = if shape == Shape::Nothing { Vec::new() } else { calls::calls(&tree) };
        Self { id, tree, calls, root, shape, known }
    }

    pub fn start(&self) -> u64 {
        let root = self.root.and_then(|at| self.tree.nodes.get(at)).map(|node| node.span.start);
        root.or_else(|| self.spans().map(|span| span.start).min()).unwrap_or_default()
    }

    pub fn service(&self) -> Option<&str> {
        self.spans().find_map(|span| source::service(&span.origin))
    }

    pub fn session(&self) -> Option<String> {
        self.root_first().find_map(|node| source::session(node.span))
    }

    pub fn spans(&self) -> impl Iterator<Item = &'a Span> {
        self.tree.nodes.iter().map(|node| node.span)
    }

    fn root_first(&self) -> impl Iterator<Item = &Node<'a>> {
        self.root.and_then(|at| self.tree.nodes.get(at)).into_iter().chain(&self.tree.nodes)
    }

    fn told<T>(&self, node: &Node<'a>, read: fn(&Span, &[texts::Told<'_>]) -> T) -> T {
        read(node.span, &texts::told(node.span, self.known.logs(node.span)))
    }

    /// The root and the agents, then the first call: the outermost knows best what was asked, unless it tells only of
    /// data.
    fn message(&self) -> Option<String> {
        let call = self.calls.first().and_then(|call| self.tree.nodes.get(call.at));
        let asked = Said::first(self.wrappers().chain(call).map(|node| self.told(node, texts::asked_as)));
        // What is left: steps of frameworks that tell of no call.
        let by_steps = || self.tree.nodes.iter().filter(|n| is_step(n)).find_map(|n| self.told(n, texts::asked));
        in_words(asked).or_else(by_steps)
    }

    fn response(&self) -> Option<String> {
        // By their start: some frameworks' call encloses what it led to.
        let last = self.calls.iter().max_by_key(|call| (call.span.start, call.span.id));
        let last = last.and_then(|call| self.tree.nodes.get(call.at));
        let mut wrappers: Vec<&Node<'_>> = self.wrappers().collect();
        // Among agents side by side, as after a hand-off, the one that ended last had the last word.
        wrappers.sort_by_key(|node| (node.depth, std::cmp::Reverse((node.span.end, node.span.start, node.span.id))));
        let answered = Said::first(wrappers.into_iter().chain(last).map(|node| self.told(node, texts::answered_as)));
        in_words(answered).or_else(|| self.last_words())
    }

    /// The last words of a framework's steps, where it tells of no call and the run went well. Other data that
    /// steps pass on are no answer.
    fn last_words(&self) -> Option<String> {
        let root = self.tree.nodes.get(self.root?)?;
        if !self.calls.is_empty() || root.span.outcome == Outcome::Error {
            return None;
        }
        let mut steps: Vec<&Node<'_>> = self.tree.nodes.iter().filter(|node| is_step(node)).collect();
        steps.sort_by_key(|node| std::cmp::Reverse((node.span.start, node.span.id)));
        let said = steps.into_iter().filter_map(|node| self.told(node, texts::answered));
        said.take(1).find(|text| !text.starts_with(['{', '[']))
    }

    /// Root first, then agents and wrappers that are not within a tool.
    fn wrappers(&self) -> impl Iterator<Item = &Node<'a>> {
        let in_tool = self.tree.inherited(|above: Option<(&Node<'_>, &bool)>| {
            above.is_some_and(|(node, inside)| *inside || node.kind == Kind::Tool)
        });
        let root = self.root.and_then(|at| self.tree.nodes.get(at));
        let agents = self.tree.nodes.iter().zip(in_tool);
        let agents = agents.filter(|(n, in_tool)| !in_tool && matches!(n.kind, Kind::Agent | Kind::Workflow));
        root.into_iter().chain(agents.map(|(node, _)| node))
    }

    /// What took tokens, for a price list: calls, or what stands highest where no call knows.
    fn used(&self) -> Vec<(&'a Span, Option<String>, Usage)> {
        let calls = self.calls.iter().filter(|call| call.usage.has_tokens());
        let calls: Vec<_> = calls.map(|call| (call.span, call.model.clone(), call.usage)).collect();
        if !calls.is_empty() {
            return calls;
        }
        let highest = calls::highest_with_tokens(&self.tree);
        highest.map(|n| (n.span, model(n.span).or_else(|| only_model(&self.tree)), n.usage)).collect()
    }
}

/// The span without a parent that agents, wrappers or calls are below of, if it has come. A chain is a run even if
/// nothing below it says so: some emitters know of nothing but chains.
fn root(tree: &Tree<'_>) -> Option<usize> {
    let mut top = None;
    for (at, node) in tree.nodes.iter().enumerate() {
        if node.parent.is_none() {
            top = (node.span.parent.is_none() || node.span.parent == Some(node.span.id)).then_some(at);
        }
        let is_chain = top == Some(at) && node.kind == Kind::Chain;
        if top.is_some() && (is_chain || matches!(node.kind, Kind::Agent | Kind::Workflow | Kind::Model)) {
            return top;
        }
    }
    None
}

/// Data of which nothing but one text is any is that text.
fn in_words(said: Said) -> Option<String> {
    match said {
        Said::Raw(data) => Some(only_text(&data).unwrap_or(data)),
        said => said.text(),
    }
}

const fn is_step(node: &Node<'_>) -> bool {
    matches!(node.kind, Kind::Step | Kind::Chain)
}

fn shape(tree: &Tree<'_>, root: Option<usize>) -> Shape {
    let any = |kinds: &[Kind]| tree.nodes.iter().any(|node| kinds.contains(&node.kind));
    let root = root.and_then(|at| tree.nodes.get(at));
    if any(&[Kind::Agent, Kind::Workflow]) || root.is_some_and(|node| node.kind == Kind::Chain) {
        return Shape::Run;
    }
    if any(&[Kind::Model]) {
        return if root.is_some_and(|node| node.kind == Kind::Model) { Shape::BareCall } else { Shape::Run };
    }
    // A framework's steps whose root has not come: it will be a run's.
    let waits = tree.nodes.iter().any(|n| is_step(n) && n.parent.is_none() && n.span.parent.is_some());
    match waits {
        true => Shape::Run,
        false if any(&[Kind::Tool]) => Shape::BareTools,
        false => Shape::Nothing,
    }
}

/// Traces that are one run.
pub struct Group<'t, 'a> {
    pub key: RunKey,
    /// By their start; never empty.
    pub traces: Vec<&'t Trace<'a>>,
    pub replaces: Vec<RunKey>,
    pub parent: Option<TraceId>,
}

pub fn derived(group: &Group<'_, '_>) -> DerivedRun {
    let traces = &group.traces;
    let start = traces.iter().map(|trace| trace.start()).min().unwrap_or_default();
    let mut seen = HashSet::new();
    let agents = traces.iter().flat_map(|trace| names::agents(&trace.tree));
    let agents: Vec<String> = agents.filter(|agent| seen.insert(agent.clone())).collect();
    let first = traces.first();
    let (agent_name, agent_stated) = first.map(|t| names::agent_name(&t.tree, t.root, &agents)).unwrap_or_default();
    let usage = traces.iter().map(|t| calls::total(&t.tree, &t.calls)).reduce(together).unwrap_or_default();
    let model_usage = calls::by_model(traces.iter().flat_map(|trace| trace.used()));
    let models = models(traces);
    DerivedRun {
        key: group.key.clone(),
        replaces: group.replaces.clone(),
        parent: group.parent,
        root: first.and_then(|t| t.tree.nodes.get(t.root?)).map(|node| node.span.id),
        agent_name,
        agent_stated,
        agents,
        trigger: trigger(traces),
        labels: labels(traces),
        thread_id: traces.iter().find_map(|trace| trace.session()),
        message: traces.iter().find_map(|trace| trace.message()),
        response: traces.iter().rev().find_map(|trace| trace.response()),
        started: moment(start),
        ending: over_all(group).not_before(moment(start)),
        model: most_used(&model_usage)
            .or_else(|| models.first().cloned())
            .or_else(|| traces.iter().find_map(|t| agents_models(&t.tree).next()))
            // None answered.
            .or_else(|| traces.iter().flat_map(|t| &t.calls).find_map(|call| asked_for(call.span))),
        models,
        usage,
        model_usage,
        model_calls: traces.iter().map(|trace| trace.calls.len()).sum(),
        tool_calls: tool_calls(traces),
        handoffs: traces.iter().flat_map(|t| &t.tree.nodes).filter(|n| n.kind == Kind::Handoff).count(),
        steps: all_steps(traces),
        left_out: 0,
        spans: traces.iter().flat_map(|trace| tree_spans(trace)).collect(),
    }
}

/// Sums of traces; a cost that is not known of all is not known.
fn together(a: Usage, b: Usage) -> Usage {
    let cost = match (a.has_tokens(), b.has_tokens()) {
        (true, false) => a.cost,
        (false, true) => b.cost,
        _ => both_costs(a.cost, b.cost),
    };
    Usage { cost, ..a.plus(b) }
}

fn over_all(group: &Group<'_, '_>) -> Ending {
    match (&group.key, group.traces.as_slice()) {
        (RunKey::Trace(_), [trace]) => ending(&trace.tree, trace.root, &trace.calls),
        // A conversation can always go on. It stands as its last call does.
        (_, traces) => {
            let last = traces.iter().flat_map(|t| &t.calls).max_by_key(|c| (c.span.end, c.span.start, c.span.id));
            let failed = last.filter(|call| call.span.outcome == Outcome::Error);
            let verdict = failed.map(|call| Verdict::Failed { error: error_text(call.span) });
            let seen = traces.iter().map(|trace| ending::last_seen(&trace.tree)).max().unwrap_or_default();
            Ending::Open { if_quiet: verdict.unwrap_or(Verdict::Success), last_seen: moment(seen) }
        }
    }
}

fn models(traces: &[&Trace<'_>]) -> Vec<String> {
    let all = traces.iter().flat_map(|trace| &trace.calls).filter_map(|call| call.model.clone());
    let distinct: std::collections::BTreeSet<String> = all.collect();
    distinct.into_iter().collect()
}

/// The model that wrote most.
fn most_used(usage: &[ModelUsage]) -> Option<String> {
    let known = usage.iter().filter(|u| u.model.is_some());
    known.max_by_key(|u| (u.usage.output, u.usage.input, u.calls, u.model.clone())).and_then(|u| u.model.clone())
}

/// What agents say they use, where no call says it.
fn agents_models(tree: &Tree<'_>) -> impl Iterator<Item = String> {
    let agents = tree.nodes.iter().filter(|node| matches!(node.kind, Kind::Agent | Kind::Workflow));
    agents.filter_map(|n| model(n.span).or_else(|| n.span.attributes.text("crewai.agent.llm").map(name::short)))
}

/// The model of all agents, if they share one: the price of a total can be told then.
fn only_model(tree: &Tree<'_>) -> Option<String> {
    let mut models = agents_models(tree);
    let first = models.next()?;
    models.all(|other| other == first).then_some(first)
}

fn trigger(traces: &[&Trace<'_>]) -> Trigger {
    let by_span = traces.iter().flat_map(|trace| trace.root_first()).find_map(|node| source::trigger(node.span));
    let mut spans = traces.iter().flat_map(|trace| trace.spans());
    by_span.or_else(|| spans.find_map(|span| source::resource_trigger(&span.origin))).unwrap_or(Trigger::Api)
}

fn labels(traces: &[&Trace<'_>]) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    let mut origins = HashSet::new();
    for span in traces.iter().flat_map(|trace| trace.root_first()).map(|node| node.span) {
        let from_process = origins.insert(std::sync::Arc::as_ptr(&span.origin)).then(|| source::labels(&span.origin));
        for (key, value) in from_process.into_iter().flatten() {
            labels.entry(key).or_insert(value);
        }
    }
    // What is said on a span is said of this run; the outermost has the last word.
    for span in
        traces.iter().flat_map(|trace| trace.root_first()).map(|node| node.span).collect::<Vec<_>>().iter().rev()
    {
        labels.extend(source::span_labels(span));
    }
    let bare = |trace: &&Trace<'_>| {
        let agents = trace.tree.nodes.iter().any(|n| matches!(n.kind, Kind::Agent | Kind::Workflow));
        let root = trace.root.and_then(|at| trace.tree.nodes.get(at)).map(|node| node.kind);
        // Until the root has come it may still be an agent.
        !agents && !trace.calls.is_empty() && root.is_some_and(|kind| matches!(kind, Kind::Model | Kind::Other))
    };
    if traces.iter().any(bare) {
        labels.insert("kind".to_owned(), "model-call".to_owned());
    }
    labels
}

fn tool_calls(traces: &[&Trace<'_>]) -> Vec<NewToolCall> {
    let mut taken = HashSet::new();
    traces.iter().flat_map(|trace| tools::tool_calls(&trace.tree, trace.known, &mut taken)).collect()
}

fn all_steps(traces: &[&Trace<'_>]) -> Vec<NewStep> {
    let steps = traces.iter().flat_map(|t| steps::steps(&t.tree, t.root, &t.calls, t.known));
    steps.enumerate().map(|(index, step)| NewStep { index: index as i64, ..step }).collect()
}

fn tree_spans(trace: &Trace<'_>) -> Vec<TreeSpan> {
    let counted: HashSet<usize> = trace.calls.iter().map(|call| call.at).collect();
    let nodes = trace.tree.nodes.iter().enumerate();
    nodes
        .map(|(at, node)| TreeSpan {
            trace: trace.id,
            id: node.span.id,
            parent: trace.tree.parent(node).map(|parent| parent.span.id),
            depth: node.depth,
            class: class(node.kind),
            name: name::shown(node.span),
            start: moment(node.span.start),
            end: node.span.end.map(moment),
            outcome: node.span.outcome,
            model: match node.kind {
                Kind::Tool => None,
                Kind::Model => model(node.span).or_else(|| asked_for(node.span)),
                _ => model(node.span),
            },
            usage: node.usage,
            counted: counted.contains(&at),
        })
        .collect()
}

const fn class(kind: Kind) -> SpanClass {
    match kind {
        Kind::Agent | Kind::Workflow => SpanClass::Agent,
        Kind::Model => SpanClass::Llm,
        Kind::Tool => SpanClass::Tool,
        Kind::Retrieval => SpanClass::Retrieval,
        Kind::Handoff | Kind::Chain | Kind::Step | Kind::Setup | Kind::Other => SpanClass::Other,
    }
}
