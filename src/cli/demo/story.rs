//! Server. One run of one agent, told from start to end: what it was asked, which tools it called,
//! what it wrote to its log, what it cost and how it ended.

use super::agents::{Agent, Model, Tool};
use super::dice::Dice;
use crate::domain::agent::slug;
use crate::domain::{
    LogStream, NewExecution, NewLogLine, NewStep, NewToolCall, PartStatus, Status, Timestamp, Trigger,
};
use std::collections::BTreeMap;

/// How a run ends: one of the terminal statuses.
pub fn fate(dice: &mut Dice, agent: &Agent) -> Status {
    if dice.chance(agent.fails) {
        Status::Failed
    } else if dice.chance(0.012) {
        Status::Cancelled
    } else {
        Status::Success
    }
}

/// A finished run that was started at `started`.
pub fn run(dice: &mut Dice, agent: &Agent, started: Timestamp, end: Status) -> NewExecution {
    let id = dice.id(started);
    let full = dice.around(agent.takes * 1_000.0, agent.spread).max(400.0);
    // A run that does not succeed stops somewhere on the way.
    let done = if end == Status::Success { 1.0 } else { 0.1 + 0.9 * dice.unit() };
    let duration = millis(full * done);
    let queued = if dice.chance(0.1) { dice.between(2_000, 45_000) } else { dice.between(20, 900) };
    let error = (end == Status::Failed).then(|| pick_filled(dice, agent.errors));
    let message = pick_filled(dice, agent.messages);
    let span = Span { start: started, duration };
    let tool_calls = tool_calls(dice, agent, span, done, error.as_deref());
    let steps = steps(dice, agent, span, done, &message, error.as_deref());
    let log = log(dice, agent, span, &tool_calls, error.as_deref());
    let weights = agent.triggers.iter().map(|(_, w)| *w);
    let triggered_by = agent.triggers.get(dice.weighted(weights)).map_or(Trigger::Api, |(t, _)| *t);
    let mut run = NewExecution {
        id: Some(id),
        agent_name: agent.name.to_owned(),
        message,
        triggered_by: Some(triggered_by),
        status: Some(end),
        queued_at: Some(started.plus_millis(-queued)),
        started_at: Some(started),
        completed_at: Some(started.plus_millis(duration)),
        response: (end == Status::Success).then(|| pick_filled(dice, agent.answers)),
        error,
        thread_id: agent.talks.then(|| format!("{}-{}", slug(agent.name), dice.between(100, 340))),
        flow_id: (!agent.steps.is_empty()).then(|| format!("{}-flow", slug(agent.name))),
        steps_total: (!agent.steps.is_empty()).then_some(agent.steps.len() as i64),
        labels: labels(dice, agent),
        metadata: Some(serde_json::json!({
            "host": format!("runner-{}", dice.between(1, 6)),
            "release": format!("2.{}.{}", dice.between(11, 14), dice.between(0, 9)),
        })),
        steps,
        tool_calls,
        log,
        ..NewExecution::default()
    };
    if let Some(model) = agent.model {
        price(dice, agent, model, done, &mut run);
    }
    run
}

#[derive(Clone, Copy)]
struct Span {
    start: Timestamp,
    duration: i64,
}

impl Span {
    /// The moment at that share of the run.
    fn at(self, share: f64) -> Timestamp {
        self.start.plus_millis(millis(self.duration as f64 * share.clamp(0.0, 1.0)))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "durations are far below 2^53")]
fn millis(ms: f64) -> i64 {
    ms.round() as i64
}

fn pick_filled(dice: &mut Dice, texts: &[&str]) -> String {
    let text = dice.pick(texts).copied().unwrap_or_default();
    dice.fill(text)
}

fn labels(dice: &mut Dice, agent: &Agent) -> BTreeMap<String, String> {
    let envs = ["prod", "staging", "dev"];
    let regions = ["eu-central", "us-east", "ap-northeast"];
    let env = envs[dice.weighted([0.82, 0.13, 0.05].into_iter())];
    let region = regions[dice.weighted([0.6, 0.28, 0.12].into_iter())];
    [("team", agent.team), ("env", env), ("region", region)].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
}

/// Tokens and what they cost at list price; cached input costs a tenth.
fn price(dice: &mut Dice, agent: &Agent, model: &Model, done: f64, run: &mut NewExecution) {
    let input = dice.whole_around(agent.tokens.0 * done, 0.45).max(120);
    let output = dice.whole_around(agent.tokens.1 * done, 0.5).max(8);
    let cached = if agent.calls > 3 { millis(input as f64 * dice.unit() * 0.7) } else { 0 };
    run.model = Some(model.name.to_owned());
    run.input_tokens = Some(input);
    run.output_tokens = Some(output);
    run.cached_tokens = (cached > 0).then_some(cached);
    run.reasoning_tokens = (agent.takes > 90.0 && dice.chance(0.5)).then_some(output / 3);
    run.context_max = Some(model.context);
    run.context_used = Some((input / (agent.calls / 4).max(1)).min(model.context));
    let usd =
        ((input - cached) as f64 * model.input + cached as f64 * model.input / 10.0 + output as f64 * model.output)
            / 1_000_000.0;
    run.cost = model.priced.then_some((usd * 1_000_000.0).round() / 1_000_000.0);
}

