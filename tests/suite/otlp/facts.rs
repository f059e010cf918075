//! Compares runs with what the index expects of a scenario.

use super::samples::Scenario;
use runboard::domain::{PartStatus, Status};
use runboard::otlp::DerivedRun;
use runboard::otlp::derive::{Ending, Verdict};
use serde_json::Value;
use std::collections::BTreeSet;

/// What the run is taken for in the end, when nothing more comes.
fn in_the_end(run: &DerivedRun) -> Status {
    match &run.ending {
        Ending::Over { .. } => run.ending.status(),
        Ending::Open { if_quiet: Verdict::Success, .. } => Status::Success,
        Ending::Open { .. } => Status::Failed,
    }
}

fn names(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

pub fn wrong(scenario: &Scenario, runs: &[DerivedRun]) -> Vec<String> {
    let e = &scenario.expected;
    let mut wrong = Vec::new();
    let mut check = |what: &str, is: String, expected: String| {
        if is != expected {
            wrong.push(format!("{what} is {is}, expected {expected}"));
        }
    };
    let sum = |of: fn(&DerivedRun) -> Option<i64>| {
        runs.iter().filter_map(of).reduce(|a, b| a + b).map_or("none".to_owned(), |n| n.to_string())
    };
    let number = |key: &str| e[key].as_i64().map_or("none".to_owned(), |n| n.to_string());
    check("input", sum(|r| r.usage.input), number("input_tokens"));
    check("output", sum(|r| r.usage.output), number("output_tokens"));
    let calls: usize = runs.iter().map(|r| r.model_calls).sum();
    check("model calls", calls.to_string(), number("model_calls"));
    if calls > 0 {
        let models: BTreeSet<&str> = runs.iter().flat_map(|r| &r.models).map(String::as_str).collect();
        let expected: BTreeSet<&str> = names(&e["models"]).into_iter().collect();
        check("models", format!("{models:?}"), format!("{expected:?}"));
    }
    let tools: Vec<(String, bool)> = runs
        .iter()
        .flat_map(|r| &r.tool_calls)
        .map(|t| (t.name.clone().unwrap_or_default(), t.status == Some(PartStatus::Failed)))
        .collect();
    let expected: Vec<(String, bool)> = e["tool_calls"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|t| (t["name"].as_str().unwrap_or_default().to_owned(), t["status"] == "ERROR"))
        .collect();
    let sorted = |mut tools: Vec<(String, bool)>| {
        tools.sort();
        format!("{tools:?}")
    };
    check("tools", sorted(tools), sorted(expected));
    check("handoffs", runs.iter().map(|r| r.handoffs).sum::<usize>().to_string(), number("handoff_spans"));
    let outcome =
        runs.last().map(in_the_end).map_or("none", |s| if s == Status::Failed { "failed" } else { "succeeded" });
    check("outcome", outcome.to_owned(), e["outcome"].as_str().unwrap_or_default().to_owned());
    // Second reports in a trace of their own are no runs here; the index counts their traces.
    let traces = runs.len() + runs.iter().map(|r| r.replaces.len()).sum::<usize>();
    // The index leaves out what never got a root.
    let rootless = runs.iter().filter(|r| r.root.is_none()).count();
    let expected_runs = e["run_traces"].as_u64().unwrap_or_default().max(rootless as u64);
    check("runs", traces.to_string(), expected_runs.to_string());
    let agents: Vec<&str> = runs.iter().flat_map(|r| &r.agents).map(String::as_str).collect();
    let expected = names(&e["agent_names"]);
    if !expected.is_empty() {
        check("agents", format!("{agents:?}"), format!("{expected:?}"));
    }
    if let Some(run) = runs.first() {
        let name = e["top_agent"].as_str().or(scenario.service.as_deref()).unwrap_or_default();
        // Where no agent span has a name the service's holds, or what LangChain calls the run.
        let by_framework = e["top_agent"].is_null() && e["root_span"]["name"].as_str() == Some(&run.agent_name);
        if !by_framework {
            check("agent", run.agent_name.clone(), name.to_owned());
        }
        let sessions = names(&e["session_ids"]);
        let session = run.thread_id.as_deref();
        if session.map_or(!sessions.is_empty(), |s| !sessions.contains(&s)) {
            check("session", format!("{session:?}"), format!("{sessions:?}"));
        }
        let root = e["root_span"]["span_id"].as_str();
        if runs.len() == 1 && root.is_some() {
            check("root", format!("{:?}", run.root.map(|r| r.to_string())), format!("{:?}", root.map(str::to_owned)));
        }
    }
    wrong
}
