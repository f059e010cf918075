//! Server. What several traces have to do with each other: one conversation, one call reported twice, one run that
//! started another.

use super::calls::enclosed;
use super::run::{Group, Shape, Trace};
use super::types::RunKey;
use crate::otlp::conventions::usage::response_id;
use crate::otlp::model::{Span, SpanId, TraceId};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The runs that these traces make. `traces` come by id, each once.
pub fn groups<'t, 'a>(traces: &'t [Trace<'a>]) -> Vec<Group<'t, 'a>> {
    let repeated = repeated(traces);
    let parents = parents(traces);
    let mut groups: BTreeMap<RunKey, Vec<&'t Trace<'a>>> = BTreeMap::new();
    for trace in traces.iter().filter(|trace| !repeated.contains_key(&trace.id)) {
        if matches!(trace.shape, Shape::Run | Shape::BareCall) {
            groups.entry(key(trace)).or_default().push(trace);
        }
    }
    // Tools alone are no run, but part of a conversation that is one.
    for trace in traces.iter().filter(|trace| trace.shape == Shape::BareTools) {
        if let Some(group) = groups.get_mut(&key(trace)) {
            group.push(trace);
        }
    }
    let mut replaced: HashMap<TraceId, Vec<RunKey>> = HashMap::new();
    for (trace, by) in &repeated {
        replaced.entry(*by).or_default().push(RunKey::Trace(*trace));
    }
    let groups = groups.into_iter().map(|(key, mut traces)| {
        traces.sort_by_key(|trace| (trace.start(), trace.id));
        let mut replaces: Vec<RunKey> = traces.iter().filter_map(|t| replaced.get(&t.id)).flatten().cloned().collect();
        replaces.sort();
        let parent = traces.first().and_then(|trace| parents.get(&trace.id).copied());
        Group { key, traces, replaces, parent }
    });
    groups.collect()
}

fn key(trace: &Trace<'_>) -> RunKey {
    let bare = matches!(trace.shape, Shape::BareCall | Shape::BareTools);
    match trace.session().filter(|_| bare) {
        Some(id) => RunKey::Conversation { service: trace.service().unwrap_or_default().to_owned(), id },
        None => RunKey::Trace(trace.id),
    }
}