fn tool_calls(dice: &mut Dice, agent: &Agent, span: Span, done: f64, error: Option<&str>) -> Vec<NewToolCall> {
    if agent.calls == 0 {
        return Vec::new();
    }
    let wanted = dice.between(1, agent.calls);
    let count = millis(wanted as f64 * done).max(1);
    // An error that begins with a tool's name happened in its last call.
    let culprit = error.and_then(|e| agent.tools.iter().find(|t| e.starts_with(t.name)));
    let mut calls = Vec::new();
    let slot = 0.96 / count as f64;
    for i in 0..count {
        let fatal = culprit.filter(|_| i + 1 == count);
        let Some(tool) = fatal.or_else(|| dice.pick(agent.tools)) else { break };
        let from = 0.02 + slot * (i as f64 + 0.3 * dice.unit());
        let room = slot * 0.65 * span.duration as f64;
        let takes = dice.around(tool.takes, 0.5).min(room);
        let hiccup = fatal.is_none() && dice.chance(0.02);
        let problem = fatal.and(error).or(hiccup.then_some("timeout after 30 s; tried again"));
        calls.push(call(dice, tool, i, span.at(from), millis(takes).max(1), problem));
    }
    calls
}

fn call(dice: &mut Dice, tool: &Tool, i: i64, from: Timestamp, takes: i64, problem: Option<&str>) -> NewToolCall {
    let json = |text: String| serde_json::from_str(&text).ok();
    NewToolCall {
        call_id: format!("call_{}", i + 1),
        name: Some(tool.name.to_owned()),
        arguments: json(dice.fill(tool.arguments)),
        result: if problem.is_none() { json(dice.fill(tool.result)) } else { None },
        error: problem.map(str::to_owned),
        status: Some(if problem.is_none() { PartStatus::Success } else { PartStatus::Failed }),
        started_at: Some(from),
        completed_at: Some(from.plus_millis(takes)),
        parent_call_id: None,
    }
}

fn steps(dice: &mut Dice, agent: &Agent, span: Span, done: f64, message: &str, error: Option<&str>) -> Vec<NewStep> {
    let total = agent.steps.len();
    if total == 0 {
        return Vec::new();
    }
    let reached = agent.steps.iter().take(usize::try_from(millis(total as f64 * done)).unwrap_or(0).max(1));
    let count = reached.len();
    reached
        .enumerate()
        .map(|(i, title)| {
            let failed = error.filter(|_| i + 1 == count);
            NewStep {
                index: i as i64,
                title: Some((*title).to_owned()),
                kind: Some("prompt".to_owned()),
                status: Some(if failed.is_some() { PartStatus::Failed } else { PartStatus::Success }),
                input: (i == 0).then(|| message.to_owned()),
                output: failed.is_none().then(|| pick_filled(dice, agent.log)).filter(|t| !t.is_empty()),
                error: failed.map(str::to_owned),
                started_at: Some(span.at(i as f64 / count as f64)),
                completed_at: Some(span.at((i + 1) as f64 / count as f64)),
                ..NewStep::default()
            }
        })
        .collect()
}

fn log(dice: &mut Dice, agent: &Agent, span: Span, calls: &[NewToolCall], error: Option<&str>) -> Vec<NewLogLine> {
    let line = |ts, stream, text| NewLogLine { ts: Some(ts), stream, text, seq: None };
    let mut lines = vec![line(span.at(0.0), LogStream::System, format!("{} started", agent.name))];
    let own = if agent.log.is_empty() { 0 } else { dice.between(2, 14) };
    for i in 0..own {
        let ts = span.at((i as f64 + dice.unit()) / own as f64 * 0.97);
        let stream = if dice.chance(0.06) { LogStream::Stderr } else { LogStream::Stdout };
        lines.push(line(ts, stream, pick_filled(dice, agent.log)));
    }
    for c in calls {
        let (Some(name), Some(from), Some(to)) = (&c.name, c.started_at, c.completed_at) else { continue };
        lines.push(line(from, LogStream::Stdout, format!("{name} …")));
        let text = match &c.error {
            None => format!("{name} answered in {} ms", to.millis_since(from)),
            Some(e) => format!("{name} failed: {e}"),
        };
        lines.push(line(to, if c.error.is_some() { LogStream::Stderr } else { LogStream::Stdout }, text));
    }
    lines.sort_by_key(|l| l.ts);
    lines.extend(error.map(|e| line(span.at(1.0), LogStream::Stderr, e.to_owned())));
    lines
}
