//! Server. The rules of api.md on what programs send; every broken one is named, all at once.

use crate::domain::visible::has_visible;
use crate::domain::{Error, ExecutionPatch, FieldError, NewExecution, NewLogLine, NewStep, NewToolCall, Result};
use serde_json::Value;
use std::collections::BTreeMap;

pub const TEXT_BYTES: usize = 1 << 20;
pub const LOG_LINE_BYTES: usize = 64 << 10;
pub const LOG_LINES: usize = 1_000;
pub const PARTS: usize = 10_000;
const METADATA_BYTES: usize = 256 << 10;
const NAME_CHARS: usize = 200;
const DEPTH: usize = 64;

/// Collects what is wrong.
#[derive(Default)]
pub struct Check(Vec<FieldError>);

impl Check {
    pub fn wrong(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(FieldError { field: field.to_owned(), message: message.into() });
    }

    fn bytes(&mut self, field: &str, text: Option<&str>, max: usize) {
        if text.is_some_and(|t| t.len() > max) {
            self.wrong(field, format!("is longer than {max} bytes"));
        }
    }

    fn name(&mut self, field: &str, text: Option<&str>) {
        if let Some(t) = text {
            if t.is_empty() {
                self.wrong(field, "is empty");
            } else if t.chars().count() > NAME_CHARS {
                self.wrong(field, format!("is longer than {NAME_CHARS} characters"));
            }
        }
    }

    /// Readers of JSON go down 128 levels; a record lies a few levels deep in what they read.
    pub fn depth(&mut self, field: &str, value: Option<&Value>) {
        if value.is_some_and(|v| deeper_than(v, DEPTH)) {
            self.wrong(field, format!("is nested more than {DEPTH} levels deep"));
        }
    }

    fn count(&mut self, field: &str, n: Option<i64>) {
        if n.is_some_and(|n| !(0..=1_000_000_000_000).contains(&n)) {
            self.wrong(field, "must be a whole number from 0 to 10^12");
        }
    }

    fn money(&mut self, field: &str, usd: Option<f64>) {
        if usd.is_some_and(|v| !v.is_finite() || !(0.0..=1_000_000.0).contains(&v)) {
            self.wrong(field, "must be USD from 0 to 1 000 000");
        }
    }

    fn labels(&mut self, labels: &BTreeMap<String, String>) {
        if labels.len() > 64 {
            self.wrong("labels", "has more than 64 entries");
        }
        for (key, value) in labels {
            if key.is_empty() || key.chars().count() > 64 || key.contains([':', ',', '\u{1}', '\0']) {
                self.wrong("labels", format!("the key `{key}` is empty, longer than 64 characters or has : or ,"));
            }
            if value.chars().count() > 256 || value.contains(['\u{1}', '\0']) {
                self.wrong("labels", format!("the value of `{key}` is longer than 256 characters"));
            }
        }
    }

    pub fn done(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }
}

fn deeper_than(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels == 0 || items.iter().any(|v| deeper_than(v, levels - 1)),
        Value::Object(fields) => levels == 0 || fields.values().any(|v| deeper_than(v, levels - 1)),
        _ => false,
    }
}

pub fn new_execution(n: &NewExecution) -> Result<()> {
    let mut c = Check::default();
    if crate::domain::agent::slug(&n.agent_name).is_empty() || !has_visible(&n.agent_name) {
        c.wrong("agent_name", "needs at least one letter or digit");
    } else {
        c.name("agent_name", Some(&n.agent_name));
    }
    c.bytes("message", Some(&n.message), TEXT_BYTES);
    c.bytes("response", n.response.as_deref(), TEXT_BYTES);
    c.bytes("error", n.error.as_deref(), TEXT_BYTES);
    c.money("cost", n.cost);
    for (field, v) in [
        ("duration_ms", n.duration_ms),
        ("input_tokens", n.input_tokens),
        ("output_tokens", n.output_tokens),
        ("cached_tokens", n.cached_tokens),
        ("reasoning_tokens", n.reasoning_tokens),
        ("context_used", n.context_used),
        ("context_max", n.context_max),
        ("steps_total", n.steps_total),
    ] {
        c.count(field, v);
    }
    for (field, v) in
        [("model", &n.model), ("current_step", &n.current_step), ("thread_id", &n.thread_id), ("flow_id", &n.flow_id)]
    {
        c.name(field, v.as_deref());
    }
    if n.attempt.is_some_and(|a| !(1..=10_000).contains(&a)) {
        c.wrong("attempt", "must be from 1 to 10 000");
    }
    c.labels(&n.labels);
    c.bytes("metadata", n.metadata.as_ref().map(ToString::to_string).as_deref(), METADATA_BYTES);
    c.depth("metadata", n.metadata.as_ref());
    if let Some(status) = n.status
        && !status.is_terminal()
    {
        if n.completed_at.is_some() {
            c.wrong("completed_at", format!("a {status} run has not ended"));
        }
        if n.duration_ms.is_some() {
            c.wrong("duration_ms", format!("a {status} run has not ended"));
        }
    }
    if let Some(ms) = n.duration_ms
        && let Some(start) = n.started_at.or(n.queued_at)
        && !start.plus_millis(ms).is_usual()
    {
        c.wrong("duration_ms", "reaches beyond the year 9999");
    }
    if let (Some(end), Some(ms)) = (n.completed_at, n.duration_ms)
        && !end.plus_millis(-ms).is_usual()
    {
        c.wrong("duration_ms", "begins before 1970");
    }
    if n.id.is_some() && (n.id == n.retry_of || n.id == n.parent_id) {
        c.wrong("id", "can't be its own parent, nor retry itself");
    }
    if let (Some(start), Some(end)) = (n.started_at, n.completed_at)
        && end < start
    {
        c.wrong("completed_at", "lies before started_at");
    }
    if n.steps.len() > PARTS || n.tool_calls.len() > PARTS || n.log.len() > 100 * LOG_LINES {
        c.wrong("", format!("has more than {PARTS} steps or tool calls, or {} log lines", 100 * LOG_LINES));
    }
    check_steps(&mut c, &n.steps);
    check_tool_calls(&mut c, &n.tool_calls);
    check_lines(&mut c, &n.log);
    c.done()
}