/// Bare calls that other traces tell of, too, and which one does. All of a trace's calls must be told of: what only it
/// knows is not to be lost.
fn repeated(traces: &[Trace<'_>]) -> HashMap<TraceId, TraceId> {
    let mut calls: Vec<(&Trace<'_>, &Span)> =
        traces.iter().flat_map(|trace| trace.calls.iter().map(move |call| (trace, call.span))).collect();
    // A run's own report goes before a bare one, and the earlier before the later.
    calls.sort_by_key(|(trace, span)| (trace.shape == Shape::BareCall, span.start, span.id, trace.id));
    let mut by_id: HashMap<&str, TraceId> = HashMap::new();
    let mut told = Told::new();
    for (trace, span) in &calls {
        let Some(id) = response_id(span) else { continue };
        let first = *by_id.entry(id).or_insert(trace.id);
        if first != trace.id {
            told.entry(trace.id).or_default().insert(span.id, first);
        }
    }
    let done: HashSet<TraceId> =
        traces.iter().filter(|trace| by_others(trace, &told).is_some()).map(|t| t.id).collect();
    calls.retain(|(trace, _)| !done.contains(&trace.id));
    calls.sort_by_key(|(trace, span)| (span.start, span.id, trace.id));
    // Asked once for each trace: where no span says it, all are looked at.
    let services: HashMap<TraceId, Option<&str>> = traces.iter().map(|trace| (trace.id, trace.service())).collect();
    let mut by_service: BTreeMap<Option<&str>, Vec<(SpanOf, &Span)>> = BTreeMap::new();
    for (trace, span) in calls {
        let service = services.get(&trace.id).copied().flatten();
        by_service.entry(service).or_default().push(((trace.id, span.id), span));
    }
    for ((inner, span), (outer, _)) in by_service.values().flat_map(|spans| enclosed(spans)) {
        if inner != outer {
            told.entry(inner).or_default().entry(span).or_insert(outer);
        }
    }
    let repeated = traces.iter().filter_map(|trace| Some((trace.id, by_others(trace, &told)?))).collect();
    // One that tells of another's may be told of itself.
    leads(&repeated, |_| false)
}

/// A span among those of all traces.
type SpanOf = (TraceId, SpanId);

/// Calls that other traces tell of, and which one does.
type Told = HashMap<TraceId, HashMap<SpanId, TraceId>>;

/// Who tells of the earliest call tells of the trace: that is an earlier one or a run, so that no two tell of each other.
fn by_others(trace: &Trace<'_>, told: &Told) -> Option<TraceId> {
    let by = told.get(&trace.id).filter(|by| trace.shape == Shape::BareCall && by.len() == trace.calls.len())?;
    let first = trace.calls.iter().map(|call| call.span).min_by_key(|span| (span.start, span.id))?;
    by.get(&first.id).copied()
}

/// The run that each trace was started from, by links: the nearest on their way, and where the way leads out of what
/// is known, the first unknown trace.
fn parents(traces: &[Trace<'_>]) -> HashMap<TraceId, TraceId> {
    let known: HashSet<TraceId> = traces.iter().map(|trace| trace.id).collect();
    let runs: HashSet<TraceId> =
        traces.iter().filter(|trace| trace.shape == Shape::Run).map(|trace| trace.id).collect();
    let mut links = traces.iter().filter_map(|trace| Some((trace.id, linked(trace)?))).collect();
    cut_circles(traces, &mut links);
    let mut parents = leads(&links, |trace| runs.contains(&trace));
    parents.retain(|_, parent| runs.contains(parent) || !known.contains(parent));
    parents
}

/// The other trace that a trace's outermost spans name.
fn linked(trace: &Trace<'_>) -> Option<TraceId> {
    let tops = trace.tree.nodes.iter().filter(|node| node.parent.is_none());
    tops.flat_map(|node| &node.span.links).map(|link| link.trace).find(|other| *other != trace.id)
}

/// Ways from trace to trace that lead back to where they began end at the earliest of their traces.
fn cut_circles(traces: &[Trace<'_>], ways: &mut HashMap<TraceId, TraceId>) {
    let starts: HashMap<TraceId, u64> = traces.iter().map(|trace| (trace.id, trace.start())).collect();
    let mut seen = HashSet::new();
    let mut cut = Vec::new();
    for start in ways.keys() {
        let mut way = Vec::new();
        let mut at = Some(*start);
        while let Some(here) = at.filter(|here| seen.insert(*here)) {
            way.push(here);
            at = ways.get(&here).copied();
        }
        let circle = way.into_iter().skip_while(|here| Some(*here) != at);
        cut.extend(circle.min_by_key(|here| (starts.get(here).copied(), *here)));
    }
    for trace in cut {
        ways.remove(&trace);
    }
}

/// For each trace the first on its way that `stops`, or the end of it. The ways have no circles.
fn leads(ways: &HashMap<TraceId, TraceId>, stops: impl Fn(TraceId) -> bool) -> HashMap<TraceId, TraceId> {
    let mut leads: HashMap<TraceId, TraceId> = HashMap::with_capacity(ways.len());
    for start in ways.keys() {
        let mut way = Vec::new();
        let mut at = *start;
        while let Some(next) = ways.get(&at).filter(|_| !leads.contains_key(&at)) {
            way.push(at);
            at = *next;
            if stops(at) {
                break;
            }
        }
        // Where it stops is an end, even if a way goes on from there.
        let end = if stops(at) { at } else { leads.get(&at).copied().unwrap_or(at) };
        leads.extend(way.into_iter().map(|here| (here, end)));
    }
    leads
}
