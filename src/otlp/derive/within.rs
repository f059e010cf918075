//! Server. Keeps a run within what a record takes: a span may say more than that. What is cut says so.

use super::types::{DerivedRun, Ending, Verdict};
use crate::domain::{NewStep, NewToolCall};
use serde_json::Value as Json;

/// The limits of a record, see `app::validate`.
const TEXT_BYTES: usize = 1 << 20;
const PARTS: usize = 10_000;
const LABELS: usize = 64;

pub fn within(run: DerivedRun) -> DerivedRun {
    let left_out = run.tool_calls.len().saturating_sub(PARTS) + run.steps.len().saturating_sub(PARTS);
    DerivedRun {
        message: run.message.map(cut),
        response: run.response.map(cut),
        ending: ending(run.ending),
        labels: run.labels.into_iter().take(LABELS).collect(),
        tool_calls: run.tool_calls.into_iter().take(PARTS).map(tool_call).collect(),
        steps: run.steps.into_iter().take(PARTS).map(step).collect(),
        left_out,
        ..run
    }
}

fn ending(ending: Ending) -> Ending {
    let verdict = |verdict| match verdict {
        Verdict::Failed { error } => Verdict::Failed { error: error.map(cut) },
        Verdict::Success => Verdict::Success,
    };
    match ending {
        Ending::Over { verdict: v, at } => Ending::Over { verdict: verdict(v), at },
        Ending::Open { if_quiet, last_seen } => Ending::Open { if_quiet: verdict(if_quiet), last_seen },
    }
}

fn tool_call(call: NewToolCall) -> NewToolCall {
    let (arguments, result) = (call.arguments.map(cut_json), call.result.map(cut_json));
    NewToolCall { arguments, result, error: call.error.map(cut), ..call }
}

fn step(step: NewStep) -> NewStep {
    let (input, output, error) = (step.input.map(cut), step.output.map(cut), step.error.map(cut));
    NewStep { input, output, error, ..step }
}

fn cut(text: String) -> String {
    cut_to(text, TEXT_BYTES)
}

fn cut_to(text: String, most: usize) -> String {
    const MARK_BYTES: usize = 64;
    if text.len() <= most {
        return text;
    }
    let kept = text.get(..text.floor_char_boundary(most.saturating_sub(MARK_BYTES))).unwrap_or_default();
    format!("{kept}… [{} more bytes are not kept]", text.len() - kept.len())
}

/// What is left of JSON that is cut is text.
fn cut_json(json: Json) -> Json {
    let text = json.to_string();
    if text.len() <= TEXT_BYTES {
        return json;
    }
    // Written as JSON again it grows by its escapes, at worst six times.
    let text = match json {
        Json::String(plain) => plain,
        _ => text,
    };
    let mut most = TEXT_BYTES;
    loop {
        let part = Json::String(cut_to(text.clone(), most));
        if part.to_string().len() <= TEXT_BYTES {
            return part;
        }
        most /= 2;
    }
}