pub fn patch(p: &ExecutionPatch) -> Result<()> {
    let mut c = Check::default();
    c.bytes("response", p.response.as_deref(), TEXT_BYTES);
    c.bytes("error", p.error.as_deref(), TEXT_BYTES);
    c.money("cost", p.cost);
    for (field, v) in [
        ("input_tokens", p.input_tokens),
        ("output_tokens", p.output_tokens),
        ("cached_tokens", p.cached_tokens),
        ("reasoning_tokens", p.reasoning_tokens),
        ("context_used", p.context_used),
        ("context_max", p.context_max),
        ("steps_total", p.steps_total),
    ] {
        c.count(field, v);
    }
    c.name("model", p.model.as_deref());
    c.name("current_step", p.current_step.as_deref());
    if let Some(labels) = &p.labels {
        c.labels(labels);
    }
    c.done()
}

pub fn lines(lines: &[NewLogLine]) -> Result<()> {
    if lines.len() > LOG_LINES {
        return Err(Error::TooLarge(format!("a call takes at most {LOG_LINES} log lines")));
    }
    let mut c = Check::default();
    check_lines(&mut c, lines);
    c.done()
}

fn check_lines(c: &mut Check, lines: &[NewLogLine]) {
    for (i, line) in lines.iter().enumerate() {
        c.bytes(&format!("lines[{i}].text"), Some(&line.text), LOG_LINE_BYTES);
    }
}

pub fn tool_calls(calls: &[NewToolCall]) -> Result<()> {
    if calls.len() > 1_000 {
        return Err(Error::TooLarge("a call takes at most 1 000 tool calls".to_owned()));
    }
    let mut c = Check::default();
    check_tool_calls(&mut c, calls);
    c.done()
}

fn check_tool_calls(c: &mut Check, calls: &[NewToolCall]) {
    for (i, call) in calls.iter().enumerate() {
        c.name(&format!("tool_calls[{i}].call_id"), Some(&call.call_id));
        c.name(&format!("tool_calls[{i}].name"), call.name.as_deref());
        c.name(&format!("tool_calls[{i}].parent_call_id"), call.parent_call_id.as_deref());
        c.bytes(&format!("tool_calls[{i}].error"), call.error.as_deref(), TEXT_BYTES);
        for (field, v) in [("arguments", &call.arguments), ("result", &call.result)] {
            let text = v.as_ref().map(ToString::to_string);
            c.bytes(&format!("tool_calls[{i}].{field}"), text.as_deref(), TEXT_BYTES);
            c.depth(&format!("tool_calls[{i}].{field}"), v.as_ref());
        }
    }
}

pub fn steps(steps: &[NewStep]) -> Result<()> {
    if steps.len() > 1_000 {
        return Err(Error::TooLarge("a call takes at most 1 000 steps".to_owned()));
    }
    let mut c = Check::default();
    check_steps(&mut c, steps);
    c.done()
}

fn check_steps(c: &mut Check, steps: &[NewStep]) {
    for (i, s) in steps.iter().enumerate() {
        if !(0..PARTS as i64).contains(&s.index) {
            c.wrong(&format!("steps[{i}].index"), format!("must be from 0 to {}", PARTS - 1));
        }
        c.name(&format!("steps[{i}].title"), s.title.as_deref());
        c.name(&format!("steps[{i}].kind"), s.kind.as_deref());
        for (field, v) in [("input", &s.input), ("output", &s.output), ("error", &s.error)] {
            c.bytes(&format!("steps[{i}].{field}"), v.as_deref(), TEXT_BYTES);
        }
        c.count(&format!("steps[{i}].input_tokens"), s.input_tokens);
        c.count(&format!("steps[{i}].output_tokens"), s.output_tokens);
        c.money(&format!("steps[{i}].cost"), s.cost);
    }
}
